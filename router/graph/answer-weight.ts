/**
 * How much an operation may return, told before anything is executed: the sizes of pages, multiplied along each path and summed, as
 * GitHub's graph computes it. Compiled once for an operation; its variables say the sizes.
 */
import {
  getNamedType,
  getNullableType,
  isCompositeType,
  isInterfaceType,
  isListType,
  isObjectType,
  Kind,
  SchemaMetaFieldDef,
  TypeMetaFieldDef,
  valueFromASTUntyped,
  type FieldNode,
  type GraphQLError,
  type GraphQLField,
  type GraphQLNamedType,
  type GraphQLSchema,
  type OperationDefinitionNode,
  type SelectionNode,
  type SelectionSetNode,
} from "graphql";
import { defaultPageSize, maxPageSize } from "#shared/page-size.ts";
import type { Fragments } from "./document-weight.ts";
import { tooMuch, type OperationLimits } from "./limits.ts";

/** The items that a list is taken to have whose size nobody asks for. */
const unpagedSize = 20;

/** How large the answer of one operation may be. */
export interface AnswerWeight {
  /** OPERATION_LIMIT_EXCEEDED where that is above a limit. */
  errors: readonly GraphQLError[];
  /** Objects that it may have. */
  nodes: number;
}

/** Weighs the answer of one operation. */
export type WeighAnswer = (variables: Readonly<Record<string, unknown>>) => AnswerWeight;

/** A valid operation, and what it stands in. */
export interface WeighedOperation {
  node: OperationDefinitionNode;
  fragments: Fragments;
  schema: GraphQLSchema;
  limits: OperationLimits;
}

/** Compiles the weighing of one operation. `variables` are to have the operation's defaults. */
export function compileWeight({ node, fragments, schema, limits }: WeighedOperation): WeighAnswer {
  const compiling: Compiling = { schema, fragments, parts: new Map() };
  const parts = compile(node.selectionSet, schema.getRootType(node.operation)!, compiling);
  return (variables) => {
    const sum: Sum = { nodes: 0, values: 0, schemaValues: 0, most: 0, path: [] };
    for (const part of parts) weigh(part, { variables, times: 1, pageSize: undefined, path: [], sum });
    return { errors: excessOf(sum, limits, node), nodes: sum.nodes };
  };
}

function excessOf(sum: Sum, limits: OperationLimits, node: OperationDefinitionNode): GraphQLError[] {
  const { nodes, values, schemaValues } = sum;
  const path = sum.path.join(".");
  if (nodes > limits.maxNodes) return [tooMuch({ of: "nodes", found: nodes, limit: limits.maxNodes, path }, node)];
  if (values > limits.maxValues) return [tooMuch({ of: "values", found: values, limit: limits.maxValues, path }, node)];
  if (schemaValues <= limits.maxSchemaValues) return [];
  return [tooMuch({ of: "values of the schema", found: schemaValues, limit: limits.maxSchemaValues }, node)];
}

/** A number, or what says it once there are variables. */
type Given<T> = T | { variable: string; unlessGiven: T };

/** A field, or a fragment with a condition. */
interface Part {
  /** In the response; undefined of a fragment. */
  name: string | undefined;
  conditions: { is: Given<boolean>; leavesOutWhen: boolean }[];
  /** Of a field that has pages: the sizes that it is asked for. */
  sizes: Given<number | undefined>[] | undefined;
  /** Of a list without pages of its own: its items, unless a page around it says how many. */
  items: number | undefined;
  kind: "node" | "wrapper" | "leaf" | "schema";
  parts: readonly Part[];
}

interface Compiling {
  schema: GraphQLSchema;
  fragments: Fragments;
  /** Of fragments, by name. */
  parts: Map<string, readonly Part[]>;
}

function compile(set: SelectionSetNode, parent: GraphQLNamedType, compiling: Compiling): Part[] {
  return set.selections.map((selection): Part => {
    const conditions = conditionsOf(selection);
    if (selection.kind === Kind.FIELD) return compileField(selection, parent, { conditions, compiling });
    const part = { name: undefined, conditions, sizes: undefined, items: undefined, kind: "wrapper" } as const;
    if (selection.kind === Kind.FRAGMENT_SPREAD) return { ...part, parts: compileFragment(selection.name.value, compiling) };
    const on = selection.typeCondition && compiling.schema.getType(selection.typeCondition.name.value);
    return { ...part, parts: compile(selection.selectionSet, on ?? parent, compiling) };
  });
}

function compileFragment(name: string, compiling: Compiling): readonly Part[] {
  const known = compiling.parts.get(name);
  if (known !== undefined) return known;
  const fragment = compiling.fragments.get(name)!;
  const parts = compile(fragment.selectionSet, compiling.schema.getType(fragment.typeCondition.name.value)!, compiling);
  compiling.parts.set(name, parts);
  return parts;
}

interface FieldSetting {
  conditions: Part["conditions"];
  compiling: Compiling;
}

function compileField(field: FieldNode, parent: GraphQLNamedType, { conditions, compiling }: FieldSetting): Part {
  const name = (field.alias ?? field.name).value;
  const definition = definitionOf(field, parent);
  const kindOfLeaf = parent.name.startsWith("__") ? "schema" : "leaf";
  const part = { name, conditions, sizes: undefined, items: undefined, kind: kindOfLeaf, parts: [] } as const;
  if (definition === undefined) return part;
  if (field.selectionSet === undefined) {
    // A page of plain values is made item by item, as one of objects is.
    const sizes = sizesOf(field, definition);
    return sizes === undefined ? part : { ...part, kind: "node", sizes };
  }
  const type = getNamedType(definition.type);
  const parts = compile(field.selectionSet, type, compiling);
  if (type.name.startsWith("__")) return { ...part, kind: "schema", items: schemaItems(compiling.schema, parent, definition), parts };
  const isList = isListType(getNullableType(definition.type));
  const kind = isWrapper(type) ? "wrapper" : "node";
  const sizes = sizesOf(field, definition);
  return { ...part, kind, sizes, items: sizes === undefined && isList ? unpagedSize : undefined, parts };
}

