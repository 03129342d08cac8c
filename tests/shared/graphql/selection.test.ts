import { buildSchema, execute, parse, type GraphQLResolveInfo } from "graphql";
import { asksFor, asksForIdOnly } from "#shared/graphql/selection.ts";

const schema = buildSchema("type Query { run: Run } type Run { id: ID! status: String run: Run }");

async function asks(selection: string, look: (info: GraphQLResolveInfo) => boolean = asksForIdOnly): Promise<boolean> {
  let answer: boolean | undefined;
  const run = (_arguments: unknown, _context: unknown, info: GraphQLResolveInfo) => {
    answer = look(info);
    return null;
  };
  const document = parse(`query Q($v: Boolean = false) { ${selection} } ${fragments}`);
  await execute({ schema, document, rootValue: { run } });
  return answer!;
}
const fragments = "fragment Id on Run { id ... on Run { __typename } } fragment Status on Run { ...Id status }";

it.each([
  ["run { id }", true],
  ["run { __typename me: id }", true],
  ["run { ...Id }", true],
  ["run { id } run { ...Id }", true],
  ["run { id status }", false],
  ["run { id run { id } }", false],
  ["run { id } run { status }", false],
  ["run { ...Status }", false],
  ["run { id ... on Run { status @include(if: $v) } }", false],
])("%s asks for the id only: %s", async (selection, expected) => {
  expect(await asks(selection)).toBe(expected);
});

it.each([
  ["run { id status }", true],
  ["run { me: status }", true],
  ["run { ...Status }", true],
  ["run { id } run { status }", true],
  ["run { id ... on Run { ... on Run { status @include(if: $v) } } }", true],
  ["run { status: id }", false],
  ["run { id run { status } }", false],
  ["run { ...Id }", false],
])("%s asks for the status: %s", async (selection, expected) => {
  expect(await asks(selection, (info) => asksFor(info, "status"))).toBe(expected);
});
