import type { Composition } from "../composition.ts";
import { calledByWorkers, engineDatabaseUrl, subgraphs } from "./subgraphs.ts";

/** The platform's parts. Each is loaded when it is started: a worker needs no router, and who asks for `--help` needs nothing. */
export const platformParts: Composition = {
  subgraphNames: Object.keys(subgraphs),
  preload: async () => (await import("./platform.ts")).loadPlatform(),
  prepare: async (log) => (await import("./prepare.ts")).prepare(log),
  migrate: async (env) => (await import("./migrate.ts")).migrateAll(env),
  pendingMigrations: async (env) => (await import("./migrate.ts")).pendingMigrations(env),
  openKeys: async (env) => (await import("./keys.ts")).openKeys(env),
  verifyAudits: async (env, tenantId, tell) => (await import("./verify-audits.ts")).verifyAudits(env, tenantId, tell),
  rewrapSecrets: async (env) => (await import("./rewrap.ts")).rewrapSecrets(env),
  startPlatform: async (env, options) => (await import("./platform.ts")).startPlatform(env, options),
  startRouter: async (env, options) => (await import("./platform.ts")).startRouterAlone(env, options),
  startSubgraph: async (name, env, options) => (await import("./platform.ts")).startSubgraph(name, env, options),
  startWorker: async (env, worker, options) => (await import("./worker-part.ts")).startWorker(env, worker, options),
  freeLeases: async (env, worker, log) => (await import("./dead-worker.ts")).freeLeases(engineDatabaseUrl(env, "runtime"), worker, log),
  workerUrls: (socket) => Object.fromEntries(calledByWorkers.map((name) => [name, `unix:${socket}:/${name}/graphql`])),
};
