/** Figures of a bench: a name, numbers with their units in the names, and gates that noise does not touch. */
export interface Figure {
  bench: string;
  case: string;
  values: Record<string, number>;
  /** Broken structural gates, in words. */
  broken?: string[];
}

/** The p-quantile of values; NaN for none. */
export function quantile(values: readonly number[], p: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.max(0, Math.ceil(p * sorted.length) - 1))] ?? Number.NaN;
}

/** One figure a case, each value the median over the rounds; a gate is broken when it was in any. */
export function mediansOf(rounds: readonly Figure[][]): Figure[] {
  const [first = []] = rounds;
  return first.map(({ bench, case: kind, values }, index) => {
    const same = rounds.flatMap((figures) => figures[index] ?? []);
    const medians = Object.keys(values).map((name): [string, number] => [
      name,
      quantile(
        same.map((figure) => figure.values[name]!),
        0.5,
      ),
    ]);
    return { bench, case: kind, values: Object.fromEntries(medians), broken: same.flatMap(({ broken = [] }) => broken) };
  });
}

/** Rounds to `digits` decimals. */
export function round(value: number, digits = 1): number {
  return Number(value.toFixed(digits));
}

/** Calls `work` for 0 … count-1, `concurrency` at a time; gives each call's milliseconds and the whole time. */
export async function drive(
  count: number,
  concurrency: number,
  work: (index: number) => Promise<void>,
): Promise<{ wallMs: number; latencies: number[] }> {
  let next = 0;
  const latencies: number[] = [];
  const started = performance.now();
  const lane = async () => {
    for (let index = next++; index < count; index = next++) {
      const began = performance.now();
      await work(index);
      latencies.push(performance.now() - began);
    }
  };
  await Promise.all(Array.from({ length: concurrency }, lane));
  return { wallMs: performance.now() - started, latencies };
}
