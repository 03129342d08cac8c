/**
 * How long ids, texts and lists may be that come as arguments. Told before any resolver sees them: a text of megabytes that something is looked up by is
 * walked by the ORM and compared by PostgreSQL, while others wait. A field that takes more says so by {@link OwnLimit}, and its service has the limit.
 */
import {
  getOperationAST,
  isInputObjectType,
  isInputType,
  isListType,
  isNonNullType,
  isObjectType,
  Kind,
  typeFromAST,
  visit,
  type ArgumentNode,
  type DocumentNode,
  type GraphQLField,
  type GraphQLInputObjectType,
  type GraphQLInputType,
  type GraphQLSchema,
  type ObjectFieldNode,
} from "graphql";
import { Extensions } from "type-graphql";
import { checkItems, checkText } from "#shared/fields.ts";

/** Characters of an id, of any other text; items of a list, and of one whose service has the limit. */
export const argumentLimits = { id: 200, text: 1_000, items: 100, ownItems: 10_000 };

const ownLimit = "ownLimit";

/** A field of an input whose service says how long its text or list may be, for it is more than the usual. Ids in a list have their limit all the same. */
export function OwnLimit(): PropertyDecorator & MethodDecorator {
  return Extensions({ [ownLimit]: true });
}

/**
 * Checks a value at its place, coerced or not: what is of another type is left to GraphQL. Without a place it finds the same: to name that of each text of a prompt
 * took longer than to check them.
 *
 * @throws AppError TEXT_TOO_LONG, LIST_TOO_LONG
 */
type Check = (value: unknown, field: string | undefined) => void;

type Given = Readonly<Record<string, unknown>>;

/** An operation with the values of its variables. */
export interface OperationVariables {
  document: DocumentNode;
  operationName?: string | null | undefined;
  variableValues?: Given | null | undefined;
}

/** The limits of one schema. */
export class ArgumentLimits {
  readonly #schema: GraphQLSchema;
  readonly #source: GraphQLSchema;
  readonly #inputs = new Map<string, Check>();

  /** @param source  the schema of TypeGraphQL, which knows the fields with limits of their own. */
  constructor(schema: GraphQLSchema, source: GraphQLSchema) {
    this.#schema = schema;
    this.#source = source;
  }

