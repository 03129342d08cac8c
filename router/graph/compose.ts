/** Subgraphs into one graph. Loaded only where somebody composes: it is the slowest thing that a router can do at its start. */
import "./telemetry-off.ts";
import { composeServices } from "@apollo/composition";
import { Kind, parse, visit, type DirectiveNode, type DocumentNode } from "graphql";

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
  const services = sorted.map(({ name, sdl }) => ({ name, url: `subgraph:${name}`, typeDefs: parse(sdl) }));
  const refused = services.flatMap(({ name, typeDefs }) => requirementsWithArguments(name, typeDefs));
  const result = composeServices(services);
  const problems = [...refused, ...(result.errors ?? []).map(({ message }) => message)];
  if (result.errors !== undefined || problems.length > 0) {
    throw new Error(`The subgraphs do not compose:\n${problems.map((problem) => `- ${problem}`).join("\n")}`);
  }
  return { supergraphSdl: result.supergraphSdl, hints: result.hints.map((hint) => `${hint.definition.code}: ${hint.message}`) };
}

/**
 * Federation lets a field require another one with arguments. The planner then merges it with the client's own selection of that field, whatever
 * arguments that has, and the wrong value is required or shown.
 */
function requirementsWithArguments(subgraph: string, typeDefs: DocumentNode): string[] {
  const problems: string[] = [];
  let field = "";
  visit(typeDefs, {
    FieldDefinition: ({ name }) => void (field = name.value),
    Directive: (directive) => {
      if (directive.name.value === "requires" && hasArguments(directive))
        problems.push(
          `[${subgraph}] The field "${field}" has @requires with arguments, which would be mixed up with the client's. Require a field without any.`,
        );
    },
  });
  return problems;
}

function hasArguments({ arguments: given = [] }: DirectiveNode): boolean {
  const [fields] = given;
  if (fields?.value.kind !== Kind.STRING) return false;
  let found = false;
  visit(parse(`{ ${fields.value.value} }`, { noLocation: true }), { Argument: () => void (found = true) });
  return found;
}
