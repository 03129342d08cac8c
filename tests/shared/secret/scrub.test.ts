import { createScrubber } from "#shared/secret/scrub.ts";

const secret = 'sk-"quoted" secret';

describe("createScrubber", () => {
  it.each([
    ["as it is", secret],
    ["URL-encoded", encodeURIComponent(secret)],
    ["JSON-escaped", JSON.stringify(secret).slice(1, -1)],
    ["in base64", Buffer.from(secret).toString("base64")],
  ])("replaces a secret %s", (_, form) => {
    expect(createScrubber([secret]).text(`a ${form} b ${form}`)).toBe("a *** b ***");
  });

  it("takes the credentials of a scheme and the password of Basic for secrets too", () => {
    const basic = `Basic ${Buffer.from("me:pass-word").toString("base64")}`;
    expect(createScrubber(["Bearer abcdef", basic]).text("abcdef pass-word me")).toBe("*** *** me");
  });

  it("goes through keys and values of JSON and leaves everything else as it is", () => {
    const scrubber = createScrubber(["abcdef"]);
    expect(scrubber.json({ abcdef: ["xabcdefx", 1, null, true], n: { deep: "abcdef" } })).toEqual({
      "***": ["x***x", 1, null, true],
      n: { deep: "***" },
    });
  });

  it("leaves texts alone for secrets too short to be any", () => {
    expect(createScrubber(["abc"]).text("abc")).toBe("abc");
  });
});
