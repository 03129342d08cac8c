/** What much that is stored costs those who run now, and how fast it goes when it is deleted. */
import { setTimeout as pause } from "node:timers/promises";
import type pg from "pg";
import { pino } from "pino";
import { openPool } from "#shared/db/pool.ts";
import { openChainRounds } from "../../bench/chain.ts";
import { BenchEngine } from "../../bench/engine.ts";
import { quantile } from "../../bench/figures.ts";
import { RunRemoval } from "../../subgraphs/runtime/control/run-removal.ts";
import { shareOf, tell } from "./settings.ts";

const beganAtMs = performance.now();
/** Tells how far it is: minutes may pass until the first figure. */
const reached = (step: string, facts: object = {}) =>
  tell(`keep, ${Math.round((performance.now() - beganAtMs) / 1_000)} s`, { step, ...facts });

const tenants = 50;
const storedRuns = shareOf(1_000_000);
const backlog = shareOf(100_000);
const nodesOfRun = 3;

/** Finished runs of some nodes each, made on the days before today; and runs that wait until tomorrow. */
async function fill(pool: pg.Pool): Promise<void> {
  const statements = [
    // An id as it was made so long ago.
    `create temp table old on commit drop as select lpad(to_hex(ms >> 16), 8, '0') || '-' || lpad(to_hex(ms & 65535), 4, '0') || '-7' ||
       substr(md5(i::text), 1, 3) || '-8' || substr(md5(i::text), 4, 3) || '-' || substr(md5(i::text), 8, 12) as id,
       'old-' || i % ${tenants} as tenant_id, to_timestamp(ms / 1000.0) as at
     from (select i, ((extract(epoch from now()) * 1000)::bigint - 40::bigint * 86400000 + i * 30) as ms from generate_series(1, $1::int) i) x`,
    `insert into runtime.run (id, tenant_id, plan_id, trace_id, status, event_seq, input, output_text, created_at, started_at, ended_at)
     select id, tenant_id, 'plan', md5(id), 3, ${2 + 2 * nodesOfRun}, '{"text":"hello"}', 'the answer of a run', at, at, at from old`,
    `insert into runtime.node_run (run_id, path, tenant_id, node_id, node_type, status, seq, done_seq, created_at, started_at, ended_at, output_text)
     select id, 'step-' || n, tenant_id, 'step-' || n, 'template-transform', 3, 2 * n, 2 * n + 1, at, at, at, 'a text of a node, as long as most' from old, generate_series(1, ${nodesOfRun}) n`,
    `insert into runtime.run_story (run_id, seq, type, status, at, tenant_id) select id, n, 1, 3, at, tenant_id from old, generate_series(1, ${2 + 2 * nodesOfRun}) n`,
  ];
  const client = await pool.connect();
  try {
    await client.query("set statement_timeout = 0");
    await client.query("begin");
    await client.query(statements[0]!, [storedRuns]);
    for (const statement of statements.slice(1)) {
      const { rowCount } = await client.query(statement);
      reached("filled", { table: /^insert into (\S+)/.exec(statement)![1], rows: rowCount });
    }
    await client.query("commit");
    await client.query(
      `with r as (insert into runtime.run (id, tenant_id, plan_id, trace_id, status, event_seq, created_at)
         select 'waits-' || i, 'waits-' || i % ${tenants}, 'plan', 'trace', 0, 1, now() from generate_series(1, $1::int) i returning id, tenant_id)
       insert into runtime.work (key, run_id, tenant_id, visible_at) select id, id, tenant_id, now() + interval '1 day' from r`,
      [backlog],
    );
  } finally {
    client.release();
  }
}

/** Rounds on each database; those of one run right after those of the other, first the one and then the other, for the machine has its moods. */
const rounds = 15;
const runsOfRound = shareOf(1_000);

const quartile = (values: readonly number[], share: number) =>
  quantile(
    [...values].sort((a, b) => a - b),
    share,
  );

