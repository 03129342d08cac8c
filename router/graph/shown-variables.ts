/**
 * Variables as graphql-js may show them. Of each fault it writes the whole object that has it into its message, with all that lies in it:
 * fifty unknown fields beside a large JSON value would be fifty copies of that, which took half a minute. So it judges values that are
 * the same but for what is large in them.
 */
import { getNullableType, isInputObjectType, isListType, type GraphQLInputType } from "graphql";

/** Fields that a type does not have; more are not told. */
const maxUnknown = 50;
/** Characters of a text or a key. Longer ones differ in nothing that a type of the graph asks for. */
const maxText = 1_000;

/** A value that its type accepts, or refuses, as it does the one that is given. Never the one to execute with. */
export function shownValue(value: unknown, given: GraphQLInputType): unknown {
  const type = getNullableType(given) as GraphQLInputType;
  if (typeof value === "string") return value.length > maxText ? cut(value) : value;
  if (typeof value !== "object" || value === null) return value;
  if (isListType(type)) return Array.isArray(value) ? value.map((item) => shownValue(item, type.ofType)) : shownValue(value, type.ofType);
  if (Array.isArray(value)) return [];
  return isInputObjectType(type) ? shownFields(value, type.getFields()) : {};
}

function shownFields(value: object, fields: Readonly<Record<string, { type: GraphQLInputType }>>): object {
  const shown: [string, unknown][] = [];
  let unknown = 0;
  for (const [key, held] of Object.entries(value)) {
    if (Object.hasOwn(fields, key)) shown.push([key, shownValue(held, fields[key]!.type)]);
    else if (unknown++ < maxUnknown) shown.push([cut(key), null]);
  }
  return Object.fromEntries(shown);
}

const cut = (text: string) => text.slice(0, maxText);
