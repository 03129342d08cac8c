import fc from "fast-check";
import { JsonProblem, readJsonInTurns } from "#shared/json-reader.ts";
import { readJson } from "#shared/json/nesting.ts";
import type { LongNumber } from "#shared/json/numbers.ts";
import type { Json } from "#shared/json.ts";
import { finishInTurns, takeInTurns } from "#shared/pieces.ts";
import { longestTurnAtBest } from "../testkit/longest-turn.ts";

/** What is put before a text so that it is read in turns. */
const filling = `"${"x".repeat(70_000)}"`;

/** As JSON.parse reads it; undefined where it does not. */
function parsed(text: string): Json | undefined {
  try {
    return JSON.parse(text) as Json;
  } catch {
    return undefined;
  }
}

async function read(text: string): Promise<Json | undefined> {
  const value = await readJsonInTurns(text);
  return value instanceof JsonProblem ? undefined : value;
}

describe("a long text of the platform's own", () => {
  it.each([2_000, 20_000])("that nests %d levels is a problem, and no failure of who reads it", async (levels) => {
    const value = await readJsonInTurns(`${"[".repeat(levels)}${filling}${"]".repeat(levels)}`, { isOurs: true });
    expect(value).toEqual(new JsonProblem("malformed"));
  });
});

const long = "y".repeat(150_000);
const table: [string, string][] = [
  ["a list of everything small", JSON.stringify([filling, 1, -1.5e3, true, null, 'a\\"b', { a: [], b: {} }, [[1]]])],
  ["a long text in a list in an object", JSON.stringify({ a: [1, { b: long }, 2], c: 3 })],
  ["a long text by itself", JSON.stringify(long)],
  ["a long key", JSON.stringify({ a: 1, [long]: { [long]: long }, b: 2 })],
  [
    "escapes of all lengths, at every place",
    JSON.stringify(Array.from({ length: 7 }, (_, n) => `${"x".repeat(n)}${'"\\\n\u0001'.repeat(40_000)}`)),
  ],
  ["characters of two units", JSON.stringify(`x${"\u{1f600}".repeat(90_000)}`)],
  ["characters of two units, escaped", `["${"\\ud83d\\ude00".repeat(20_000)}"]`],
  ["half a character", `["${"\\ud83d".repeat(20_000)}"]`],
  ["keys that come again", `{"a":1,"b":${filling},"a":2,"c":{"a":${filling},"a":3}}`],
  ["a key called __proto__", `{"a":${filling},"__proto__":{"b":1},"c":{"__proto__":${filling}}}`],
  ["keys that are numbers", `{"b":${filling},"2":1,"1":2}`],
  ["spaces everywhere", ` [ ${filling} , { "a" : ${filling} , "b" : [ ] } , 1 ] \n`],
  ["nothing in it", `[${" ".repeat(70_000)}]`],
  ["a number with much before it", `${" ".repeat(70_000)}12`],
  ["lists in lists", `${"[".repeat(300)}${filling}${"]".repeat(300)}`],
  // None of JSON.
  ["a comma at the end of a list", `[${filling},]`],
  ["a comma at the end of an object", `{"a":${filling},}`],
  ["two commas", `[${filling},,1]`],
  ["a comma at the beginning", `[,${filling}]`],
  ["no end", `[${filling},1`],
  ["no end of a text", `["${"x".repeat(80_000)}`],
  ["more than a value", `[${filling}] 1`],
  ["the wrong bracket", `[${filling},1}`],
  ["the wrong bracket within", `[${filling},[1}]`],
  ["no colon", `{"a" ${filling}}`],
  ["no key", `{${filling}:1, 2}`],
  ["a key that is none", `{"a":${filling},b:1}`],
  ["an escape that is none", `["${"x".repeat(80_000)}\\x"]`],
  ["an escape that is cut short", `["${"x".repeat(80_000)}\\u12"]`],
  ["a line end in a text", `["${"x".repeat(80_000)}\n"]`],
  ["a word", `[${filling},undefined]`],
  ["a long number that is none", `[${"1".repeat(80_000)}x]`],
  ["nothing", " ".repeat(70_000)],
];

