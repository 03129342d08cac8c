import fc from "fast-check";
import { nearest } from "#shared/nearest.ts";

/** The textbook's table, without a limit. */
function slips(one: string, other: string): number {
  const table = Array.from({ length: one.length + 1 }, (_, i) =>
    Array.from({ length: other.length + 1 }, (_, j) => (i === 0 ? j : j === 0 ? i : 0)),
  );
  const at = (i: number, j: number) => table[i]![j]!;
  for (let i = 1; i <= one.length; i++)
    for (let j = 1; j <= other.length; j++) {
      const swapped = i > 1 && j > 1 && one[i - 1] === other[j - 2] && one[i - 2] === other[j - 1] ? at(i - 2, j - 2) + 1 : Infinity;
      table[i]![j] = Math.min(swapped, at(i - 1, j - 1) + (one[i - 1] === other[j - 1] ? 0 : 1), at(i - 1, j) + 1, at(i, j - 1) + 1);
    }
  return at(one.length, other.length);
}

describe("the nearest word", () => {
  it.each([
    ["lllm", 1, "llm"],
    ["anwser", 1, "answer"],
    ["tol", 1, "tool"],
    ["answers", 0, undefined],
    ["", 2, undefined],
    ["knowledge", 2, undefined],
    ["llm", 0, "llm"],
  ])("to %j within %d is %j", (word, most, meant) => {
    expect(nearest(word, ["llm", "tool", "answer"], most)).toBe(meant);
  });

  it("is that of the whole table, however little of it is worked out", () => {
    const word = fc.string({ unit: fc.constantFrom("a", "b", "c"), maxLength: 8 });
    fc.assert(
      fc.property(word, fc.array(word, { maxLength: 6 }), fc.integer({ min: 0, max: 4 }), (asked, known, most) => {
        const least = Math.min(...known.map((one) => slips(asked, one)));
        const expected = least > most ? undefined : known.find((one) => slips(asked, one) === least);
        expect(nearest(asked, known, most)).toBe(expected);
      }),
      { numRuns: 2_000 },
    );
  });
});
