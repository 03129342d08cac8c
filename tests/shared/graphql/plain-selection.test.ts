import { buildSchema, execute, parse, type GraphQLEnumType, type GraphQLObjectType, type GraphQLScalarType } from "graphql";
import { StreamEvents, type StreamEvent } from "#shared/graphql/stream-events.ts";

const given = Symbol("given");
const givenLater = Symbol("given later");

function schemaOf() {
  const schema = buildSchema(`
    scalar Any
    scalar Odd
    enum Colour { RED BLUE }
    interface Named { name: String }
    type Named1 implements Named { name: String }
    type Typed { name: String }
    type Made { name: String }
    type Part { id: ID! name: String count: Int share: Float is: Boolean any: Any odd: Odd colour: Colour part: Part parts: [Part!] needed: Part! }
    type Query { a: Int }
    type Told {
      word: String sure: String! words: [String] sureWords: [String!]! grid: [[Int!]!] colours: [Colour!] any: Any anys: [Any!] odd: Odd
      part: Part parts: [Part] surePart: Part! sureParts: [Part!]!
      named: Named typed: Typed made: Made with(text: String!): String sureOdd: Odd!
    }
    type Subscription { told: Told sureTold: Told! all: [Told!] }
  `);
  const scalar = (name: string) => schema.getType(name) as GraphQLScalarType;
  Object.assign(scalar("Any"), { serialize: (value: unknown) => value });
  Object.assign(scalar("Odd"), {
    serialize(value: unknown) {
      if (value === "bad") throw new Error("bad");
      return value === "none" ? undefined : [value];
    },
  });
  Object.assign((schema.getType("Colour") as GraphQLEnumType).getValue("BLUE")!, { value: "blue" });
  Object.assign(schema.getType("Typed") as GraphQLObjectType, { isTypeOf: (value: object) => "typed" in value });
  const made = (schema.getType("Made") as GraphQLObjectType).getFields()["name"]!;
  made.resolve = ({ name }: { name: string }, _args, context) => `${name} of ${String(context)}`;
  return schema;
}

/** The answer for an event as subgraphs execute it, and as graphql-js does; and whether graphql-js was left out. Its own execution reads the event once more. */
async function answers(selection: string, told: unknown, { field = "told", isLater = false }: { field?: string; isLater?: boolean } = {}) {
  const schema = schemaOf();
  let reads = 0;
  schema.getSubscriptionType()!.getFields()[field]!.resolve = (source: StreamEvent["rootValue"], args, context, info) => {
    reads += 1;
    const { fieldName, path, rootValue, variableValues } = info;
    expect({ source, args, context, fieldName, path, rootValue, variableValues }).toEqual({
      ...{ source: told, args: {}, context: "it", fieldName: field, path: { prev: undefined, key: "x", typename: "Subscription" } },
      ...{ rootValue: told, variableValues: {} },
    });
    if (told === given) throw new Error("no event");
    if (told === givenLater) return Promise.reject(new Error("no event"));
    return isLater ? Promise.resolve(told) : told;
  };
  const document = parse(`subscription { x: ${field} ${selection} } fragment F on Told { word }`);
  const event = { rootValue: told, contextValue: "it" };
  const ours = await new StreamEvents(schema).of(document, undefined)(event);
  const isOurs = reads === 1;
  const plain = await execute({ ...event, schema, document });
  return { ours: shown(ours), plain: shown(plain), isOurs };
}

const shown = (answer: object) => JSON.parse(JSON.stringify(answer)) as { data?: unknown; errors?: { message: string; path: unknown }[] };

const part = { id: 7, name: "n", count: 1, share: 0.5, is: false, any: { a: [1] }, odd: "o", colour: "RED", more: "not asked for" };
const allOfPart = "{ __typename id name count share is any odd colour }";

