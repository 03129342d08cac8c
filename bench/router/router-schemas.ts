/** The graph that the router's bench asks: 20 runs of one subgraph, each with a workflow of another; and the same as one plain schema. */
import { buildSubgraphSchema, printSubgraphSchema } from "@apollo/subgraph";
import { buildSchema, execute, parse, type GraphQLSchema } from "graphql";
import type { SubgraphEndpoint } from "#shared/endpoint/endpoint.ts";

/** One federated hop: runs, then their workflows in one `_entities` fetch. */
export const benchQuery = "{ runs { id status createdAt workflow { id name version } } }";

const link = 'extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@key"])\n';
const runs = Array.from({ length: 20 }, (_, index) => ({
  id: `r${index}`,
  status: "COMPLETED",
  createdAt: "2026-11-23T00:00:00Z",
  workflow: { id: `w${index % 5}` },
}));
const workflowOf = ({ id }: { id: string }) => ({ id, name: `Workflow ${id}`, version: 3 });

/** The two subgraphs, in memory. */
export function benchEndpoints(): SubgraphEndpoint[] {
  const runSchema = buildSubgraphSchema([
    {
      typeDefs: parse(`${link}
        type Query { runs: [Run!]! }
        type Run @key(fields: "id") { id: ID! status: String! createdAt: String! workflow: Workflow }
        type Workflow @key(fields: "id", resolvable: false) { id: ID! }`),
      resolvers: { Query: { runs: () => runs } },
    },
  ]);
  const workflowSchema = buildSubgraphSchema([
    {
      typeDefs: parse(`${link}
        type Query { workflow(id: ID!): Workflow }
        type Workflow @key(fields: "id") { id: ID! name: String! version: Int! }`),
      resolvers: { Workflow: { __resolveReference: workflowOf } as never },
    },
  ]);
  return [endpoint("runs", runSchema), endpoint("workflows", workflowSchema)];
}

/** The same graph as one schema of graphql-js. */
export function plainSchema(): { schema: GraphQLSchema; rootValue: object } {
  const schema = buildSchema(`
    type Query { runs: [Run!]! }
    type Run { id: ID! status: String! createdAt: String! workflow: Workflow }
    type Workflow { id: ID! name: String! version: Int! }`);
  return { schema, rootValue: { runs: () => runs.map((run) => ({ ...run, workflow: workflowOf(run.workflow) })) } };
}

function endpoint(name: string, schema: GraphQLSchema): SubgraphEndpoint {
  return {
    name,
    sdl: printSubgraphSchema(schema),
    execute: async ({ document, query, variables }) =>
      await execute({ schema, document: document ?? parse(query), variableValues: variables }),
    subscribe: () => Promise.reject(new Error("the bench has no subscriptions")),
    health: () => Promise.resolve(),
    close: () => Promise.resolve(),
  };
}
