import { buildSubgraphSchema } from "@apollo/subgraph";
import { execute, GraphQLError, parse, type GraphQLSchema } from "graphql";
import type { SubgraphEndpoint } from "#shared/endpoint/endpoint.ts";
import { AppError } from "#shared/errors.ts";
import type { RequestInfo } from "#shared/request-info.ts";

type Answer<Question> = (question: Question, info: RequestInfo) => unknown;

/**
 * A subgraph that a test plays: its types, and its root fields as functions of (arguments, caller).
 *
 * @param references by entity type, what a reference to one stands for; null where there is none.
 */
export function fakeEndpoint(
  name: string,
  typeDefs: string,
  rootValue: Record<string, Answer<never>>,
  references: Record<string, Answer<{ id: string }>> = {},
): SubgraphEndpoint {
  const schema = schemaOf(typeDefs, references);
  return {
    name,
    sdl: typeDefs,
    execute: async ({ query, variables, info }) => {
      const call = { schema, document: parse(query), rootValue, variableValues: variables, contextValue: info };
      const result = await execute(call);
      return { ...result, ...(result.errors && { errors: result.errors.map(withFacts) }) };
    },
    subscribe: () => Promise.reject(new Error(`the fake ${name} has no subscriptions`)),
    health: () => Promise.resolve(),
    close: () => Promise.resolve(),
  };
}

/** Of types without references: each test that plays a subgraph plays it with the same few. */
const schemas = new Map<string, GraphQLSchema>();

function schemaOf(typeDefs: string, references: Record<string, Answer<{ id: string }>>): GraphQLSchema {
  const entities = Object.entries(references).map(([type, resolve]) => [type, { __resolveReference: resolve }]);
  if (entities.length > 0) return buildSubgraphSchema([{ typeDefs: parse(typeDefs), resolvers: Object.fromEntries(entities) }]);
  const known = schemas.get(typeDefs);
  if (known !== undefined) return known;
  const schema = buildSubgraphSchema([{ typeDefs: parse(typeDefs) }]);
  schemas.set(typeDefs, schema);
  return schema;
}

/** AppErrors leave as a subgraph's would. */
function withFacts(error: GraphQLError): GraphQLError {
  const { originalError: cause } = error;
  if (!(cause instanceof AppError)) return error;
  return new GraphQLError(error.message, { extensions: { ...cause.facts, code: cause.code, reason: cause.reason } });
}
