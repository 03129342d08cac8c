/**
 * Long documents are planned without their values. The planner prints each fetch and reads what it printed once more, which took 0.5 s of a text of 2.6 MB. In the
 * plan a variable stands for each of them that is a text, a list or an object; and the operation's own variables have short defaults for long ones.
 */
import { variableDefinitionsFromAST, type Schema } from "@apollo/federation-internals";
import {
  getNamedType,
  GraphQLString,
  isInputObjectType,
  Kind,
  parseType,
  separateOperations,
  typeFromAST,
  TypeInfo,
  valueFromASTUntyped,
  visit,
  visitWithTypeInfo,
  type ConstValueNode,
  type DocumentNode,
  type GraphQLInputType,
  type GraphQLSchema,
  type GraphQLType,
  type ListValueNode,
  type NamedTypeNode,
  type ObjectValueNode,
  type OperationDefinitionNode,
  type ValueNode,
  type VariableDefinitionNode,
  type VariableNode,
} from "graphql";
import { pieceUnits } from "#shared/pieces.ts";
import { tooMuch } from "./limits.ts";
import { RefusedOperation } from "./refused-operation.ts";

/** The values that stand in no plan, by the variables that stand there for them. */
export interface LiftedValues {
  /** Of the document: nobody can give them others. */
  values: Readonly<Record<string, unknown>>;
  /** Of the operation's own variables, where they are not given. */
  defaults: Readonly<Record<string, unknown>>;
}

/** Shorter ones stay, in units of UTF-16: as many as a document may have are printed in no time. */
const shortUnits = 16;

/** So many variables are planned in no time; 7,000 took 0.2 s. Only where values have variables in them are there more than arguments. */
const maxLifted = 1_000;

const none: LiftedValues = { values: {}, defaults: {} };

/**
 * The document as it is planned for one of its operations; itself where it is not long.
 *
 * @throws RefusedOperation for more values than may be lifted
 */
export function withValuesLifted(
  document: DocumentNode,
  node: OperationDefinitionNode,
  { apiSchema, api }: { apiSchema: GraphQLSchema; api: Schema },
): { document: DocumentNode; lifted: LiftedValues } {
  if ((document.loc?.end ?? 0) <= pieceUnits) return { document, lifted: none };
  const lifting = new Lifting(node);
  const types = new TypeInfo(apiSchema);
  const lifted = visit(
    // Of no other operation, nor of fragments that this one does not use.
    separateOperations(document)[node.name?.value ?? ""]!,
    visitWithTypeInfo(types, {
      // Answered here, from the schema, and not by the plan.
      Field: ({ name: { value } }) => (value === "__schema" || value === "__type" ? false : undefined),
      // A default has no variables in it.
      VariableDefinition: () => false,
      // Within JSON there are no types.
      StringValue: (text) => (text.value.length > shortUnits ? lifting.variable(text, types.getInputType() ?? GraphQLString) : undefined),
      ListValue: (list) => lifting.whole(list, types.getParentInputType()),
      ObjectValue: (object) => lifting.whole(object, types.getInputType()),
    }),
  );
  if (lifting.definitions.length > maxLifted)
    throw new RefusedOperation([tooMuch({ of: "values beside variables", found: lifting.definitions.length, limit: maxLifted })], document);
  const long = (node.variableDefinitions ?? []).filter(
    ({ defaultValue }) => defaultValue !== undefined && unitsOf(defaultValue) > shortUnits,
  );
  const defaults = variableDefinitionsFromAST(api, long).definitions();
  const shortDefaults = withShortDefaults(node, { long: new Set(long), schema: apiSchema });
  const planned = visit(lifted, {
    OperationDefinition: (each) => ({ ...each, variableDefinitions: [...shortDefaults, ...lifting.definitions] }),
  });
  return {
    document: planned,
    lifted: {
      values: lifting.values,
      defaults: Object.fromEntries(defaults.map(({ variable, defaultValue }) => [variable.name, defaultValue])),
    },
  };
}

/** What a fetch is sent of an operation's variables. */
export function usedVariables(
  names: readonly string[] | undefined,
  variables: Readonly<Record<string, unknown>>,
  { values, defaults }: LiftedValues,
): Record<string, unknown> {
  const used: Record<string, unknown> = {};
  for (const name of names ?? []) {
    const given = Object.hasOwn(values, name) ? values[name] : Object.hasOwn(variables, name) ? variables[name] : undefined;
    const value = given === undefined && Object.hasOwn(defaults, name) ? defaults[name] : given;
    if (value !== undefined) used[name] = value;
  }
  return used;
}

