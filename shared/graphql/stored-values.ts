/**
 * Fields whose stored value their type cannot say, as after a change by hand. Each is told as an error with its path; where it may not be null an empty value is in its place, so that the
 * record and the list around it stay.
 */
import {
  defaultFieldResolver,
  getNamedType,
  getNullableType,
  GraphQLError,
  isListType,
  isNonNullType,
  isObjectType,
  isScalarType,
  type ExecutionResult,
  type GraphQLOutputType,
  type GraphQLResolveInfo,
  type GraphQLSchema,
} from "graphql";
import { defineErrors } from "../errors.ts";
import { DateTimeScalar, JsonObjectScalar } from "./scalars.ts";

const storedErrors = defineErrors({
  STORED_VALUE_INVALID: {
    code: "CONFLICT",
    message: (f: { field: string; id: string | undefined; wanted: string; found: string }) =>
      `${f.field}${f.id === undefined ? "" : ` of ${f.id}`} is ${f.found} in the database, where ${f.wanted} belongs: it was changed by hand. Correct its row.`,
  },
});

/** What belongs into a field, and what is in its place. */
interface Shape {
  wanted: string;
  fits(value: unknown): boolean;
  empty(): unknown;
}

const object: Shape = { wanted: "an object", fits: (value) => kindOf(value) === "an object", empty: () => ({}) };
/** Statements beside the ORM read a time without end as no time. None at all no column lets in where there must be one: that would be a fault of ours. */
const time: Shape = {
  wanted: "a time",
  fits: (value) => (value instanceof Date ? !Number.isNaN(value.getTime()) : value !== Infinity && value !== -Infinity),
  empty: () => new Date("0001-01-01T00:00:00Z"),
};
const list: Shape = {
  wanted: "a list",
  fits: (value) => typeof value === "object" && value !== null && Symbol.iterator in value,
  empty: () => [],
};

const told = new WeakMap<object, GraphQLError[]>();

/** Has each field of an object, of a time and of a list of scalars look at what it gives. */
export function guardStoredValues(schema: GraphQLSchema): void {
  for (const type of Object.values(schema.getTypeMap())) {
    if (!isObjectType(type) || type.name.startsWith("__")) continue;
    for (const field of Object.values(type.getFields())) {
      const shape = shapeOf(field.type);
      if (shape === undefined) continue;
      const { resolve = defaultFieldResolver } = field;
      const look = (value: unknown, source: unknown, context: object, info: GraphQLResolveInfo) => {
        const isNullable = !isNonNullType(field.type);
        if (shape.fits(value) || (value == null && isNullable)) return value;
        const { id } = (source ?? {}) as { id?: unknown };
        const facts = {
          field: `${type.name}.${field.name}`,
          id: typeof id === "string" ? id : undefined,
          wanted: shape.wanted,
          found: kindOf(value),
        };
        tell(context, storedErrors.STORED_VALUE_INVALID(facts), info);
        return isNullable ? null : shape.empty();
      };
      field.resolve = (source, args, context: object, info) => {
        const value: unknown = resolve(source, args, context, info);
        return value instanceof Promise ? value.then((given) => look(given, source, context, info)) : look(value, source, context, info);
      };
    }
  }
}

/** Adds to an operation's result what {@link guardStoredValues} has told of its fields. */
export function withStoredErrors<R extends ExecutionResult>(result: R, context: object): R {
  const more = told.get(context);
  return more === undefined ? result : { ...result, errors: [...(result.errors ?? []), ...more] };
}

function tell(context: object, error: Error, { fieldNodes, path }: GraphQLResolveInfo): void {
  const steps: (string | number)[] = [];
  for (let step: GraphQLResolveInfo["path"] | undefined = path; step !== undefined; step = step.prev) steps.unshift(step.key);
  const errors = told.get(context) ?? [];
  errors.push(new GraphQLError(error.message, { nodes: fieldNodes, path: steps, originalError: error }));
  told.set(context, errors);
}

function shapeOf(type: GraphQLOutputType): Shape | undefined {
  const nullable = getNullableType(type);
  if (isListType(nullable)) return isScalarType(getNamedType(nullable)) ? list : undefined;
  if (!isScalarType(nullable)) return undefined;
  return nullable.name === JsonObjectScalar.name ? object : nullable.name === DateTimeScalar.name ? time : undefined;
}

function kindOf(value: unknown): string {
  if (value == null) return "null";
  if (Array.isArray(value)) return "a list";
  if (value instanceof Date) return "no time";
  return typeof value === "object" ? "an object" : `a ${typeof value}`;
}
