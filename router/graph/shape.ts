/**
 * Shapes what a plan has gathered as the client asked: its names, its order, nothing beside (keys and inaccessible fields are
 * gathered too), and nulls that rise to the next nullable field. The rules are those of Apollo's resultShaping.js.
 */
import type { Operation } from "@apollo/federation-internals";
import { GraphQLError, type FieldNode } from "graphql";
import type { ResultObject } from "./result-object.ts";
import type { Failures, FailedField } from "./failures.ts";
import {
  compileSelections,
  typesOf,
  type Compiling,
  type Condition,
  type FieldShape,
  type Selection,
  type Types,
  type ValueShape,
} from "./shape-compile.ts";

/** What is shaped for one request. */
export interface Gathered {
  input: ResultObject;
  variables: Record<string, unknown>;
  /** Answers `__schema` and `__type`, each once; or takes its place, with null. */
  introspect: (selection: FieldNode) => unknown;
  /** Objects of which a subgraph has no record: that they lack its fields is nobody's fault. */
  gone?: ReadonlySet<object> | undefined;
  /** Of objects whose fields could not be fetched: why. */
  failures?: Failures | undefined;
}

/** What has been shaped. */
export interface Shaped {
  data: ResultObject | null;
  /** Of what subgraphs should not have answered. */
  errors: GraphQLError[];
  /** Nulls that rose from fields which a record that is gone would have had. */
  missing: MissingField[];
  /** Fields that could not be fetched. */
  failed: FailedField[];
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
  return ({ input, variables, introspect, gone, failures }) => {
    const shaping: Shaping = {
      types,
      create,
      introspect,
      gone,
      failures,
      variables: { ...defaults, ...variables },
      path: [],
      errors: [],
      missing: [],
      failed: [],
    };
    const data = create();
    const isWhole = shapeObject(shaping, { selections, input, output: data, parent: root });
    return { data: isWhole ? data : null, errors: shaping.errors, missing: shaping.missing, failed: shaping.failed };
  };
}

interface Shaping extends Omit<Gathered, "input"> {
  types: Types;
  create: () => ResultObject;
  path: (string | number)[];
  errors: GraphQLError[];
  missing: MissingField[];
  failed: FailedField[];
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
      const { name, key } = selection;
      if (isFailed(shaping, { selection, input, output })) {
        if (selection.value.kind === "nonNull") return false;
        continue;
      }
      if (selection.value.kind === "nonNull" && isMissing(shaping, input, key)) {
        const message = `Cannot return null for non-nullable field ${parent}.${name}.`;
        shaping.missing.push({ message, path: [...shaping.path, name] });
        return false;
      }
      // The root has whatever the plan asks for: a field that is not there, and not failed, was planned by nobody. Its null must not pass for an answer.
      if (shaping.path.length === 0 && !Object.hasOwn(input, key)) refuse(shaping, `No subgraph was asked for ${parent}.${name}.`, name);
      shaping.path.push(name);
      const shaped = shapeValue(shaping, selection.value, { before: output[name], input: ownValue(input, key), parent });
      shaping.path.pop();
      output[name] = typeof shaped === "symbol" ? null : shaped;
      if (shaped === invalid) return false;
    } else if (output[selection.name] === undefined) {
      if (selection.kind === "introspection") output[selection.name] = shaping.introspect(selection.selection);
      else if (!shapeTypeName(shaping, { selection, input, output, parent })) return false;
    }
  }
  return true;
}

/** Whether a field is not there because the record of its object is not. A null that a subgraph did answer is its bug all the same. */
function isMissing({ gone }: Shaping, input: ResultObject, name: string): boolean {
  return gone !== undefined && gone.has(input) && !Object.hasOwn(input, name);
}

interface FieldPlace extends Pick<ObjectShaping, "input" | "output"> {
  selection: FieldShape;
}

/** Whether a field is null because what was to fetch it failed: told once, with the field's place. */
function isFailed({ failures, failed, path }: Shaping, { selection: { name, key }, input, output }: FieldPlace): boolean {
  if (failures === undefined || Object.hasOwn(input, key)) return false;
  const failure = failures.of(input, key);
  if (failure === undefined) return false;
  if (output[name] === undefined) failed.push({ failure, path: [...path, name] });
  output[name] = null;
  return true;
}

function shapeTypeName(
  { types }: Shaping,
  { selection: { name, key }, input, output, parent }: FieldPlace & Pick<ObjectShaping, "parent">,
): boolean {
  const told = ownValue(input, key) ?? typeNameOf(input);
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
  if (before === undefined && areFloats(of, value.input)) return value.input;
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

/** Whether each of a list is as it should be, and the list stands as it came: embeddings have millions of numbers. */
function areFloats(of: ValueShape, list: readonly unknown[]): boolean {
  const leaf = of.kind === "nonNull" ? of.of : of;
  if (leaf.kind !== "leaf" || !leaf.areFloats) return false;
  // By its index and without a call: with one for each number that took ten times as long.
  for (let at = 0; at < list.length; at += 1) {
    const item = list[at];
    // Neither NaN nor an infinity less itself is 0.
    if (typeof item !== "number" || item - item !== 0) return false;
  }
  return true;
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

function refuse({ errors, path }: Shaping, message: string, ...beneath: string[]): void {
  errors.push(new GraphQLError(message, { path: [...path, ...beneath] }));
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
