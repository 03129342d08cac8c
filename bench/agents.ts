import { fork, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
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
      const one = async (index: number) => worker.whenEnded(await engine.createAgentRun(agentId, `hello ${index}`));
      await drive(50, 8, one);
      const figures: Figure[] = [];
      for (const concurrency of concurrencies) figures.push(await measure({ engine, runs, concurrency, one }));
      const version = await engine.createVersion(toolChain(`http://${tool}/`));
      const chain = async (index: number) => worker.whenEnded(await engine.createRun(version, { text: `hello ${index}` }));
      compare(figures.at(-1), await measureChain({ engine, runs, concurrency: concurrencies.at(-1) ?? 1, chain }));
      return figures;
    } finally {
      await worker.stop();
    }
  } finally {
    for (const child of children) child.kill("SIGKILL");
  }
}

/** A chain in the same run, as machines differ, and from hour to hour. */
interface ChainFigures {
  nodesASecond: number;
  cpuMs: number;
}

async function measureChain(asked: {
  engine: BenchEngine;
  runs: number;
  concurrency: number;
  chain: (index: number) => Promise<void>;
}): Promise<ChainFigures> {
  const { engine, runs, concurrency, chain } = asked;
  await drive(50, 8, chain);
  const cpuMs = await cpuSoFar(engine);
  const { wallMs } = await drive(runs, concurrency, chain);
  const nodes = runs * nodesOfChain;
  return { nodesASecond: round((nodes / wallMs) * 1_000, 0), cpuMs: ((await cpuSoFar(engine)) - cpuMs) / nodes };
}

/** Processor milliseconds of this process and of PostgreSQL. */
async function cpuSoFar(engine: BenchEngine): Promise<number> {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1_000 + ((await engine.workSoFar()).own?.cpuMs ?? 0);
}

/** By the clock, and by processor time, which says the same on a machine that is busy; a turn has two node runs, but for the last one. */
function compare(figure: Figure | undefined, { nodesASecond, cpuMs }: ChainFigures): void {
  if (figure === undefined) return;
  const { turns_s: turnsASecond = 1, node_cpu_ms_turn: nodeMs = 0, pg_cpu_ms_turn: postgresMs = 0 } = figure.values;
  const ratio = round(nodesASecond / turnsASecond, 2);
  const byCpu = round((nodeMs + postgresMs) / cpuMs, 2);
  const leaves = 2 - 1 / turns;
  Object.assign(figure.values, {
    nodes_s: nodesASecond,
    nodes_turn: ratio,
    cpu_nodes_turn: byCpu,
    cpu_nodes_leaf: round(byCpu / leaves, 2),
  });
  if (ratio > nodesATurnAtMost) figure.broken = [...(figure.broken ?? []), `a turn costs ${ratio} nodes of a chain > ${nodesATurnAtMost}`];
}

interface Measured {
  engine: BenchEngine;
  runs: number;
  concurrency: number;
  one: (index: number) => Promise<void>;
}

async function measure({ engine, runs, concurrency, one }: Measured): Promise<Figure> {
  const cpu = process.cpuUsage();
  const before = await engine.workSoFar();
  const { wallMs, latencies } = await drive(runs, concurrency, one);
  const { user, system } = process.cpuUsage(cpu);
  const after = await engine.workSoFar();
  const made = runs * turns;
  const values = {
    turns_s: round((made / wallMs) * 1_000, 0),
    p50: round(quantile(latencies, 0.5), 2),
    p99: round(quantile(latencies, 0.99), 2),
    node_cpu_ms_turn: round((user + system) / 1_000 / made, 2),
    ...(before.own && { pg_cpu_ms_turn: round((after.own!.cpuMs - before.own.cpuMs) / made, 2) }),
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
