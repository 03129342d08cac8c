import { chainDsl } from "./chain.ts";
import type { BenchEngine } from "./engine.ts";
import { quantile, round, type Figure } from "./figures.ts";

/** (c) A run is created while a worker process idles: from the call to the start of its first node, by the database's clock. */
export async function benchIdle(engine: BenchEngine, runs = 200): Promise<Figure[]> {
  const child = await engine.forkWorker();
  try {
    const version = await engine.createVersion(chainDsl(1));
    const ids: string[] = [];
    for (let index = 0; index < runs; index++) {
      ids.push(await engine.createRun(version, { text: "idle" }));
      // Longer than a hint's debounce, so that each run meets an idle worker.
      await new Promise((resolve) => setTimeout(resolve, 25));
    }
    await new Promise((resolve) => setTimeout(resolve, 500));
    const rows = await engine.select<{ ms: string }>(
      "select extract(epoch from r.started_at - r.created_at) * 1000 as ms from runtime.run r where r.id = any($1) and r.started_at is not null",
      [ids],
    );
    const latencies = rows.map((row) => Number(row.ms));
    return [
      {
        bench: "idle start",
        case: "1 worker",
        values: { lat_p50: round(quantile(latencies, 0.5), 2), lat_p99: round(quantile(latencies, 0.99), 2), started: rows.length },
      },
    ];
  } finally {
    child.kill("SIGTERM");
    await new Promise((resolve) => child.once("exit", resolve));
  }
}