function definitionOf(
  { name: { value } }: FieldNode,
  parent: GraphQLNamedType,
): Pick<GraphQLField<unknown, unknown>, "name" | "type" | "args"> | undefined {
  if (value === SchemaMetaFieldDef.name) return SchemaMetaFieldDef;
  if (value === TypeMetaFieldDef.name) return TypeMetaFieldDef;
  return isObjectType(parent) || isInterfaceType(parent) ? parent.getFields()[value] : undefined;
}

/** Relay's types around the items of a page: they are no nodes themselves. */
function isWrapper({ name }: GraphQLNamedType): boolean {
  return name === "PageInfo" || name.endsWith("Connection") || name.endsWith("Edge");
}

function sizesOf(field: FieldNode, { args }: Pick<GraphQLField<unknown, unknown>, "args">): Part["sizes"] {
  const paging = args.filter(({ name }) => name === "first" || name === "last");
  if (paging.length === 0) return undefined;
  return paging.map(({ name, defaultValue }) => {
    const unlessGiven = typeof defaultValue === "number" ? defaultValue : undefined;
    const value = field.arguments?.find((argument) => argument.name.value === name)?.value;
    if (value === undefined) return unlessGiven;
    if (value.kind === Kind.VARIABLE) return { variable: value.name.value, unlessGiven };
    return value.kind === Kind.INT ? Number(value.value) : undefined;
  });
}

function conditionsOf({ directives = [] }: SelectionNode): Part["conditions"] {
  return directives.flatMap(({ name, arguments: given = [] }) => {
    if (name.value !== "skip" && name.value !== "include") return [];
    const value = given.find((argument) => argument.name.value === "if")?.value;
    if (value === undefined) return [];
    const is = value.kind === Kind.VARIABLE ? { variable: value.name.value, unlessGiven: false } : valueFromASTUntyped(value) === true;
    return [{ is, leavesOutWhen: name.value === "skip" }];
  });
}

/** The items that a list of the schema has on average: the whole of it is known. */
function schemaItems(
  schema: GraphQLSchema,
  parent: GraphQLNamedType,
  { name, type }: Pick<GraphQLField<unknown, unknown>, "name" | "type">,
): number | undefined {
  if (!isListType(getNullableType(type))) return undefined;
  const types = Object.values(schema.getTypeMap());
  switch (`${parent.name}.${name}`) {
    case "__Schema.types":
      return types.length;
    case "__Type.fields": {
      const fields = types.reduce((sum, each) => sum + (isObjectType(each) ? Object.keys(each.getFields()).length : 0), 0);
      return Math.ceil(fields / Math.max(1, types.filter(isCompositeType).length));
    }
    default:
      return 4;
  }
}

interface Sum {
  nodes: number;
  values: number;
  schemaValues: number;
  /** Of the path that has the most nodes. */
  most: number;
  path: readonly string[];
}

interface Weighing {
  variables: Readonly<Record<string, unknown>>;
  /** How often the parent may be in the answer. */
  times: number;
  /** The size of the page whose items are to come. */
  pageSize: number | undefined;
  path: readonly string[];
  sum: Sum;
}

function weigh(part: Part, weighing: Weighing): void {
  const { variables, times, sum } = weighing;
  if (part.conditions.some(({ is, leavesOutWhen }) => valueOf(is, variables) === leavesOutWhen)) return;
  if (part.name === undefined) {
    for (const inner of part.parts) weigh(inner, weighing);
    return;
  }
  const isSchema = part.kind === "schema";
  const asked = part.sizes && pageSizeOf(part.sizes, variables);
  const isPageOfItems = asked !== undefined && part.kind === "node";
  const items = isPageOfItems ? asked : part.items === undefined ? 1 : ((isSchema ? undefined : weighing.pageSize) ?? part.items);
  const own = times * items;
  if (isSchema) sum.schemaValues += own;
  else sum.values += times;
  const path = [...weighing.path, part.name];
  if (part.kind === "node") {
    sum.nodes += own;
    if (own > sum.most) Object.assign(sum, { most: own, path });
  }
  const beneath = { variables, times: own, pageSize: isPageOfItems ? undefined : asked, path, sum };
  for (const inner of part.parts) weigh(inner, beneath);
}

/** As the subgraphs read it: both at once, and more than a page may have, they refuse. */
function pageSizeOf(sizes: readonly Given<number | undefined>[], variables: Weighing["variables"]): number {
  const given = sizes.map((size) => valueOf(size, variables)).filter((size) => typeof size === "number");
  return Math.min(maxPageSize, Math.max(0, given.length === 0 ? defaultPageSize : Math.max(...given)));
}

function valueOf<T>(given: Given<T>, variables: Weighing["variables"]): T {
  if (typeof given !== "object" || given === null) return given;
  const { variable, unlessGiven } = given as { variable: string; unlessGiven: T };
  return Object.hasOwn(variables, variable) ? (variables[variable] as T) : unlessGiven;
}
