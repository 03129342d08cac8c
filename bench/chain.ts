import type { BenchDsl, BenchEngine, BenchWorker } from "./engine.ts";
import { drive, quantile, round, type Figure } from "./figures.ts";

/** A chain of template nodes. */
export function chainDsl(length: number): BenchDsl {
  const nodes = Array.from({ length }, (_, index) => ({
    id: `step-${index}`,
    type: "template-transform",
    config: { template: index === 0 ? "step 0: {{ input.text }}" : `step ${index}: {{ nodes.step-${index - 1}.text | slice: 0, 48 }}` },
  }));
  return { nodes, edges: chainEdges(nodes) };
}

/** One node after another. */
export function chainEdges(nodes: BenchDsl["nodes"]): BenchDsl["edges"] {
  return nodes.slice(1).map(({ id }, index) => ({ source: nodes[index]!.id, target: id }));
}

const steps = 10;
const firstRuns = 200;
/** The concurrency of the first runs, and the one whose figures have gates. */
const gated = 32;

/** Structural: noise and the machine's speed move them little. The whole of a run is counted here, its create, claim and end too; `cost` has the node alone. */
const gates = { runsPerFlushAtLeast: 6, statementsPerRunAtMost: 1.2, walBytesPerNodeRunAtMost: 750 };

/** How {@link benchChain} measures. */
export interface ChainOptions {
  concurrencies: readonly number[];
  /** At each concurrency; 200 at 1, 2,000 above, as the peers are measured. */
  runs?: number | undefined;
}

/** (a) Runs × 10 template nodes: throughput, the latency of a run, and what it takes of flushes, statements and CPU; first of a process that has run nothing. */
export async function benchChain(engine: BenchEngine, { concurrencies, runs }: ChainOptions): Promise<Figure[]> {
  const worker = await engine.startWorker();
  try {
    const version = await engine.createVersion(chainDsl(steps));
    const measure = (count: number, concurrency: number) => measureRuns({ engine, worker, version, count, concurrency });
    const first = await measure(firstRuns, gated);
    const figures: Figure[] = [{ bench: "chain", case: `first ${firstRuns}, c=${gated}`, values: first }];
    for (const concurrency of concurrencies) {
      const values = await measure(runs ?? (concurrency === 1 ? 200 : 2_000), concurrency);
      const isGated = concurrency === gated;
      // Of the steady rate, the first runs had this share.
      if (isGated) first["of_steady"] = round(first["steps_s"]! / values["steps_s"]!, 3);
      figures.push({ bench: "chain", case: `c=${concurrency}`, values, broken: isGated ? brokenGates(values) : [] });
    }
    return figures;
  } finally {
    await worker.stop();
  }
}

/** Rounds of (a) by a worker that stays, to compare databases in turns. */
export interface ChainRounds {
  /** Runs so many at concurrency 32. */
  round(runs: number): Promise<Record<string, number>>;
  stop(): Promise<void>;
}

/** Opens them; the first runs, in which plans are made and code is compiled, are done. */
export async function openChainRounds(engine: BenchEngine): Promise<ChainRounds> {
  const worker = await engine.startWorker();
  const version = await engine.createVersion(chainDsl(steps));
  const round = (count: number) => measureRuns({ engine, worker, version, count, concurrency: gated });
  await round(firstRuns);
  return { round, stop: () => worker.stop() };
}

interface RunsToMeasure {
  engine: BenchEngine;
  worker: BenchWorker;
  version: string;
  count: number;
  concurrency: number;
}

async function measureRuns({ engine, worker, version, count, concurrency }: RunsToMeasure): Promise<Record<string, number>> {
  const flushedBefore = { ...worker.flushed };
  const before = await engine.workSoFar();
  const cpu = process.cpuUsage();
  const { wallMs, latencies } = await drive(count, concurrency, async (index) =>
    worker.whenEnded(await engine.createRun(version, { text: `hello ${index}` })),
  );
  const { user, system } = process.cpuUsage(cpu);
  const after = await engine.workSoFar();
  return {
    steps_s: round(((count * steps) / wallMs) * 1_000, 0),
    p50: round(quantile(latencies, 0.5), 2),
    p99: round(quantile(latencies, 0.99), 2),
    runs_flush: round((worker.flushed.runs - flushedBefore.runs) / (worker.flushed.flushes - flushedBefore.flushes), 1),
    ...(before.own && {
      statements_run: round((after.own!.statements - before.own.statements) / count, 2),
      pg_cpu_ms: round((after.own!.cpuMs - before.own.cpuMs) / count, 2),
    }),
    node_cpu_ms: round((user + system) / 1_000 / count, 2),
    wal_bytes_node: round((after.walBytes - before.walBytes) / (count * steps), 0),
  };
}

function brokenGates(values: Record<string, number>): string[] {
  const { runs_flush: runs = 0, statements_run: statements, wal_bytes_node: walBytes = 0 } = values;
  return [
    ...(runs >= gates.runsPerFlushAtLeast ? [] : [`runs a flush ${runs} < ${gates.runsPerFlushAtLeast}`]),
    // Absent on a server that does not count them.
    ...(statements === undefined || statements <= gates.statementsPerRunAtMost
      ? []
      : [`statements a run ${statements} > ${gates.statementsPerRunAtMost}`]),
    ...(walBytes <= gates.walBytesPerNodeRunAtMost ? [] : [`WAL bytes a node run ${walBytes} > ${gates.walBytesPerNodeRunAtMost}`]),
  ];
}
