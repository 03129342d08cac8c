/**
 * Shapes what a plan has gathered as the client asked: its names, its order, nothing beside (keys and inaccessible fields are
 * gathered too), and nulls that rise to the next nullable field. The rules are those of Apollo's resultShaping.js; an operation's
 * selections are compiled once, for asking the schema of each field of each object took a sixth of the router's time.
 */
import {
  isCompositeType,
  isEnumType,
  isCustomScalarType,
  isListType,
  isNonNullType,
  isObjectType,
  isSubtype,
  Variable,
  type FieldSelection,
  type NamedType,
  type Operation,
  type Schema,
  type SelectionSet,
  type Type,
} from "@apollo/federation-internals";
import { GraphQLError, type FieldNode } from "graphql";
import type { ResultObject } from "./entities.ts";

/** What is shaped for one request. */
export interface Gathered {
  input: ResultObject;
  variables: Record<string, unknown>;
  /** Answers `__schema` and `__type`. */
  introspect: (selection: FieldNode) => unknown;
  /** Objects of which a subgraph has no record: that they lack its fields is nobody's fault. */
  gone?: ReadonlySet<object> | undefined;
}

/** What has been shaped. */
export interface Shaped {
  data: ResultObject | null;
  /** Of what subgraphs should not have answered. */
  errors: GraphQLError[];
  /** Nulls that rose from fields which a record that is gone would have had. */
  missing: MissingField[];
}

/** A non-null field that nobody can give. */
export interface MissingField {
  message: string;
  path: (string | number)[];
}

/** Shapes one request's data. */
export type Shaper = (gathered: Gathered) => Shaped;

/** Compiles the shape of an operation. */
export function compileShape(operation: Operation): Shaper {
  const compiling: Compiling = { schema: operation.schema(), sets: new Map(), hasInheritedNames: false };
  const selections = compileSelections(operation.selectionSet, compiling);
  const root = compiling.schema.schemaDefinition.rootType(operation.rootKind)!.name;
  const defaults = operation.collectDefaultedVariableValues();
  // Objects without a prototype cost three times as much to fill and to print, and only such names need them.
  const create = compiling.hasInheritedNames ? () => Object.create(null) as ResultObject : () => ({});
  const types = typesOf(compiling.schema);
  return ({ input, variables, introspect, gone }) => {
    const shaping: Shaping = {
      types,
      create,
      introspect,
      gone,
      variables: { ...defaults, ...variables },
      path: [],
      errors: [],
      missing: [],
    };
    const data = create();
    const isWhole = shapeObject(shaping, { selections, input, output: data, parent: root });
    return { data: isWhole ? data : null, errors: shaping.errors, missing: shaping.missing };
  };
}

type Selection = FieldShape | IntrospectionShape | FragmentShape;

interface FieldShape {
  kind: "field" | "typename";
  name: string;
  conditions: readonly Condition[] | undefined;
  value: ValueShape;
}

interface IntrospectionShape {
  kind: "introspection";
  name: string;
  conditions: readonly Condition[] | undefined;
  /** Without fragments. */
  selection: FieldNode;
}

interface FragmentShape {
  kind: "fragment";
  conditions: readonly Condition[] | undefined;
  /** The type condition, and the names of all types that meet it. */
  on: { name: string; met: ReadonlySet<string> } | undefined;
  selections: readonly Selection[];
}

type ValueShape =
  | { kind: "nonNull"; of: ValueShape; text: string }
  | { kind: "list"; of: ValueShape; text: string }
  | { kind: "object"; selections: readonly Selection[]; text: string }
  | { kind: "leaf"; accepts: (value: unknown) => boolean; text: string };

interface Condition {
  if: boolean | string;
  leavesOutWhen: boolean;
}

type AppliedDirective = { name: string; arguments(): Record<string, unknown> };

interface Compiling {
  schema: Schema;
  sets: Map<SelectionSet, readonly Selection[]>;
  hasInheritedNames: boolean;
}

function compileSelections(set: SelectionSet, compiling: Compiling): readonly Selection[] {
  const known = compiling.sets.get(set);
  if (known !== undefined) return known;
  const compiled = set.selections().map((selection): Selection => {
    const conditions = conditionsOf(selection.element);
    if (selection.kind === "FieldSelection") return compileField(selection, conditions, compiling);
    const on = selection.element.typeCondition;
    return {
      kind: "fragment",
      conditions,
      on: on && { name: on.name, met: typesOf(compiling.schema).meeting(on) },
      selections: compileSelections(selection.selectionSet, compiling),
    };
  });
  compiling.sets.set(set, compiled);
  return compiled;
}

