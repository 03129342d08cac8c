import { buildSchema, parse, type GraphQLScalarType } from "graphql";
import { StreamEvents } from "#shared/graphql/stream-events.ts";

/** Answers an event of `operation`; counts how often the stream's own argument was coerced. */
async function told(operation: string, variables: Record<string, unknown>) {
  const schema = buildSchema(`
    scalar Long
    input Ask { text: Long! }
    type Query { a: Int }
    type Said { word: String part(from: Int!): String }
    type Subscription { said(ask: Ask!, times: Int = 1): Said }
  `);
  let coerced = 0;
  Object.assign(schema.getType("Long") as GraphQLScalarType, { parseValue: (value: unknown) => (coerced++, value) });
  const event = { said: { word: "hello", part: ({ from }: { from: number }) => "hello".slice(from) } };
  const answer = await new StreamEvents(schema).of(parse(operation), undefined)({ rootValue: event, variableValues: variables });
  return { coerced, answer: JSON.parse(JSON.stringify(answer)) as unknown };
}

const ask = { text: "long" };

describe("an event of a stream", () => {
  it.each<[what: string, operation: string, variables: Record<string, unknown>, data: object]>([
    ["a variable", "subscription ($ask: Ask!) { said(ask: $ask) { word } }", { ask }, { said: { word: "hello" } }],
    [
      "a variable within",
      "subscription ($text: Long!) { said(ask: { text: $text }) { word } }",
      { text: "long" },
      { said: { word: "hello" } },
    ],
    [
      "a variable beside others",
      "subscription ($ask: Ask!, $from: Int!) { said(ask: $ask) { part(from: $from) } }",
      { ask, from: 3 },
      { said: { part: "lo" } },
    ],
    [
      "a variable beside one of a fragment",
      "subscription ($ask: Ask!, $from: Int!) { said(ask: $ask) { ...F } } fragment F on Said { part(from: $from) }",
      { ask, from: 1 },
      { said: { part: "ello" } },
    ],
    [
      "a variable beside that of a directive",
      "subscription ($ask: Ask!, $is: Boolean!) { a: said(ask: $ask) @include(if: $is) { __typename word } }",
      { ask, is: true },
      { a: { __typename: "Said", word: "hello" } },
    ],
  ])("is executed without the arguments of its stream: %s", async (_what, operation, variables, data) => {
    expect(await told(operation, variables)).toEqual({ coerced: 0, answer: { data } });
  });

  it("of a field that a fragment has is executed with them", async () => {
    const operation = "subscription ($ask: Ask!) { ...F } fragment F on Subscription { said(ask: $ask) { word } }";
    expect(await told(operation, { ask })).toEqual({ coerced: 1, answer: { data: { said: { word: "hello" } } } });
  });

  it("is that of the operation that was named", async () => {
    const schema = buildSchema("type Query { a: Int } type Subscription { one(is: Int!): Int two(is: Int!): Int }");
    const document = parse("subscription A { one(is: 1) } subscription B { two(is: 2) }");
    const events = new StreamEvents(schema);
    const answers = [];
    for (const name of ["A", "B"]) answers.push(await events.of(document, name)({ operationName: name, rootValue: { one: 1, two: 2 } }));
    expect(JSON.parse(JSON.stringify(answers))).toEqual([{ data: { one: 1 } }, { data: { two: 2 } }]);
  });
});
