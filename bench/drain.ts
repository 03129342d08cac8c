import type { BenchDsl, BenchEngine } from "./engine.ts";
import { drive, round, type Figure } from "./figures.ts";

const single: BenchDsl = { nodes: [{ id: "only", type: "template-transform", config: { template: "done" } }], edges: [] };

const creators = 64;

/** (b) 20,000 queued one-node runs, each created by a mutation of its own, drained by 1 and by 2 worker processes. */
export async function benchDrain(engine: BenchEngine, count = 20_000): Promise<Figure[]> {
  const version = await engine.createVersion(single);
  const figures: Figure[] = [];
  for (const workers of [1, 2]) {
    const { wallMs: enqueueMs } = await drive(count, creators, async () => void (await engine.createRun(version)));
    const started = performance.now();
    const children = await Promise.all(Array.from({ length: workers }, () => engine.forkWorker()));
    const ready = performance.now();
    await drained(engine);
    const ended = performance.now();
    for (const child of children) child.kill("SIGTERM");
    await Promise.all(children.map((child) => new Promise((resolve) => child.once("exit", resolve))));
    const values = {
      enqueue_s: round((count / enqueueMs) * 1_000, 0),
      drain_s: round((count / (ended - started)) * 1_000, 0),
      drain_excl_start_s: round((count / (ended - ready)) * 1_000, 0),
    };
    figures.push({ bench: "drain", case: `${workers} worker${workers === 1 ? "" : "s"}`, values });
  }
  return figures;
}

async function drained(engine: BenchEngine): Promise<void> {
  for (;;) {
    const [row] = await engine.select<{ left: boolean }>("select exists (select from runtime.work) as left");
    if (!row!.left) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
