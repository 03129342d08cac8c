import type { Json } from "#shared/json.ts";
import { maxOutputBytes, outputProblem, storableText } from "../../../subgraphs/runtime/nodes/output-check.ts";

describe("outputProblem", () => {
  it("passes JSON, with absent keys and keys of every kind", () => {
    expect(
      outputProblem({ outputText: "ü \u{1F600}", outputJson: { a: [1, -0.5, true, null, ""], b: { "": {}, gone: undefined } } }),
    ).toBeNull();
    expect(outputProblem({})).toBeNull();
  });

  it.each([
    ["NaN", { a: [1, { b: NaN }] }, "a.1.b is NaN"],
    ["Infinity", [Infinity], "0 is Infinity"],
    ["undefined in a list", [undefined], "0 is undefined"],
    ["a function", { f: () => 1 }, "f is a function"],
    ["a bigint", { n: 1n }, "n is a bigint"],
    ["a date", { at: new Date(0) }, "at is a Date"],
    ["a map", new Map(), "it is a Map"],
    ["a lone surrogate", { a: "x\ud800" }, "a has half a character"],
    ["a lone surrogate as a key", { ["\udfff"]: 1 }, "\ufffd has half a character"],
    ["NUL", ["a\u0000b"], "0 has the character NUL"],
  ])("names the place of %s", (_name, value, message) => {
    expect(outputProblem({ outputJson: value as Json })).toEqual({
      code: "OUTPUT_NOT_STORABLE",
      message: expect.stringContaining(message),
    });
  });

  it("checks the text as well", () => {
    expect(outputProblem({ outputText: "\u0000" })).toMatchObject({
      code: "OUTPUT_NOT_STORABLE",
      message: expect.stringContaining("it has the character NUL"),
    });
  });

  it("refuses what contains itself, or is nested beyond reason", () => {
    const self: Json[] = [];
    self.push(self);
    expect(outputProblem({ outputJson: self })?.message).toContain("nested more than 256 deep");
  });

  it("bounds text and JSON together at 50 MiB, in bytes", () => {
    const half = "x".repeat(maxOutputBytes / 2 - 10);
    expect(outputProblem({ outputText: half, outputJson: half })).toBeNull();
    expect(outputProblem({ outputText: half, outputJson: [half, half.slice(0, 20)] })).toMatchObject({
      code: "OUTPUT_TOO_LARGE",
      message: expect.stringContaining(String(maxOutputBytes)),
    });
    expect(outputProblem({ outputText: "€".repeat(maxOutputBytes / 3 + 1) })).toMatchObject({ code: "OUTPUT_TOO_LARGE" });
  });
});

describe("storableText", () => {
  it("makes visible what cannot be stored, and leaves the rest", () => {
    expect(storableText("a\u0000b\ud800c \u{1F600}")).toBe("a\ufffdb\ufffdc \u{1F600}");
  });
});
