/**
 * What the values of an operation must be before anything is asked of a subgraph. They are counted first, for reading them by their types
 * takes a hundred times as long. JSON can say numbers that a double cannot hold, such as 1e400: read as Infinity, they would reach the
 * subgraphs as null, and nobody would hear of it.
 */
import {
  coerceInputValue,
  getNamedType,
  getNullableType,
  GraphQLError,
  GraphQLFloat,
  isInputObjectType,
  isInputType,
  isLeafType,
  isListType,
  isNonNullType,
  Kind,
  typeFromAST,
  type ASTNode,
  type ASTVisitFn,
  type FloatValueNode,
  type GraphQLInputType,
  type GraphQLSchema,
  type IntValueNode,
  type OperationDefinitionNode,
  type ValidationRule,
  type VariableDefinitionNode,
} from "graphql";
import { defineErrors } from "#shared/errors.ts";
import { isKept, notKept, placeOf } from "#shared/json/numbers.ts";
import { errorsTold } from "./limits.ts";

/** How many values the variables of one operation may have. */
export interface VariableLimits {
  /** In all of them together: lists, objects, and what they hold; a field of an object is two, its name and its value. */
  maxValues: number;
  /** In all lists of the schema's own types together, each item of which is checked. JSON values are whatever they are. */
  maxItems: number;
}

/** More than a run's input of 256 KiB can have, or the most messages that a model is given. */
export const variableLimits: VariableLimits = { maxValues: 200_000, maxItems: 10_000 };

const variableErrors = defineErrors({
  VARIABLES_TOO_LARGE: {
    code: "RESOURCE_EXHAUSTED",
    message: (f: { variable: string; of: "values" | "items of lists"; limit: number }) =>
      `The variables have more than ${f.limit} ${f.of}, counted up to "$${f.variable}". Send less, or in several requests.`,
  },
});

/** What is to be checked, and for whom. */
export interface GivenVariables {
  schema: GraphQLSchema;
  node: OperationDefinitionNode;
  variables: Readonly<Record<string, unknown>>;
  limits?: VariableLimits;
}

/** Checks an operation's variables; the errors are for the client. */
export function checkVariables({ schema, node, variables, limits = variableLimits }: GivenVariables): readonly GraphQLError[] {
  const definitions = node.variableDefinitions ?? [];
  const types = new Map(definitions.map(({ variable, type }) => [variable.name.value, typeFromAST(schema, type as never)]));
  const count: Count = { values: 0, items: 0, limits };
  let infinite: GraphQLError | undefined;
  for (const [name, value] of Object.entries(variables)) {
    const type = types.get(name);
    const path = countValues(value, isInputType(type) ? type : undefined, count);
    if (count.items > limits.maxItems) return [refusal(name, "items of lists", limits.maxItems)];
    if (count.values > limits.maxValues) return [refusal(name, "values", limits.maxValues)];
    if (path !== undefined && count.misfit !== undefined) return [unfit(name, path, value, count.misfit)];
    if (path !== undefined) infinite ??= tooLargeNumber(name, path);
  }
  const errors = unfitting(schema, definitions, variables);
  return errors.length > 0 ? errors : infinite === undefined ? [] : [infinite];
}

/** How many misfits are told. */
const mostErrors = 50;
/** Characters that an error repeats of a value. */
const excerptChars = 100;

class EnoughErrors extends Error {}

/**
 * Whatever does not fit its type, as graphql-js's getVariableValues says it; but that one writes the value out in each error, all of it, which takes
 * seconds where an object has many fields.
 */
function unfitting(
  schema: GraphQLSchema,
  definitions: readonly VariableDefinitionNode[],
  variables: Readonly<Record<string, unknown>>,
): GraphQLError[] {
  const errors: GraphQLError[] = [];
  const [first] = definitions;
  const most = first === undefined ? mostErrors : errorsTold(first, mostErrors);
  const report = (error: GraphQLError) => {
    if (errors.length >= most) throw new EnoughErrors();
    errors.push(error);
  };
  try {
    for (const definition of definitions) variableFits(schema, definition, variables, report);
  } catch (error) {
    if (!(error instanceof EnoughErrors)) throw error;
    errors.push(new GraphQLError("Too many errors processing variables, error limit reached. Execution aborted."));
  }
  return errors;
}

function variableFits(
  schema: GraphQLSchema,
  definition: VariableDefinitionNode,
  variables: Readonly<Record<string, unknown>>,
  report: (error: GraphQLError) => void,
): void {
  const name = definition.variable.name.value;
  const type = typeFromAST(schema, definition.type as never) as GraphQLInputType;
  // Validation tells of it.
  if (!isInputType(type)) return;
  const nodes = [definition];
  if (!Object.hasOwn(variables, name)) {
    if (definition.defaultValue !== undefined || !isNonNullType(type)) return;
    return report(new GraphQLError(`Variable "$${name}" of required type "${String(type)}" was not provided.`, { nodes }));
  }
  const value = variables[name];
  if (value === null && isNonNullType(type))
    return report(new GraphQLError(`Variable "$${name}" of non-null type "${String(type)}" must not be null.`, { nodes }));
  coerceInputValue(value, type, (path, invalid, { message, originalError }) =>
    report(new GraphQLError(`${misfit(name, path, invalid)}; ${message}`, { nodes, originalError })),
  );
}

