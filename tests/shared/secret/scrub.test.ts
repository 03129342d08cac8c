import fc from "fast-check";
import { createScrubber, excessOfSecrets } from "#shared/secret/scrub.ts";
import { secretForms } from "#shared/secret/secret-forms.ts";

const secret = `sk-"quoted" secret/+?é<b>&'`;
const escaped = (text: string, characters: RegExp) =>
  text.replace(characters, (one) => `\\u${one.charCodeAt(0).toString(16).padStart(4, "0")}`);
const inJson = JSON.stringify(secret).slice(1, -1);
const inHtml = secret.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
const bytes = Buffer.from(secret);

/** The text with all that is of a form hidden, as slowly as it is plain; occurrences that overlap are one. */
function hiddenIn(text: string, forms: readonly string[]): string {
  const longestAt = (at: number) => Math.max(0, ...forms.filter((form) => text.startsWith(form, at)).map(({ length }) => length));
  let [shown, hidden] = ["", 0];
  for (let at = 0; at < text.length; at++) {
    const to = at + longestAt(at);
    if (to > at && at >= hidden) shown += "***";
    else if (at >= hidden) shown += text[at]!;
    hidden = Math.max(hidden, to);
  }
  return shown;
}

describe("createScrubber", () => {
  it.each([
    ["as it is", secret],
    ["URL-encoded", encodeURIComponent(secret)],
    ["URL-encoded in small letters", encodeURIComponent(secret).replace(/%../g, (escape) => escape.toLowerCase())],
    ["as a form has it", new URLSearchParams({ k: secret }).toString().slice(2)],
    ["URL-encoded to the last character", bytes.toString("hex").replace(/../g, "%$&")],
    ["URL-encoded but for the slash", encodeURIComponent(secret).replaceAll("%2F", "/")],
    ["URL-encoded with each mark", encodeURIComponent(secret).replaceAll("'", "%27")],
    ["JSON-escaped", inJson],
    ["JSON-escaped as Go does", escaped(inJson, /[<>&]/g)],
    ["JSON-escaped as PHP does", escaped(inJson, /[^ -~]/g).replaceAll("/", "\\/")],
    ["JSON-escaped as Python does", escaped(inJson, /[^ -~]/g)],
    ["JSON-escaped in capitals", escaped(inJson, /[<>&]/g).replaceAll("003c", "003C").replaceAll("003e", "003E")],
    ["JSON-escaped as .NET does", "sk-\\u0022quoted\\u0022 secret/\\u002B?\\u00E9\\u003Cb\\u003E\\u0026\\u0027"],
    ["JSON-escaped as .NET does, in JSON", "sk-\\\\u0022quoted\\\\u0022 secret/\\\\u002B?\\\\u00E9\\\\u003Cb\\\\u003E\\\\u0026\\\\u0027"],
    ["in JSON within JSON", JSON.stringify(inJson).slice(1, -1)],
    ["HTML-escaped", inHtml.replaceAll('"', "&quot;").replaceAll("'", "&#39;")],
    ["HTML-escaped with hex", inHtml.replaceAll('"', "&quot;").replaceAll("'", "&#x27;")],
    ["HTML-escaped as Go does", inHtml.replaceAll('"', "&#34;").replaceAll("'", "&#39;")],
    ["HTML-escaped as Go's templates do", "sk-&#34;quoted&#34; secret/&#43;?é&lt;b&gt;&amp;&#39;"],
    ["HTML-escaped as .NET does", "sk-&quot;quoted&quot; secret/&#x2B;?&#xE9;&lt;b&gt;&amp;&#x27;"],
    ["HTML-escaped but for the quotes", inHtml],
    ["in base64", bytes.toString("base64")],
    ["in hex", bytes.toString("hex")],
    ["in capital hex", bytes.toString("hex").toUpperCase()],
  ])("replaces a secret %s", (_, form) => {
    expect(createScrubber([secret]).text(`a ${form} b ${form}`)).toBe("a *** b ***");
  });

  it.each(["base64", "base64url"] as const)("replaces it wherever in a text in %s it begins", (encoding) => {
    for (const before of ["", "x", "xy", "xyz"]) {
      const form = Buffer.from(`${before}${secret}, and more`).toString(encoding);
      const scrubbed = createScrubber([secret]).text(form);
      expect(scrubbed).toContain("***");
      // The characters at the edges are of a neighbour, too; the rest cannot be read.
      expect(Buffer.from(scrubbed.replace("***", ""), encoding).toString()).not.toMatch(/quoted|secret/);
    }
  });

  it("takes the credentials of a scheme and the password of Basic for secrets too", () => {
    const basic = `Basic ${Buffer.from("me:pass-word").toString("base64")}`;
    expect(createScrubber(["Bearer abcdefgh", basic]).text("abcdefgh pass-word me")).toBe("*** *** me");
  });

  it("goes through keys and values of JSON and leaves everything else as it is", () => {
    const scrubber = createScrubber(["abcdefgh"]);
    expect(scrubber.json({ abcdefgh: ["xabcdefghx", 1, null, true], n: { deep: "abcdefgh" } })).toEqual({
      "***": ["x***x", 1, null, true],
      n: { deep: "***" },
    });
  });

  it("replaces one of any length, and leaves what only begins like it", () => {
    const long = Array.from({ length: 2_000 }, (_, index) => `/+é${index}<`).join("");
    const scrubber = createScrubber([long, `${long}, a longer one`]);
    for (const form of [long, Buffer.from(long).toString("base64"), encodeURIComponent(long)])
      expect(scrubber.text(`a ${form} b ${form}`)).toBe("a *** b ***");
    const another = `${long.slice(0, 900)}other`;
    expect(scrubber.text(`a ${another} b ${long}`)).toBe(`a ${another} b ***`);
  });

  it("shows what nearly is one as often as it comes, and hides the one behind it", () => {
    const near = "a".repeat(2_000);
    const scrubber = createScrubber([`${near}b${near}`, "sk-live-behind"]);
    const text = "a".repeat(200_000);
    expect(scrubber.text(`${text}sk-live-behind${text}`)).toBe(`${text}***${text}`);
    const stream = scrubber.stream();
    const shown = Array.from({ length: 20_000 }, () => stream.push("a")).join("") + stream.push(`b${near}`) + stream.end();
    expect(shown).toBe(`${"a".repeat(18_000)}***`);
  });

  it("shows nothing of a secret in which another one ends", () => {
    const text = `{"x-one":"${"a".repeat(90)}","x-two":"sk-live-secret"}`;
    for (const other of ['","x-two":"sk-', `${"a".repeat(80)}","x-two":"sk-live`, 'secret"}', `${"a".repeat(80)}","x-two":"sk-zzz`])
      expect(createScrubber(["sk-live-secret", other]).text(text)).not.toMatch(/live|secret/);
    expect(createScrubber(["abcdefgh"]).text("abcdefghabcdefgh aabcdefgh")).toBe("****** a***");
  });

  it("shows the same whether what a caller chose is how a secret begins or not", () => {
    const text = '{"x-two":"sk-live-secret","mine":"sk-lives","more":"s of mine"}';
    const shown = (guess: string) => createScrubber(["sk-live-secret"], ["sk-lives", guess]).text(text);
    expect(shown('"x-two":"sk-l')).toBe('{"x-two":"***","mine":"***","more":"s of mine"}');
    for (const guess of ['"x-two":"sk-m', 'secret","mine', "sk-live-", "sk-live-secret", "-live-secret"])
      expect(shown(guess)).toBe(shown('"x-two":"sk-l'));
    const stream = createScrubber(["sk-live-secret"], ["sk-lives", '"x-two":"sk-l']).stream();
    expect([...text].map((character) => stream.push(character)).join("") + stream.end()).toBe(shown('"x-two":"sk-l'));
  });

  it("hides every occurrence, and nothing else, of secrets that repeat and overlap, wherever a stream is cut", () => {
    const piece = fc.string({ unit: fc.constantFrom("a", "b"), minLength: 1, maxLength: 6 });
    const periodic = fc.tuple(piece, fc.integer({ min: 8, max: 90 })).map(([period, length]) => period.repeat(length).slice(0, length));
    const secrets = fc.array(
      fc.tuple(periodic, piece).map((parts) => parts.join("")),
      { minLength: 1, maxLength: 4 },
    );
    const texts = fc.array(fc.oneof(periodic, piece), { maxLength: 8 });
    const seen = new Set<string>();
    fc.assert(
      fc.property(secrets, texts, fc.nat(30), fc.array(fc.nat(20), { minLength: 1, maxLength: 20 }), (given, parts, cut, cuts) => {
        const text = parts.join("") + given[0]!.slice(cut) + parts.join("") + given.at(-1)!;
        const scrubber = createScrubber(given);
        const expected = hiddenIn(text, secretForms(given));
        expect(scrubber.text(text)).toBe(expected);
        const stream = scrubber.stream();
        let [shown, at] = ["", 0];
        for (let index = 0; at < text.length; index++) {
          const to = at + 1 + cuts[index % cuts.length]!;
          shown += stream.push(text.slice(at, to));
          at = to;
        }
        expect(shown + stream.end()).toBe(expected);
        seen.add(expected === text ? "nothing" : "something");
      }),
      { numRuns: 300 },
    );
    expect(seen).toContain("something");
  });

  it("shows the same of a secret whether or not a part of it is another secret of the call", () => {
    const secret = "sk-live-0123456789-é&/abc";
    const texts = [
      `key=${secret};`,
      JSON.stringify(secret),
      encodeURIComponent(secret),
      Buffer.from(secret).toString("hex"),
      ...["", "x", "xy"].map((before) => Buffer.from(`${before}${secret}tail`).toString("base64")),
    ];
    const alone = createScrubber([secret]);
    for (let from = 0; from + 8 <= secret.length; from++)
      for (let to = from + 8; to <= secret.length; to++) {
        const both = createScrubber([secret, secret.slice(from, to)]);
        for (const text of texts) expect(both.text(text)).toBe(alone.text(text));
      }
  });

  it("makes forms of a long secret that are few times its length", () => {
    const forms = secretForms(["é</&\"'+ ".repeat(2_048)]);
    expect(forms.reduce((sum, { length }) => sum + length, 0)).toBeLessThan(120 * 16_384);
    expect(excessOfSecrets(Array.from({ length: 4 }, (_, index) => `${index}`.repeat(16_384)))).toBeUndefined();
    expect(excessOfSecrets(Array.from({ length: 5 }, (_, index) => `${index}`.repeat(16_384)))).toMatch(
      /5 secrets and credentials of 81,920/,
    );
    expect(excessOfSecrets(Array.from({ length: 1_001 }, (_, index) => `a secret ${index}`))).toMatch(/at most 1,000/);
    expect(excessOfSecrets(Array.from({ length: 5_000 }, () => "the same one"))).toBeUndefined();
  });

  it("leaves texts alone for secrets too short to be any", () => {
    expect(createScrubber(["abcdefg"]).text("abcdefg")).toBe("abcdefg");
  });
});