  /** Puts the limits before each resolver that takes arguments. */
  guardResolvers(): void {
    for (const type of Object.values(this.#schema.getTypeMap())) {
      if (!isObjectType(type) || type.name.startsWith("__")) continue;
      // Federation's own `_entities` takes keys from the router, a page of them at most.
      for (const field of Object.values(type.getFields())) if (!field.name.startsWith("_")) guardField(field, this.#ofField(field));
    }
  }

  /**
   * Checks variables before they are coerced, which costs more than a microsecond an item of a list. What a variable is for is not known here:
   * one that is itself a text or a list is checked by {@link guardResolvers} once more.
   *
   * @throws AppError TEXT_TOO_LONG, LIST_TOO_LONG
   */
  checkVariables({ document, operationName, variableValues }: OperationVariables): void {
    for (const { variable, type: typeNode } of getOperationAST(document, operationName)?.variableDefinitions ?? []) {
      const name = variable.name.value;
      const value = variableValues?.[name];
      const type = typeFromAST(this.#schema, typeNode as never);
      const check = isInputType(type) ? this.#ofType(type, true) : undefined;
      if (check === undefined || value == null) continue;
      checkAt(check, value, () => placeOf(document, name));
    }
  }

  #ofField({ args }: GraphQLField<unknown, unknown>): ((given: Given) => void) | undefined {
    const checks = args.flatMap(({ name, type }) => {
      const check = this.#ofType(type, false);
      return check === undefined ? [] : [{ name, field: argumentPlace(name), check }];
    });
    if (checks.length === 0) return undefined;
    return (given) => {
      for (const { name, field, check } of checks) if (given[name] != null) checkAt(check, given[name], () => field);
    };
  }

  #ofType(type: GraphQLInputType, isOwn: boolean): Check | undefined {
    if (isNonNullType(type)) return this.#ofType(type.ofType, isOwn);
    if (isListType(type)) return listCheck(this.#ofType(type.ofType, isOwn), isOwn ? argumentLimits.ownItems : argumentLimits.items);
    if (isInputObjectType(type)) return this.#ofInput(type);
    if (type.name === "ID") return textCheck(argumentLimits.id);
    return type.name === "String" && !isOwn ? textCheck(argumentLimits.text) : undefined;
  }

  #ofInput(type: GraphQLInputObjectType): Check {
    const known = this.#inputs.get(type.name);
    if (known !== undefined) return known;
    const fields: { name: string; check: Check }[] = [];
    const checkFields: Check = (value, place) => {
      if (typeof value !== "object" || value === null) return;
      for (const { name, check } of fields) {
        const one = (value as Given)[name];
        if (one != null) check(one, place === undefined ? undefined : placeIn(place, name));
      }
    };
    // Before its fields are looked at: an input may hold inputs of its type.
    this.#inputs.set(type.name, checkFields);
    for (const { name, type: fieldType } of Object.values(type.getFields())) {
      const check = this.#ofType(fieldType, this.#hasOwnLimit(type.name, name));
      if (check !== undefined) fields.push({ name, check });
    }
    return checkFields;
  }

  #hasOwnLimit(typeName: string, fieldName: string): boolean {
    const type = this.#source.getType(typeName);
    return isInputObjectType(type) && type.getFields()[fieldName]?.extensions[ownLimit] === true;
  }
}

function guardField(field: GraphQLField<unknown, unknown>, check: ((given: Given) => void) | undefined): void {
  if (check === undefined) return;
  const { resolve, subscribe } = field;
  if (subscribe) {
    field.subscribe = (root, given, context, info): unknown => {
      check(given as Given);
      return subscribe(root, given, context, info);
    };
  } else if (resolve) {
    field.resolve = (root, given, context, info) => {
      check(given as Given);
      return resolve(root, given, context, info);
    };
  }
}

/** Fields of an `input` go by their own names, as in what services refuse. */
function argumentPlace(name: string): string {
  return name === "input" ? "" : name;
}

function placeIn(place: string, name: string): string {
  return place === "" ? name : `${place}.${name}`;
}

/** Looks for the place only of what is refused. */
function checkAt(check: Check, value: unknown, placeOf: () => string): void {
  try {
    check(value, undefined);
  } catch {
    check(value, placeOf());
  }
}

/** Where a document uses a variable; by the variable's name where it does not. */
function placeOf(document: DocumentNode, variable: string): string {
  const names: string[] = [];
  let place: string | undefined;
  const named = {
    enter: ({ name }: ArgumentNode | ObjectFieldNode) => void names.push(name.value),
    leave: () => void names.pop(),
  };
  visit(document, {
    [Kind.ARGUMENT]: named,
    [Kind.OBJECT_FIELD]: named,
    [Kind.VARIABLE]({ name }) {
      const [argument, ...fields] = names;
      if (name.value === variable && argument !== undefined) place ??= fields.reduce(placeIn, argumentPlace(argument));
    },
  });
  return place ?? variable;
}

function textCheck(max: number): Check {
  return (value, field) => {
    if (typeof value === "string") checkText(field ?? "", value, { max });
  };
}

function listCheck(ofItem: Check | undefined, max: number): Check {
  return (value, field) => {
    // GraphQL takes an item for a list of one.
    if (!Array.isArray(value)) return ofItem?.(value, field);
    checkItems(field ?? "", value, max);
    if (ofItem !== undefined) value.forEach((item, index) => ofItem(item, field === undefined ? undefined : `${field}[${index}]`));
  };
}
