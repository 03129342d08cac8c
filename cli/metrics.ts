/**
 * `/metrics` of a process that a person or a container started: what it has counted itself, and what the processes have that it started, each under its name.
 * One address for `npm start`, one for each container.
 */
import type { Env } from "#shared/config.ts";
import type { Log } from "#shared/log.ts";
import { joinedMetrics, metricsText } from "#shared/metrics/exposition.ts";
import { readGauge } from "#shared/metrics/instruments.ts";
import { serveMetrics } from "#shared/metrics/server.ts";
import type { PartHealth } from "#shared/part-health.ts";
import { asMetricsListenError } from "./process/listen-check.ts";
import type { ShutdownList } from "./process/shutdown-list.ts";

const partUp = readGauge({
  name: "part_up",
  help: "Whether a part that npm start has started serves: 1, or 0. It is restarted when it has ended.",
  labels: ["part"],
});
const partRestarts = readGauge({
  name: "part_restarts",
  help: "How often a part was started again since npm start was.",
  labels: ["part"],
});

export interface MetricsOptions {
  env: Pick<Env, "metricsHost" | "metricsPort">;
  log: Log;
  shutdown: ShutdownList;
  /** What this process calls itself. */
  part: string;
  /** What those have counted that it started. */
  others?: (() => Promise<string[]>) | undefined;
  /** How they fare. */
  parts?: () => readonly PartHealth[];
}

/** Starts it, where the environment gives it a port. @returns its address. @throws AppError METRICS_PORT_UNUSABLE */
export async function openMetrics({ env, log, shutdown, part, others, parts }: MetricsOptions): Promise<string | undefined> {
  const { metricsHost: host, metricsPort: port } = env;
  if (port === undefined) return undefined;
  if (parts !== undefined) {
    partUp.add(() => parts().map(({ name, state }) => ({ labels: { part: name }, value: Number(state === "UP") })));
    partRestarts.add(() => parts().map(({ name, restarts }) => ({ labels: { part: name }, value: restarts })));
  }
  const read = async () => joinedMetrics((await Promise.all([metricsText(part), others?.() ?? []])).flat());
  const server = await serveMetrics({ host, port, log, read }).catch((cause: unknown) => {
    throw asMetricsListenError({ host, port }, cause);
  });
  shutdown.add("the metrics", () => server.stop(), 2_000);
  log.info({ url: server.url }, "metrics");
  return server.url;
}
