import type { BenchDsl, BenchEngine } from "./engine.ts";
import { fanOutDsl } from "./fan-out.ts";
import { quantile, round, type Figure } from "./figures.ts";

const items = 10_000;
const mostTimes = 2.2;
const mostMb = 150;

/** One iteration over `items` items, whose body is one template. */
function iterationDsl(): BenchDsl {
  const body = { nodes: [{ id: "line", type: "template-transform", config: { template: "x" } }], edges: [] };
  const list = Array.from({ length: items }, (_, index) => index);
  return { nodes: [{ id: "each", type: "iteration", config: { items: list, parallel: 16, body } }], edges: [] };
}

/**
 * 10,000 items of one node each, beside a fan-out of 10,000 such nodes, in turns. An item has two rows, its own and its node's; the gates: it costs at most 2.2
 * times as much, and its owner's heap grows by at most 150 MiB.
 */
export async function benchIteration(engine: BenchEngine, samples = 5): Promise<Figure[]> {
  const worker = await engine.startWorker();
  const took = async (dsl: BenchDsl): Promise<number> => {
    const began = performance.now();
    await worker.whenEnded(await engine.createPlanned(dsl));
    return performance.now() - began;
  };
  try {
    const [wide, repeated] = [fanOutDsl(items), iterationDsl()];
    const [wideMs, repeatedMs]: number[][] = [[], []];
    let heapMb = 0;
    for (let sample = 0; sample < samples; sample++) {
      wideMs!.push(await took(wide));
      const before = process.memoryUsage().heapUsed;
      repeatedMs!.push(await took(repeated));
      heapMb = Math.max(heapMb, (process.memoryUsage().heapUsed - before) / 2 ** 20);
    }
    const ms = quantile(repeatedMs!, 0.5);
    const times = ms / quantile(wideMs!, 0.5);
    const broken = [
      ...(times > mostTimes ? [`${items} items took ${round(times)} times as long as ${items} nodes`] : []),
      ...(heapMb > mostMb ? [`the heap grew by ${round(heapMb)} MiB`] : []),
    ];
    return [
      { bench: "iteration", case: `${items} items`, values: { ms: round(ms), times: round(times), heap_mb: round(heapMb, 0) }, broken },
    ];
  } finally {
    await worker.stop();
  }
}
