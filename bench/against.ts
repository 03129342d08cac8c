import { mediansOf, quantile, round, type Figure } from "./figures.ts";
import { roundOfItsOwn } from "./rounds.ts";

const defaultRounds = 3;

/**
 * One bench of two checkouts, round by round in turn, each round a process of its own: the machine's moods reach both. The other checkout's own bench is
 * what runs there; it must know `--json`.
 */
export async function benchAgainst(name: string, { folder, rounds }: { folder: string; rounds: number }): Promise<Figure[]> {
  const ours: Figure[][] = [];
  const others: Figure[][] = [];
  const count = rounds > 1 ? rounds : defaultRounds;
  for (let index = 0; index < count; index++) {
    // Who goes first changes: what a round leaves behind (heat, dirty pages) falls on both.
    const turns = [
      async () => void ours.push(await roundOfItsOwn(name, [])),
      async () => void others.push(await roundOfItsOwn(name, [], folder)),
    ];
    for (const turn of index % 2 === 0 ? turns : turns.reverse()) await turn();
    process.stderr.write(`${name} of both, round ${index + 1} of ${count}: ${ratioWords(ours.at(-1)!, others.at(-1)!)}\n`);
  }
  const label = (figures: Figure[], whose: string) => figures.map((figure) => ({ ...figure, case: `${figure.case}, ${whose}` }));
  return [...label(mediansOf(ours), "this"), ...label(mediansOf(others), "against"), ...label(ratios(ours, others), "median ratio")];
}

/** Ours by the other's, of the same round; then the median. */
function ratios(ours: readonly Figure[][], others: readonly Figure[][]): Figure[] {
  return ours[0]!.map(({ bench, case: kind, values }, index) => {
    const medians = Object.keys(values).map((key): [string, number] => {
      const each = ours.map((figures, turn) => figures[index]!.values[key]! / others[turn]![index]!.values[key]!);
      return [key, round(quantile(each, 0.5), 3)];
    });
    return { bench, case: kind, values: Object.fromEntries(medians) };
  });
}

function ratioWords(ours: Figure[], others: Figure[]): string {
  return ratios([ours], [others])
    .map(({ case: kind, values }) => `${kind} ${JSON.stringify(values)}`)
    .join("; ");
}
