import { fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { chainEdges, type ChainOptions } from "./chain.ts";
import type { BenchDsl, BenchEngine } from "./engine.ts";
import { drive, quantile, round, type Figure } from "./figures.ts";
import { loader } from "./loader.ts";

const steps = 10;

/** (a, --effects) A chain of 10 nodes that each call a tool on loopback, and each have their started mark stored before. */
export async function benchEffects(
  open: (tools: string[]) => Promise<BenchEngine>,
  { concurrencies, runs = 200 }: ChainOptions,
): Promise<Figure[]> {
  const child = fork(fileURLToPath(new URL("./children/tool-child.ts", import.meta.url)), { execArgv: loader });
  try {
    const [address] = (await once(child, "message")) as [string];
    const engine = await open([address]);
    const worker = await engine.startWorker();
    try {
      const version = await engine.createVersion(toolChain(`http://${address}/`));
      const one = async (index: number) => worker.whenEnded(await engine.createRun(version, { text: `hello ${index}` }));
      await drive(100, 8, one);
      const figures: Figure[] = [];
      for (const concurrency of concurrencies) {
        const flushedBefore = { ...worker.flushed };
        const { wallMs, latencies } = await drive(runs, concurrency, one);
        const values = {
          steps_s: round(((runs * steps) / wallMs) * 1_000, 0),
          p50: round(quantile(latencies, 0.5), 2),
          p99: round(quantile(latencies, 0.99), 2),
          runs_flush: round((worker.flushed.runs - flushedBefore.runs) / (worker.flushed.flushes - flushedBefore.flushes), 1),
          flushes_node: round((worker.flushed.runs - flushedBefore.runs) / (runs * steps), 2),
        };
        figures.push({
          bench: "chain of effects",
          case: `c=${concurrency}`,
          values,
          broken: [...unmarked(values.flushes_node), ...(await notCompleted(engine))],
        });
      }
      return figures;
    } finally {
      await worker.stop();
    }
  } finally {
    child.kill("SIGKILL");
  }
}

/** A chain of nodes that call a URL. */
export function toolChain(url: string): BenchDsl {
  const nodes = Array.from({ length: steps }, (_, index) => ({
    id: `step-${index}`,
    type: "tool",
    config: { url, method: "POST", body: { index } },
  }));
  return { nodes, edges: chainEdges(nodes) };
}

/** A node's started mark is stored before its call, and that of the next only after its answer: a run has a flush for each node at least. */
function unmarked(flushesPerNode: number): string[] {
  return flushesPerNode >= 1 ? [] : [`${flushesPerNode} flushes a node run: calls began without their marks`];
}

/** A chain that fails at its first node is fast. */
async function notCompleted(engine: BenchEngine): Promise<string[]> {
  const rows = await engine.select<{ code: string | null; count: number }>(
    "select error_code as code, count(*)::int as count from runtime.node_run where error_code is not null group by 1",
  );
  return rows.map(({ code, count }) => `${count} node runs failed with ${code}`);
}
