import { fork, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { chmod, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import pg from "pg";
import { createClient } from "#codegen/client/client.ts";
import { readPostmaster } from "#shared/postgres/postmaster.ts";
import { startOwnPlatform } from "../cli/client/own-platform.ts";
import { prepareWorkflow } from "../cli/client/prepare.ts";
import { watchConnections } from "./connections.ts";
import type { ClientsWanted, RunsDone, RunsWanted } from "./e2e-protocol.ts";
import { quantile, round, type Figure } from "./figures.ts";
import { GraphPost } from "./graph-post.ts";
import type { BenchOptions } from "./options.ts";
import { cpuBetween, cpuUse } from "./processes.ts";

/** Runs a client of the first burst, and of what follows it before anything is called steady. */
const burstRuns = 3;
const settleRuns = 10;
const steadyRuns = 2_000;

/** Documented: `npm start` 9, a worker 6, and those that look on (docs/operations.md). */
const mostConnections = 20;

const threeNodes = {
  nodes: [
    { id: "greet", type: "template-transform", config: { template: "Hello {{ input.name }}" } },
    { id: "shout", type: "template-transform", config: { template: "{{ nodes.greet.text | upcase }}" } },
    { id: "say", type: "answer", config: { answer: "{{ nodes.shout.text }}!" } },
  ],
  edges: [
    { source: "greet", target: "shout" },
    { source: "shout", target: "say" },
  ],
};

/**
 * (h) The platform as `npm start` runs it, and clients in a process of their own: createRun over HTTP, the run's events over a WebSocket to their end.
 * First right after the start, when nothing is warm, then steadily.
 */
export async function benchE2e(options: BenchOptions): Promise<Figure[]> {
  const dataDir = await mkdtemp(join(tmpdir(), "agent-platform-bench-e2e-"));
  await chmod(dataDir, 0o755);
  try {
    // Its own database, also where the environment names one: PostgreSQL's CPU is counted.
    const platform = await startOwnPlatform({ environment: process.env, dataDir, settings: { DATABASE_URL: "" } });
    try {
      return await measure(options, { graphUrl: platform.graphUrl, start: platform.pid, dataDir });
    } finally {
      await platform.stop();
    }
  } finally {
    await rm(dataDir, { recursive: true, force: true });
  }
}

interface Measured {
  graphUrl: string;
  /** The pid of `start`. */
  start: number;
  dataDir: string;
}

async function measure(options: BenchOptions, { graphUrl, start, dataDir }: Measured): Promise<Figure[]> {
  const { clients, readers, mode } = options;
  if (!(await hasSubscription(graphUrl, mode))) {
    process.stderr.write(`e2e SKIPPED: this graph has no subscription ${mode}\n`);
    return [];
  }
  const { pid: postmaster, socketFolder } = readPostmaster(join(dataDir, "postgres"))!;
  const admin = new pg.Client({ host: socketFolder, user: "postgres", database: "agent_platform" });
  await admin.connect();
  const workflowVersionId = await prepare(graphUrl);
  const load = await startClients({ graphUrl, workflowVersionId, clients, readers, mode });
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
    load.stop();
    await admin.end();
  }
}

function latency(values: readonly number[]) {
  return { p50: round(quantile(values, 0.5)), p95: round(quantile(values, 0.95)), p99: round(quantile(values, 0.99)) };
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

async function prepare(graphUrl: string): Promise<string> {
  const client = createClient({ url: graphUrl });
  const { workflowVersionId } = await prepareWorkflow(client, { code: "bench", name: "bench", input: {}, dsl: threeNodes });
  await client.close();
  return workflowVersionId;
}

async function startClients(wanted: ClientsWanted) {
  const child: ChildProcess = fork(fileURLToPath(new URL("./e2e-clients.ts", import.meta.url)), [JSON.stringify(wanted)], {
    execArgv: ["--import", "tsx"],
  });
  const ended = once(child, "exit").then(() => Promise.reject(new Error("the clients' process has ended")));
  ended.catch(() => {});
  const heard = async () => ((await Promise.race([once(child, "message"), ended])) as unknown[])[0];
  await heard();
  return {
    async make(runs: number): Promise<RunsDone> {
      child.send({ runs } satisfies RunsWanted);
      return (await heard()) as RunsDone;
    },
    stop: () => void child.kill("SIGKILL"),
  };
}