/** A figure of both databases: the ratio of medians, and how far apart the rounds are, which says what the ratio is worth. */
function compared(name: string, bare: readonly Round[], laden: readonly Round[]) {
  const spread = (of: readonly Round[]) =>
    [0.25, 0.5, 0.75].map((share) =>
      quartile(
        of.map((round) => round[name]!),
        share,
      ),
    );
  const [, bareMedian = Number.NaN] = spread(bare);
  const [, ladenMedian = Number.NaN] = spread(laden);
  return { ratio: ladenMedian / bareMedian, bare: spread(bare), laden: spread(laden) };
}

describe("a million finished runs and a hundred thousand that wait", () => {
  let empty: BenchEngine;
  let full: BenchEngine;
  let pool: pg.Pool;

  beforeAll(async () => {
    empty = await BenchEngine.open({ given: undefined });
    full = await BenchEngine.open({ given: undefined });
    pool = openPool({ url: full.url, scope: "engine", max: 2, statementTimeoutMs: 3_600_000 });
    reached("opened");
    await fill(pool);
    await full.settle();
    reached("vacuumed");
  });

  afterAll(async () => {
    await pool.end();
    await full.close();
    await empty.close();
  });

  it("cost those who run now next to nothing: a chain takes PostgreSQL as long as on empty tables, to 5 %", async () => {
    const [onEmpty, onFull] = [await openChainRounds(empty), await openChainRounds(full)];
    reached("ready for rounds");
    const [bare, laden]: [Round[], Round[]] = [[], []];
    for (let round = 0; round < rounds; round++) {
      const turns = [async () => bare.push(await onEmpty.round(runsOfRound)), async () => laden.push(await onFull.round(runsOfRound))];
      for (const turn of round % 2 === 0 ? turns : turns.toReversed()) await turn();
      reached("round", { round, stepsPerSecond: [bare, laden].map((figures) => figures.at(-1)!["steps_s"]) });
    }
    await Promise.all([onEmpty.stop(), onFull.stop()]);
    const [cpu, rate] = [compared("pg_cpu_ms", bare, laden), compared("steps_s", bare, laden)];
    tell("chain on full tables to empty ones", { storedRuns, backlog, rounds, runsOfRound, cpu, rate });
    // What either says where the other is disturbed.
    expect(Math.min(cpu.ratio, 1 / rate.ratio)).toBeLessThan(1.05);
  });

  it("are removed as fast as a thousand are made a second, or it is told how fast", async () => {
    const counted = async (text: string) => (await pool.query<{ n: number }>(`select count(*)::int as n from ${text}`)).rows[0]!.n;
    const left = () => counted("runtime.run where tenant_id like 'old-%'");
    const rest = () => counted("runtime.removal");
    const removal = new RunRemoval({ databaseUrl: full.url, log: pino({ level: "silent" }), keepDays: 1 });
    const beganAtMs = performance.now();
    const before = await left();
    removal.start();
    const beside = await openChainRounds(full);
    const during = await beside.round(shareOf(4_000));
    const rateDuring = (before - (await left())) / ((performance.now() - beganAtMs) / 1_000);
    await beside.stop();
    const endsAtMs = performance.now() + Math.min(60_000, shareOf(60_000));
    let gone = 0;
    let rate = 0;
    // Until nothing is left, which a share may come to: what nobody removes any more is no part of the rate.
    do {
      await pause(Math.min(10_000, Math.max(0, endsAtMs - performance.now())));
      gone = before - (await left()) - (await rest());
      rate = gone / ((performance.now() - beganAtMs) / 1_000);
      reached("removed", { runs: gone, of: before });
    } while (gone < before && performance.now() < endsAtMs);
    await removal.close();
    tell("removal", { runsPerSecond: rate, runsPerSecondBesideAChain: rateDuring, chainBesideIt: during, nodesOfRun });
    expect(gone).toBeGreaterThan(0);
  });
});

/** What a round says: see bench/chain.ts. */
type Round = Record<string, number>;
