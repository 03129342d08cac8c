import { operationFromDocument } from "@apollo/federation-internals";
import { computeResponse } from "@apollo/gateway/dist/resultShaping.js";
import fc from "fast-check";
import { parse, validate } from "graphql";
import { composeSupergraph } from "../../../router/graph/compose.ts";
import { loadSupergraph } from "../../../router/graph/supergraph.ts";
import { compileShape } from "../../../router/graph/shape.ts";

const graph = loadSupergraph(
  composeSupergraph([
    {
      name: "only",
      sdl: `extend schema @link(url: "https://specs.apollo.dev/federation/v2.9")
        scalar JSON
        enum Mood { GOOD BAD }
        interface Named { name: String! friend: Named }
        interface Aged implements Named { name: String! friend: Named age: Int }
        type Cat implements Named & Aged { name: String! friend: Named age: Int lives: Int! mood: Mood toys: [[Toy!]]! }
        type Dog implements Named { name: String! friend: Named mood: Mood! ratio: Float tag: ID json: JSON good: Boolean! ratios: [Float!]! vectors: [[Float!]] }
        type Toy { name: String owner: Named! }
        union Pet = Cat | Dog
        type Query { pet: Pet pets: [Pet!]! named: Named cat: Cat! dogs: [Dog] }`,
    },
  ]).supergraphSdl,
);
const variables = { yes: true, no: false };

const directive = fc.constantFrom("", "", "", "", " @include(if: $yes)", " @skip(if: $yes)", " @include(if: $no)", " @skip(if: $default)");
const some = (item: fc.Arbitrary<string>) => fc.array(item, { minLength: 1, maxLength: 4 }).map((items) => items.join(" "));
const { query } = fc.letrec<Record<"named" | "cat" | "dog" | "toy" | "pet" | "query", string>>((tie) => {
  const leaf = (...names: string[]) =>
    fc.tuple(fc.constantFrom(...names, "__typename", "t: __typename"), directive).map((text) => text.join(""));
  const node = (name: string, inner: fc.Arbitrary<string>) => fc.tuple(directive, inner).map(([d, text]) => `${name}${d} { ${text} }`);
  const onNamed = [node("friend", tie("named")), node("... on Named", tie("named")), node("f2: friend", tie("named")), fc.constant("...N")];
  const mixed = [node("... on Cat", tie("cat")), node("... on Dog", tie("dog")), node("... on Aged", some(leaf("name", "age")))];
  return {
    named: some(fc.oneof(leaf("name", "n2: name"), ...onNamed, ...mixed)),
    cat: some(fc.oneof(leaf("name", "age", "lives", "mood"), node("toys", tie("toy")), ...onNamed)),
    dog: some(fc.oneof(leaf("mood", "ratio", "tag", "json", "good", "ratios", "vectors", "constructor: name"), ...onNamed)),
    toy: some(fc.oneof(leaf("name"), node("owner", tie("named")))),
    pet: some(fc.oneof(leaf("__typename"), ...mixed, node("... on Named", tie("named")))),
    query: fc.tuple(tie("pet"), tie("pet"), tie("named"), tie("cat"), tie("dog")).map(
      ([pet, pets, named, cat, dog]) =>
        `query ($yes: Boolean!, $no: Boolean!, $default: Boolean! = true) { pet { ${pet} } pets { ${pets} } named { ${named} } cat { ${cat} } dogs { ${dog} } __typename }
           fragment N on Named { name friend { name } }`,
    ),
  };
});

