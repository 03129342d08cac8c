import { fork, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import type { BenchEngine } from "./engine.ts";
import { toolChain } from "./effects.ts";
import { drive, quantile, round, type Figure } from "./figures.ts";
import { loader } from "./loader.ts";

const turns = 10;
/** The concurrency whose figures have gates. */
const gated = 32;
/** Model calls a second, on 2 cores that are quiet. */
const turnsAtLeast = 250;
/** A turn is two node runs: what it costs, in nodes of a chain that each call the same tool. */
const nodesATurnAtMost = 2;
const nodesOfChain = 10;
/** Agents and chains that are measured in turn. */
const pairs = 5;

/** Agents that make ten turns each, a model call and a tool call on loopback, both without latency: what a turn costs the platform. */
export async function benchAgents(
  open: (addresses: { tools: string[]; model: string }) => Promise<BenchEngine>,
  { concurrencies, runs = 100 }: { concurrencies: readonly number[]; runs?: number | undefined },
): Promise<Figure[]> {
  const children: ChildProcess[] = [];
  const start = async (file: string, ...argv: string[]): Promise<string> => {
    const child = fork(fileURLToPath(new URL(file, import.meta.url)), argv, { execArgv: loader });
    children.push(child);
    const [address] = (await once(child, "message")) as [string];
    return address;
  };
  try {
    const [tool, model] = [await start("./children/tool-child.ts"), await start("./children/model-child.ts", String(turns))];
    const engine = await open({ tools: [tool], model });
    const worker = await engine.startWorker();
    try {
      const agentId = await engine.createAgent(`http://${tool}/`, turns);
      const agent = async (index: number) => worker.whenEnded(await engine.createAgentRun(agentId, `hello ${index}`));
      await drive(50, 8, agent);
      const figures: Figure[] = [];
      for (const concurrency of concurrencies) figures.push(await measure({ engine, runs, concurrency, agent }));
      const version = await engine.createVersion(toolChain(`http://${tool}/`));
      const chain = async (index: number) => worker.whenEnded(await engine.createRun(version, { text: `hello ${index}` }));
      await compare(figures.at(-1), { engine, runs, concurrency: concurrencies.at(-1) ?? 1, agent, chain });
      return figures;
    } finally {
      await worker.stop();
    }
  } finally {
    for (const child of children) child.kill("SIGKILL");
  }
}

interface Driven {
  engine: BenchEngine;
  runs: number;
  concurrency: number;
}

/** Of a turn, or of a node. */
interface Cost {
  ms: number;
  nodeCpuMs: number;
  postgresCpuMs: number;
}

/** What runs cost that have so many turns, or nodes. */
async function costOf(each: number, run: (index: number) => Promise<void>, { engine, runs, concurrency }: Driven): Promise<Cost> {
  const before = await cpuSoFar(engine);
  const { wallMs } = await drive(runs, concurrency, run);
  const after = await cpuSoFar(engine);
  const made = runs * each;
  return {
    ms: wallMs / made,
    nodeCpuMs: (after.nodeMs - before.nodeMs) / made,
    postgresCpuMs: (after.postgresMs - before.postgresMs) / made,
  };
}

/** Processor milliseconds of this process and of PostgreSQL; NaN of a server that is not ours. */
async function cpuSoFar(engine: BenchEngine): Promise<{ nodeMs: number; postgresMs: number }> {
  const { user, system } = process.cpuUsage();
  return { nodeMs: (user + system) / 1_000, postgresMs: (await engine.workSoFar()).own?.cpuMs ?? Number.NaN };
}

/**
 * A turn in nodes of a chain, by the clock, and by processor time, which says the same on a machine that is busy; a turn has two node runs, but for the last one. Both are
 * warm, measured in turn, and begin with a heap from which is collected what the others left: a collection that falls to one of them is a third of its time.
 */
async function compare(
  figure: Figure | undefined,
  { agent, chain, ...driven }: Driven & Record<"agent" | "chain", (index: number) => Promise<void>>,
): Promise<void> {
  if (figure === undefined) return;
  const agents = () => costOf(turns, agent, driven);
  const chains = () => costOf(nodesOfChain, chain, driven);
  await drive(50, 8, chain);
  await chains();
  const measured: { turn: Cost; node: Cost }[] = [];
  for (let pair = 0; pair < pairs; pair++) measured.push({ turn: await collected(agents), node: await collected(chains) });
  const median = (of: (pair: (typeof measured)[number]) => number) => quantile(measured.map(of), 0.5);
  const cpuOf = ({ nodeCpuMs, postgresCpuMs }: Cost) => nodeCpuMs + postgresCpuMs;
  const ratio = round(
    median(({ turn, node }) => turn.ms / node.ms),
    2,
  );
  const byCpu = round(
    median(({ turn, node }) => cpuOf(turn) / cpuOf(node)),
    2,
  );
  Object.assign(figure.values, {
    nodes_s: round(1_000 / median(({ node }) => node.ms), 0),
    nodes_turn: ratio,
    cpu_nodes_turn: byCpu,
    cpu_nodes_leaf: round(byCpu / (2 - 1 / turns), 2),
  });
  if (ratio > nodesATurnAtMost) figure.broken = [...(figure.broken ?? []), `a turn costs ${ratio} nodes of a chain > ${nodesATurnAtMost}`];
}

/** Measures from a heap that has nothing but what is used. */
function collected<T>(work: () => Promise<T>): Promise<T> {
  setFlagsFromString("--expose-gc");
  (runInNewContext("gc") as () => void)();
  return work();
}

async function measure({ agent, ...driven }: Driven & { agent: (index: number) => Promise<void> }): Promise<Figure> {
  const { engine, runs, concurrency } = driven;
  const before = await cpuSoFar(engine);
  const { wallMs, latencies } = await drive(runs, concurrency, agent);
  const after = await cpuSoFar(engine);
  const made = runs * turns;
  const values = {
    turns_s: round((made / wallMs) * 1_000, 0),
    p50: round(quantile(latencies, 0.5), 2),
    p99: round(quantile(latencies, 0.99), 2),
    node_cpu_ms_turn: round((after.nodeMs - before.nodeMs) / made, 2),
    pg_cpu_ms_turn: round((after.postgresMs - before.postgresMs) / made, 2),
  };
  const isSlow = concurrency === gated && values.turns_s < turnsAtLeast;
  const broken = [...(isSlow ? [`turns a second ${values.turns_s} < ${turnsAtLeast}`] : []), ...(await notCompleted(engine))];
  return { bench: "agents", case: `c=${concurrency}`, values, broken };
}

/** An agent that fails in its first turn is fast. */
async function notCompleted(engine: BenchEngine): Promise<string[]> {
  const rows = await engine.select<{ code: string | null; count: number }>(
    "select error_code as code, count(*)::int as count from runtime.node_run where error_code is not null group by 1",
  );
  return rows.map(({ code, count }) => `${count} node runs failed with ${code}`);
}
