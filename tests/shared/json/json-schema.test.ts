import { schemaFault, schemaProblems, schemaValidator } from "#shared/json/json-schema.ts";
import { withinTime } from "#shared/time-limit.ts";

describe("schemaFault", () => {
  it.each([
    [{}],
    [{ type: "object", properties: { name: { type: ["string", "null"] } }, required: ["name"], additionalProperties: false }],
    [{ $defs: { node: { type: "object", properties: { next: { $ref: "#/$defs/node" } } } }, $ref: "#/$defs/node" }],
    [{ "x-note": "unknown keywords are allowed", pattern: "^[a-z]+$" }],
    [{ $defs: { tree: { anyOf: [{ type: "null" }, { items: { $ref: "#/$defs/tree" } }] } }, properties: { a: { $ref: "#/$defs/tree" } } }],
    [{ $defs: { a: { type: "string" } }, allOf: [{ $ref: "#/$defs/a" }, { $ref: "#/$defs/a" }], not: { $ref: "#/$defs/a" } }],
  ])("finds nothing in %j", (schema) => {
    expect(schemaFault(schema)).toBeUndefined();
  });

  it.each([
    [{ type: "objekt" }, "#/type", 'any of ["array","boolean"'],
    [{ type: ["nope"] }, "#/type/0", 'any of ["array","boolean"'],
    [{ items: { minLength: -1 } }, "#/items/minLength", "-1"],
    [{ properties: { a: { items: [{ required: "b" }] } } }, "#/properties/a/items/0/required", '"array"'],
    [{ items: 5 }, "#/items", '"number"'],
    [{ properties: { type: 5 } }, "#/properties/type", '"number"'],
  ])("says of %j what is wrong where: %s, %s", (schema, path, problem) => {
    expect(schemaFault(schema)).toEqual({ path, problem: expect.stringContaining(problem) });
  });

  it.each([
    [{ type: "objekt" }],
    [{ properties: { a: { minimum: "1" } } }],
    [{ required: "name" }],
    [{ pattern: "(" }],
    [{ patternProperties: { "[": {} } }],
    [{ $ref: "#/$defs/missing" }],
    [{ $ref: "https://example.com/schema.json" }],
    [{ $ref: "#" }],
  ])("finds what is wrong with %j", (schema) => {
    expect(schemaFault(schema)).toEqual({ path: expect.stringMatching(/^#/), problem: expect.stringMatching(/./) });
  });

  const endless = [
    { $defs: { a: { $ref: "#/$defs/b" }, b: { $ref: "#/$defs/a" } }, properties: { a: { $ref: "#/$defs/a" } } },
    { $defs: { a: { allOf: [{ $ref: "#/$defs/a" }] } }, items: { $ref: "#/$defs/a" } },
    { $defs: { a: { anyOf: [{ type: "null" }, { not: { $ref: "#/$defs/a" } }] } }, properties: { a: { $ref: "#/$defs/a" } } },
    { $defs: { a: { dependentSchemas: { b: { $ref: "#/$defs/a" } } } }, additionalProperties: { $ref: "#/$defs/a" } },
    { $defs: { a: { dependencies: { b: { $ref: "#/$defs/a" } } } }, properties: { a: { $ref: "#/$defs/a" } } },
  ];
  it.each(endless.map((schema) => [schema]))("says that %j never ends, however deep in it that is", (schema) => {
    expect(schemaFault(schema)).toEqual({ path: expect.stringMatching(/^#/), problem: "it refers to itself without end." });
    // One that is there already.
    expect(schemaProblems(schema, { a: { b: 1 }, b: 1 })).toEqual("items" in schema ? [] : undefined);
  });

  it("names the part that never ends, and takes those that do", () => {
    const circle = { allOf: [{ $ref: "#/$defs/a" }], $defs: { a: { $ref: "#/$defs/b" }, b: { $ref: "#/$defs/a" } } };
    expect(schemaFault(circle)?.path).toBe("#/$defs/a");
    const tree = {
      properties: { left: { $ref: "#" } },
      items: { $ref: "#" },
      additionalProperties: { $ref: "#" },
      dependencies: { a: ["b"] },
    };
    // Without `if` it means nothing, as a key does that is no word of schemas.
    for (const schema of [tree, { then: { $ref: "#" }, else: { $ref: "#" } }, { __absolute_ref__: "#", properties: { a: { $ref: "#" } } }])
      expect(schemaFault(schema)).toBeUndefined();
  });

  it("leaves the schema as it was", () => {
    const schema = Object.freeze({ $defs: Object.freeze({ a: Object.freeze({}) }), $ref: "#/$defs/a" });
    expect(schemaFault(schema)).toBeUndefined();
    expect(Reflect.ownKeys(schema)).toEqual(["$defs", "$ref"]);
  });
});

describe("schemaProblems", () => {
  it("looks through a plain schema once, however many values are held against it", () => {
    let reads = 0;
    const properties = { a: { type: "number" } };
    const schema = {
      type: "object",
      get properties() {
        reads++;
        return properties;
      },
    };
    expect(schemaProblems(schema, { a: "x" })).toMatchObject([{ keyword: "type", path: "#/a" }]);
    const readOnce = reads;
    expect(readOnce).toBeGreaterThan(0);
    expect(schemaProblems(schema, { a: 1 })).toEqual([]);
    expect(schemaProblems(schema, { a: "y" })).toMatchObject([{ keyword: "type", path: "#/a" }]);
    expect(reads).toBe(readOnce);
  });

  it("says of a key that a schema does not take that nothing is taken there", () => {
    const schema = { type: "object", properties: { path: { type: "string" }, never: false }, additionalProperties: false };
    const nothing = "Nothing is taken here: leave it out.";
    expect(schemaProblems(schema, { path: "a", never: 1, "to/o": 2 })).toMatchObject([
      { path: "#/never", message: nothing },
      { path: "#/to~1o", message: nothing },
    ]);
  });
});

describe("withinTime", () => {
  it("gives up a pattern that would take for ever, and goes on with the next work", () => {
    const validator = schemaValidator({ type: "string", pattern: "^(a+)+$" });
    expect(withinTime(50, () => validator.validate("a".repeat(40) + "!"))).toBeUndefined();
    expect(withinTime(60_000, () => validator.validate("aaa"))).toMatchObject({ valid: true });
  });

  it("counts computing, not the time in which the machine was busy with others", () => {
    let begun = 0;
    const kept = withinTime(50, () => {
      begun++;
      // Nothing is computed meanwhile.
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 75);
      return { isDone: true };
    });
    expect(kept).toEqual({ isDone: true });
    expect(begun).toBeGreaterThan(1);
  });

  it("does not wait for ever for what computes nothing", () => {
    expect(withinTime(5, () => ({ waited: Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0) }))).toBeUndefined();
  });
});
