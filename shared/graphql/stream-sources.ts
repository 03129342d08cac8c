/**
 * How subscriptions are opened: with their variables coerced by functions that are made once for each type, and without graphql-js, which takes 5 microseconds for each
 * message of a prompt, and each turn of an agent sends all of them. What is not plainly right is left to graphql-js, which says what is wrong with it.
 */
import {
  isInputObjectType,
  isInputType,
  isListType,
  isNonNullType,
  Kind,
  locatedError,
  typeFromAST,
  valueFromAST,
  type DocumentNode,
  type ExecutionResult,
  type GraphQLArgument,
  type GraphQLInputObjectType,
  type GraphQLInputType,
  type GraphQLSchema,
  type ValueNode,
  type VariableDefinitionNode,
} from "graphql";
import type { OperationVariables } from "./argument-limits.ts";
import { OfDocuments, rootFieldOf, type RootField } from "./root-field.ts";

type Given = Readonly<Record<string, unknown>>;

/** A value as resolvers see it. @throws where it is not plainly right */
type Coerce = (value: unknown) => unknown;

/** An operation with the values of its variables, and for whom it is. */
export interface StreamOperation extends OperationVariables {
  contextValue: unknown;
}

/** A stream, or why there is none: as `createSourceEventStream` gives them. */
export type OpenedStream = AsyncIterable<unknown> | ExecutionResult;

/** How one subscription is opened. */
interface Opening {
  root: RootField;
  variablesOf: (given: Given) => Given;
  argumentsOf: (variables: Given) => Record<string, unknown>;
}

/** The subscriptions of one schema. */
export class StreamSources {
  readonly #schema: GraphQLSchema;
  readonly #inputs = new Map<string, Coerce>();
  readonly #openings = new OfDocuments((document, operationName) => this.#opening(document, operationName));

  constructor(schema: GraphQLSchema) {
    this.#schema = schema;
  }

  /** Opens a stream; undefined: that is left to graphql-js. Rejects where a resolver gives none. */
  open({ document, operationName, variableValues, contextValue }: StreamOperation): Promise<OpenedStream> | undefined {
    const opening = this.#openings.of(document, operationName);
    if (opening === undefined) return undefined;
    let variables: Given;
    let given: Record<string, unknown>;
    try {
      variables = opening.variablesOf(variableValues ?? {});
      given = opening.argumentsOf(variables);
    } catch {
      return undefined;
    }
    return opened(opening.root, { given, variables, contextValue });
  }

  #opening(document: DocumentNode, operationName: string | undefined): Opening | undefined {
    const root = rootFieldOf(this.#schema, document, operationName);
    if (root?.field.subscribe === undefined) return undefined;
    const variables = root.operation.variableDefinitions?.map((definition) => this.#variable(definition)) ?? [];
    const args = root.field.args.map((argument) => argumentOf(argument, root));
    if (!variables.every((variable) => variable !== undefined)) return undefined;
    return { root, variablesOf: (given) => named(variables, given), argumentsOf: (given) => named(args, given) };
  }

  /** undefined: graphql-js has something to say of it. */
  #variable({ variable, type: typeNode, defaultValue }: VariableDefinitionNode): Named | undefined {
    const type = typeFromAST(this.#schema, typeNode as never);
    if (!isInputType(type)) return undefined;
    const name = variable.name.value;
    const coerce = this.#ofType(type);
    const value = defaultValue && valueFromAST(defaultValue, type);
    if (defaultValue !== undefined && value === undefined) return undefined;
    const absent = absentAs(type, value);
    return { name, valueIn: (given) => (Object.hasOwn(given, name) ? coerce(given[name]) : absent()) };
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
      return (value) => (Array.isArray(value) ? coercedList(value, item) : refuse());
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
      let coerced: Record<string, unknown> | undefined;
      for (const { name, defaultValue, isNeeded, coerce } of fields) {
        const one = given[name];
        if (one === undefined && defaultValue === undefined && isNeeded) refuse();
        const made = one === undefined ? defaultValue : coerce(one);
        if (made !== one) (coerced ??= { ...given })[name] = made;
      }
      for (const name in given) {
        if (!names.has(name)) refuse();
        if (given[name] === undefined && coerced?.[name] === undefined) delete (coerced ??= { ...given })[name];
      }
      return coerced ?? given;
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

/** The list itself where its items stay as they are: whoever is given an input does not change it. */
function coercedList(list: readonly unknown[], coerce: Coerce): readonly unknown[] {
  let coerced: unknown[] | undefined;
  for (let index = 0; index < list.length; index++) {
    const made = coerce(list[index]);
    if (made !== list[index]) (coerced ??= [...list])[index] = made;
  }
  return coerced ?? list;
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

/** A variable, or an argument: its value, undefined where it has none. @throws where that is not plainly right */
interface Named {
  name: string;
  valueIn: (given: Given) => unknown;
}

function named(all: readonly Named[], given: Given): Record<string, unknown> {
  const values: Record<string, unknown> = {};
  for (const { name, valueIn } of all) {
    const value = valueIn(given);
    if (value !== undefined) values[name] = value;
  }
  return values;
}

function argumentOf({ name, type, defaultValue }: GraphQLArgument, { node }: RootField): Named {
  const value = node.arguments?.find((argument) => argument.name.value === name)?.value;
  const absent = absentAs(type, defaultValue);
  if (value === undefined) return { name, valueIn: absent };
  if (value.kind !== Kind.VARIABLE) return { name, valueIn: (variables) => valueFromAST(value, type, variables) ?? ofLiteral(value, type) };
  const variable = value.name.value;
  // It has been coerced, by a type that fits.
  const isNeeded = isNonNullType(type);
  return {
    name,
    valueIn: (variables) => {
      if (!Object.hasOwn(variables, variable)) return absent();
      const given = variables[variable];
      return given === null && isNeeded ? refuse() : given;
    },
  };
}

/** undefined is what graphql-js says of a literal that does not fit. */
function ofLiteral(value: ValueNode, type: GraphQLInputType): null {
  return value.kind === Kind.NULL && !isNonNullType(type) ? null : refuse();
}

function absentAs(type: GraphQLInputType, defaultValue: unknown): () => unknown {
  return defaultValue === undefined && isNonNullType(type) ? refuse : () => defaultValue;
}

/** As graphql-js does it once it has the arguments. */
async function opened({ field, info }: RootField, of: { given: object; variables: Given; contextValue: unknown }): Promise<OpenedStream> {
  let source: unknown;
  try {
    const { given, variables, contextValue } = of;
    source = await field.subscribe!(undefined, given, contextValue, { ...info, rootValue: undefined, variableValues: variables });
    if (source instanceof Error) throw source;
  } catch (cause) {
    return { errors: [locatedError(cause, info.fieldNodes, [info.path.key])] };
  }
  if (isAsyncIterable(source)) return source;
  throw new Error(`The subscription ${field.name} gave no stream.`);
}

function isAsyncIterable(value: unknown): value is AsyncIterable<unknown> {
  return typeof (value as Partial<AsyncIterable<unknown>> | null | undefined)?.[Symbol.asyncIterator] === "function";
}
