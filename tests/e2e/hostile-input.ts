/**
 * Arguments that nobody should send, made from the public schema: for each input type what it takes, mixed with what breaks careless servers.
 */
import fc from "fast-check";
import {
  getNamedType,
  isCompositeType,
  isEnumType,
  isInputObjectType,
  isListType,
  isNonNullType,
  isObjectType,
  isRequiredArgument,
  type GraphQLField,
  type GraphQLInputType,
  type GraphQLOutputType,
} from "graphql";

/** One operation: a root field with all its arguments as variables, and every field that its answer has without arguments. */
export function operationOf(kind: "query" | "mutation", field: GraphQLField<unknown, unknown>): string {
  const declared = field.args.map(({ name, type }) => `$${name}: ${String(type)}`).join(", ");
  const passed = field.args.map(({ name }) => `${name}: $${name}`).join(", ");
  return `${kind} Fuzz${declared && `(${declared})`} { ${field.name}${passed && `(${passed})`} ${selectionOf(field.type, 3)} }`;
}

/** Variables for the operation, from harmless to hostile; `ids` are ids that exist. */
export function variablesOf(field: GraphQLField<unknown, unknown>, ids: readonly string[]): fc.Arbitrary<Record<string, unknown>> {
  const arbitraries = Object.fromEntries(field.args.map(({ name, type }) => [name, valueOf(type, ids, 0)]));
  const requiredKeys = field.args.filter(isRequiredArgument).map(({ name }) => name);
  return fc.record(arbitraries, { requiredKeys });
}

function selectionOf(type: GraphQLOutputType, depth: number): string {
  const named = getNamedType(type);
  if (!isCompositeType(named)) return "";
  if (!isObjectType(named) || depth === 0) return "{ __typename }";
  const selections = Object.values(named.getFields())
    .filter((field) => !field.args.some(isRequiredArgument))
    .map((field) => `${field.name} ${selectionOf(field.type, depth - 1)}`);
  return `{ ${selections.join(" ")} }`;
}

function valueOf(type: GraphQLInputType, ids: readonly string[], depth: number): fc.Arbitrary<unknown> {
  if (isNonNullType(type)) return valueOf(type.ofType, ids, depth).filter((value) => value !== null);
  if (isListType(type)) return mixed(fc.array(valueOf(type.ofType, ids, depth + 1), { maxLength: 3 }));
  if (isEnumType(type)) return mixed(fc.constantFrom(...type.getValues().map(({ name }) => name)));
  if (!isInputObjectType(type)) return mixed(scalar(type.name, ids));
  const fields = Object.values(type.getFields());
  const requiredKeys = fields.filter((field) => isNonNullType(field.type)).map(({ name }) => name);
  // Deep inside, only what must be there: inputs do not nest without end, but sizes do.
  const used = depth > 3 ? fields.filter(({ name }) => requiredKeys.includes(name)) : fields;
  return mixed(fc.record(Object.fromEntries(used.map((field) => [field.name, valueOf(field.type, ids, depth + 1)])), { requiredKeys }));
}

/** Now and then null, and rarely something of another type. */
function mixed(value: fc.Arbitrary<unknown>): fc.Arbitrary<unknown> {
  return fc.oneof({ arbitrary: value, weight: 30 }, { arbitrary: fc.constant(null), weight: 2 }, { arbitrary: anyJson, weight: 1 });
}

function scalar(name: string, ids: readonly string[]): fc.Arbitrary<unknown> {
  switch (name) {
    case "ID":
      return fc.oneof(
        { arbitrary: fc.constantFrom(...ids), weight: 3 },
        { arbitrary: text, weight: 1 },
        { arbitrary: fc.constant(7), weight: 1 },
      );
    case "String":
      return fc.oneof(text, fc.constantFrom(...ids));
    case "Int":
      return fc.oneof(fc.constantFrom(0, 1, 2, -1, 50, 200, 201, 2_147_483_647, -2_147_483_648, 2_147_483_648, 1.5), fc.integer());
    case "Float":
      return fc.oneof(
        fc.constantFrom(0, -0, 1, -1, 1.5, 1e308, -1e308, 5e-324, 2 ** 53),
        fc.double({ noNaN: true, noDefaultInfinity: true }),
      );
    case "Boolean":
      return fc.boolean();
    case "DateTime":
      return fc.constantFrom(...dates);
    default:
      return fc.oneof(
        { arbitrary: documents, weight: 2 },
        { arbitrary: anyJson, weight: 1 },
        { arbitrary: fc.object({ maxDepth: 2 }), weight: 1 },
      );
  }
}

