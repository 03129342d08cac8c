import { DateTimeScalar } from "#shared/graphql/scalars.ts";

describe("a time", () => {
  it.each([new Date(0), "1970-01-01T01:00:00.000+01:00", 0])("is text in an answer, whatever it was: %p", (value) => {
    expect(DateTimeScalar.serialize(value)).toBe("1970-01-01T00:00:00.000Z");
  });

  it.each([new Date(Number.NaN), "yesterday", true])("is refused where it is none: %p", (value) => {
    expect(() => DateTimeScalar.serialize(value)).toThrow(/DateTime cannot/);
  });
});
