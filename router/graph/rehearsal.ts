/**
 * Operations that nobody asked for, planned before the first that somebody asks: V8 is slow at what it has not executed yet, and the first long plan of a process took twice as
 * long as the next. They are made of the graph's own root fields, whatever those are, and none of them is kept.
 */
import {
  getNamedType,
  isInterfaceType,
  isLeafType,
  isObjectType,
  isRequiredArgument,
  type GraphQLField,
  type GraphQLNamedType,
  type GraphQLSchema,
} from "graphql";

type Field = GraphQLField<unknown, unknown>;

/** A root field is asked for so often in one of them, by aliases. */
const aliases = 6;
/** Levels beneath a root field, for references lead from one subgraph to others. */
const levels = 3;
const mostFields = 4;

/** An operation for each root field of the graph's queries that can be asked for by ids and codes alone. */
export function* rehearsedOperations(schema: GraphQLSchema): Generator<string> {
  for (const field of Object.values(schema.getQueryType()?.getFields() ?? {})) {
    const selection = argumentsFor(field) === undefined ? undefined : selectionOf(getNamedType(field.type), levels);
    if (selection === undefined) continue;
    const asked = Array.from({ length: aliases }, (_, at) => `a${at}: ${field.name}${argumentsFor(field)} ${selection}`);
    yield `{ ${asked.join(" ")} }`;
  }
}

/** undefined: it has no fields. */
function selectionOf(type: GraphQLNamedType, depth: number): string | undefined {
  if (!isObjectType(type) && !isInterfaceType(type)) return undefined;
  const fields = Object.values(type.getFields()).filter((field) => argumentsFor(field) === "");
  const leaves = fields.filter((field) => isLeafType(getNamedType(field.type))).slice(0, mostFields);
  const within = depth <= 1 ? [] : fields.filter((field) => !isLeafType(getNamedType(field.type))).slice(0, mostFields);
  const beneath = within.flatMap((field) => {
    const selection = selectionOf(getNamedType(field.type), depth - 1);
    return selection === undefined ? [] : [`${field.name} ${selection}`];
  });
  return `{ ${["__typename", ...leaves.map(({ name }) => name), ...beneath].join(" ")} }`;
}

/** The arguments that a field must have; undefined where they are more than ids and texts. */
function argumentsFor({ args }: Field): string | undefined {
  const required = args.filter(isRequiredArgument);
  if (!required.every(({ type }) => texts.has(String(type)))) return undefined;
  return required.length === 0 ? "" : `(${required.map(({ name }) => `${name}: "x"`).join(", ")})`;
}

const texts = new Set(["ID!", "String!"]);