describe("what is selected of an event", () => {
  it.each<[what: string, selection: string, told: unknown]>([
    ["texts", "{ word sure words sureWords }", { word: "w", sure: "s", words: ["a", null], sureWords: [] }],
    ["by other names", "{ one: word two: word __typename three: __typename }", { word: "w" }],
    ["what is serialized to another type", "{ word sure words }", { word: 5, sure: true, words: [1.5] }],
    ["what is empty", "{ word sure any part { is count name } }", { word: "", sure: "", any: 0, part: { is: false, count: 0, name: "" } }],
    ["nothing where there may be nothing", "{ word words grid any part { id } parts { id } }", {}],
    ["null where there may be null", "{ word words part { id } parts { id } }", { word: null, words: null, part: null, parts: [null] }],
    ["null", "{ word }", null],
    ["undefined", "{ word }", undefined],
    ["lists of lists", "{ grid }", { grid: [[1, 2], [], [3]] }],
    ["enums", "{ colours }", { colours: ["RED", "blue"] }],
    ["any value", "{ any anys }", { any: { toString: 1, b: [null] }, anys: [1, "a", {}, []] }],
    ["objects", `{ part ${allOfPart} }`, { part }],
    ["lists of objects", `{ parts ${allOfPart} sureParts { id } }`, { parts: [part, null, part], sureParts: [part] }],
    ["objects of objects", "{ part { part { part { id part { id } } } } }", { part: { part: { part: { id: "a" } } } }],
    [
      "instances of a class",
      "{ word part { name } }",
      new (class {
        word = "w";
        get part() {
          return { name: "got" };
        }
      })(),
    ],
    ["a list for an object", "{ word }", ["w"]],
    ["keys of Object.prototype", "{ constructor: word toString: word }", { word: "w" }],
  ])("is read without graphql-js, as by it: %s", async (_what, selection, told) => {
    const { ours, plain, isOurs } = await answers(selection, told);
    expect(ours).toEqual(plain);
    expect(ours).not.toHaveProperty("errors");
    expect(isOurs).toBe(true);
  });

  it("is read so of lists, and of what must be there", async () => {
    for (const [field, told] of [
      ["all", [{ word: "a" }, { word: "b" }]],
      ["all", null],
      ["sureTold", { word: "c" }],
    ] as const) {
      const { ours, plain, isOurs } = await answers("{ word }", told, { field });
      expect(ours).toEqual(plain);
      expect(isOurs).toBe(true);
    }
  });

  it("is read so of an event that its resolver gives later", async () => {
    const { ours, isOurs } = await answers("{ word }", { word: "w" }, { isLater: true });
    expect(ours).toEqual({ data: { x: { word: "w" } } });
    expect(isOurs).toBe(true);
  });

  it.each<[what: string, selection: string, told: unknown, path: unknown[]]>([
    ["an event that throws", "{ word }", given, ["x"]],
    ["an event that rejects", "{ word }", givenLater, ["x"]],
    ["an event that is an error", "{ word }", new Error("no event"), ["x"]],
    ["a value for an object", "{ word part { id } }", { word: "w", part: { id: null } }, ["x", "part", "id"]],
    ["nothing for what must be there", "{ word sure }", { word: "w" }, ["x", "sure"]],
    ["null for an object that must be there", "{ surePart { name } }", { surePart: null }, ["x", "surePart"]],
    ["null in a list that has none", "{ sureWords }", { sureWords: ["a", null] }, ["x", "sureWords", 1]],
    ["a hole in a list", "{ sureWords }", { sureWords: Array(1) }, ["x", "sureWords", 0]],
    ["no list", "{ words }", { words: 5 }, ["x", "words"]],
    ["what is no text", "{ word }", { word: { a: 1 } }, ["x", "word"]],
    ["what is no number", "{ part { count } }", { part: { count: 1.5 } }, ["x", "part", "count"]],
    ["what is no value of an enum", "{ colours }", { colours: ["BLUE"] }, ["x", "colours", 0]],
    ["what a scalar refuses", "{ odd }", { odd: "bad" }, ["x", "odd"]],
    ["nothing that a scalar would take", "{ sureOdd }", {}, ["x", "sureOdd"]],
    ["what a scalar makes nothing of", "{ odd }", { odd: "none" }, ["x", "odd"]],
    ["an error for a value", "{ any }", { any: new Error("?") }, ["x", "any"]],
    ["an error in a list", "{ anys }", { anys: [1, new Error("?")] }, ["x", "anys", 1]],
    ["an error for an object", "{ part { id } }", { part: new Error("?") }, ["x", "part"]],
    ["a promise that rejects", "{ any }", { any: Promise.reject(new Error("?")) }, ["x", "any"]],
    [
      "another one far down",
      "{ parts { parts { needed { id } } } }",
      { parts: [{ parts: [{}] }] },
      ["x", "parts", 0, "parts", 0, "needed"],
    ],
  ])("has the errors that graphql-js tells: %s", async (_what, selection, told, path) => {
    const { ours, plain, isOurs } = await answers(selection, told);
    expect(ours).toEqual(plain);
    expect(ours.errors).toMatchObject([{ path }]);
    expect(isOurs).toBe(false);
  });

  it.each<[what: string, selection: string, told: unknown]>([
    ["a promise", "{ word any part { id } }", { word: "w", any: Promise.resolve(1), part: Promise.resolve({ id: 1 }) }],
    ["a function", "{ word any }", { word: () => "called", any: () => 1 }],
    ["a list that is no array", "{ words }", { words: new Set(["a"]) }],
    ["a field with a resolver", "{ made { name } }", { made: { name: "n" } }],
    ["a type that looks at its values", "{ typed { name } }", { typed: { typed: true, name: "n" } }],
    ["a value that its type does not know", "{ typed { name } }", { typed: { name: "n" } }],
    ["an argument that is missing", "{ with }", { with: "w" }],
    ["an interface", "{ named { name __typename } }", { named: { name: "n", __typename: "Named1" } }],
    ["an argument", '{ with(text: "t") }', { with: ({ text }: { text: string }) => text }],
    ["a directive", "{ word @skip(if: true) sure @include(if: true) }", { word: "w", sure: "s" }],
    ["a fragment", "{ ...F sure }", { word: "w", sure: "s" }],
    ["a fragment in its place", "{ ... { word } sure }", { word: "w", sure: "s" }],
    ["one key for two selections", "{ part { id } part { name } }", { part }],
    ["a key that no object has", "{ __proto__: word }", { word: "w" }],
    ["a field that there is not", "{ word other }", { word: "w" }],
  ])("is left to graphql-js where it takes more than reading: %s", async (_what, selection, told) => {
    const { ours, plain } = await answers(selection, told);
    expect(ours).toEqual(plain);
  });

  it.each<[what: string, document: string]>([
    ["another field beside it", "subscription { told { word } b: told { sure } }"],
    ["a directive before it", "subscription { told @skip(if: true) { word } }"],
    ["a fragment around it", "subscription { ... { told { word } } }"],
  ])("is left to graphql-js with the field of the stream: %s", async (_what, text) => {
    const schema = schemaOf();
    const document = parse(text);
    const event = { rootValue: { told: { word: "w", sure: "s" } } };
    const ours = await new StreamEvents(schema).of(document, undefined)(event);
    expect(shown(ours)).toEqual(shown(await execute({ ...event, schema, document })));
  });
});
