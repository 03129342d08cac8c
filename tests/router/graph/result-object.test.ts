import { applyRewrites as apolloRewrites } from "@apollo/gateway/dist/dataRewrites.js";
import { deepMerge } from "@apollo/gateway/dist/utilities/deepMerge.js";
import type { FetchDataRewrite } from "@apollo/query-planner";
import fc from "fast-check";
import { buildSchema } from "graphql";
import { mergeInto, type ResultObject } from "../../../router/graph/result-object.ts";
import { applyRewrites } from "../../../router/graph/rewrites.ts";

const schema = buildSchema(`
  interface Named { name: String }
  type Cat implements Named { name: String }
  type Dog implements Named { name: String }
  type Toy { name: String }
  union Pet = Cat | Dog
  type Query { pet: Pet toy: Toy }`);

const key = fc.constantFrom("a", "b", "c", "d", "constructor");
/** Objects as answers have them: under one name always the same kind of value, or null where that is asked for. */
function objects(empty: fc.Arbitrary<unknown>[]): fc.Arbitrary<ResultObject> {
  const leaf = fc.oneof(fc.constantFrom<unknown>("x", 1, true), ...empty);
  return fc.letrec<{ object: ResultObject }>((tie) => {
    const child = fc.oneof({ maxDepth: 3 }, fc.constant({}), tie("object"), ...empty);
    const __typename = fc.constantFrom("Cat", "Dog", "Toy");
    const fields = {
      __typename,
      a: leaf,
      b: child,
      c: fc.array(child, { maxLength: 2 }),
      d: fc.array(leaf, { maxLength: 2 }),
      constructor: leaf,
    };
    return { object: fc.record<ResultObject, string>(fields, { requiredKeys: [] }) };
  }).object;
}
/** As an answer is read: no two places share an object, which what is generated does with its empty ones. */
const copy = (value: ResultObject) => JSON.parse(JSON.stringify(value)) as ResultObject;
/** What a reader finds: a key without a value is none. */
const seen = (value: unknown) => JSON.parse(JSON.stringify(value)) as unknown;

describe("an object of a result", () => {
  it("becomes one with what another fetch brought, as Apollo merges them", () => {
    fc.assert(
      fc.property(objects([fc.constant(null)]), objects([fc.constant(null)]), (target, source) => {
        const merged = copy(target);
        mergeInto(merged, copy(source));
        expect(seen(merged)).toEqual(seen(deepMerge(copy(target), copy(source))));
      }),
    );
  });

  it("is changed by a plan's rewrites as Apollo changes it", () => {
    const step = fc.oneof(key, fc.constantFrom("... on Cat", "... on Named", "... on Pet", "... on Toy", "... on Nobody"));
    const path = fc.tuple(fc.array(step, { maxLength: 3 }), key).map(([steps, last]) => [...steps, last]);
    const rewrite = fc.oneof(
      path.map((path): FetchDataRewrite => ({ kind: "ValueSetter", path, setValueTo: "Set" })),
      fc.tuple(path, key).map(([path, renameKeyTo]): FetchDataRewrite => ({ kind: "KeyRenamer", path, renameKeyTo })),
    );
    fc.assert(
      fc.property(objects([]), fc.array(rewrite, { maxLength: 3 }), (value, rewrites) => {
        const [ours, theirs] = [copy(value), copy(value)];
        applyRewrites(schema, rewrites, ours);
        apolloRewrites(schema, rewrites, theirs);
        expect(seen(ours)).toEqual(seen(theirs));
      }),
    );
  });

  it.each([0, "", false, null])("gives %j its key back, which Apollo's loses", (value) => {
    const object = { v__alias_0: value };
    applyRewrites(schema, [{ kind: "KeyRenamer", path: ["v__alias_0"], renameKeyTo: "v" }], object);
    expect(seen(object)).toEqual({ v: value });
  });

  it("merges the objects of lists within lists, and keeps a field called __proto__ one", () => {
    const target = { rows: [[{ a: 1 }], [null]] };
    mergeInto(target, JSON.parse('{"rows":[[{"b":2}],[{"c":3}]],"__proto__":{"a":1}}') as ResultObject);
    expect(seen(target)).toEqual({ rows: [[{ a: 1, b: 2 }], [{ c: 3 }]], ["__proto__"]: { a: 1 } });
    expect(Object.getPrototypeOf(target)).toBe(Object.prototype);
  });
});
