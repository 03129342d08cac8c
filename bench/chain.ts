import type { BenchDsl, BenchEngine } from "./engine.ts";
import { drive, quantile, round, type Figure } from "./figures.ts";

/** A chain of template nodes. */
export function chainDsl(length: number): BenchDsl {
  const nodes = Array.from({ length }, (_, index) => ({
    id: `step-${index}`,
    type: "template-transform",
    config: { template: index === 0 ? "step 0: {{ input.text }}" : `step ${index}: {{ nodes.step-${index - 1}.text | slice: 0, 48 }}` },
  }));
  const edges = nodes.slice(1).map(({ id }, index) => ({ source: nodes[index]!.id, target: id }));
  return { nodes, edges };
}

const steps = 10;

/** (a) 200 runs × 10 template nodes: throughput and the latency of a run. */
export async function benchChain(engine: BenchEngine, concurrencies: readonly number[], runs = 200): Promise<Figure[]> {
  const worker = engine.startWorker();
  try {
    const version = await engine.createVersion(chainDsl(steps));
    const one = async (index: number) => worker.whenEnded(await engine.createRun(version, { text: `hello ${index}` }));
    await drive(200, 8, one);
    const figures: Figure[] = [];
    for (const concurrency of concurrencies) {
      const { wallMs, latencies } = await drive(runs, concurrency, one);
      const values = {
        steps_s: round(((runs * steps) / wallMs) * 1_000, 0),
        p50: round(quantile(latencies, 0.5), 2),
        p99: round(quantile(latencies, 0.99), 2),
      };
      figures.push({ bench: "chain", case: `c=${concurrency}`, values });
    }
    return figures;
  } finally {
    await worker.stop();
  }
}