describe("JSON that is read in turns", () => {
  it.each(table)("is read as JSON.parse reads it: %s", async (_, text) => {
    const value = await read(text);
    expect(value).toStrictEqual(parsed(text));
    // toStrictEqual looks at no order of keys.
    expect(JSON.stringify(value)).toBe(JSON.stringify(parsed(text)));
  });

  it("is so whatever it is", async () => {
    const stretched = fc.jsonValue({ maxDepth: 4 }).map((value) => JSON.stringify([filling, value, { value, filling }], null, 1));
    await fc.assert(
      fc.asyncProperty(stretched, fc.nat(), fc.constantFrom("", "", ",", "]", "}", '"', "\\", "1"), async (text, place, put) => {
        const at = 70_000 + (place % (text.length - 70_000));
        const given = text.slice(0, at) + put + text.slice(at);
        expect(JSON.stringify(await read(given))).toBe(JSON.stringify(parsed(given)));
      }),
      { numRuns: 150 },
    );
  });

  it("keeps digits that a double does not, and tells their places, as what is read at once does", async () => {
    const big = "12345678901234567890";
    const text = `{"first":[${filling},${big},{"id":${big}}],"of":{"long":[1,[${big}],${filling}]},"id":${big}}`;
    const told: (readonly LongNumber[])[] = [];
    const value = await readJsonInTurns(text, { told: (numbers) => told.push(numbers) });
    const atOnce: (readonly LongNumber[])[] = [];
    expect(value).toStrictEqual(readJson(text, (numbers) => atOnce.push(numbers)));
    const places = (given: (readonly LongNumber[])[]) => given.flat().map(({ path, digits }) => ({ path, digits }));
    expect(places(told)).toStrictEqual(places(atOnce));
  });

  it.each([
    ["values", `[${"0,".repeat(1_000_000)}0]`, "has more than 1000000 values"],
    [
      "keys in an object",
      `{${Array.from({ length: 50_001 }, (_, key) => `"k${key}":0`).join(",")}}`,
      "has an object of more than 50000 keys",
    ],
    ["levels", `${"[".repeat(600)}${filling}${"]".repeat(600)}`, undefined],
  ])("is not read where it has too many %s", async (_, text, excess) => {
    const problem = await readJsonInTurns(text);
    expect(problem).toBeInstanceOf(JsonProblem);
    expect((problem as JsonProblem).excess).toBe(excess);
  });

  it.each<[string, () => string]>([
    ["a million values", () => `[${"0,".repeat(999_998)}0]`],
    [
      "objects of many keys",
      () =>
        `[${Array.from({ length: 9 }, (_, one) => `{${Array.from({ length: 49_000 }, (_key, key) => `"k${one}x${key}":0`).join(",")}}`).join(",")}]`,
    ],
    ["a text of 40 MB of quotation marks", () => JSON.stringify('"'.repeat(20_000_000))],
    ["digits that a double does not keep", () => `[${Array(100_000).fill("12345678901234567890").join(",")}]`],
  ])("holds no main loop up: %s", async (_, make) => {
    const text = make();
    let numbers = 0;
    const { longestMs } = await longestTurnAtBest(async () => {
      expect(await readJsonInTurns(text, { told: ({ length }) => (numbers = length) })).not.toBeInstanceOf(JsonProblem);
    });
    expect(longestMs).toBeLessThan(100);
    expect(numbers).toBeLessThanOrEqual(100);
  });
});

describe("what many do in turns", () => {
  /** Longer than a turn may be: one of them is a turn's work. */
  const work = () => {
    const until = performance.now() + 1.1;
    while (performance.now() < until);
  };
  function* steps(count: number, did: () => void): Generator<void, void> {
    for (let step = 0; step < count; step += 1) {
      work();
      did();
      yield;
    }
  }
  function* pieces(count: number): Generator<string> {
    for (let piece = 0; piece < count; piece += 1) yield "x";
  }

  it("leaves each turn but a millisecond's work of all of them, however many they are", async () => {
    let inTurn = 0;
    let most = 0;
    let isDone = false;
    const did = () => (most = Math.max(most, (inTurn += 1)));
    const look = () => {
      inTurn = 0;
      if (!isDone) setImmediate(look);
    };
    setImmediate(look);
    await Promise.all([
      ...Array.from({ length: 20 }, () => finishInTurns(steps(10, did))),
      takeInTurns(pieces(50), () => {
        work();
        did();
      }),
    ]);
    isDone = true;
    // A turn may end between two looks.
    expect(most).toBeLessThanOrEqual(2);
  });
});
