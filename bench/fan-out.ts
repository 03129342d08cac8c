import type { BenchDsl, BenchEngine } from "./engine.ts";
import { quantile, round, type Figure } from "./figures.ts";

/** One source, `width` nodes side by side, one join. */
export function fanOutDsl(width: number): BenchDsl {
  const middle = Array.from({ length: width }, (_, index) => ({ id: `m${index}`, type: "template-transform", config: { template: "x" } }));
  const node = (id: string) => ({ id, type: "template-transform", config: { template: id } });
  return {
    nodes: [node("source"), ...middle, node("join")],
    edges: middle.flatMap(({ id }) => [
      { source: "source", target: id },
      { source: id, target: "join" },
    ]),
  };
}

/** (d) 1 → 1,000 → 1 and 1 → 10,000 → 1. The DSL's own limit is 2,000 nodes, so the plans are frozen directly; the gate: ten times as wide costs at most 15 times as much. */
export async function benchFanOut(engine: BenchEngine, samples = 5): Promise<Figure[]> {
  const worker = await engine.startWorker();
  try {
    const medians = new Map<number, number>();
    for (const width of [1_000, 10_000]) {
      const dsl = fanOutDsl(width);
      const times: number[] = [];
      for (let sample = 0; sample < samples; sample++) {
        const began = performance.now();
        await worker.whenEnded(await engine.createPlanned(dsl));
        times.push(performance.now() - began);
      }
      medians.set(width, quantile(times, 0.5));
    }
    return [...medians].map(([width, ms]) => {
      const ratio = ms / medians.get(1_000)!;
      const broken = ratio > 15 ? [`${width} nodes took ${round(ratio)} times as long as 1,000`] : [];
      return { bench: "fan-out", case: `1 → ${width} → 1`, values: { ms: round(ms), nodes_s: round((width / ms) * 1_000, 0) }, broken };
    });
  } finally {
    await worker.stop();
  }
}