function compileField(
  selection: FieldSelection,
  conditions: readonly Condition[] | undefined,
  compiling: Compiling,
): FieldShape | IntrospectionShape {
  const field = selection.element;
  const name = field.responseName();
  if (name in Object.prototype) compiling.hasInheritedNames = true;
  if (field.definition.isSchemaIntrospectionField()) {
    return { kind: "introspection", name, conditions, selection: selection.expandFragments().toSelectionNode() };
  }
  const selections = selection.selectionSet ? compileSelections(selection.selectionSet, compiling) : [];
  const value = compileValue(field.definition.type!, selections, compiling.schema);
  return { kind: field.name === "__typename" ? "typename" : "field", name, conditions, value };
}

function compileValue(type: Type, selections: readonly Selection[], schema: Schema): ValueShape {
  const text = String(type);
  if (isNonNullType(type)) return { kind: "nonNull", of: compileValue(type.ofType, selections, schema), text };
  if (isListType(type)) return { kind: "list", of: compileValue(type.ofType, selections, schema), text };
  if (isCompositeType(type)) return { kind: "object", selections, text };
  return { kind: "leaf", accepts: leafCheck(type, schema), text };
}

/** Whether JSON can be a value of a leaf type. Of a custom scalar only its own subgraph can tell. */
function leafCheck(type: Type, schema: Schema): (value: unknown) => boolean {
  if (isCustomScalarType(type)) return () => true;
  if (isEnumType(type)) {
    const names = new Set<unknown>(type.values.map(({ name }) => name));
    return (value) => names.has(value);
  }
  switch (type) {
    case schema.booleanType():
      return (value) => typeof value === "boolean";
    case schema.intType():
      return isWholeNumber;
    case schema.floatType():
      return (value) => typeof value === "number" && Number.isFinite(value);
    case schema.idType():
      return (value) => typeof value === "string" || isWholeNumber(value);
    default:
      return (value) => typeof value === "string";
  }
}

const isWholeNumber = (value: unknown) => Number.isInteger(value);

function conditionsOf({ appliedDirectives }: { appliedDirectives: readonly AppliedDirective[] }): readonly Condition[] | undefined {
  const found = appliedDirectives
    .filter(({ name }) => name === "skip" || name === "include")
    .map((directive): Condition => {
      const value = directive.arguments()["if"];
      return { if: value instanceof Variable ? value.name : value === true, leavesOutWhen: directive.name === "skip" };
    });
  return found.length > 0 ? found : undefined;
}

/** What is asked of a schema while shaping, by name. */
interface Types {
  /** The composite types; true for those of objects. */
  composites: ReadonlyMap<string, boolean>;
  /** The types that meet a type condition. */
  meeting(condition: NamedType): ReadonlySet<string>;
}

const known = new WeakMap<Schema, Types>();

function typesOf(schema: Schema): Types {
  let types = known.get(schema);
  if (types !== undefined) return types;
  const all = schema.allTypes().filter(isCompositeType);
  const met = new Map<string, ReadonlySet<string>>();
  types = {
    composites: new Map(all.map((type) => [type.name, isObjectType(type)])),
    meeting(condition) {
      let names = met.get(condition.name);
      if (names === undefined) {
        names = new Set(all.filter((type) => isSubtype(condition, type)).map(({ name }) => name));
        met.set(condition.name, names);
      }
      return names;
    },
  };
  known.set(schema, types);
  return types;
}

interface Shaping extends Omit<Gathered, "input"> {
  types: Types;
  create: () => ResultObject;
  path: (string | number)[];
  errors: GraphQLError[];
  missing: MissingField[];
}

interface ObjectShaping {
  selections: readonly Selection[];
  input: ResultObject;
  output: ResultObject;
  /** The object's type, as far as it is known. */
  parent: string;
}

/** Null with an error that explains it already. */
const failed = Symbol("failed");
/** A null where none may be: the object or list around it becomes null. */
const invalid = Symbol("invalid");

/** Fills `output`; false when it must become null. A field that is selected twice is filled twice, by both selections beneath it. */
function shapeObject(shaping: Shaping, { selections, input, output, parent }: ObjectShaping): boolean {
  for (const selection of selections) {
    if (selection.conditions !== undefined && isLeftOut(selection.conditions, shaping.variables)) continue;
    if (selection.kind === "fragment") {
      const { on } = selection;
      if (on !== undefined && !on.met.has(typeNameOf(input) ?? parent)) continue;
      if (!shapeObject(shaping, { selections: selection.selections, input, output, parent: on?.name ?? parent })) return false;
    } else if (selection.kind === "field") {
      const { name } = selection;
      if (selection.value.kind === "nonNull" && isMissing(shaping, input, name)) {
        const message = `Cannot return null for non-nullable field ${parent}.${name}.`;
        shaping.missing.push({ message, path: [...shaping.path, name] });
        return false;
      }
      shaping.path.push(name);
      const shaped = shapeValue(shaping, selection.value, { before: output[name], input: ownValue(input, name), parent });
      shaping.path.pop();
      output[name] = typeof shaped === "symbol" ? null : shaped;
      if (shaped === invalid) return false;
    } else if (output[selection.name] === undefined) {
      if (selection.kind === "introspection") output[selection.name] = shaping.introspect(selection.selection);
      else if (!shapeTypeName(shaping, { name: selection.name, input, output, parent })) return false;
    }
  }
  return true;
}

