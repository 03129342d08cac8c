/**
 * `npm run bench [-- name … --rounds n --json]`: figures of the platform on this machine, the medians of n rounds (1). Docs: docs/performance.md.
 */
import "./as-served.ts";
import "reflect-metadata";
import { benchAgainst } from "./against.ts";
import { benchAgents } from "./agents.ts";
import { benchChain } from "./chain.ts";
import { benchCost } from "./cost.ts";
import { benchDrain } from "./drain.ts";
import { benchE2e } from "./e2e/e2e.ts";
import { benchEffects } from "./effects.ts";
import { BenchEngine } from "./engine.ts";
import { benchFanOut } from "./fan-out.ts";
import { mediansOf, type Figure } from "./figures.ts";
import { benchIteration } from "./iteration.ts";
import { benchIdle } from "./idle.ts";
import { benchMemory } from "./memory/memory.ts";
import { benchNested } from "./nested.ts";
import { benchPeople } from "./people.ts";
import { benchPrograms } from "./programs.ts";
import { benchCommand, type BenchCommand, type BenchOptions } from "./options.ts";
import { roundOfItsOwn } from "./rounds.ts";
import { benchRouter } from "./router/router.ts";
import { benchStart } from "./start.ts";
import { benchValidation } from "./validation.ts";

/** `C`: only this concurrency, as peers/run.mjs asks for it. PGURL_BASE or BENCH_DATABASE_URL: a superuser's server to use. */
const { C: only, BENCH_DATABASE_URL: given = process.env["PGURL_BASE"] } = process.env;
const concurrencies = only === undefined ? [1, 8, 32] : [Number(only)];

type OpenEngine = (tools?: string[], model?: string) => Promise<BenchEngine>;

/** By name, in the order in which all are run. */
const benches: Record<string, (engine: OpenEngine, options: BenchOptions) => Promise<Figure[]>> = {
  chain: async (engine, { isOutside, runs }) =>
    isOutside ? benchEffects(engine, { concurrencies, runs }) : benchChain(await engine(), { concurrencies, runs }),
  drain: async (engine, { runs }) => benchDrain(await engine(), runs),
  idle: async (engine, { runs }) => benchIdle(await engine(), runs),
  "fan-out": async (engine) => benchFanOut(await engine()),
  iteration: async (engine) => benchIteration(await engine()),
  agents: (engine, { runs }) => benchAgents(({ tools, model }) => engine(tools, model), { concurrencies, runs }),
  loop: async (engine) => benchNested("loop", await engine()),
  "sub-workflow": async (engine) => benchNested("sub-workflow", await engine()),
  people: async (engine) => benchPeople(await engine()),
  memory: () => benchMemory(given),
  validation: () => benchValidation(),
  cost: async (engine) => benchCost(await engine()),
  programs: (_, { runs }) => benchPrograms(runs),
  router: () => benchRouter(),
  start: () => benchStart(),
  e2e: (_, options) => benchE2e(options),
};

async function main(command: BenchCommand): Promise<number> {
  const { names, rounds, isJson, options } = command;
  const unknown = names.filter((name) => benches[name] === undefined);
  if (unknown.length > 0) return refuse(`There is no bench ${unknown.join(", ")}; there are ${Object.keys(benches).join(", ")}.`);
  const figures: Figure[] = [];
  const { against: folder } = options;
  const all = folder === undefined ? Object.keys(benches) : ["drain"];
  for (const name of names.length > 0 ? names : all) {
    if (folder !== undefined) figures.push(...(await benchAgainst(name, { folder, rounds, given: command.given })));
    else figures.push(...(await mediansOfRounds(name, command)));
  }
  print(figures, isJson);
  const broken = figures.flatMap((figure) => (figure.broken ?? []).map((gate) => `${figure.bench}, ${figure.case}: ${gate}`));
  for (const gate of broken) process.stderr.write(`GATE BROKEN  ${gate}\n`);
  return broken.length > 0 ? 1 : 0;
}

async function mediansOfRounds(name: string, { rounds, options, given }: BenchCommand): Promise<Figure[]> {
  const found: Figure[][] = [];
  for (let round = 1; round <= rounds; round++) {
    found.push(rounds === 1 ? await measure(name, options) : await roundOfItsOwn(name, given));
    process.stderr.write(`${name} done, round ${round} of ${rounds}\n`);
  }
  return mediansOf(found);
}

async function measure(name: string, options: BenchOptions): Promise<Figure[]> {
  let opened: BenchEngine | undefined;
  try {
    return await benches[name]!(async (tools = [], model) => (opened ??= await BenchEngine.open({ given, tools, model })), options);
  } finally {
    await opened?.close();
  }
}

function print(figures: readonly Figure[], isJson: boolean): void {
  if (isJson) return void process.stdout.write(`${JSON.stringify(figures)}\n`);
  console.table(figures.map(({ bench, case: kind, values }) => ({ bench, case: kind, ...values })));
  process.stdout.write(`JSON ${JSON.stringify(figures)}\n`);
  for (const { bench, case: kind, values } of figures) {
    const peerLine = bench === "chain" && kind.startsWith("c=") && { peer: "ours", wl: "W1", c: Number(kind.slice(2)), ...values };
    if (peerLine) process.stdout.write(`RESULT ${JSON.stringify(peerLine)}\n`);
  }
}

function refuse(sentence: string): number {
  process.stderr.write(`${sentence}\n`);
  return 2;
}

function commandOf(argv: string[]): BenchCommand | undefined {
  try {
    return benchCommand(argv);
  } catch (error) {
    return void refuse((error as Error).message);
  }
}

// Rounds of their own and other checkouts end with who started them.
process.on("disconnect", () => process.exit(1));
const command = commandOf(process.argv.slice(2));
process.exit(command === undefined ? 2 : await main(command));
