/**
 * `npm run bench [-- name … --rounds n --json]`: figures of the platform on this machine, the medians of n rounds (1). Docs: docs/performance.md.
 */
import "reflect-metadata";
import { parseArgs } from "node:util";
import { benchChain } from "./chain.ts";
import { benchCost } from "./cost.ts";
import { benchDrain } from "./drain.ts";
import { BenchEngine } from "./engine.ts";
import { benchFanOut } from "./fan-out.ts";
import { mediansOf, type Figure } from "./figures.ts";
import { benchIdle } from "./idle.ts";
import { benchRouter } from "./router.ts";
import { benchStart } from "./start.ts";

/** `C`: only this concurrency, as peers/run.mjs asks for it. PGURL_BASE or BENCH_DATABASE_URL: a superuser's server to use. */
const { C: only, BENCH_DATABASE_URL: given = process.env["PGURL_BASE"] } = process.env;
const concurrencies = only === undefined ? [1, 8, 32] : [Number(only)];

/** By name, in the order in which all are run. */
const benches: Record<string, (engine: () => Promise<BenchEngine>) => Promise<Figure[]>> = {
  chain: async (engine) => benchChain(await engine(), concurrencies),
  drain: async (engine) => benchDrain(await engine()),
  idle: async (engine) => benchIdle(await engine()),
  "fan-out": async (engine) => benchFanOut(await engine()),
  cost: async (engine) => benchCost(await engine()),
  router: () => benchRouter(),
  start: () => benchStart(),
};

async function main(argv: string[]): Promise<number> {
  const { values: options, positionals: names } = parseArgs({
    args: argv,
    allowPositionals: true,
    options: { rounds: { type: "string", default: "1" }, json: { type: "boolean", default: false } },
  });
  const unknown = names.filter((name) => benches[name] === undefined);
  if (unknown.length > 0) {
    process.stderr.write(`There is no bench ${unknown.join(", ")}; there are ${Object.keys(benches).join(", ")}.\n`);
    return 2;
  }
  const figures: Figure[] = [];
  for (const name of names.length > 0 ? names : Object.keys(benches)) {
    const found: Figure[][] = [];
    for (let round = 1; round <= Number(options.rounds); round++) {
      found.push(await measure(benches[name]!));
      process.stderr.write(`${name} done, round ${round} of ${options.rounds}\n`);
    }
    figures.push(...mediansOf(found));
  }
  print(figures, options.json);
  const broken = figures.flatMap((figure) => (figure.broken ?? []).map((gate) => `${figure.bench}, ${figure.case}: ${gate}`));
  for (const gate of broken) process.stderr.write(`GATE BROKEN  ${gate}\n`);
  return broken.length > 0 ? 1 : 0;
}

async function measure(bench: (engine: () => Promise<BenchEngine>) => Promise<Figure[]>): Promise<Figure[]> {
  let opened: BenchEngine | undefined;
  try {
    return await bench(async () => (opened ??= await BenchEngine.open(given)));
  } finally {
    await opened?.close();
  }
}

function print(figures: readonly Figure[], isJson: boolean): void {
  if (isJson) return void process.stdout.write(`${JSON.stringify(figures)}\n`);
  console.table(figures.map(({ bench, case: kind, values }) => ({ bench, case: kind, ...values })));
  process.stdout.write(`JSON ${JSON.stringify(figures)}\n`);
  for (const { bench, case: kind, values } of figures) {
    const peerLine = bench === "chain" && { peer: "ours", wl: "W1", c: Number(kind.slice(2)), ...values };
    if (peerLine) process.stdout.write(`RESULT ${JSON.stringify(peerLine)}\n`);
  }
}

process.exit(await main(process.argv.slice(2)));
