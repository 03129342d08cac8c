/** Subgraphs into one graph. Loaded only where somebody composes: it is the slowest thing that a router can do at its start. */
import "./telemetry-off.ts";
import { composeServices } from "@apollo/composition";
import { parse } from "graphql";

/** A subgraph as composition sees it. */
export interface SubgraphSource {
  name: string;
  /** Federated SDL. */
  sdl: string;
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