/** Whether a field is not there because the record of its object is not. A null that a subgraph did answer is its bug all the same. */
function isMissing({ gone }: Shaping, input: ResultObject, name: string): boolean {
  return gone !== undefined && gone.has(input) && !Object.hasOwn(input, name);
}

function shapeTypeName(
  { types }: Shaping,
  { name, input, output, parent }: { name: string } & Pick<ObjectShaping, "input" | "output" | "parent">,
): boolean {
  const told = ownValue(input, name) ?? typeNameOf(input);
  const typeName = typeof told === "string" && types.composites.has(told) ? told : parent;
  if (types.composites.get(typeName) !== true) return false;
  output[name] = typeName;
  return true;
}

interface Value {
  /** What an earlier selection of the same field made of it. */
  before: unknown;
  input: unknown;
  /** The type of the object that it is a field of. */
  parent: string;
}

function shapeValue(shaping: Shaping, shape: ValueShape, value: Value): unknown {
  const { before, input, parent } = value;
  if (before === null) return null;
  switch (shape.kind) {
    case "nonNull": {
      const shaped = shapeValue(shaping, shape.of, value);
      if (shaped === null) refuse(shaping, `Cannot return null for non-nullable ${placeOf(shaping, shape.of, parent)}.`);
      return shaped === null || shaped === failed ? invalid : shaped;
    }
    case "list":
      if (input == null) return null;
      return Array.isArray(input) ? shapeList(shaping, shape, { ...value, input }) : refuseValue(shaping, shape, parent);
    case "object":
      if (input == null) return null;
      return typeof input === "object" && !Array.isArray(input)
        ? shapeChild(shaping, shape, { ...value, input: input as ResultObject })
        : refuseValue(shaping, shape, parent);
    case "leaf":
      if (before !== undefined) return before;
      if (input == null) return null;
      return shape.accepts(input) ? input : refuseValue(shaping, shape, parent);
  }
}

function shapeList(shaping: Shaping, { of }: ValueShape & { kind: "list" }, value: Value & { input: unknown[] }): unknown {
  const before = value.before as unknown[] | undefined;
  const { path } = shaping;
  let isInvalid = false;
  const list = value.input.map((input, index) => {
    path.push(index);
    const shaped = shapeValue(shaping, of, { before: before?.[index], input, parent: value.parent });
    path.pop();
    isInvalid ||= shaped === invalid;
    return typeof shaped === "symbol" ? null : shaped;
  });
  return isInvalid ? failed : list;
}

function shapeChild(shaping: Shaping, shape: ValueShape & { kind: "object" }, value: Value & { input: ResultObject }): unknown {
  const { input, before, parent } = value;
  const typeName = input["__typename"] ?? shape.text;
  if (typeof typeName !== "string" || !shaping.types.composites.has(typeName)) {
    refuse(shaping, `Invalid __typename found for object at ${placeOf(shaping, shape, parent)}.`);
    return failed;
  }
  const output = (before as ResultObject | undefined) ?? shaping.create();
  return shapeObject(shaping, { selections: shape.selections, input, output, parent: typeName }) ? output : failed;
}

function refuseValue(shaping: Shaping, shape: ValueShape, parent: string): typeof failed {
  refuse(shaping, `Invalid value found for ${placeOf(shaping, shape, parent)}.`);
  return failed;
}

function refuse({ errors, path }: Shaping, message: string): void {
  errors.push(new GraphQLError(message, { path: [...path] }));
}

function placeOf({ path }: Shaping, { text }: ValueShape, parent: string): string {
  const last = path.at(-1);
  return typeof last === "string" ? `field ${parent}.${last}` : `array element of type ${text} at index ${last}`;
}

function isLeftOut(conditions: readonly Condition[], variables: Record<string, unknown>): boolean {
  return conditions.some((condition) => {
    const holds = typeof condition.if === "string" ? variables[condition.if] : condition.if;
    if (typeof holds !== "boolean") throw new Error(`the variable ${condition.if} of a @skip or @include is no boolean`);
    return holds === condition.leavesOutWhen;
  });
}

const typeNameOf = (input: ResultObject) => (typeof input["__typename"] === "string" ? input["__typename"] : undefined);

/** The object's own value: a field called `constructor` is none of Object's. */
function ownValue(object: ResultObject, key: string): unknown {
  const value = object[key];
  return value === undefined || (key in Object.prototype && !Object.hasOwn(object, key)) ? null : value;
}
