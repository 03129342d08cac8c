/** A worker as a process of its own. It knows neither router nor schemas, so it is up while the platform beside it still loads. */
import { EndpointRegistry } from "#shared/endpoint/caller.ts";
import type { Env } from "#shared/config.ts";
import { RunEventAudits } from "../../router/access/audits/run-event-audits.ts";
import { startRuntimeWorker } from "../../subgraphs/runtime/worker/worker-process.ts";
import type { RunningPart, StartOptions, WorkerOptions } from "../composition.ts";
import { busOf, connectAll } from "./connections.ts";
import { ShutdownList } from "../process/shutdown-list.ts";
import { accessSubgraphName, calledByWorkers, directDatabaseUrl, engineDatabaseUrl } from "./subgraphs.ts";

/** Starts a worker; it waits until the subgraphs that it calls are up, or until it is to stop. */
export async function startWorker(env: Env, worker: WorkerOptions, { log, keys, stopping }: StartOptions): Promise<RunningPart> {
  const shutdown = new ShutdownList();
  try {
    const registry = new EndpointRegistry();
    const timeUrl = directDatabaseUrl(env, "runtime");
    await connectAll(calledByWorkers, env, { registry, keys, shutdown, log, timeUrl, stopping });
    const hints = await busOf(new Map(), timeUrl, log, shutdown);
    const securityEvents = new RunEventAudits({ databaseUrl: engineDatabaseUrl(env, accessSubgraphName), log });
    shutdown.add("security events", () => securityEvents.stop(), 4_000);
    const databaseUrl = engineDatabaseUrl(env, "runtime");
    const running = startRuntimeWorker({ env, log, hints, call: registry, databaseUrl, securityEvents, ...worker });
    shutdown.add("the worker", () => running.stop(), 26_000);
    return { stop: () => shutdown.run(), finished: running.finished };
  } catch (error) {
    await shutdown.run();
    throw error;
  }
}
