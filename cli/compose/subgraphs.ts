/** The nine subgraphs, and the router's own, by name; each is loaded only where it is needed. */
import type { Env } from "#shared/config.ts";
import { asEngineLogin } from "#shared/db/engine-login.ts";
import type { SubgraphDefinition } from "#shared/graphql/subgraph.ts";

/** A manifest, whatever its loaders and services are. */
// oxlint-disable-next-line typescript/no-explicit-any -- the parameters are contravariant: no other type takes all nine
export type AnySubgraph = SubgraphDefinition<any, any>;

type Load = () => Promise<AnySubgraph>;

/** The domain's subgraphs. */
export const subgraphs: Record<string, Load> = {
  workflow: async () => (await import("../../subgraphs/workflow/subgraph.ts")).workflowSubgraph,
  session: async () => (await import("../../subgraphs/session/subgraph.ts")).sessionSubgraph,
  runtime: async () => (await import("../../subgraphs/runtime/subgraph.ts")).runtimeSubgraph,
  agent: async () => (await import("../../subgraphs/agent/subgraph.ts")).agentSubgraph,
  memory: async () => (await import("../../subgraphs/memory/subgraph.ts")).memorySubgraph,
  team: async () => (await import("../../subgraphs/team/subgraph.ts")).teamSubgraph,
  skill: async () => (await import("../../subgraphs/skill/subgraph.ts")).skillSubgraph,
  tool: async () => (await import("../../subgraphs/tool/subgraph.ts")).toolSubgraph,
  model: async () => (await import("../../subgraphs/model/subgraph.ts")).modelSubgraph,
};

/** The router's own subgraph: audits and health. */
export const accessSubgraphName = "access";

/** All that own tables and have a part in the graph. */
export function allSubgraphs(): Record<string, Load> {
  const access: Load = async () => (await import("../../router/access/subgraph.ts")).accessSubgraph(() => Promise.resolve([]));
  return { ...subgraphs, [accessSubgraphName]: access };
}

/** Those that worker processes call. */
export const calledByWorkers = ["model", "tool", "memory", "session", "skill"];

/** Those that have tables on which the engine works. */
export const ofEngine = ["runtime", accessSubgraphName];

/** The engine's URL in the database of one of {@link ofEngine}: the role that is named for it, else the one beside the platform's. */
export function engineDatabaseUrl(env: EngineUrls, name: string): string {
  const given = givenEngineUrl(env, name);
  return given === undefined ? directDatabaseUrl(env, name) : asEngineLogin(given);
}

/** The role that is named for it: its own, or the platform's where it has no database of its own. */
export function givenEngineUrl(env: EngineUrls, name: string): string | undefined {
  return env.engineDatabaseUrls[name] ?? (env.databaseUrls[name] === undefined ? env.engineDatabaseUrl : undefined);
}

type DirectUrls = Pick<Env, "databaseUrl" | "databaseUrls"> & { databaseDirectUrl?: string | undefined };
type EngineUrls = DirectUrls & Pick<Env, "engineDatabaseUrl" | "engineDatabaseUrls">;

/** The same as {@link subgraphDatabaseUrl} with no pooler in between: for what belongs to sessions, which are migrations, hints and the engine. */
export function directDatabaseUrl(env: DirectUrls, name: string): string {
  return env.databaseUrls[name] ?? env.databaseDirectUrl ?? subgraphDatabaseUrl(env, name);
}

/** The database of one subgraph: its own where one is named, else the platform's. */
export function subgraphDatabaseUrl(env: Pick<Env, "databaseUrl" | "databaseUrls">, name: string): string {
  const url = env.databaseUrls[name] ?? env.databaseUrl;
  if (url === undefined) throw new Error(`no database is set up for subgraph ${name}`);
  return url;
}
