/**
 * What a worker process is handed: of the platform's variables those that it reads, of all others what is the host's (how Python, certificates and the
 * terminal's language are found). It executes what tenants wrote, so it has neither the key of their secrets nor the provider's.
 */
import type { Env } from "#shared/config.ts";
import { accessSubgraphName, directDatabaseUrl, givenEngineUrl, subgraphDatabaseUrl } from "./subgraphs.ts";

const prefix = "AGENT_PLATFORM_";
/** Read by workers as they were given. */
const readAsGiven = [
  "EGRESS_ALLOW",
  "PYTHON_BIN",
  "PYTHON_PACKAGES",
  "MAX_TIMEOUT_SECONDS",
  "WORKER_SLOTS",
  "WORKER_MEMORY_MIB",
  "WORKER_DRY_RUN",
  "MAX_CRASHES",
  "LOG_LEVEL",
].map(withPrefix);

/** What the process that starts a worker has. */
export interface WorkerParent {
  /** Its own environment. */
  environment: Record<string, string | undefined>;
  /** What it found out: prepared databases, the log's file. */
  env: Env;
  /** Where the worker finds the subgraphs that it calls, by name. */
  subgraphUrls: Record<string, string>;
}

/** The environment of a worker process. */
export function workerEnvironment({ environment, env, subgraphUrls }: WorkerParent): Record<string, string | undefined> {
  const ofHost = Object.entries(environment).filter(([name]) => !name.startsWith(prefix) && !name.startsWith("npm_"));
  const asGiven = readAsGiven.flatMap((name) => (environment[name] === undefined ? [] : [[name, environment[name]]]));
  const urls = Object.entries(subgraphUrls).map(([subgraph, url]) => [withPrefix(`${subgraph.toUpperCase()}_SUBGRAPH_URL`), url]);
  const engineUrl = givenEngineUrl(env, "runtime");
  const found = {
    [withPrefix("DATABASE_URL")]: subgraphDatabaseUrl(env, "runtime"),
    // To the platform's database, which is not the worker's where the engine has one of its own.
    ...(env.databaseDirectUrl !== undefined &&
      env.databaseUrls["runtime"] === undefined && { [withPrefix("DATABASE_DIRECT_URL")]: env.databaseDirectUrl }),
    ...(engineUrl !== undefined && { [withPrefix("ENGINE_DATABASE_URL")]: engineUrl }),
    ...accessDatabase(env),
    [withPrefix("INTERNAL_KEY")]: env.internalKeys.join(","),
    ...(env.logFile !== undefined && { [withPrefix("LOG_FILE")]: env.logFile }),
  };
  return { ...Object.fromEntries([...ofHost, ...asGiven, ...urls]), ...found };
}

/** That of its security events, where it is another one than the engine's. */
function accessDatabase(env: Env): Record<string, string> {
  const url = directDatabaseUrl(env, accessSubgraphName);
  const engineUrl = givenEngineUrl(env, accessSubgraphName);
  if (url === directDatabaseUrl(env, "runtime") && engineUrl === givenEngineUrl(env, "runtime")) return {};
  return {
    [withPrefix("ACCESS_DATABASE_URL")]: url,
    ...(engineUrl !== undefined && { [withPrefix("ACCESS_ENGINE_DATABASE_URL")]: engineUrl }),
  };
}

function withPrefix(name: string): string {
  return prefix + name;
}
