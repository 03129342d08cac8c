import { fork, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import type { BenchEngine } from "./engine.ts";
import { toolChain } from "./effects.ts";
import { drive, quantile, round, type Figure } from "./figures.ts";

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
    const child = fork(fileURLToPath(new URL(file, import.meta.url)), argv, { execArgv: ["--import", "tsx"] });
    children.push(child);
    const [address] = (await once(child, "message")) as [string];
    return address;
  };
  try {
    const [tool, model] = [await start("./tool-child.ts"), await start("./model-child.ts", String(turns))];
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
      compare(figures.at(-1), await nodesASecond({ runs, concurrency: concurrencies.at(-1) ?? 1, chain }));
      return figures;
    } finally {
      await worker.stop();
    }
  } finally {
    for (const child of children) child.kill("SIGKILL");
  }
}

/** In the same run, as machines differ, and from hour to hour. */
async function nodesASecond(asked: { runs: number; concurrency: number; chain: (index: number) => Promise<void> }): Promise<number> {
  const { runs, concurrency, chain } = asked;
  await drive(50, 8, chain);
  const { wallMs } = await drive(runs, concurrency, chain);
  return round(((runs * nodesOfChain) / wallMs) * 1_000, 0);
}

function compare(figure: Figure | undefined, nodes: number): void {
  if (figure === undefined) return;
  const ratio = round(nodes / (figure.values["turns_s"] ?? 1), 2);
  Object.assign(figure.values, { nodes_s: nodes, nodes_turn: ratio });
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
