import { ends } from "../../testkit/ends.ts";
import { maxNesting, readJson, refuseDeep, refuseDocumentInTurns, refuseManyComments } from "#shared/json/nesting.ts";

const nested = (open: string, close: string, levels: number): string => open.repeat(levels) + close.repeat(levels);

describe("the depth of a text from outside", () => {
  it.each([
    ["lists", "[", "]"],
    ["objects", '{"a":', "}"],
    ["selections", "{ a ", "}"],
    ["arguments", "(a: ", ")"],
  ])("is limited in %s", (_what, open, close) => {
    expect(() => refuseDeep(nested(open, close, maxNesting))).not.toThrow();
    expect(() => refuseDeep(nested(open, close, maxNesting + 1))).toThrow(
      expect.objectContaining({ code: "BAD_USER_INPUT", reason: "NESTED_TOO_DEEP" }),
    );
  });

  it("is limited in the shortest text that can be too deep", () => {
    expect(() => refuseDeep("[".repeat(maxNesting))).not.toThrow();
    expect(() => refuseDeep("[".repeat(maxNesting + 1))).toThrow();
  });

  const brackets = "[".repeat(1_000);
  it.each([
    ["strings", JSON.stringify({ a: brackets, [`"${brackets}`]: `\\"${brackets}` })],
    ["block strings", `{ a(b: """${brackets} " \\""" ${brackets}""") }`],
    ["empty strings before brackets", `["", "", ${nested("[", "]", 3)}]`],
    ["comments", `{ a } # ${brackets}"\n# ${brackets}`],
  ])("does not count what stands in %s", (_what, text) => {
    expect(() => refuseDeep(text)).not.toThrow();
  });

  it.each([
    ["a string", `["\\"]", ${nested("[", "]", 1_000)}]`],
    ["a block string", `{ a(b: """ \\""" """, c: ${nested("[", "]", 1_000)}) }`],
    ["a comment", `# "\n${nested("[", "]", 1_000)}`],
    ["a comment that a carriage return ends", `# "\r${nested("[", "]", 1_000)}`],
  ])("counts what stands behind %s", (_what, text) => {
    expect(() => refuseDeep(text)).toThrow();
  });

  it.each([
    ["as deep as it may", nested("[", "]", maxNesting), undefined],
    ["deeper", nested("[", "]", maxNesting + 1), "NESTED_TOO_DEEP"],
    ["as many comments as it may have", "#\n".repeat(15_000), undefined],
    ["more of them", "#\n".repeat(15_001), "TOO_MANY_COMMENTS"],
    ["as many marks that are none", JSON.stringify("#".repeat(15_001)), undefined],
    ["a string that no piece has whole", JSON.stringify("[".repeat(200_000)), undefined],
    ["a comment that no piece has whole", `#${"[".repeat(200_000)}\n`, undefined],
  ])("is the same where a long text is read in turns: %s", async (_what, part, reason) => {
    const whole = () => refuseDocumentInTurns(`${" ".repeat(65_300)}${part}${" ".repeat(70_000)}`);
    if (reason === undefined) await whole();
    else await expect(whole()).rejects.toMatchObject({ reason });
  });

  it("is no matter of its comments, which are counted no further than it may nest", () => {
    ends(() => refuseManyComments(`${nested("[", "]", maxNesting + 1)}${"#\n".repeat(20_000)}`));
    expect(() => refuseManyComments(`${nested("[", "]", maxNesting)}${"#\n".repeat(20_000)}`)).toThrow("15000 comments");
  });

  it("is told by reading once, whatever the text is", () => {
    const size = 2_000_000;
    for (const text of ['"""', '"', "\\", '"\\', '""" \\"""', "#\n", "[]", '"" '].map((part) => part.repeat(size / part.length))) {
      // Were it read again from each of its characters, that would be a million times.
      ends(() => refuseDeep(text));
    }
  });
});

describe("JSON from outside", () => {
  it("is read, unless it is none or nests too deep", () => {
    expect(readJson('{"a":[null]}')).toEqual({ a: [null] });
    expect(readJson("null")).toBeNull();
    expect(readJson("nope")).toBeUndefined();
    expect(readJson(nested("[", "]", 100_000))).toBeUndefined();
  });
});
