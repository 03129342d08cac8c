import { join } from "node:path";
import pg from "pg";
import { readPostmaster } from "#shared/postgres/postmaster.ts";
import { watchConnections } from "../connections.ts";
import { benchE2eAudits } from "./e2e-audits.ts";
import { E2ePlatform, latency } from "./e2e-platform.ts";
import type { RunsDone } from "./e2e-protocol.ts";
import { round, type Figure } from "../figures.ts";
import { GraphPost } from "./graph-post.ts";
import type { BenchOptions } from "../options.ts";
import { cpuBetween, cpuUse } from "../processes.ts";

/** Runs a client of the first burst, and of what follows it before anything is called steady. */
const burstRuns = 3;
const settleRuns = 10;
const steadyRuns = 2_000;

/** Documented: `npm start` 9, a worker 6, and those that look on (docs/operations.md). */
const mostConnections = 20;

/**
 * (h) The platform as `npm start` runs it, and clients in a process of their own: createRun over HTTP, the run's events over a WebSocket to their end.
 * First right after the start, when nothing is warm, then steadily.
 */
export async function benchE2e(options: BenchOptions): Promise<Figure[]> {
  if (options.isAudits) return benchE2eAudits(options);
  const opened = await E2ePlatform.open(options, {});
  try {
    return await measure(options, opened);
  } finally {
    await opened.close();
  }
}

async function measure(options: BenchOptions, { platform, dataDir, clients: load }: E2ePlatform): Promise<Figure[]> {
  const { clients, readers, mode } = options;
  const { graphUrl, pid: start } = platform;
  if (!(await hasSubscription(graphUrl, mode))) {
    process.stderr.write(`e2e SKIPPED: this graph has no subscription ${mode}\n`);
    return [];
  }
  const { pid: postmaster, socketFolder } = readPostmaster(join(dataDir, "postgres"))!;
  const admin = new pg.Client({ host: socketFolder, user: "postgres", database: "agent_platform" });
  await admin.connect();
  const phase = async (name: string, runs: number): Promise<Figure[]> => {
    const connections = watchConnections(admin);
    const before = cpuUse({ start, postmaster });
    const done = await load.make(runs);
    const cpu = cpuBetween(before, cpuUse({ start, postmaster }));
    const most = await connections.stop();
    process.stderr.write(`e2e, ${name}: connections to PostgreSQL ${most.story}\n`);
    const values = {
      runs_s: round((runs / done.wallMs) * 1_000, 0),
      ...latency(done.latencies),
      api_cpu_ms: round(cpu.api / runs, 2),
      worker_cpu_ms: round(cpu.worker / runs, 2),
      pg_cpu_ms: round(cpu.postgres / runs, 2),
      clients_cpu_ms: round(done.cpuMs / runs, 2),
      pg_connections: most.count,
    };
    const kind = `${name}, ${runs} runs, ${clients} clients${mode === "runEvents" ? "" : `, ${mode}`}`;
    const figures: Figure[] = [{ bench: "e2e", case: kind, values, broken: brokenGates(done, most.count) }];
    if (readers === 0) return figures;
    const reads = { pages_s: round((done.pages.length / done.wallMs) * 1_000, 1), ...latency(done.pages) };
    return [...figures, { bench: "e2e", case: `${name}, ${readers} readers of runs(first: 50)`, values: reads }];
  };
  try {
    const burst = await phase("first burst", burstRuns * clients);
    await load.make(settleRuns * clients);
    return [...burst, ...(await phase("steady", options.runs ?? steadyRuns))];
  } finally {
    await admin.end();
  }
}

function brokenGates({ failures }: RunsDone, connections: number): string[] {
  return [
    ...(failures.length > 0 ? [`${failures.length} runs did not complete, one because: ${failures[0]}`] : []),
    ...(connections > mostConnections ? [`${connections} connections to PostgreSQL > ${mostConnections}`] : []),
  ];
}

async function hasSubscription(graphUrl: string, name: string): Promise<boolean> {
  const query = '{ __type(name: "Subscription") { fields { name } } }';
  const { __type: subscription } = await new GraphPost(graphUrl).ask<{ __type: { fields: { name: string }[] } }>(query, {});
  return subscription.fields.some((field) => field.name === name);
}
