/**
 * How subscriptions are opened: with their inputs coerced by functions that are made once for each type. graphql-js takes 5 microseconds for each message of a prompt,
 * and each turn of an agent sends all of them. What is not plainly right is left to graphql-js, which says what is wrong with it.
 */
import {
  getNamedType,
  getOperationAST,
  GraphQLBoolean,
  GraphQLList,
  GraphQLNonNull,
  GraphQLObjectType,
  GraphQLScalarType,
  GraphQLSchema,
  isInputObjectType,
  isInputType,
  isListType,
  isNonNullType,
  typeFromAST,
  valueFromAST,
  type DocumentNode,
  type GraphQLInputObjectType,
  type GraphQLInputType,
} from "graphql";
import type { OperationVariables } from "./argument-limits.ts";

/** What a stream is opened with. */
export interface StreamSource {
  schema: GraphQLSchema;
  variableValues: OperationVariables["variableValues"];
}

type Given = Readonly<Record<string, unknown>>;

/** A value as resolvers see it. @throws where it is not plainly right */
type Coerce = (value: unknown) => unknown;

/** A variable that is, or has, an input object. */
interface InputVariable {
  name: string;
  coerce: Coerce;
}

/** The subscriptions of one schema. */
export class StreamSources {
  readonly #schema: GraphQLSchema;
  readonly #ofCoerced: GraphQLSchema | undefined;
  readonly #inputs = new Map<string, Coerce>();
  readonly #variables = new WeakMap<DocumentNode, Map<string, readonly InputVariable[]>>();

  constructor(schema: GraphQLSchema) {
    this.#schema = schema;
    this.#ofCoerced = schemaOfCoerced(schema);
  }

  /** What opens a subscription, instead of its schema and the values of its variables. */
  of({ document, operationName, variableValues }: OperationVariables): StreamSource {
    const plain = { schema: this.#schema, variableValues };
    if (this.#ofCoerced === undefined || variableValues == null) return plain;
    const inputs = this.#inputsOf(document, operationName ?? undefined);
    if (inputs.length === 0) return plain;
    const coerced: Record<string, unknown> = { ...variableValues };
    try {
      for (const { name, coerce } of inputs) if (coerced[name] !== undefined) coerced[name] = coerce(coerced[name]);
    } catch {
      return plain;
    }
    return { schema: this.#ofCoerced, variableValues: coerced };
  }

  #inputsOf(document: DocumentNode, operationName: string | undefined): readonly InputVariable[] {
    let known = this.#variables.get(document);
    if (known === undefined) this.#variables.set(document, (known = new Map<string, readonly InputVariable[]>()));
    const name = operationName ?? "";
    let found = known.get(name);
    if (found === undefined) known.set(name, (found = this.#found(document, operationName)));
    return found;
  }

  #found(document: DocumentNode, operationName: string | undefined): InputVariable[] {
    const definitions = getOperationAST(document, operationName)?.variableDefinitions ?? [];
    return definitions.flatMap(({ variable, type: typeNode }) => {
      const type = typeFromAST(this.#schema, typeNode as never);
      if (!isInputType(type) || !isInputObjectType(getNamedType(type))) return [];
      return [{ name: variable.name.value, coerce: this.#ofType(type) }];
    });
  }

  #ofType(type: GraphQLInputType): Coerce {
    if (isNonNullType(type)) return ofSome(this.#ofNullable(type.ofType));
    const coerce = this.#ofNullable(type);
    return (value) => (value == null ? null : coerce(value));
  }

  /** For values that are there. */
  #ofNullable(type: GraphQLInputType): Coerce {
    if (isListType(type)) {
      const item = this.#ofType(type.ofType);
      // One that stands for a list of one is rare, and left to graphql-js.
      return (value) => (Array.isArray(value) ? value.map((one) => item(one)) : refuse());
    }
    if (isInputObjectType(type)) return this.#ofInput(type);
    if (isNonNullType(type)) return this.#ofType(type);
    return (value) => ofSomeLeaf(type.parseValue(value));
  }

  #ofInput(type: GraphQLInputObjectType): Coerce {
    const known = this.#inputs.get(type.name);
    if (known !== undefined) return known;
    const fields: { name: string; defaultValue: unknown; isNeeded: boolean; coerce: Coerce }[] = [];
    const names = new Set<string>();
    const coerceFields: Coerce = (value) => {
      if (typeof value !== "object" || value === null || Array.isArray(value) || type.isOneOf) refuse();
      const given = value as Given;
      const coerced: Record<string, unknown> = {};
      for (const { name, defaultValue, isNeeded, coerce } of fields) {
        const one = given[name];
        if (one !== undefined) coerced[name] = coerce(one);
        else if (defaultValue !== undefined) coerced[name] = defaultValue;
        else if (isNeeded) refuse();
      }
      for (const name of Object.keys(given)) if (!names.has(name)) refuse();
      return coerced;
    };
    // Before its fields are looked at: an input may hold inputs of its type.
    this.#inputs.set(type.name, coerceFields);
    for (const { name, type: fieldType, defaultValue } of Object.values(type.getFields())) {
      names.add(name);
      fields.push({ name, defaultValue, isNeeded: isNonNullType(fieldType), coerce: this.#ofType(fieldType) });
    }
    return coerceFields;
  }
}

const refusal = new Error("left to graphql-js");

function refuse(): never {
  throw refusal;
}

function ofSome(coerce: Coerce): Coerce {
  return (value) => (value == null ? refuse() : coerce(value));
}

function ofSomeLeaf(value: unknown): unknown {
  return value === undefined ? refuse() : value;
}

/** The root of subscriptions alone, whose arguments take inputs as they are when they have been coerced. Nothing is executed by it: what a stream gives is of the other one. */
function schemaOfCoerced(schema: GraphQLSchema): GraphQLSchema | undefined {
  const root = schema.getSubscriptionType();
  if (root == null) return undefined;
  const taken = new Map<string, GraphQLScalarType>();
  for (const type of Object.values(schema.getTypeMap())) if (isInputObjectType(type)) taken.set(type.name, asCoerced(type));
  const typeOf = (type: GraphQLInputType): GraphQLInputType => {
    if (isNonNullType(type)) return new GraphQLNonNull(typeOf(type.ofType) as never);
    if (isListType(type)) return new GraphQLList(typeOf(type.ofType));
    return taken.get(type.name) ?? type;
  };
  const { fields, ...rest } = root.toConfig();
  const opening = Object.entries(fields).map(([name, field]) => {
    const args = Object.entries(field.args ?? {}).map(([arg, of]) => [arg, { ...of, type: typeOf(of.type) }] as const);
    return [name, { ...field, type: GraphQLBoolean, args: Object.fromEntries(args) }] as const;
  });
  const leaves = Object.values(schema.getTypeMap()).filter((type) => isInputType(type) && !isInputObjectType(type));
  return new GraphQLSchema({
    subscription: new GraphQLObjectType({ ...rest, interfaces: [], fields: Object.fromEntries(opening) }),
    types: [...taken.values(), ...leaves],
    assumeValid: true,
  });
}

/** An input that has been coerced; one that is written in the document is coerced as it always is. */
function asCoerced(type: GraphQLInputObjectType): GraphQLScalarType {
  return new GraphQLScalarType({
    name: type.name,
    parseValue: (value) => value,
    parseLiteral: (node, variables) => valueFromAST(node, type, variables),
  });
}
