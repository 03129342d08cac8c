import { chainDsl } from "./chain.ts";
import type { BenchEngine } from "./engine.ts";
import { drive, round, type Figure } from "./figures.ts";

const short = 10;
const long = 40;
const runs = 200;
/** A row and an entry of its index, and what the splits of its pages cost. */
const walBytesAtMost = 450;
/** Its own; a long chain has further rows of its story. */
const rowsAtMost = 1.5;

/** (e) What a node run costs PostgreSQL, by the difference of two lengths of run. */
export async function benchCost(engine: BenchEngine): Promise<Figure[]> {
  const figures: Figure[] = [];
  for (const { concurrency, commitsAtMost } of [
    { concurrency: 1, commitsAtMost: 1.2 },
    { concurrency: 32, commitsAtMost: 0.25 },
  ]) {
    const a = await costOf(engine, short, concurrency);
    const b = await costOf(engine, long, concurrency);
    const nodes = runs * (long - short);
    const values = {
      commits: round((b.commits - a.commits) / nodes, 3),
      rows: round((b.rows - a.rows) / nodes, 2),
      wal_bytes: round((b.walBytes - a.walBytes) / nodes, 0),
    };
    const broken = [
      ...(values.commits <= commitsAtMost ? [] : [`commits per node run ${values.commits} > ${commitsAtMost}`]),
      ...(values.rows <= rowsAtMost ? [] : [`rows per node run ${values.rows} > ${rowsAtMost}`]),
      ...(values.wal_bytes <= walBytesAtMost ? [] : [`WAL bytes per node run ${values.wal_bytes} > ${walBytesAtMost}`]),
    ];
    figures.push({ bench: "cost per node run", case: `c=${concurrency}`, values, broken });
  }
  return figures;
}

async function costOf(engine: BenchEngine, steps: number, concurrency: number) {
  const worker = await engine.startWorker();
  try {
    const version = await engine.createVersion(chainDsl(steps));
    const one = async (index: number) => worker.whenEnded(await engine.createRun(version, { text: `hello ${index}` }));
    await drive(20, concurrency, one);
    // A checkpoint first: else the first change of each page adds its whole image to the log of whichever half comes first.
    await engine.select("checkpoint");
    const before = await engine.counters();
    await drive(runs, concurrency, one);
    const after = await engine.counters();
    return { commits: after.commits - before.commits, rows: after.rows - before.rows, walBytes: after.walBytes - before.walBytes };
  } finally {
    await worker.stop();
  }
}
