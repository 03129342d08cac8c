/**
 * What the values of an operation must be before anything is asked of a subgraph. JSON can say numbers that a double cannot hold, such as
 * 1e400: read as Infinity, they would reach the subgraphs as null, and nobody would hear of it.
 */
import {
  getVariableValues,
  GraphQLError,
  type FloatValueNode,
  type GraphQLSchema,
  type IntValueNode,
  type OperationDefinitionNode,
  type ValidationRule,
} from "graphql";

/** Checks an operation's variables; the errors are for the client. */
export function checkVariables(
  schema: GraphQLSchema,
  { variableDefinitions = [] }: OperationDefinitionNode,
  variables: Record<string, unknown>,
): readonly GraphQLError[] {
  const { errors = [] } = getVariableValues(schema, variableDefinitions, variables);
  if (errors.length > 0) return errors;
  const [name, ...path] = pathOfInfinite(variables) ?? [];
  if (name === undefined) return [];
  const place = path.length === 0 ? "" : ` at ${path.join(".")}`;
  return [new GraphQLError(`Variable "$${name}" got a number${place} that is too large: give one between -1.8e308 and 1.8e308.`)];
}

/** The same of numbers that stand in the document itself. */
export const finiteNumbers: ValidationRule = (context) => {
  const check = (node: FloatValueNode | IntValueNode): void => {
    if (Number.isFinite(Number(node.value))) return;
    const shown = node.value.slice(0, 40);
    context.reportError(new GraphQLError(`The number ${shown} is too large: give one between -1.8e308 and 1.8e308.`, { nodes: [node] }));
  };
  return { FloatValue: check, IntValue: check };
};

/** Values nest 512 levels at most: what nests deeper was refused as text. */
function pathOfInfinite(value: unknown): (string | number)[] | undefined {
  if (typeof value === "number") return Number.isFinite(value) ? undefined : [];
  if (typeof value !== "object" || value === null) return undefined;
  for (const [key, inner] of Object.entries(value)) {
    const found = pathOfInfinite(inner);
    if (found !== undefined) return [key, ...found];
  }
  return undefined;
}
