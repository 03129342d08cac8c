import { buildSubgraphSchema } from "@apollo/subgraph";
import { execute, GraphQLError, parse } from "graphql";
import type { SubgraphEndpoint } from "#shared/endpoint.ts";
import { AppError } from "#shared/errors.ts";
import type { RequestInfo } from "#shared/request-info.ts";

/** A subgraph that a test plays: its types, and its root fields as functions of (arguments, caller). */
export function fakeEndpoint(
  name: string,
  typeDefs: string,
  rootValue: Record<string, (args: never, info: RequestInfo) => unknown>,
): SubgraphEndpoint {
  const schema = buildSubgraphSchema([{ typeDefs: parse(typeDefs) }]);
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

/** AppErrors leave as a subgraph's would. */
function withFacts(error: GraphQLError): GraphQLError {
  const { originalError: cause } = error;
  if (!(cause instanceof AppError)) return error;
  return new GraphQLError(error.message, { extensions: { ...cause.facts, code: cause.code, reason: cause.reason } });
}
