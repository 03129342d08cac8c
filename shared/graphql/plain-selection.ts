/**
 * What is selected of a value, given by a function that is made once for a document: graphql-js looks each field up anew for each value. Only for what is read as it is,
 * field by field, and for values that are plainly right; all else is left to graphql-js, which says what is wrong.
 */
import {
  defaultFieldResolver,
  isLeafType,
  isListType,
  isNonNullType,
  isObjectType,
  Kind,
  type FieldNode,
  type GraphQLLeafType,
  type GraphQLObjectType,
  type GraphQLOutputType,
} from "graphql";
import { hasDirectives } from "./root-field.ts";

/** Gives what is selected of a value. @throws where that is not plainly right */
export type Select = (value: unknown) => unknown;

/** undefined: it takes more than reading. */
export function plainSelection(type: GraphQLOutputType, node: FieldNode): Select | undefined {
  if (!isNonNullType(type)) {
    const select = selectionOf(type, node);
    return select && ((value) => (value == null ? null : select(value)));
  }
  const select = selectionOf(type.ofType as GraphQLOutputType, node);
  return select && ((value) => (value == null ? refuse() : select(value)));
}

/** For values that are there. */
function selectionOf(type: GraphQLOutputType, node: FieldNode): Select | undefined {
  if (isLeafType(type)) return leafSelection(type);
  if (isObjectType(type)) return objectSelection(type, node);
  if (!isListType(type)) return undefined;
  const select = plainSelection(type.ofType as GraphQLOutputType, node);
  return select && ((value) => (Array.isArray(value) ? Array.from(value, (item) => select(item)) : refuse()));
}

function leafSelection(type: GraphQLLeafType): Select {
  return (value) => {
    // A scalar that takes anything would take these.
    if (typeof value === "function" || (typeof value === "object" && isMoreThanValue(value!))) refuse();
    return type.serialize(value) ?? refuse();
  };
}

function objectSelection(type: GraphQLObjectType, { selectionSet }: FieldNode): Select | undefined {
  if (type.isTypeOf != null) return undefined;
  const fields: { key: string; name: string; select: Select }[] = [];
  for (const node of selectionSet?.selections ?? []) {
    if (node.kind !== Kind.FIELD || hasDirectives(node)) return undefined;
    const key = (node.alias ?? node.name).value;
    const name = node.name.value;
    const select = name === "__typename" ? () => type.name : fieldSelection(type, node);
    // A key that comes twice selects of both; one is called as no key of an object may be.
    if (select === undefined || key === "__proto__" || fields.some((other) => other.key === key)) return undefined;
    fields.push({ key, name, select });
  }
  return (value) => {
    if (typeof value !== "object" || isMoreThanValue(value!)) refuse();
    const selected: Record<string, unknown> = {};
    for (const { key, name, select } of fields) selected[key] = select((value as Record<string, unknown>)[name]);
    return selected;
  };
}

function fieldSelection(type: GraphQLObjectType, node: FieldNode): Select | undefined {
  const field = type.getFields()[node.name.value];
  const isRead = field !== undefined && (field.resolve ?? defaultFieldResolver) === defaultFieldResolver && field.args.length === 0;
  return isRead ? plainSelection(field.type, node) : undefined;
}

/** A promise is waited for, and an error is thrown. */
function isMoreThanValue(value: object): boolean {
  return value instanceof Error || typeof (value as { then?: unknown }).then === "function";
}

const refusal = new Error("left to graphql-js");

function refuse(): never {
  throw refusal;
}
