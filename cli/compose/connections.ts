/** How a process reaches what runs in others: subgraphs over HTTP, hints over PostgreSQL. */
import type { EndpointRegistry } from "#shared/endpoint/caller.ts";
import type { Env } from "#shared/config.ts";
import type { SubgraphEndpoint } from "#shared/endpoint/endpoint.ts";
import { hearDatabaseTime } from "#shared/db/pool.ts";
import { HintBus } from "#shared/hints.ts";
import { connectEndpoint } from "#shared/endpoint/http-endpoint.ts";
import { AppError } from "#shared/errors.ts";
import type { InternalKeys } from "#shared/trust/internal-keys.ts";
import type { Log } from "#shared/log.ts";
import { cliErrors } from "../errors.ts";
import type { ShutdownList } from "../process/shutdown-list.ts";

/** How long a process waits for the subgraphs that it calls to come up. */
const connectDeadlineMs = 60_000;
const retryMs = 50;
/** The pause after the database was asked for its time, for all of the process: it is refused by many at once, and again at once. */
const timePauseMs = 5_000;

/** One bus a database: subgraphs that share a database share its LISTEN connection. */
export async function busOf(buses: Map<string, HintBus>, url: string, log: Log, shutdown: ShutdownList): Promise<HintBus> {
  const known = buses.get(url);
  if (known !== undefined) return known;
  const bus = new HintBus({ url, log });
  await bus.start();
  buses.set(url, bus);
  shutdown.add("hints", () => bus.close(), 2_000);
  return bus;
}

/** What connections are registered with. */
export interface Connecting {
  registry: EndpointRegistry;
  keys: InternalKeys;
  shutdown: ShutdownList;
  log: Log;
  /** Of the database that is asked for the time where a subgraph does not believe this process. */
  timeUrl: string;
  /** Aborted when nobody is to be waited for any more. */
  stopping?: AbortSignal | undefined;
}

/** Subgraphs call each other, so none may wait for another before it serves. */
export function connectInBackground(names: readonly string[], env: Env, { registry, keys, shutdown, log, timeUrl }: Connecting): void {
  const stopping = new AbortController();
  shutdown.add("connecting", () => Promise.resolve(stopping.abort()), 1_000);
  const connect = async (name: string): Promise<void> => {
    while (!stopping.signal.aborted) {
      try {
        const endpoint = await connectPatiently(name, { env, keys, log, timeUrl, stopping: stopping.signal });
        if (stopping.signal.aborted) return await endpoint.close();
        shutdown.add(`connection to ${name}`, () => endpoint.close(), 2_000);
        return registry.register(endpoint);
      } catch (cause) {
        if (!stopping.signal.aborted) log.error({ err: cause, subgraph: name }, "a subgraph was not reached, trying on");
      }
    }
  };
  for (const name of names) void connect(name);
}

/**
 * Connects to all, each as soon as it is up.
 *
 * @throws AppError SUBGRAPH_URL_MISSING (all that are), SUBGRAPH_NOT_ANSWERING, SUBGRAPH_REFUSES_TOKEN
 */
export async function connectAll(
  names: readonly string[],
  env: Env,
  { registry, keys, shutdown, log, timeUrl, stopping }: Connecting,
): Promise<SubgraphEndpoint[]> {
  const missing = names.filter((name) => env.subgraphUrls[name] === undefined);
  if (missing.length > 0) throw cliErrors.SUBGRAPH_URL_MISSING({ variables: missing.map(subgraphUrlVariable) });
  return Promise.all(
    names.map(async (name) => {
      const endpoint = await connectPatiently(name, { env, keys, log, timeUrl, stopping });
      registry.register(endpoint);
      shutdown.add(`connection to ${name}`, () => endpoint.close(), 2_000);
      return endpoint;
    }),
  );
}

interface Patience {
  env: Env;
  keys: InternalKeys;
  log: Log;
  timeUrl: string;
  stopping?: AbortSignal | undefined;
}

/** Tries until the deadline: processes that start together come up in any order. */
async function connectPatiently(name: string, { env, keys, log, timeUrl, stopping }: Patience): Promise<SubgraphEndpoint> {
  const url = env.subgraphUrls[name]!;
  const deadline = performance.now() + connectDeadlineMs;
  for (;;) {
    try {
      const timeout = AbortSignal.timeout(5_000);
      return await connectEndpoint({ name, url, keys }, stopping === undefined ? timeout : AbortSignal.any([timeout, stopping]));
    } catch (cause) {
      // It answers: what is wrong is a key, or this machine's clock, which is not what counts (shared/database-time.ts).
      const isRefused = cause instanceof AppError && cause.reason === "SUBGRAPH_REFUSES_TOKEN";
      if (isRefused && cause.facts["refusal"] === "TOKEN_EXPIRED") await hearTimeAgain(timeUrl, log);
      const isOver = performance.now() > deadline || stopping?.aborted === true;
      if (isOver && isRefused) throw cause;
      if (isOver) throw cliErrors.SUBGRAPH_NOT_ANSWERING({ name, url, seconds: connectDeadlineMs / 1_000 }, { cause });
      await new Promise((resolve) => setTimeout(resolve, retryMs));
    }
  }
}

let timeHeard: Promise<void> | undefined;

function hearTimeAgain(url: string, log: Log): Promise<void> {
  timeHeard ??= hearDatabaseTime(url)
    .catch((cause: unknown) => log.debug({ err: cause }, "the database's time was not told"))
    .finally(() => setTimeout(() => (timeHeard = undefined), timePauseMs).unref());
  return timeHeard;
}

const subgraphUrlVariable = (name: string) => `AGENT_PLATFORM_${name.toUpperCase()}_SUBGRAPH_URL`;
