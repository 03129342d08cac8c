import type { Json } from "#shared/json.ts";
import type { NodeOutcome } from "../../../subgraphs/runtime/nodes/executor.ts";
import { maxOutputBytes, storableOutcome } from "../../../subgraphs/runtime/nodes/storable.ts";

const completed = (output: Omit<Extract<NodeOutcome, { kind: "completed" }>, "kind">) => storableOutcome({ kind: "completed", ...output });

/** A list in a list, so many levels. */
function nested(levels: number): Json {
  return Array.from({ length: levels - 1 }).reduce<Json>((inner) => [inner], []);
}

describe("what can be kept", () => {
  it("is the outcome with the texts of its parts", () => {
    const draft = { artifactType: "FILE", name: "a.json", contentJson: { b: 1, a: 2 } };
    expect(completed({ outputText: "x", outputJson: [1], stateUpdates: { s: 1 }, route: "yes", artifacts: [draft] })).toEqual({
      outcome: { kind: "completed", outputText: "x", outputJson: [1], stateUpdates: { s: 1 }, route: "yes", artifacts: [draft] },
      outputJson: "[1]",
      stateUpdates: '{"s":1}',
      artifacts: [{ draft, json: '{"b":1,"a":2}' }],
    });
    expect(completed({})).toEqual({ outcome: { kind: "completed" }, artifacts: [] });
  });

  it.each([
    ["NaN", { outputJson: { a: [1, { b: NaN }] } }, "outputJson.a.1.b is NaN"],
    ["Infinity", { outputJson: [Infinity] }, "outputJson.0 is Infinity"],
    ["undefined in a list", { outputJson: [undefined] }, "outputJson.0 is undefined"],
    ["a function", { outputJson: { f: () => 1 } }, "outputJson.f is a function"],
    ["a bigint", { outputJson: { n: 1n } }, "outputJson.n is a bigint"],
    ["a date", { outputJson: { at: new Date(0) } }, "outputJson.at is a Date"],
    ["a map", { outputJson: new Map() }, "outputJson is a Map"],
    ["NUL in the route", { route: "\u0000" }, "route has the character NUL"],
    ["NaN in an artifact", { artifacts: [{ artifactType: "A", contentJson: { n: NaN } }] }, "artifacts.0.contentJson.n is NaN"],
    ["what is nested beyond reason", { outputJson: nested(257) }, "is nested more than 256 deep"],
    ["what is nested beyond reason in the state", { stateUpdates: { s: nested(256) } }, "is nested more than 256 deep"],
  ])("is not %s: a failure says the place", (_name, output, words) => {
    const usage = { modelCalls: 1, promptTokens: 2, completionTokens: 3 };
    expect(completed({ ...(output as object), usage })).toEqual({
      outcome: { kind: "failed", code: "OUTPUT_NOT_STORABLE", message: expect.stringContaining(words), retryable: false, usage },
      artifacts: [],
    });
  });

  it.each([
    ["half a character", { outputJson: { a: "x\ud800" } }, { outputJson: { a: "x\ufffd" } }, 1],
    ["half a character in keys", { outputJson: [{ ["\udfff"]: 1, ["k\u0000"]: 2 }] }, { outputJson: [{ "\ufffd": 1, "k\ufffd": 2 }] }, 2],
    ["NUL", { outputJson: ["a\u0000b\u0000", ["\u0000"]] }, { outputJson: ["a\ufffdb\ufffd", ["\ufffd"]] }, 3],
    ["both in the text", { outputText: "\u0000 \ude00" }, { outputText: "\ufffd \ufffd" }, 2],
    ["NUL in the state", { stateUpdates: { s: { t: "\u0000" } } }, { stateUpdates: { s: { t: "\ufffd" } } }, 1],
    [
      "NUL in artifacts",
      {
        artifacts: [
          { artifactType: "A", contentJson: ["\u0000"] },
          { artifactType: "A", name: "n\u0000", contentText: "\u0000" },
        ],
      },
      {
        artifacts: [
          { artifactType: "A", contentJson: ["\ufffd"] },
          { artifactType: "A", name: "n\ufffd", contentText: "\ufffd" },
        ],
      },
      3,
    ],
  ])("has U+FFFD for %s, and a note of it", (_what, output, kept, count) => {
    const { outcome, outputJson } = completed(output);
    expect(outcome).toEqual({ kind: "completed", ...kept, notes: { replaced_characters: count } });
    if ("outputJson" in kept) expect(outputJson).toBe(JSON.stringify(kept.outputJson));
    // As a worker tells it to the run's owner, who looks once more.
    expect(storableOutcome(outcome).outcome).toEqual(outcome);
  });

  it("keeps two keys that differ in what is replaced, and the notes that it has", () => {
    const given = { "a\u0000": 1, "a\ud800": 2, "a\ufffd": 3 };
    const { outcome } = completed({ outputJson: given, notes: { numbers_as_text: ["x"] } });
    expect(outcome).toMatchObject({ notes: { numbers_as_text: ["x"], replaced_characters: 2 } });
    expect(Object.entries((outcome as { outputJson: object }).outputJson)).toEqual([
      ["a\ufffd\ufffd", 1],
      ["a\ufffd\ufffd\ufffd", 2],
      ["a\ufffd", 3],
    ]);
  });

  it("may be nested 256 deep, and does not contain itself", () => {
    expect(completed({ outputJson: nested(256) }).outcome.kind).toBe("completed");
    const self: Json[] = [];
    self.push(self);
    expect(completed({ outputJson: self }).outcome).toMatchObject({ message: expect.stringContaining("nested more than 256 deep") });
  });

  it("has at most 50 MiB, text and JSON together, in bytes", () => {
    const half = "x".repeat(maxOutputBytes / 2 - 10);
    const tooLarge = { kind: "failed", code: "OUTPUT_TOO_LARGE", message: expect.stringContaining(String(maxOutputBytes)) };
    expect(completed({ outputText: half, outputJson: half }).outcome.kind).toBe("completed");
    expect(completed({ outputText: half, outputJson: [half, half.slice(0, 20)] }).outcome).toMatchObject(tooLarge);
    expect(completed({ outputText: "€".repeat(maxOutputBytes / 3 + 1) }).outcome).toMatchObject(tooLarge);
  });

  it("is a failure's story, even where the output that goes with it cannot be kept", () => {
    const failed = { kind: "failed", code: "X", message: "it said \u0000", retryable: true } as const;
    const story = { kind: "failed", code: "X", message: "it said \ufffd", retryable: true };
    expect(storableOutcome({ ...failed, outputJson: NaN })).toEqual({ outcome: story, artifacts: [] });
    expect(storableOutcome({ ...failed, outputJson: ["\u0000"] })).toEqual({
      outcome: { ...story, outputJson: ["\ufffd"], notes: { replaced_characters: 1 } },
      outputJson: '["\ufffd"]',
      artifacts: [],
    });
  });
});
