/**
 * Variables as the audit keeps them. A value is shown when its type cannot hold a secret (a number, an enum, an id), or when all places where it is used are in
 * the list of {@link shownPlaces}; anything else is "[redacted]". So a field that is new is redacted until somebody has thought about it. An API key is shown
 * nowhere, also where it stands for an id or a name.
 */
import {
  getNamedType,
  isEnumType,
  isInputObjectType,
  isInputType,
  isListType,
  isNonNullType,
  typeFromAST,
  TypeInfo,
  visit,
  visitWithTypeInfo,
  type DocumentNode,
  type GraphQLInputType,
  type GraphQLSchema,
  type OperationDefinitionNode,
} from "graphql";
import type { Json, JsonObject } from "#shared/json.ts";
import { withoutKeys } from "../access/keys/key-format.ts";
import { shownPlaces } from "./shown-places.ts";

/** Stands for a value that is not kept. */
export const redacted = "[redacted]";

const limits = { variables: 50, items: 20, fields: 50, depth: 8, characters: 256, idCharacters: 100, totalBytes: 4_096 };

/** What is shown of variables. */
export class Redactor {
  readonly #schema: GraphQLSchema;
  readonly #places = new WeakMap<DocumentNode, Map<string, string[]>>();

  constructor(schema: GraphQLSchema) {
    this.#schema = schema;
  }

  /** The variables of an operation that the document declares, at most 4 KiB of JSON; `null` where none are given. */
  show(document: DocumentNode, node: OperationDefinitionNode, variables: Readonly<Record<string, unknown>>): JsonObject | null {
    const declared = node.variableDefinitions ?? [];
    if (declared.length === 0) return null;
    const shown: JsonObject = {};
    let bytes = 2;
    for (const { variable, type } of declared.slice(0, limits.variables)) {
      const name = variable.name.value;
      const value = Object.hasOwn(variables, name) ? variables[name] : undefined;
      if (value === undefined) continue;
      const inputType = typeFromAST(this.#schema, type as never) as GraphQLInputType | undefined;
      const places = this.#placesIn(document).get(name) ?? [];
      const isShown = places.length > 0 && places.every((place) => shownPlaces.has(place));
      const kept = inputType === undefined || !isInputType(inputType) ? redacted : keep(value, inputType, { isShown, depth: 0 });
      const key = withoutKeys(name).slice(0, limits.idCharacters);
      bytes += Buffer.byteLength(JSON.stringify(kept)) + Buffer.byteLength(key) + 4;
      if (bytes > limits.totalBytes) return { ...shown, "…": "[cut]" };
      shown[key] = kept;
    }
    if (declared.length > limits.variables) shown["…"] = "[cut]";
    return shown;
  }

  /** Where each variable is used. */
  #placesIn(document: DocumentNode): Map<string, string[]> {
    let places = this.#places.get(document);
    if (places === undefined) this.#places.set(document, (places = placesOf(document, this.#schema)));
    return places;
  }
}

function placesOf(document: DocumentNode, schema: GraphQLSchema): Map<string, string[]> {
  const places = new Map<string, string[]>();
  const types = new TypeInfo(schema);
  /** The argument and the input fields that are entered, innermost last. */
  const entered: string[] = [];
  const leave = () => void entered.pop();
  visit(
    document,
    visitWithTypeInfo(types, {
      Argument: {
        enter: ({ name }) => void entered.push(`${types.getParentType()?.name ?? "?"}.${types.getFieldDef()?.name ?? "?"}(${name.value}:)`),
        leave,
      },
      ObjectField: {
        enter: ({ name }) => void entered.push(`${getNamedType(types.getParentInputType())?.name ?? "?"}.${name.value}`),
        leave,
      },
      Variable: ({ name }) => {
        const place = entered.at(-1);
        if (place !== undefined) places.set(name.value, [...(places.get(name.value) ?? []), place]);
      },
    }),
  );
  return places;
}

interface Place {
  /** Whether a text in it may be shown. */
  isShown: boolean;
  depth: number;
}

function keep(value: unknown, type: GraphQLInputType, place: Place): Json {
  if (value === null) return null;
  if (isNonNullType(type)) return keep(value, type.ofType, place);
  if (place.depth > limits.depth) return redacted;
  if (isListType(type)) return keepList(value, type.ofType, place);
  if (isInputObjectType(type)) return keepObject(value, type.name, type.getFields(), place);
  if (isEnumType(type)) return typeof value === "string" && type.getValue(value) != null ? value : redacted;
  return keepScalar(value, type.name, place.isShown);
}

function keepList(value: unknown, itemType: GraphQLInputType, place: Place): Json {
  if (!Array.isArray(value)) return keep(value, itemType, place);
  const inner = { ...place, depth: place.depth + 1 };
  const kept = value.slice(0, limits.items).map((item) => keep(item, itemType, inner));
  return value.length > limits.items ? [...kept, `[${value.length - limits.items} more]`] : kept;
}

function keepObject(value: unknown, typeName: string, fields: Record<string, { type: GraphQLInputType }>, place: Place): Json {
  if (typeof value !== "object" || Array.isArray(value)) return redacted;
  const kept: JsonObject = {};
  // By the type's fields: names that are none of them are the client's own words.
  for (const [name, { type }] of Object.entries(fields).slice(0, limits.fields)) {
    const given = (value as Record<string, unknown>)[name];
    if (given === undefined || !Object.hasOwn(value as object, name)) continue;
    kept[name] = keep(given, type, { isShown: shownPlaces.has(`${typeName}.${name}`), depth: place.depth + 1 });
  }
  return kept;
}

function keepScalar(value: unknown, typeName: string, isShown: boolean): Json {
  switch (typeName) {
    case "Int":
    case "Float":
      return typeof value === "number" && Number.isFinite(value) ? value : redacted;
    case "Boolean":
      return typeof value === "boolean" ? value : redacted;
    case "DateTime":
      return typeof value === "string" && value.length <= 40 && !Number.isNaN(Date.parse(value)) ? value : redacted;
    case "ID":
      return typeof value === "string" || typeof value === "number" ? cut(String(value), limits.idCharacters) : redacted;
    case "String":
      return isShown && typeof value === "string" ? cut(value, limits.characters) : redacted;
    default:
      return redacted;
  }
}

/** Storable and short: PostgreSQL keeps no U+0000 and no half characters. */
function cut(whole: string, characters: number): string {
  const text = withoutKeys(whole);
  const short = text.length > characters ? `${text.slice(0, characters)}…` : text;
  return short.replaceAll("\u0000", "\uFFFD").toWellFormed();
}