function unfit(name: string, path: readonly (string | number)[], value: unknown, type: string): GraphQLError {
  const at = path.reduce<unknown>((within, key) => (within as Record<string | number, unknown>)[key], value);
  return new GraphQLError(`${misfit(name, path, at)}; ${type} belongs there.`);
}

function misfit(name: string, path: readonly (string | number)[], value: unknown): string {
  const place = path.map((key) => (typeof key === "number" ? `[${key}]` : `.${key}`)).join("");
  return `Variable "$${name}" got invalid value ${excerpt(value)}${place === "" ? "" : ` at "${name}${place}"`}`;
}

function excerpt(value: unknown): string {
  if (typeof value === "string")
    return value.length <= excerptChars ? JSON.stringify(value) : `${JSON.stringify(value.slice(0, excerptChars))}…`;
  if (typeof value === "object" && value !== null) return Array.isArray(value) ? "[…]" : "{…}";
  return String(value);
}

function refusal(variable: string, of: "values" | "items of lists", limit: number): GraphQLError {
  const made = variableErrors.VARIABLES_TOO_LARGE({ variable, of, limit });
  return new GraphQLError(made.message, { originalError: made });
}

function tooLargeNumber(name: string, path: readonly (string | number)[]): GraphQLError {
  const place = path.length === 0 ? "" : ` at ${path.join(".")}`;
  return new GraphQLError(`Variable "$${name}" got a number${place} that is too large: give one between -1.8e308 and 1.8e308.`);
}

/** The same of numbers that stand in the document itself, and those whose digits a double does not keep: variables with such were refused as text. */
export const keptNumbers: ValidationRule = (context) => {
  const check: ASTVisitFn<FloatValueNode | IntValueNode> = (node, _key, parent, keys, ancestors) => {
    if (!Number.isFinite(Number(node.value))) {
      const shown = node.value.slice(0, 40);
      context.reportError(new GraphQLError(`The number ${shown} is too large: give one between -1.8e308 and 1.8e308.`, { nodes: [node] }));
    } else if (!isKept(node.value) && !isFloat(context.getInputType())) {
      const refusal = notKept(placeOf({ path: literalPath(keys, [...ancestors, parent ?? []]) }), node.value);
      context.reportError(new GraphQLError(refusal.message, { nodes: [node], originalError: refusal }));
    }
  };
  return { FloatValue: check, IntValue: check };
};

/** The names from the argument, or the variable, down to a literal, and its places in lists. */
function literalPath(keys: readonly (string | number)[], ancestors: readonly (ASTNode | readonly ASTNode[])[]): (string | number)[] {
  return ancestors.flatMap((ancestor, level) => {
    if (!("kind" in ancestor)) return keys[level - 1] === "values" ? [keys[level] ?? 0] : [];
    if (ancestor.kind === Kind.ARGUMENT || ancestor.kind === Kind.OBJECT_FIELD) return [ancestor.name.value];
    return ancestor.kind === Kind.VARIABLE_DEFINITION ? [`$${ancestor.variable.name.value}`] : [];
  });
}

/** A Float of the schema is a double by its own words. */
function isFloat(type: GraphQLInputType | null | undefined): boolean {
  return type != null && getNamedType(type) === GraphQLFloat;
}

interface Count {
  values: number;
  items: number;
  limits: VariableLimits;
  /** The type of the place where an object or a list was found that belongs to neither. */
  misfit?: string;
}

/** Of these types a value may have parts. */
const partedScalars = ["JSON", "JSONObject"];

/**
 * Counts a value and what it holds, and stops at the limits; the path of a number that no double holds, if there is one, or of an object where none
 * belongs: its type would write it out. Values nest 512 levels at most: what nests deeper was refused as text.
 */
function countValues(value: unknown, type: GraphQLInputType | undefined, count: Count): (string | number)[] | undefined {
  count.values++;
  if (isOver(count)) return undefined;
  if (typeof value === "number") return Number.isFinite(value) ? undefined : [];
  if (typeof value !== "object" || value === null) return undefined;
  const known = type === undefined ? undefined : getNullableType(type);
  if (isLeafType(known) && !partedScalars.includes(known.name)) {
    count.misfit = known.name;
    return [];
  }
  if (Array.isArray(value)) return countItems(value, isListType(known) ? known.ofType : undefined, count);
  const fields = isInputObjectType(known) ? known.getFields() : undefined;
  for (const key in value) {
    if (!Object.hasOwn(value, key)) continue;
    // Its name takes as long as a value does, and longer to read.
    count.values++;
    const path = countValues((value as Record<string, unknown>)[key], fields?.[key]?.type, count);
    if (path !== undefined) return [key, ...path];
    if (isOver(count)) return undefined;
  }
  return undefined;
}

function countItems(items: readonly unknown[], type: GraphQLInputType | undefined, count: Count): (string | number)[] | undefined {
  if (type !== undefined) count.items += items.length;
  for (const [index, item] of items.entries()) {
    if (isOver(count)) return undefined;
    const path = countValues(item, type, count);
    if (path !== undefined) return [index, ...path];
  }
  return undefined;
}

const isOver = ({ values, items, limits }: Count) => values > limits.maxValues || items > limits.maxItems;