/** The variables of one operation that stand for values: one for all equal values of a type, for equal fields must stay equal. */
class Lifting {
  readonly definitions: VariableDefinitionNode[] = [];
  readonly values: Record<string, unknown> = {};
  readonly #prefix: string;
  /** By type and kind. */
  readonly #variables = new Map<string, Map<string, VariableNode>>();
  readonly #constants = new Map<ValueNode, boolean>();

  constructor({ variableDefinitions = [] }: OperationDefinitionNode) {
    const taken = variableDefinitions.map(({ variable }) => variable.name.value);
    let prefix = "value";
    while (taken.some((name) => name.startsWith(prefix))) prefix += "_";
    this.#prefix = prefix;
  }

  /** The variable for a list or an object; false: nothing in it is long, undefined: what is in it is looked at by itself. */
  whole(node: ListValueNode | ObjectValueNode, type: GraphQLInputType | null | undefined): VariableNode | false | undefined {
    if (unitsOf(node) <= shortUnits) return false;
    return type != null && this.#isConstant(node) ? this.variable(node, type) : undefined;
  }

  variable(node: ValueNode, type: GraphQLInputType): VariableNode {
    const value: unknown = valueFromASTUntyped(node);
    const of = `${String(type)} ${node.kind}`;
    const key = typeof value === "string" ? value : JSON.stringify(inOrder(value));
    const variables = this.#variables.get(of) ?? new Map<string, VariableNode>();
    this.#variables.set(of, variables);
    const known = variables.get(key);
    if (known !== undefined) return known;
    const name = `${this.#prefix}${this.definitions.length}`;
    const variable: VariableNode = { kind: Kind.VARIABLE, name: { kind: Kind.NAME, value: name } };
    variables.set(key, variable);
    this.definitions.push({ kind: Kind.VARIABLE_DEFINITION, variable, type: parseType(String(type)) });
    this.values[name] = value;
    return variable;
  }

  /** Whether it has no variables in it, and is as a value of JSON what it is as a literal: of whole numbers an ID has the digits as they are written. */
  #isConstant(node: ValueNode): boolean {
    if (node.kind === Kind.VARIABLE || (node.kind === Kind.INT && String(Number(node.value)) !== node.value)) return false;
    if (node.kind !== Kind.LIST && node.kind !== Kind.OBJECT) return true;
    const known = this.#constants.get(node);
    if (known !== undefined) return known;
    const within = node.kind === Kind.LIST ? node.values : node.fields.map(({ value }) => value);
    const isConstant = within.every((each) => this.#isConstant(each));
    this.#constants.set(node, isConstant);
    return isConstant;
  }
}

/** The same with the fields of each object in one order, in which they are equal. */
function inOrder(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(inOrder);
  if (typeof value !== "object" || value === null) return value;
  return Object.entries(value)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, each]) => [key, inOrder(each)]);
}

/** With defaults that stand for those that are long: a variable without one could not stand where no null may. */
function withShortDefaults(
  { variableDefinitions = [] }: OperationDefinitionNode,
  { long, schema }: { long: ReadonlySet<VariableDefinitionNode>; schema: GraphQLSchema },
): VariableDefinitionNode[] {
  const shortOf = ({ type, defaultValue }: VariableDefinitionNode) => shortened(defaultValue!, typeFromAST(schema, type as NamedTypeNode));
  return variableDefinitions.map((each) => (long.has(each) ? { ...each, defaultValue: shortOf(each) } : each));
}

/** Scalars that take any text; what another one reads stays as it is. */
const texts = new Set(["String", "ID", "JSON"]);

/** A value that may stand where another may. */
function shortened(node: ConstValueNode, type: GraphQLType | undefined): ConstValueNode {
  switch (node.kind) {
    case Kind.STRING:
      return texts.has(String(getNamedType(type))) ? { kind: Kind.STRING, value: "" } : node;
    case Kind.LIST:
      return { ...node, values: [] };
    case Kind.OBJECT: {
      const of = getNamedType(type);
      const fields = isInputObjectType(of) ? of.getFields() : {};
      const kept = node.fields.filter(({ name }) => Object.hasOwn(fields, name.value));
      return { ...node, fields: kept.map((field) => ({ ...field, value: shortened(field.value, fields[field.name.value]!.type) })) };
    }
    default:
      return node;
  }
}

const unitsOf = ({ loc }: { loc?: { start: number; end: number } | undefined }) => (loc === undefined ? 0 : loc.end - loc.start);
