import { inputHash, checkIdempotencyKey } from "#shared/graphql/idempotency.ts";

describe("inputHash", () => {
  it("is the same whatever the order of keys, for absent and null fields, and for any key", () => {
    const hash = inputHash({ a: 1, b: { c: [1, { d: 2, e: 3 }] }, idempotencyKey: "x" });
    expect(inputHash({ b: { c: [1, { e: 3, d: 2 }] }, a: 1, gone: null, undefinedToo: undefined, idempotencyKey: "y" })).toBe(hash);
  });

  it("differs for other values, other orders of lists, and nulls within data", () => {
    const inputs = [{ a: [1, 2] }, { a: [2, 1] }, { a: "1,2" }, { a: { b: null } }, { a: {} }, {}];
    expect(new Set(inputs.map(inputHash)).size).toBe(inputs.length);
  });
});

describe("checkIdempotencyKey", () => {
  it("refuses empty and very long keys, and such as cannot be kept as they are", () => {
    expect(checkIdempotencyKey("k")).toBe("k");
    for (const key of ["a\u0000", "\ud800", "a\udc00b"]) expect(() => checkIdempotencyKey(key)).toThrow("idempotencyKey has");
    for (const key of ["", "x".repeat(201)]) expect(() => checkIdempotencyKey(key)).toThrow("1 to 200");
  });
});
