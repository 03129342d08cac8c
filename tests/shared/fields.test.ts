import fc from "fast-check";
import { checkJsonSize } from "#shared/fields.ts";
import type { Json } from "#shared/json.ts";

const bytesOf = (value: unknown) => Buffer.byteLength(JSON.stringify(value));
const numbers = Array.from({ length: 50 }, (_, index) => -(1.2345678901234567 + index / 1e15) * 1e-300);

describe("a JSON value of limited size", () => {
  it.each<[what: string, value: Json]>([
    ["numbers", numbers],
    ["numbers in objects", numbers.map((number) => ({ "": number }))],
    ["characters that are escaped", "\u0001".repeat(1_000)],
    ["keys that are escaped", Object.fromEntries(numbers.map((_, index) => ["\u0001".repeat(index + 1), null]))],
    ["characters of three bytes", ["€".repeat(500), "€".repeat(500)]],
    ["small values", [null, true, false, "", [], {}]],
  ])("is refused by the byte, and by none less: %s", (_what, value) => {
    const bytes = bytesOf(value);
    expect(checkJsonSize("it", value, bytes)).toBe(value);
    expect(() => checkJsonSize("it", value, bytes - 1)).toThrow(`it has ${bytes} bytes; at most ${bytes - 1} are allowed.`);
  });

  it("is refused by the byte whatever it is", () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 4 }), (value) => {
        expect(() => checkJsonSize("it", value, bytesOf(value) - 1)).toThrow("are allowed");
        checkJsonSize("it", value, bytesOf(value));
      }),
    );
  });
});
