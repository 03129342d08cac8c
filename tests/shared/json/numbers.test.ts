import fc from "fast-check";
import { isKept, longNumberRefusal, longNumberRefusalInTurns, longNumbers, placeOf, withDigitsKept } from "#shared/json/numbers.ts";
import { readJson } from "#shared/json/nesting.ts";

describe("a number is kept as one", () => {
  it.each([
    ...["0", "-0", "1", "-1.5", "0.1", "1e2", "1E+2", "123456789012345", "1e308", "0e999", "0.000"],
    // Whole, beyond 2^53, and written with the digits that the double is written with.
    ...["9007199254740991", "9007199254740992", "100000000000000000000", "1e22", "12345678901234568", "-9007199254740992.000"],
    // As writers of doubles have them: shortest, with 17 digits, and to the last digit of the double.
    ...["0.30000000000000004", "0.10000000000000001", "0.1000000000000000056", "0.1000000000000000055511151231257827021181583404541015625"],
    ...["5e-324", "4.9e-324", "1.7976931348623157e308", "0.12345678901234567"],
  ])("%s", (digits) => {
    expect(isKept(digits)).toBe(true);
  });

  it.each([
    ...["9007199254740993", "-9007199254740993", "7615917337495251231", "12345678901234567", "1152921504606846976", "9007199254740993.0"],
    ...["7.615917337495251231e18", "123456789012345678901234567890", "1e400", "-1e400", "1e-400", "9e999999999999999999"],
    ...[
      "0.123456789012345678",
      "3.14159265358979323846",
      "12345678901234567.5",
      "0.3333333333333333333333333333",
      "1.00000000000000000001",
    ],
  ])("not %s", (digits) => {
    expect(isKept(digits)).toBe(false);
  });

  it("whatever double it is that JSON.stringify writes", () => {
    fc.assert(fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (value) => isKept(JSON.stringify(value))));
    const whole = fc.bigInt({ min: -(10n ** 20n), max: 10n ** 20n });
    fc.assert(fc.property(whole, (value) => isKept(String(value)) === (BigInt(String(Number(value))) === value)));
  });
});

describe("the digits of a JSON text", () => {
  it("are kept as texts, with their places, and nothing else is changed", () => {
    const text =
      '{"id": 7615917337495251231 ,"a":{"b\\"c":[1,"7615917337495251231",[-9007199254740993]]},"n":1e400,"f":0.5,"s":"x: 7615917337495251231"}';
    const { text: safe, kept } = withDigitsKept(text);
    expect(JSON.parse(safe)).toEqual({
      id: "7615917337495251231",
      a: { 'b"c': [1, "7615917337495251231", ["-9007199254740993"]] },
      n: "1e400",
      f: 0.5,
      s: "x: 7615917337495251231",
    });
    expect(kept.map((number) => placeOf(number))).toEqual(["id", 'a.b"c.2.0', "n"]);
  });

  it("are those of a number alone too, and of one behind any white space", () => {
    expect(readJson("7615917337495251231")).toBe("7615917337495251231");
    expect(readJson("\n[\t-7615917337495251231]")).toEqual(["-7615917337495251231"]);
    expect(readJson("[1,\r\n7615917337495251231]")).toEqual([1, "7615917337495251231"]);
  });

  it("make no JSON of what is none", () => {
    for (const text of ["[07615917337495251231]", "{7615917337495251231:1}", "[7615917337495251231", "[+7615917337495251231]"])
      expect(readJson(text)).toBeUndefined();
  });

  it("are found wherever they stand, in any JSON", () => {
    const leaf = fc.oneof(fc.constantFrom(0, -1, 0.5, "", '"', "\\", "9007199254740993", "a,9007199254740993]", true, null), fc.string());
    const { tree } = fc.letrec<{ tree: unknown }>((tie) => ({
      tree: fc.oneof(
        { depthSize: "small" },
        leaf,
        fc.constant({ "#": "long" }),
        fc.array(tie("tree"), { maxLength: 4 }),
        fc.dictionary(fc.string({ minLength: 2 }), tie("tree"), { maxKeys: 4 }),
      ),
    }));
    fc.assert(
      fc.property(tree, fc.constantFrom(undefined, 1, "\t"), (value, space) => {
        const text = JSON.stringify(value, null, space).replaceAll(/\{\s*"#":\s*"long"\s*\}/g, "9007199254740993");
        const expected: unknown = JSON.parse(JSON.stringify(value).replaceAll('{"#":"long"}', '"9007199254740993"'));
        expect(readJson(text)).toEqual(expected);
        for (const number of longNumbers(text)) {
          expect(number.path.reduce<unknown>((at, step) => (at as Record<PropertyKey, unknown>)[step], expected)).toBe("9007199254740993");
        }
      }),
    );
  });
});

describe("what somebody sends", () => {
  it("is refused with its place, its digits and the way out", () => {
    expect(longNumberRefusal('{"variables":{"input":{"ids":[1,9007199254740993]}}}')).toMatchObject({
      code: "BAD_USER_INPUT",
      reason: "NUMBER_NOT_KEPT",
      message: "variables.input.ids.1 is the number 9007199254740993, which would be read as 9007199254740992. Give it as a string.",
      facts: { field: "variables.input.ids.1", value: "9007199254740993" },
    });
    expect(longNumberRefusal("9007199254740993", "--input")?.facts).toMatchObject({ field: "--input" });
    expect(longNumberRefusal('{"a":"9007199254740993","b":9007199254740991}')).toBeUndefined();
  });

  it("wherever it stands in a long text that is read in turns, and not where none is", async () => {
    for (let before = 65_500; before < 65_540; before += 1) {
      const text = `{"a":"${"x".repeat(before)}","b":[1e400,9007199254740993]}`;
      expect(await longNumberRefusalInTurns(text)).toMatchObject({ reason: "NUMBER_NOT_KEPT", facts: longNumberRefusal(text)?.facts });
    }
    expect(await longNumberRefusalInTurns(`["${"x ".repeat(70_000)} 9007199254740993",1e400]`)).toBeUndefined();
  });

  it("is not judged by text that is no JSON", () => {
    for (const text of ['{"a":9007199254740993', ":9007199254740993", '{"\\x":9007199254740993}', '"', "]]}9007199254740993"])
      longNumberRefusal(text);
  });
});
