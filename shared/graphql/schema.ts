/**
 * TypeGraphQL classes to a federated schema. TypeGraphQL knows no federation: its schema is printed with directives, given the
 * link to the federation spec, and built again by @apollo/subgraph with the same resolvers and batched reference resolvers.
 */
import { buildSubgraphSchema, printSubgraphSchema } from "@apollo/subgraph";
import { printSchemaWithDirectives } from "@graphql-tools/utils";
import {
  defaultFieldResolver,
  Kind,
  parse,
  visit,
  type DocumentNode,
  type GraphQLSchema,
  type InputValueDefinitionNode,
  type StringValueNode,
} from "graphql";
import { buildSchema, createResolversMap, getMetadataStorage, type NonEmptyArray } from "type-graphql";
import { clientLeft } from "#shared/client-left.ts";
import { AppError } from "#shared/errors.ts";
import type { RequestInfo } from "#shared/request-info.ts";
import { ArgumentLimits } from "./argument-limits.ts";
import { withNodeInterface } from "./node-interface.ts";
import { DateTimeScalar } from "./scalars.ts";

const federationLink =
  'extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@key", "@shareable", "@inaccessible", "@external", "@provides", "@requires", "@cost", "@tag"])';

/** Resolves references of one entity type, all of one fetch at once; null where there is nothing to see. */
export type ReferenceResolver<C> = (ids: readonly string[], context: C) => Promise<readonly (object | null)[]>;

/** What a subgraph's schema is made of. */
export interface SchemaParts<C> {
  resolvers: readonly (new () => object)[];
  /** Types that no field of the resolvers leads to, such as stubs that only references reach. */
  orphanedTypes?: readonly (new () => object)[];
  references?: Record<string, ReferenceResolver<C>>;
}

/** A subgraph's executable schema, with the limits of its arguments before its resolvers. */
export interface FederatedSchema {
  schema: GraphQLSchema;
  sdl: string;
  /** For variables, before they are coerced. */
  limits: ArgumentLimits;
}

/** Builds the executable schema and its SDL. Needs no database. */
export async function buildFederatedSchema<C extends object>(parts: SchemaParts<C>): Promise<FederatedSchema> {
  readPlainFields();
  const source = await buildSchema({
    resolvers: [...parts.resolvers] as unknown as NonEmptyArray<never>,
    orphanedTypes: [...(parts.orphanedTypes ?? [])],
    scalarsMap: [{ type: Date, scalar: DateTimeScalar }],
    validate: false,
    // It would answer an introspection query of each schema to see that it is one; @apollo/subgraph sees to that below.
    skipCheck: true,
    pubSub: noPubSub,
  });
  const resolvers = createResolversMap(source) as Record<string, Record<string, unknown>>;
  for (const [typeName, resolve] of Object.entries(parts.references ?? {})) {
    resolvers[typeName] = { ...resolvers[typeName], __resolveReference: batchReferences(resolve) };
  }
  const typeDefs = withNodeInterface(describeRest(sortArguments(parse(`${federationLink}\n${printSchemaWithDirectives(source)}`))));
  const schema = buildSubgraphSchema([{ typeDefs, resolvers: resolvers as never }]);
  const limits = new ArgumentLimits(schema, source);
  limits.guardResolvers();
  beginInTime(schema);
  return { schema, sdl: printSubgraphSchema(schema), limits };
}

/** Fields that nothing resolves are read by graphql-js itself: TypeGraphQL would put a resolver of its own before each. */
function readPlainFields(): void {
  for (const type of getMetadataStorage().objectTypes) type.simpleResolvers ??= true;
}

/** What took too long has been answered: the fields of a mutation behind it are not begun. */
function beginInTime(schema: GraphQLSchema): void {
  for (const field of Object.values(schema.getMutationType()?.getFields() ?? {})) {
    const { resolve = defaultFieldResolver } = field;
    field.resolve = (source, args, context: Partial<Pick<RequestInfo, "signal">>, info) => {
      const reason: unknown = context.signal?.aborted === true ? context.signal.reason : undefined;
      // Not where a client has merely left: it may count on all of what it sent.
      if (reason instanceof AppError && reason !== clientLeft()) throw reason;
      return resolve(source, args, context, info);
    };
  }
}

/** TypeGraphQL asks for one; each of our subscriptions brings its own `subscribe`. */
const noPubSub = {
  publish(): void {},
  subscribe(): never {
    throw new Error("a subscription needs a subscribe function of its own");
  },
};

/** Collects the references of a tick per context, so that a fetch of 50 entities is one call. */
function batchReferences<C extends object>(resolve: ReferenceResolver<C>) {
  const waiting = new WeakMap<C, { ids: string[]; found: Promise<readonly (object | null)[]> }>();
  return (reference: { id: string }, context: C): Promise<object | null> => {
    let batch = waiting.get(context);
    if (batch === undefined) {
      const ids: string[] = [];
      const found = Promise.resolve().then(() => {
        waiting.delete(context);
        return resolve(ids, context);
      });
      waiting.set(context, (batch = { ids, found }));
    }
    const index = batch.ids.push(reference.id) - 1;
    return batch.found.then((found) => found[index] ?? null);
  };
}

/** TypeGraphQL has no place to describe the root types. */
const rootDescriptions: Readonly<Record<string, string>> = {
  Query:
    "What can be read. What is not there, or is another tenant's, is null. What cannot be read just now is null too, with an error that has its path.",
  Mutation:
    "What can be changed. The fields of one mutation are executed one after the other. One that fails is null, with an error that has its path; the others are " +
    "executed all the same, and what was done stays done.",
  Subscription:
    "What can be watched live, at the graph's own address: over a WebSocket (graphql-transport-ws), or by POST as server-sent events or multipart.",
};

/** Describes the root types, and each argument of an input type by what the type says, unless it speaks for itself. */
function describeRest(document: DocumentNode): DocumentNode {
  const inputs = new Map<string, StringValueNode>();
  for (const definition of document.definitions) {
    if (definition.kind === Kind.INPUT_OBJECT_TYPE_DEFINITION && definition.description) {
      inputs.set(definition.name.value, definition.description);
    }
  }
  const describeArgument = (argument: InputValueDefinitionNode): InputValueDefinitionNode => {
    const type = argument.type.kind === Kind.NON_NULL_TYPE ? argument.type.type : argument.type;
    const description = argument.description ?? (type.kind === Kind.NAMED_TYPE ? inputs.get(type.name.value) : undefined);
    return description === undefined ? argument : { ...argument, description };
  };
  return visit(document, {
    [Kind.OBJECT_TYPE_DEFINITION]: (type) => {
      const value = rootDescriptions[type.name.value];
      return value === undefined ? undefined : { ...type, description: { kind: Kind.STRING, value } };
    },
    [Kind.FIELD_DEFINITION]: (field) => ({ ...field, arguments: field.arguments?.map(describeArgument) }),
  });
}

const pageArguments = ["first", "after", "last", "before"];

/** TypeGraphQL prints arguments in an order that depends on its decorators; a fixed one keeps the printed schema stable. */
function sortArguments(document: DocumentNode): DocumentNode {
  return visit(document, {
    [Kind.FIELD_DEFINITION]: (field) => ({
      ...field,
      arguments: [...(field.arguments ?? [])].sort((a, b) => rank(a).localeCompare(rank(b))),
    }),
  });
}

function rank({ name: { value } }: InputValueDefinitionNode): string {
  const page = pageArguments.indexOf(value);
  if (page >= 0) return `2${page}`;
  return value === "id" || value.endsWith("Id") ? `0${value}` : `1${value}`;
}
