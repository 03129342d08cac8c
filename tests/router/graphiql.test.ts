import { mkdtemp, readdir, rm, stat, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { brotliDecompressSync, gunzipSync } from "node:zlib";
import { request } from "undici";
import { addressOf, closeServer, listen } from "#shared/serve/listen.ts";
import { loadBundle, type Bundle } from "../../router/graphiql/bundle.ts";
import { graphiqlFiles } from "../../router/graphiql/files.ts";
import { eventually } from "../testkit/eventually.ts";
import { fixtureRouter, memoryLog, type FixtureRouter, type FixtureRouterOptions } from "../testkit/fixture-router.ts";

const workers = ["editor.worker.js", "json.worker.js", "graphql.worker.js"];

describe("GraphiQL", () => {
  it("is at the root, all of it served from here (offline)", async () => {
    await using t = await setup();
    const { page, folder, csp, type } = await t.open();
    expect([type, csp]).toEqual(["text/html; charset=utf-8", expect.stringContaining("default-src 'self'")]);
    const paths = [...page.matchAll(/(?:src|href)="(\/[^"]+)"/g)].map(([, path]) => path);
    expect(paths).toEqual([`${folder}page.css`, `${folder}page.js`]);
    // A namespace is no address.
    expect(page.replace("http://www.w3.org/2000/svg", "")).not.toMatch(/https?:/);
    for (const { name, headers, body } of await t.loadAll("identity")) {
      const expected = name.endsWith(".js") ? "text/javascript" : name.endsWith(".css") ? "text/css" : "font/";
      expect(headers).toMatchObject({ "content-type": expect.stringContaining(expected), "content-security-policy": csp });
      if (name.endsWith(".css")) expect(body.toString()).not.toMatch(/url\(["']?https?:/);
    }
    for (const nothing of ["/graphiql/page.js", `${folder}../package.json`, `${folder}nothing.js`, "/graphiql/another/page.js"])
      expect((await t.get(nothing)).status).toBe(404);
  });

  // Of its fonts a browser loads those that it shows letters of: tests/browser/graphiql.test.ts counts what it has loaded.
  it.each(["br", "gzip"])("has scripts and styles of at most 1.6 MB over the wire with %s, all that it may ever load", async (encoding) => {
    await using t = await setup();
    await t.open();
    const files = await t.loadAll(encoding);
    expect(files.map(({ name }) => name)).toEqual(expect.arrayContaining(["page.js", "page.css", ...workers]));
    const code = files.filter(({ name }) => !name.startsWith("font-"));
    for (const { name, headers } of code) expect([name, headers["content-encoding"]]).toEqual([name, encoding]);
    expect(code.reduce((sum, { body }) => sum + body.byteLength, 0)).toBeLessThanOrEqual(1_600_000);
  });

  it("is compressed as the client takes it, and the same whichever way", async () => {
    await using t = await setup();
    const { folder } = await t.open();
    const get = (encodings?: string) => t.get(`${folder}json.worker.js`, encodings === undefined ? {} : { "accept-encoding": encodings });
    const [br, gzip, plain] = await Promise.all([get("gzip, deflate, br, zstd"), get("br;q=0, gzip"), get("deflate")]);
    expect([br, gzip, plain].map(({ headers }) => headers["content-encoding"])).toEqual(["br", "gzip", undefined]);
    expect(brotliDecompressSync(br.body).equals(plain.body)).toBe(true);
    expect(gunzipSync(gzip.body).equals(plain.body)).toBe(true);
    expect((await get()).body.equals(plain.body)).toBe(true);
    for (const { headers } of [br, gzip, plain]) expect(headers["vary"]).toBe("accept-encoding");
    expect(new Set([br, gzip, plain].map(({ headers }) => headers["etag"])).size).toBe(3);
  });

  it("is never asked for again under the same address, and is not sent again to who asks all the same", async () => {
    await using t = await setup();
    const { folder, caching } = await t.open();
    expect(caching).toBe("no-cache");
    const first = await t.get(`${folder}page.css`);
    expect(first.headers["cache-control"]).toBe("public, max-age=31536000, immutable");
    const again = await t.get(`${folder}page.css`, { "if-none-match": String(first.headers["etag"]) });
    expect([again.status, again.body.byteLength]).toEqual([304, 0]);
    expect((await t.get(`${folder}page.css`, { "if-none-match": '"another"' })).status).toBe(200);
  });

  it("says that it is being prepared to a visitor who is there before it is, while the graph answers", async () => {
    const graphiqlCache = await newFolder();
    await using t = await setup({ graphiqlCache });
    const early = await t.get("/");
    expect([early.status, early.headers["cache-control"]]).toEqual([202, "no-cache"]);
    expect(early.body.toString()).toMatch(/http-equiv="refresh"[^]*being prepared/);
    expect((await t.ask("{ __typename }")).body).toEqual({ data: { __typename: "Query" } });
    const { folder } = await t.open();
    expect((await t.get(`${folder}page.js`)).status).toBe(200);
    await rm(graphiqlCache, { recursive: true });
  });

  it("is served from memory where its bundle cannot be kept", async () => {
    await using t = await setup({ graphiqlCache: fileURLToPath(import.meta.url) });
    const { folder } = await t.open();
    expect((await t.get(`${folder}page.css`)).body.byteLength).toBeGreaterThan(100_000);
    expect(t.logged).toContainEqual(expect.objectContaining({ level: 40, msg: "graphiql's bundle cannot be kept" }));
    expect(t.logged.filter(({ msg }) => msg === "graphiql bundled")).toHaveLength(1);
  });

  it("is where a browser lands that was pointed at the graph", async () => {
    await using t = await fixtureRouter();
    const answer = await fetch(t.router.url, { headers: { accept: "text/html" }, redirect: "manual" });
    expect([answer.status, answer.headers.get("location")]).toEqual([302, "/"]);
  });

  it("says that it could not be prepared, and is tried again at the next visit", async () => {
    const logged: Record<string, unknown>[] = [];
    const outcomes = [new Error("no memory"), { version: "1", files: new Map() } satisfies Bundle];
    const load = () => {
      const outcome = outcomes.shift()!;
      return outcome instanceof Error ? Promise.reject(outcome) : Promise.resolve(outcome);
    };
    const files = graphiqlFiles({ cacheFolder: "", log: memoryLog(logged), load });
    const server = createServer((incoming, response) => void files.answer("/", incoming, response));
    await listen(server, { port: 0, host: "127.0.0.1" });
    files.prepare();
    const visits = [];
    for (let count = 0; count < 2; count++) {
      const { statusCode, body } = await request(addressOf(server));
      visits.push([statusCode, await body.text()]);
    }
    expect(visits).toEqual([
      [500, expect.stringContaining("could not be prepared")],
      [200, expect.stringContaining("/graphiql/1/page.js")],
    ]);
    expect(visits[0]![1]).not.toContain("refresh");
    expect(logged).toMatchObject([{ level: 50, err: { message: "no memory" } }]);
    await closeServer(server, 0);
  });
});

describe("GraphiQL's bundle", () => {
  let cacheFolder: string;
  let version: string;
  let t: Awaited<ReturnType<typeof setup>>;
  beforeAll(async () => {
    cacheFolder = await newFolder();
    t = await setup({ graphiqlCache: cacheFolder });
    t.router.prepareGraphiql();
    const whole = (kept: string[]) => kept.find((name) => !name.includes("."));
    version = whole(
      await eventually(
        () => readdir(cacheFolder),
        (kept) => whole(kept) !== undefined,
      ),
    )!;
  });
  afterAll(async () => {
    await t[Symbol.asyncDispose]();
    await rm(cacheFolder, { recursive: true });
  });

  it("is made once, in the background when that is told to: the next process reads what was kept", async () => {
    expect((await t.get("/")).status).toBe(200);
    const logged: Record<string, unknown>[] = [];
    const read = await loadBundle({ ...optionsOf(cacheFolder), log: memoryLog(logged) });
    expect([read.version, await readdir(cacheFolder)]).toEqual([version, [version]]);
    expect([t.logged.filter(({ msg }) => msg === "graphiql bundled"), logged]).toEqual([[expect.anything()], []]);
  });

  it("is made anew when what was kept is not whole, and few older ones are kept", async () => {
    await writeFile(join(cacheFolder, version), "half");
    for (const older of ["a", "b", "c"]) await writeFile(join(cacheFolder, older), "");
    const { files } = await loadBundle(optionsOf(cacheFolder));
    expect([...files.keys()]).toEqual(expect.arrayContaining(["page.js", "page.css", ...workers]));
    expect((await stat(join(cacheFolder, version))).size).toBeGreaterThan(1_000_000);
    expect(await readdir(cacheFolder)).toHaveLength(3);
  });

  it("leaves no process when its making is given up", async () => {
    const giveUp = new AbortController();
    const loading = loadBundle({ ...optionsOf(await newFolder()), signal: giveUp.signal });
    await eventually(childProcesses, (count) => count === 1);
    giveUp.abort();
    await expect(loading).rejects.toMatchObject({ name: "AbortError" });
    await eventually(childProcesses, (count) => count === 0);
  });
});

const optionsOf = (cacheFolder: string) => ({ cacheFolder, log: memoryLog([]), signal: new AbortController().signal });

const childProcesses = () => process.getActiveResourcesInfo().filter((name) => name === "ProcessWrap").length;

const newFolder = () => mkdtemp(join(tmpdir(), "graphiql-"));

interface Loaded {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  body: Buffer;
}

interface Setup extends FixtureRouter {
  get(path: string, headers?: Record<string, string>): Promise<Loaded>;
  /** Opens the page, and waits until it is ready. */
  open(): Promise<{ page: string; folder: string; csp: unknown; type: unknown; caching: unknown }>;
  /** All files that the page may ever load, by the names in them. */
  loadAll(encoding: string): Promise<(Loaded & { name: string })[]>;
}

async function setup(options: FixtureRouterOptions = {}): Promise<Setup> {
  const fixture = await fixtureRouter(options);
  const get = async (path: string, headers: Record<string, string> = {}) => {
    const { statusCode, headers: given, body } = await request(new URL(path, fixture.router.url), { headers });
    return { status: statusCode, headers: given, body: Buffer.from(await body.arrayBuffer()) };
  };
  const open = async () => {
    const { headers, body } = await eventually(
      () => get("/"),
      ({ status }) => status === 200,
    );
    const page = body.toString();
    const folder = /src="(\/graphiql\/\w+\/)page\.js"/.exec(page)![1]!;
    return { page, folder, csp: headers["content-security-policy"], type: headers["content-type"], caching: headers["cache-control"] };
  };
  return {
    ...fixture,
    get,
    open,
    async loadAll(encoding) {
      const { folder } = await open();
      const loaded = new Map<string, Loaded & { name: string }>();
      const load = async (name: string): Promise<void> => {
        if (loaded.has(name)) return;
        const file = await get(folder + name, { "accept-encoding": encoding });
        expect([name, file.status]).toEqual([name, 200]);
        loaded.set(name, { ...file, name });
        const text = encoding === "identity" ? file.body.toString() : (await get(folder + name)).body.toString();
        for (const [, next] of text.matchAll(/["'(]\.\/([\w.-]+\.(?:js|css|ttf|woff2?))["')]/g)) await load(next!);
      };
      for (const name of ["page.js", "page.css", ...workers]) await load(name);
      return [...loaded.values()];
    },
  };
}
