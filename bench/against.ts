import { mediansOf, quantile, round, type Figure } from "./figures.ts";
import { endedChildrenMs } from "./processes.ts";
import { roundOfItsOwn } from "./rounds.ts";

const defaultRounds = 3;

/** How two checkouts are compared. */
export interface AgainstOptions {
  /** The other checkout. */
  folder: string;
  /** Of each; three where one is asked for. */
  rounds: number;
  /** Options of the bench, which both are given. */
  given: readonly string[];
}

/**
 * One bench of two checkouts, round by round in turn, each round a process of its own: the machine's moods reach both. The other checkout's own bench is
 * what runs there; it must know `--json`, and the options that are given.
 */
export async function benchAgainst(name: string, { folder, rounds, given }: AgainstOptions): Promise<Figure[]> {
  const ours: Figure[][] = [];
  const others: Figure[][] = [];
  const count = rounds > 1 ? rounds : defaultRounds;
  for (let index = 0; index < count; index++) {
    // Who goes first changes: what a round leaves behind (heat, dirty pages) falls on both.
    const turns = [
      async () => void ours.push(await roundWithCpu(name, given)),
      async () => void others.push(await roundWithCpu(name, given, folder)),
    ];
    for (const turn of index % 2 === 0 ? turns : turns.reverse()) await turn();
    process.stderr.write(`${name} of both, round ${index + 1} of ${count}: ${ratioWords(ours.at(-1)!, others.at(-1)!)}\n`);
  }
  const label = (figures: Figure[], whose: string) => figures.map((figure) => ({ ...figure, case: `${figure.case}, ${whose}` }));
  return [...label(mediansOf(ours), "this"), ...label(mediansOf(others), "against"), ...label(ratios(ours, others), "median ratio")];
}

/** Beside its figures the CPU time of the whole round, PostgreSQL's and all workers' too: the machine's moods move it far less than its rates. */
async function roundWithCpu(name: string, given: readonly string[], folder?: string): Promise<Figure[]> {
  const before = endedChildrenMs();
  const figures = await roundOfItsOwn(name, given, folder);
  const seconds = round((endedChildrenMs() - before) / 1_000, 1);
  return [...figures, { bench: name, case: "whole round", values: { cpu_s: seconds } }];
}

/** Ours by the other's, of the same round; then the median. What only one of them measures has none. */
function ratios(ours: readonly Figure[][], others: readonly Figure[][]): Figure[] {
  return ours[0]!.flatMap(({ bench, case: kind }) => {
    const valuesIn = (figures: readonly Figure[]) => figures.find((figure) => figure.case === kind)?.values ?? {};
    const shared = Object.keys(valuesIn(ours[0]!)).filter((key) => valuesIn(others[0]!)[key] !== undefined);
    const medians = shared.map((key): [string, number] => {
      const each = ours.map((figures, turn) => valuesIn(figures)[key]! / valuesIn(others[turn]!)[key]!);
      return [key, round(quantile(each, 0.5), 3)];
    });
    return medians.length === 0 ? [] : [{ bench, case: kind, values: Object.fromEntries(medians) }];
  });
}

function ratioWords(ours: Figure[], others: Figure[]): string {
  return ratios([ours], [others])
    .map(({ case: kind, values }) => `${kind} ${JSON.stringify(values)}`)
    .join("; ");
}
