/** An operation's selections, compiled once for shaping: asking the schema of each field of each object took a sixth of the router's time. */
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
  type Schema,
  type SelectionSet,
  type Type,
} from "@apollo/federation-internals";
import type { FieldNode } from "graphql";
import { clientName } from "./client-names.ts";

/** One selection of an operation, compiled. */
export type Selection = FieldShape | IntrospectionShape | FragmentShape;

/** A field, or __typename. */
export interface FieldShape {
  kind: "field" | "typename";
  /** In the response. */
  name: string;
  /** In what the plan gathers. */
  key: string;
  conditions: readonly Condition[] | undefined;
  value: ValueShape;
}

/** `__schema` or `__type`. */
export interface IntrospectionShape {
  kind: "introspection";
  name: string;
  conditions: readonly Condition[] | undefined;
  /** Without fragments. */
  selection: FieldNode;
}

/** A fragment, wherever it was written. */
export interface FragmentShape {
  kind: "fragment";
  conditions: readonly Condition[] | undefined;
  /** The type condition, and the names of all types that meet it. */
  on: { name: string; met: ReadonlySet<string> } | undefined;
  selections: readonly Selection[];
}

/** What a value must be. */
export type ValueShape =
  | { kind: "nonNull"; of: ValueShape; text: string }
  | { kind: "list"; of: ValueShape; text: string }
  | { kind: "object"; selections: readonly Selection[]; text: string }
  | { kind: "leaf"; accepts: (value: unknown) => boolean; areFloats: boolean; text: string };

/** A @skip or an @include. */
export interface Condition {
  if: boolean | string;
  leavesOutWhen: boolean;
}

type AppliedDirective = { name: string; arguments(): Record<string, unknown> };

/** What is compiled, with what is known of it so far. */
export interface Compiling {
  schema: Schema;
  sets: Map<SelectionSet, readonly Selection[]>;
  hasInheritedNames: boolean;
}

/** Compiles a selection set, once. */
export function compileSelections(set: SelectionSet, compiling: Compiling): readonly Selection[] {
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
  const key = field.responseName();
  const name = clientName(key);
  if (name in Object.prototype) compiling.hasInheritedNames = true;
  if (field.definition.isSchemaIntrospectionField()) {
    return { kind: "introspection", name: key, conditions, selection: selection.expandFragments().toSelectionNode() };
  }
  const selections = selection.selectionSet ? compileSelections(selection.selectionSet, compiling) : [];
  const value = compileValue(field.definition.type!, selections, compiling.schema);
  return { kind: field.name === "__typename" ? "typename" : "field", name, key, conditions, value };
}

function compileValue(type: Type, selections: readonly Selection[], schema: Schema): ValueShape {
  const text = String(type);
  if (isNonNullType(type)) return { kind: "nonNull", of: compileValue(type.ofType, selections, schema), text };
  if (isListType(type)) return { kind: "list", of: compileValue(type.ofType, selections, schema), text };
  if (isCompositeType(type)) return { kind: "object", selections, text };
  return { kind: "leaf", accepts: leafCheck(type, schema), areFloats: type === schema.floatType(), text };
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
export interface Types {
  /** The composite types; true for those of objects. */
  composites: ReadonlyMap<string, boolean>;
  /** The types that meet a type condition. */
  meeting(condition: NamedType): ReadonlySet<string>;
}

const known = new WeakMap<Schema, Types>();

/** The types of a schema; kept as long as the schema is. */
export function typesOf(schema: Schema): Types {
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