/** What subgraphs could answer: often what they should, now and then null, nothing, or nonsense. */
const leafValues = fc.constantFrom<unknown>("GOOD", "x", 1, 1.5, -0, true, null, { a: 1 });
const { object } = fc.letrec<{ object: Record<string, unknown>; value: unknown }>((tie) => {
  const rarely = <T>(usual: fc.Arbitrary<T>) =>
    fc.oneof({ weight: 12, arbitrary: usual }, { weight: 1, arbitrary: fc.constantFrom(null, undefined) });
  const deep = rarely(fc.oneof({ maxDepth: 2, depthIdentifier: "pet" }, fc.constant(null), tie("object")));
  const toys = fc.array(fc.oneof(fc.constant(null), fc.array(rarely(fc.record({ name: leafValues, owner: deep })), { maxLength: 2 })), {
    maxLength: 2,
  });
  const numbers = fc.array(rarely(fc.oneof({ weight: 20, arbitrary: fc.double() }, leafValues)), { maxLength: 3 });
  return {
    value: leafValues,
    object: fc.record({
      __typename: fc.constantFrom("Cat", "Cat", "Dog", "Dog", "Toy", "Named", undefined, "Stranger"),
      t: fc.constantFrom(undefined, undefined, "Cat"),
      ...Object.fromEntries(["name", "n2", "constructor"].map((key) => [key, rarely(fc.constant("text"))])),
      ...Object.fromEntries(["age", "lives"].map((key) => [key, rarely(fc.constant(3))])),
      ...Object.fromEntries(["mood", "ratio", "tag", "json"].map((key) => [key, leafValues])),
      good: rarely(fc.boolean()),
      friend: deep,
      f2: deep,
      toys: rarely(toys),
      ratios: rarely(numbers),
      vectors: rarely(fc.array(rarely(numbers), { maxLength: 2 })),
    }),
  };
});
const list = fc.array(fc.oneof(object, object, fc.constant(null)), { maxLength: 3 });
const root = fc.record({ pet: fc.option(object), pets: list, named: fc.option(object), cat: object, dogs: fc.option(list) });

/** As JSON: key fields that are undefined are not there. */
const plain = (value: unknown) => JSON.parse(JSON.stringify(value)) as Record<string, unknown>;

describe("the shape of a response", () => {
  it("is what Apollo's own shaping makes, whatever subgraphs answered", () => {
    let withErrors = 0;
    fc.assert(
      fc.property(query, root, (text, data) => {
        const document = parse(text);
        fc.pre(validate(graph.apiSchema, document).length === 0);
        const operation = operationFromDocument(graph.api, document);
        const input = plain(data);
        const expected = computeResponse({ operation, variables, input: plain(data), introspectionHandling: () => null });
        const actual = compileShape(operation)({ input, variables, introspect: () => null });
        expect(JSON.stringify(actual.data)).toBe(JSON.stringify(expected.data));
        const told = (errors: readonly { message: string; path?: unknown }[]) => errors.map(({ message, path }) => ({ message, path }));
        expect(told(actual.errors)).toEqual(told(expected.errors));
        if (actual.errors.length > 0) withErrors++;
      }),
      { numRuns: 150 },
    );
    expect(withErrors).toBeGreaterThan(10);
  });

  it("has an error where nobody was asked for a root field, and none where it is left out", () => {
    const text =
      "query ($yes: Boolean!) { pet { __typename } ... { named @skip(if: $yes) { name } dogs @include(if: $yes) @skip(if: $yes) { mood } } }";
    const { data, errors } = compileShape(operationFromDocument(graph.api, parse(text)))({ input: {}, variables, introspect: () => null });
    expect(data).toEqual({ pet: null });
    expect(errors.map(({ message, path }) => [message, path])).toEqual([["No subgraph was asked for Query.pet.", ["pet"]]]);
  });

  it.each([
    ["no list where one belongs", { pets: { __typename: "Cat" } }, "pets"],
    ["a list where an object belongs", { pets: [[]] }, "pets"],
    ["text where an object belongs", { pets: ["cat"] }, "pets"],
  ])("is null with an error for %s", (_what, input, field) => {
    const operation = operationFromDocument(graph.api, parse("{ pets { ... on Cat { name } } }"));
    const { data, errors } = compileShape(operation)({ input, variables: {}, introspect: () => null });
    expect(data).toBeNull();
    expect(errors[0]?.path?.[0]).toBe(field);
    expect(errors[0]?.message).toMatch(/^Invalid value found/);
  });
});
