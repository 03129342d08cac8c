import fc from "fast-check";
import { createScrubber } from "#shared/secret/scrub.ts";

const secret = 'sk-"quoted" secret/+?é';
const bytes = Buffer.from(secret);

describe("createScrubber", () => {
  it.each([
    ["as it is", secret],
    ["URL-encoded", encodeURIComponent(secret)],
    ["URL-encoded in small letters", encodeURIComponent(secret).replace(/%../g, (escape) => escape.toLowerCase())],
    ["as a form has it", new URLSearchParams({ k: secret }).toString().slice(2)],
    ["URL-encoded to the last character", bytes.toString("hex").replace(/../g, "%$&")],
    ["JSON-escaped", JSON.stringify(secret).slice(1, -1)],
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

  it("leaves texts alone for secrets too short to be any", () => {
    expect(createScrubber(["abcdefg"]).text("abcdefg")).toBe("abcdefg");
  });
});

describe("a scrubbed stream", () => {
  const forms = [secret, bytes.toString("base64"), bytes.toString("hex"), encodeURIComponent(secret)];

  it("hides a secret wherever it is cut, and gives the rest as it is", () => {
    const parts = fc.array(fc.oneof(fc.constantFrom(...forms), fc.string(), fc.constantFrom("s", "sk-", "the sk")), { maxLength: 6 });
    fc.assert(
      fc.property(parts, fc.array(fc.nat(40), { minLength: 1, maxLength: 60 }), (texts, cuts) => {
        const whole = texts.join("");
        const stream = createScrubber([secret]).stream();
        let [shown, at, index] = ["", 0, 0];
        while (at < whole.length) {
          const length = 1 + cuts[index++ % cuts.length]!;
          shown += stream.push(whole.slice(at, at + length));
          at += length;
        }
        shown += stream.end();
        expect(shown).toBe(createScrubber([secret]).text(whole));
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
  });
});
