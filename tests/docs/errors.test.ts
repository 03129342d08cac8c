/** The closed lists of errors and what is written about them. */
import { errorCodes } from "#shared/errors.ts";
import { oneStop } from "#shared/one-stop.ts";
import { closeCodes } from "#shared/serve/close-codes.ts";
import { documents, read } from "./documents.ts";

const pages = documents();
const textOf = (path: string) => pages.find((page) => page.path === path)?.text ?? "";
const docs = pages.filter(({ path }) => path.startsWith("docs/")).map(({ text }) => text);
const sources = read(["{cli,router,shared,subgraphs}/**/*.ts"]);

/** Reasons that a client, a node or a command may show, with where they are made. */
const reasons = sources.flatMap(({ path, text }) => [
  ...[...text.matchAll(/^ {2}([A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+): \{\s*code: "/gm)].map(([, reason = ""]) => ({ path, reason })),
  // INTERNAL is all that anybody hears of a bug.
  ...[...text.matchAll(/new AppError\(\s*"(?!INTERNAL)[A-Z_]+",\s*"([A-Z0-9_]+)"/g)].map(([, reason = ""]) => ({ path, reason })),
  ...[...text.matchAll(/\bfailed\(\{\s*code: "([A-Z0-9_]+)"/g)].map(([, reason = ""]) => ({ path, reason })),
]);

describe("what is written about errors", () => {
  it("has every code", () => {
    for (const code of errorCodes) expect(textOf("docs/errors.md")).toMatch(new RegExp(`^\\| ${code} `, "m"));
  });

  it("has every close code of a WebSocket, and no other", () => {
    const told = [...textOf("docs/live.md").matchAll(/^\| close code (\d+) /gm)].map(([, code]) => Number(code));
    expect(told).toEqual(Object.values(closeCodes));
  });

  it("has every reason: a subgraph's own in its README, the others in docs/", () => {
    expect(reasons.length).toBeGreaterThan(150);
    const unknown = reasons.filter(({ path, reason }) => !placesOf(path).some((text) => hasWord(text, reason)));
    expect(unknown).toEqual([]);
  });

  it("has every reason of the router in its README", () => {
    const own = reasons.filter(({ path }) => path.startsWith("router/") || path === "shared/serve/websocket-server.ts");
    expect(own.length).toBeGreaterThan(60);
    expect(own.filter(({ reason }) => !hasWord(textOf("router/README.md"), reason))).toEqual([]);
  });

  it("names no reason that is gone", () => {
    const known = new Set(sources.flatMap(({ text }) => text.match(/[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+/g) ?? []));
    const named = ["docs/errors.md", ...pages.map(({ path }) => path).filter((path) => path.startsWith("subgraphs/"))].flatMap((path) =>
      [...textOf(path).matchAll(/(?<![\w.])[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+(?![\w…])/g)].map(([word]) => ({ path, word })),
    );
    expect(named.filter(({ word }) => !known.has(word) && !known.has(word.replace("AGENT_PLATFORM_", "")))).toEqual([]);
  });
});

/** A sample of what a fact holds, by its name: a number; a sentence where others put it into theirs; else a text, which can be walked as a list. */
function sampleOf(name: string): unknown {
  if (/(limit|max|min|most|least|count|Ms|Seconds|[bB]ytes|found|Status|status)$/.test(name)) return 2;
  if (/^(problem|message|next|story|why)$/.test(name)) return "it is 7.";
  if (name === "name") return "tool";
  return Object.assign([listed, listed], { toString: () => `(${name})` });
}

const listed = { field: "/a", path: "a/b", nodeId: "a", message: "It is 7.", problem: "it is 7.", id: "x", toString: () => "one" };
const facts: Record<string, unknown> = new Proxy({}, { get: (_facts, name) => sampleOf(String(name)) });
/** Facts that choose among a closed list of words. */
const chosen: Readonly<Record<string, object>> = { MODEL_PROVIDER_TIMEOUT: { phase: "IDLE" } };

const catalogues = sources.filter(({ text }) => text.includes("= defineErrors({")).map(({ path }) => path);

describe("the message of an error", () => {
  it.each(catalogues)("of %s is of whole sentences, each with one end", async (path) => {
    const exported = Object.values((await import(`../../${path}`)) as Record<string, unknown>);
    const makers = exported.filter((value) => typeof value === "object" && value !== null).flatMap((value) => Object.entries(value));
    const odd = makers.flatMap(([reason, make]) => {
      if (typeof make !== "function" || !/^[A-Z0-9_]+$/.test(reason)) return [];
      const known =
        chosen[reason] === undefined
          ? facts
          : new Proxy(chosen[reason], { get: (own, name) => (own as never)[name] ?? facts[String(name)] });
      const { message } = (make as (given: unknown) => Error)(known);
      const isOdd = /[.!?]\.(\s|$)|undefined|NaN|\[object|,\s*[.,]|: *\./.test(message);
      // At a shell a message may end with what is to be typed.
      return isOdd || (path.startsWith("subgraphs/") && !/[.?!)…]$/.test(message)) ? [`${reason}: ${message}`] : [];
    });
    expect(odd).toEqual([]);
  });

  it("keeps what looks like two ends and is none", () => {
    const kept = ["The folder .. is none.", "It goes on ...", "Read ../a..b.", 'It is "a."'];
    for (const text of kept) expect(oneStop(text)).toBe(text);
    expect(oneStop("It is 7.. Give 8!. And so on….")).toBe("It is 7. Give 8! And so on…");
  });
});

function placesOf(path: string): string[] {
  const [, name] = /^subgraphs\/(\w+)\//.exec(path) ?? [];
  if (name !== undefined) return [textOf(`subgraphs/${name}/README.md`), textOf("docs/errors.md")];
  return path.startsWith("router/") ? [textOf("router/README.md"), ...docs] : docs;
}

function hasWord(text: string, word: string): boolean {
  return new RegExp(`\\b${word}\\b`).test(text);
}