const dates = [
  "2026-01-01T00:00:00Z",
  "2026-01-01T00:00:00+14:00",
  "0000-01-01T00:00:00Z",
  "0001-01-01T00:00:00Z",
  "9999-12-31T23:59:59.999Z",
  "+275760-09-13T00:00:00.000Z",
  "-271821-04-20T00:00:00.000Z",
  "2026-02-30T00:00:00Z",
  "now",
  "",
  8.64e15,
  -8.64e15,
];

const text: fc.Arbitrary<string> = fc.oneof(
  fc.constantFrom(
    "",
    " ",
    "\u0000",
    "a\u0000b",
    "\ud800",
    "\udc00 half",
    "__proto__",
    "constructor",
    "toString",
    "'; drop schema app cascade; --",
    "$1 \\ %s %n",
    "{{ state.a.b.c }}",
    "{% for a in (1..999999) %}x{% endfor %}",
    "{{ 'x' | constructor }}",
    "NaN",
    "1e400",
    "🦄".repeat(300),
    "x".repeat(70_000),
    "http://127.0.0.1:1/",
    "127.0.0.1",
    "-infinity",
    "e30=",
    Buffer.from('{"k":[null]}').toString("base64url"),
    Buffer.from('["\u0000"]').toString("base64url"),
  ),
  fc.string({ unit: "binary", maxLength: 20 }),
);

/** Lists in lists, which JSON.stringify and reports cannot print. */
const nested = (depth: number): string => `@nested ${depth}@`;

/** A request's body: the JSON of the operation and its variables. */
export function bodyOf(query: string, variables: Record<string, unknown>): string {
  return JSON.stringify({ query, variables }).replaceAll(
    /"@nested (\d+)@"/g,
    (_, depth) => "[".repeat(Number(depth)) + "]".repeat(Number(depth)),
  );
}

// Own keys, as JSON.parse makes them.
const polluted: unknown[] = [
  JSON.parse('{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}}}'),
  JSON.parse('{"a":1,"a":2,"":0,"\\u0000":"\\u0000","\\ud800":"\\udc00"}'),
  { nodes: { __proto__: null, length: 1e9 }, edges: "x" },
];

const anyJson: fc.Arbitrary<unknown> = fc.oneof(
  fc.constantFrom<unknown[]>(0, -1, 1e308, true, [], {}, [[null]], nested(300), nested(5_000), nested(100_000), ...polluted),
  text,
);

/** Values that some JSON arguments take: workflow documents, tool configs, schemas, memory policies. */
const documents: fc.Arbitrary<unknown> = fc.oneof(
  fc.record({
    nodes: fc.array(
      fc.record({ id: text, type: fc.constantFrom("answer", "if-else", "llm", "code", "tool", "x"), config: fc.object({ maxDepth: 1 }) }),
      {
        maxLength: 3,
      },
    ),
    edges: fc.array(fc.record({ source: text, target: text, condition: text }), { maxLength: 2 }),
  }),
  fc.record({
    url: text,
    base_url: text,
    path: text,
    method: text,
    headers: fc.dictionary(text, text, { maxKeys: 3 }),
    query: anyJson,
    body: anyJson,
  }),
  fc.record({ template: text, type: text, properties: fc.dictionary(text, anyJson, { maxKeys: 3 }), required: anyJson, pattern: text }),
  fc.record({ enabled: fc.boolean(), memory_scope: text, read_top_k: fc.double(), config_json: anyJson }),
);
