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
    type Subscription { said(ask: Ask, asks: [Ask!], one: One, plain: Int, words: Int = 7, sure: Int! = 8): Said }
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

function frozen<T extends object>(value: T): T {
  for (const one of Object.values(value)) if (typeof one === "object" && one !== null) frozen(one as object);
  return Object.freeze(value);
}

type Subscribe = () => unknown;

const noEvents: Subscribe = async function* () {};

/** What the resolver of the stream was given, or how it was refused: opened as subgraphs open it, and by graphql-js alone. */
async function opened(document: string, variableValues: Record<string, unknown>, subscribe = noEvents) {
  const outcomes = [];
  let isOurs = false;
  for (const kind of ["ours", "plain"]) {
    const schema = schemaOf();
    let args: unknown;
    schema.getSubscriptionType()!.getFields()["said"]!.subscribe = (source, given: unknown, context, info) => {
      const { fieldName, path, variableValues: values, fieldNodes, operation, fragments, parentType, returnType } = info;
      args = { source, given, context, fieldName, path, values, fieldNodes, operation, fragments, parentType, returnType };
      return subscribe();
    };
    // What a caller gives is its own: it may give it again.
    const operation = {
      schema,
      document: parse(document),
      variableValues: frozen(structuredClone(variableValues)),
      contextValue: { of: "it" },
    };
    const stream = kind === "ours" ? new StreamSources(schema).open(operation) : undefined;
    isOurs ||= stream !== undefined;
    const result = await (stream ?? createSourceEventStream(operation));
    const errors =
      Symbol.asyncIterator in result ? undefined : result.errors?.map((error) => ({ ...error.toJSON(), cause: error.originalError }));
    outcomes.push(JSON.parse(JSON.stringify(errors === undefined ? { args } : { errors })) as object);
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
    ["null", "subscription ($ask: Ask) { said(ask: $ask) { word } }", { ask: null }],
    ["nothing for what may be left out", "subscription ($ask: Ask, $plain: Int) { b: said(ask: $ask, plain: $plain) { word } }", {}],
    [
      "undefined",
      "subscription ($ask: Ask, $plain: Int = 3) { said(ask: $ask, plain: $plain) { word } }",
      { ask: undefined, plain: undefined },
    ],
    ["null that the document has", "subscription { said(ask: null, plain: 4) { word } }", {}],
    ["a default of its own", "subscription ($words: Int) { said(words: $words) { word } }", {}],
    ["a default that null overrules", "subscription ($words: Int) { said(words: $words) { word } }", { words: null }],
    ["variables that there are not", "subscription { said(plain: $constructor) { word } }", {}],
    [
      "variables that nobody asked for",
      "subscription ($plain: Int) { said(plain: $plain) { ...F } } fragment F on Said { word }",
      { plain: 1, other: 2 },
    ],
    ["arguments that there are not", "subscription ($plain: Int) { said(plane: $plain) { word } }", { plain: 1 }],
  ])("has its inputs as graphql-js coerces them: %s", async (_what, document, variables) => {
    const { ours, plain, isOurs } = await opened(document, variables);
    expect(ours).toEqual(plain);
    expect(ours).toHaveProperty("args");
    expect(isOurs).toBe(true);
  });

  it.each<[what: string, document: string, variables: Record<string, unknown>]>([
    ["no input", whole, {}],
    ["no value of a plain type", "subscription ($plain: Int!) { said(plain: $plain) { word } }", { plain: "1" }],
    ["null for an argument that takes none", "subscription ($plain: Int) { said(sure: $plain) { word } }", { plain: null }],
    ["no value at all", "subscription ($plain: Int!) { said(plain: $plain) { word } }", {}],
    ["a default that does not fit", 'subscription ($plain: Int = "?") { said(plain: $plain) { word } }', {}],
    ["a type that there is not", "subscription ($plain: Integer) { said(plain: $plain) { word } }", { plain: 1 }],
    ["a field that there is not", "subscription { says { word } }", {}],
    ["one of several operations", "subscription { said { word } } subscription B { said { word } }", {}],
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
  ])("leaves to graphql-js what is rare: %s", async (_what, document, variables) => {
    const { ours, plain, isOurs } = await opened(document, variables);
    expect(ours).toEqual(plain);
    expect(ours).toHaveProperty("args");
    expect(isOurs).toBe(false);
  });

  it.each<[what: string, subscribe: Subscribe]>([
    [
      "it throws",
      () => {
        throw new Error("not now");
      },
    ],
    ["it rejects", () => Promise.reject(new Error("not now"))],
    ["it gives an error", () => new Error("not now")],
  ])("is refused as graphql-js refuses it where its resolver does: %s", async (_what, subscribe) => {
    const { ours, plain, isOurs } = await opened("subscription { a: said { word } }", {}, subscribe);
    expect(ours).toEqual(plain);
    expect(ours).toMatchObject({ errors: [{ message: "not now", path: ["a"] }] });
    expect(isOurs).toBe(true);
  });

  it("is given what is right as it is, and nothing that is undefined", async () => {
    const schema = schemaOf();
    const given = Promise.withResolvers<Record<string, unknown>>();
    schema.getSubscriptionType()!.getFields()["said"]!.subscribe = (_source, args: Record<string, unknown>) => (
      given.resolve(args),
      noEvents()
    );
    const messages = [user, { role: "USER", content: undefined, parts: [] }];
    await new StreamSources(schema).open({ document: parse(whole), variableValues: { ask: { messages, times: 1 } }, contextValue: {} });
    const { ask } = (await given.promise) as { ask: { messages: object[] } };
    expect(ask.messages[0]).toBe(user);
    expect(Object.keys(ask.messages[1]!)).toEqual(["role", "parts"]);
  });

  it("of no operation is none, whatever was opened before it", async () => {
    const document = parse("subscription { said { word } }");
    const schema = schemaOf();
    schema.getSubscriptionType()!.getFields()["said"]!.subscribe = noEvents;
    const sources = new StreamSources(schema);
    const open = (operationName: string | undefined) => sources.open({ document, operationName, variableValues: {}, contextValue: {} });
    expect(await open(undefined)).toHaveProperty("next");
    expect(open("")).toBeUndefined();
    expect(await open(undefined)).toHaveProperty("next");
  });

  it("is none where its resolver gives none", async () => {
    await expect(opened("subscription { said { word } }", {}, () => [])).rejects.toThrow("The subscription said gave no stream.");
  });
});
