/** The composed graph: where the router takes it from, and what it derives from it. */
import "./telemetry-off.ts";
import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { FieldDefinition, isObjectType, Supergraph, type Schema } from "@apollo/federation-internals";
import { isScalarType, printSchema, valueFromASTUntyped, type GraphQLSchema } from "graphql";
import { DateTimeScalar, JsonObjectScalar } from "#shared/graphql/scalars.ts";
import { neededNames } from "./client-names.ts";
import type { SubgraphSource } from "./compose.ts";

/** A composed graph, ready for planning. */
export interface ComposedGraph {
  supergraph: Supergraph;
  /** What clients see, in the planner's terms. */
  api: Schema;
  /** What clients see, for validation and introspection. */
  apiSchema: GraphQLSchema;
  /** With everything inaccessible: for rewrites and representations. */
  supergraphSchema: GraphQLSchema;
  /** Names of fields that a plan may need beside what clients ask for. */
  neededNames: ReadonlySet<string>;
}

/** What `npm run codegen` composed of the subgraphs as they are in this version. */
const composedFile = fileURLToPath(new URL("../../codegen/supergraph.graphql", import.meta.url));

/** A process has one graph, however many routers it starts, and nobody changes what was made of it: the last is kept. */
let lastComposed: { fingerprint: string; supergraph: { supergraphSdl: string; hints: string[] } } | undefined;
let lastLoaded: { supergraphSdl: string; graph: ComposedGraph } | undefined;

/**
 * The supergraph of these subgraphs: the committed one where it was composed of exactly these (composing takes half a second of a start), else composed now.
 *
 * @throws Error when they do not compose.
 */
export async function supergraphOf(subgraphs: readonly SubgraphSource[]): Promise<{ supergraphSdl: string; hints: string[] }> {
  const fingerprint = fingerprintLine(subgraphs);
  if (lastComposed?.fingerprint === fingerprint) return lastComposed.supergraph;
  const committed = await readFile(composedFile, "utf8").catch(() => "");
  if (committed.includes(`\n${fingerprint}\n`)) return { supergraphSdl: committed, hints: [] };
  const { composeSupergraph } = await import("./compose.ts");
  const supergraph = composeSupergraph(subgraphs);
  lastComposed = { fingerprint, supergraph };
  return supergraph;
}

/** The comment by which a composed supergraph names what it was composed of. */
export function fingerprintLine(subgraphs: readonly SubgraphSource[]): string {
  const hash = createHash("sha256");
  for (const { name, sdl } of [...subgraphs].sort((a, b) => a.name.localeCompare(b.name))) hash.update(`${name}\0${sdl}\0`);
  return `# Composed of ${hash.digest("hex")}`;
}

/** Reads a composed supergraph. Composing it has validated it, and to validate it again takes half of the time in which it is read. */
export function loadSupergraph(supergraphSdl: string): ComposedGraph {
  if (lastLoaded?.supergraphSdl === supergraphSdl) return lastLoaded.graph;
  const supergraph = Supergraph.build(supergraphSdl, { validateSupergraph: false });
  const api = supergraph.apiSchema();
  addOneOf(api);
  const graph = {
    supergraph,
    api,
    apiSchema: withScalars(api.toGraphQLJSSchema()),
    supergraphSchema: supergraph.schema.toGraphQLJSSchema(),
    neededNames: neededNames(supergraph.schema),
  };
  lastLoaded = { supergraphSdl, graph };
  return graph;
}

/** Newer clients ask whether an input is `@oneOf`; graphql-js answers, and the planner's own list of what may be asked of a type does not have it. */
function addOneOf(api: Schema): void {
  const type = api.type("__Type");
  if (type === undefined || !isObjectType(type) || type.field("isOneOf") !== undefined) return;
  // Not declared.
  const builtIn = api as unknown as { runWithBuiltInModificationAllowed(add: () => void): void };
  builtIn.runWithBuiltInModificationAllowed(() => type.addField(new FieldDefinition("isOneOf"), api.booleanType()));
}

/** SDL says of a scalar its name alone. With these the router finds a literal's fault itself, at its place; a subgraph shows the whole argument. */
function withScalars(schema: GraphQLSchema): GraphQLSchema {
  for (const scalar of [DateTimeScalar, JsonObjectScalar]) {
    const type = schema.getType(scalar.name);
    if (!isScalarType(type)) continue;
    type.parseLiteral = (literal, variables) => {
      scalar.parseLiteral(literal, variables);
      // The value itself is for the subgraph to read.
      return valueFromASTUntyped(literal, variables);
    };
  }
  return schema;
}

/** The public schema as SDL: what clients may ask. */
export function printApiSchema(graph: ComposedGraph): string {
  return `${printSchema(graph.apiSchema)}\n`;
}