describe("a scrubbed stream", () => {
  const forms = [secret, bytes.toString("base64"), bytes.toString("hex"), encodeURIComponent(secret)];

  const long = Array.from({ length: 60 }, (_, index) => `${index}/`).join("");
  const scrubber = createScrubber([secret, long, `${long.slice(0, 100)}+and another end`]);

  it("hides a secret wherever it is cut, and gives the rest as it is", () => {
    const begun = fc.nat(160).map((length) => long.slice(0, length));
    const parts = fc.array(fc.oneof(fc.constantFrom(...forms, long), begun, fc.string(), fc.constantFrom("s", "sk-", "the sk")), {
      maxLength: 6,
    });
    fc.assert(
      fc.property(parts, fc.array(fc.nat(40), { minLength: 1, maxLength: 60 }), (texts, cuts) => {
        const whole = texts.join("");
        const stream = scrubber.stream();
        let [shown, at, index] = ["", 0, 0];
        while (at < whole.length) {
          const length = 1 + cuts[index++ % cuts.length]!;
          shown += stream.push(whole.slice(at, at + length));
          at += length;
        }
        shown += stream.end();
        expect(shown).toBe(scrubber.text(whole));
      }),
    );
  });

  it("waits only where a secret may have begun", () => {
    const stream = createScrubber(["key-12345678"]).stream();
    expect(stream.push("the ")).toBe("the ");
    expect(stream.push("ke")).toBe("");
    expect(stream.push("ttle, key-1234")).toBe("kettle, ");
    expect(stream.push("5678.")).toBe("***.");
    expect(stream.end()).toBe("");
  });

  it("hides the longer of two secrets of which one begins the other", () => {
    const stream = createScrubber(["abcdefgh", "abcdefgh-and-more"]).stream();
    expect(stream.push("abcdefgh-and")).toBe("");
    expect(stream.push("-more!") + stream.end()).toBe("***!");
    expect(stream.push("abcdefgh-and")).toBe("");
    expect([stream.end(), stream.end(), stream.push("-more"), stream.end()]).toEqual(["***-and", "", "-more", ""]);
  });
});
