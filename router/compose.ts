/** Nine subgraphs into one graph: composition, and what the router derives from its result. */
import "./telemetry-off.ts";
import { composeServices } from "@apollo/composition";
import { Supergraph, type Schema } from "@apollo/federation-internals";
import { parse, printSchema, type GraphQLSchema } from "graphql";

/** A subgraph as composition sees it. */
export interface SubgraphSource {
  name: string;
  /** Federated SDL. */
  sdl: string;
}

/** A composed graph, ready for planning. */
export interface ComposedGraph {
  supergraph: Supergraph;
  /** What clients see, in the planner's terms. */
  api: Schema;
  /** What clients see, for validation and introspection. */
  apiSchema: GraphQLSchema;
  /** With everything inaccessible: for rewrites and representations. */
  supergraphSchema: GraphQLSchema;
}

/**
 * Composes subgraphs, in an order that does not depend on the caller's, so that equal inputs print equally.
 *
 * @throws Error that lists every problem with the names of the subgraphs.
 */
export function composeSupergraph(subgraphs: readonly SubgraphSource[]): { supergraphSdl: string; hints: string[] } {
  const sorted = [...subgraphs].sort((a, b) => a.name.localeCompare(b.name));
  const result = composeServices(sorted.map(({ name, sdl }) => ({ name, url: `subgraph:${name}`, typeDefs: parse(sdl) })));
  if (result.errors !== undefined) {
    throw new Error(`The subgraphs do not compose:\n${result.errors.map((error) => `- ${error.message}`).join("\n")}`);
  }
  return { supergraphSdl: result.supergraphSdl, hints: result.hints.map((hint) => `${hint.definition.code}: ${hint.message}`) };
}

/** Reads a composed supergraph. */
export function loadSupergraph(supergraphSdl: string): ComposedGraph {
  const supergraph = Supergraph.build(supergraphSdl);
  const api = supergraph.apiSchema();
  return { supergraph, api, apiSchema: api.toGraphQLJSSchema(), supergraphSchema: supergraph.schema.toGraphQLJSSchema() };
}

/** The public schema as SDL: what clients may ask. */
export function printApiSchema(graph: ComposedGraph): string {
  return `${printSchema(graph.apiSchema)}\n`;
}
