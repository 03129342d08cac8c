import { buildSchema, createSourceEventStream, parse, type GraphQLScalarType } from "graphql";
import { StreamSources } from "#shared/graphql/stream-sources.ts";

const schemaOf = () => {
  const schema = buildSchema(`
    scalar Long
    enum Role { USER TOOL }
    input Message { role: Role! content: String calls: Long parts: [Message!] }
    input Ask { messages: [Message!]! stop: [String] times: Int = 2 by: Long }
    input One @oneOf { a: Int b: Int }
    type Query { a(ask: Ask): Int }
    type Said { word: String part(like: Ask!): String }
    type Subscription { said(ask: Ask, asks: [Ask!], one: One, plain: Int): Said }
  `);
  Object.assign(schema.getType("Long") as GraphQLScalarType, {
    parseValue(value: unknown) {
      if (value === "long") throw new Error("too long");
      return value;
    },
  });
  // The internal value of an enum is not its name.
  Object.assign((schema.getType("Role") as unknown as { getValue(name: string): object }).getValue("TOOL"), { value: 7 });
  return schema;
};

/** What the resolver of the stream was given, or how it was refused: opened as subgraphs open it, and by graphql-js alone. */
async function opened(document: string, variableValues: Record<string, unknown>) {
  const outcomes = [];
  let isOurs = false;
  for (const kind of ["ours", "plain"]) {
    const schema = schemaOf();
    let args: unknown;
    schema.getSubscriptionType()!.getFields()["said"]!.subscribe = (_source, given: unknown, _context, { variableValues: values }) => {
      args = { given, values };
      return (async function* () {})();
    };
    const operation = { schema, document: parse(document), variableValues };
    const source = kind === "ours" ? new StreamSources(schema).of(operation) : { schema, variableValues };
    isOurs ||= source.schema !== schema;
    const result = await createSourceEventStream({ ...operation, ...source });
    outcomes.push(JSON.parse(JSON.stringify(Symbol.asyncIterator in result ? { args } : result)) as object);
  }
  return { ours: outcomes[0], plain: outcomes[1], isOurs };
}

const whole = "subscription ($ask: Ask!) { said(ask: $ask) { word } }";
const user = { role: "USER", content: "hello" };

describe("a stream that is opened", () => {
  it.each<[what: string, document: string, variables: Record<string, unknown>]>([
    [
      "all that an input may have",
      whole,
      { ask: { messages: [user, { role: "TOOL", content: null, calls: [{ id: 1 }] }], stop: ["a", null], by: {} } },
    ],
    ["inputs within inputs of their type", whole, { ask: { messages: [{ ...user, parts: [{ role: "TOOL", parts: [] }] }] } }],
    ["a default", whole, { ask: { messages: [] } }],
    ["a default that is overruled by nothing", whole, { ask: { messages: [], times: null } }],
    ["what is undefined", whole, { ask: { messages: [{ ...user, content: undefined, calls: undefined }] } }],
    [
      "a list of inputs",
      "subscription ($asks: [Ask!]!) { said(asks: $asks) { word } }",
      { asks: [{ messages: [user] }, { messages: [] }] },
    ],
    [
      "others beside it",
      "subscription ($ask: Ask, $plain: Int = 3) { said(ask: $ask, plain: $plain) { word } }",
      { ask: { messages: [user] } },
    ],
    [
      "others that the document has",
      "subscription ($ask: Ask, $m: [Message!]!) { said(ask: $ask, asks: [{ messages: $m, times: 4 }]) { word } }",
      { ask: { messages: [] }, m: [user] },
    ],
    ["one for a field of its events", "subscription ($ask: Ask!) { said { part(like: $ask) } }", { ask: { messages: [user] } }],
    [
      "one in a fragment",
      "subscription ($ask: Ask!) { ...F } fragment F on Subscription { said(ask: $ask) { word } }",
      { ask: { messages: [] } },
    ],
    [
      "one that is skipped by a variable",
      "subscription ($ask: Ask!, $no: Boolean!) { a: said(ask: $ask) @include(if: $no) { word } said { word } }",
      { ask: { messages: [] }, no: false },
    ],
    ["null", "subscription ($ask: Ask) { said(ask: $ask) { word } }", { ask: null }],
  ])("has its inputs as graphql-js coerces them: %s", async (_what, document, variables) => {
    const { ours, plain, isOurs } = await opened(document, variables);
    expect(ours).toEqual(plain);
    expect(ours).toHaveProperty("args");
    expect(isOurs).toBe(true);
  });

  it.each<[what: string, document: string, variables: Record<string, unknown>]>([
    ["no input", whole, {}],
    ["null for one that is needed", whole, { ask: null }],
    ["a field that is missing", whole, { ask: {} }],
    ["null in a list", whole, { ask: { messages: [user, null] } }],
    ["a field that there is not", whole, { ask: { messages: [{ ...user, contents: "?" }] } }],
    ["a name of Object.prototype", whole, { ask: { messages: [{ ...user, constructor: 1 }] } }],
    ["no value of an enum", whole, { ask: { messages: [{ role: "user" }] } }],
    ["another type", whole, { ask: { messages: [{ role: "USER", content: 4 }] } }],
    ["a list for an input", whole, { ask: [] }],
    ["what a scalar refuses", whole, { ask: { messages: [], by: "long" } }],
    [
      "a literal that does not fit",
      'subscription ($ask: Ask!) { said(ask: $ask, asks: [{ messages: "?" }]) { word } }',
      { ask: { messages: [] } },
    ],
  ])("is refused as graphql-js refuses it: %s", async (_what, document, variables) => {
    const { ours, plain } = await opened(document, variables);
    expect(ours).toEqual(plain);
    expect(ours).toHaveProperty("errors");
  });

  it.each<[what: string, document: string, variables: Record<string, unknown>]>([
    ["one that stands for a list of one", whole, { ask: { messages: user } }],
    ["an input of which one field is given", "subscription ($one: One!) { said(one: $one) { word } }", { one: { a: 1 } }],
  ])("leaves to graphql-js what is rare: %s", async (_what, document, variables) => {
    const { ours, plain, isOurs } = await opened(document, variables);
    expect(ours).toEqual(plain);
    expect(ours).toHaveProperty("args");
    expect(isOurs).toBe(false);
  });
});
