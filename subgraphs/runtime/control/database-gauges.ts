/**
 * What only the database knows: the queue's depth and age, the lines of runs, runs by status, how its log is archived. It is asked when somebody asks this process for its metrics, on a connection of its
 * own that is there only while somebody does; by one process of all, the first that was asked; no more often than every 10 s; and never for longer than 2 s: then
 * the values before are told, until they are a minute old.
 */
import type pg from "pg";
import { openPool } from "#shared/db/pool.ts";
import { withinDeadline } from "#shared/deadline.ts";
import type { Log } from "#shared/log.ts";
import { readGauge } from "#shared/metrics/instruments.ts";
import {
  archiveState,
  gaugesWatch,
  lineStates,
  mailRows,
  queueLanes,
  runsByStatus,
  type ArchiveState,
  type LineState,
  type QueueLane,
} from "../queue/gauges.sql.ts";
import { runStatusWord, runStatuses } from "../queue/statuses.ts";

const queueRows = readGauge({
  name: "queue_rows",
  help: "Rows of the queue by lane (runs, offered nodes) and state: due, owned, asleep until later, suspect of ending its owners; 200,000 are counted at most.",
  labels: ["lane", "state"],
});
const queueAge = readGauge({
  name: "queue_age_seconds",
  help: "How long the longest has been due that nobody has; a run with a priority is as old as one that came so many seconds before.",
  labels: ["lane"],
});
const lineRuns = readGauge({
  name: "line_runs",
  help: "Runs of documents with a concurrency: waiting for others of their key, and executed, which have its places; 200,000 of each are counted at most.",
  labels: ["state"],
});
const lineAge = readGauge({ name: "line_age_seconds", help: "How long the longest has waited for others of its key, since it was made." });
const archiveFailures = readGauge({
  name: "archive_failures",
  help: "Attempts to archive a segment of PostgreSQL's log that failed, since its statistics began. This and its like: nothing where it archives nothing.",
});
const archiveFailing = readGauge({
  name: "archive_failing",
  help: "1: the last attempt to archive a segment of PostgreSQL's log failed; else 0.",
});
const archiveAge = readGauge({
  name: "archive_age_seconds",
  help: "Since a segment of PostgreSQL's log was archived. One that nothing is written to archives nothing.",
});
const archiveBehind = readGauge({
  name: "archive_behind_bytes",
  help: "What PostgreSQL's log has that its archive lacks: the segment that is being written, 16 MiB, as a rule.",
});
const runsInStatus = readGauge({
  name: "runs",
  help: "Runs that are stored, by status; where the table has more than 16 MiB an estimate from so much of it.",
  labels: ["status"],
});
const mail = readGauge({ name: "mail_rows", help: "Messages to runs and answers to sessions that nobody has taken yet.", labels: ["box"] });

interface Found {
  queue: QueueLane[];
  lines: LineState[];
  archive: ArchiveState | undefined;
  runs: { status: number; rows: number }[];
  mail: { box: string; rows: number }[];
  atMs: number;
}

const archiveGauges = [
  [archiveFailures, ({ failed }: ArchiveState) => failed],
  [archiveFailing, ({ isFailing }: ArchiveState) => Number(isFailing)],
  [archiveAge, ({ ageSeconds }: ArchiveState) => ageSeconds],
  [archiveBehind, ({ behindBytes }: ArchiveState) => behindBytes],
] as const;

const lanes = ["runs", "nodes"] as const;
const laneStates = ["due", "owned", "asleep", "suspect"] as const;

const freshMs = 10_000;
const staleMs = 60_000;
const answerMs = 1_500;
/** Nobody has asked for so long: another process may count. */
const idleMs = 60_000;

export interface DatabaseGaugesOptions {
  /** Of the engine's role. */
  databaseUrl: string;
  log: Log;
  /** For how long what was found is told again; 10 s. */
  freshMs?: number;
}

/** The gauges of one database. */
export class DatabaseGauges {
  readonly #options: DatabaseGaugesOptions;
  readonly #unwatch: (() => void)[];
  #connection: Promise<{ pool: pg.Pool; client: pg.PoolClient; isMine: boolean }> | undefined;
  #found: Found | undefined;
  #looking: Promise<void> | undefined;
  #idle: NodeJS.Timeout | undefined;
  #isClosed = false;

  constructor(options: DatabaseGaugesOptions) {
    this.#options = options;
    const read = async <T>(samples: (found: Found) => T[]): Promise<T[]> => {
      const found = await this.#look();
      return found === undefined ? [] : samples(found);
    };
    this.#unwatch = [
      queueRows.add(() => read(({ queue }) => rowsOf(queue))),
      queueAge.add(() => read(({ queue }) => agesOf(queue))),
      lineRuns.add(() => read((found) => found.lines.map(({ state, rows }) => ({ labels: { state }, value: rows })))),
      lineAge.add(() => read((found) => [{ labels: {}, value: Math.max(0, ...found.lines.map(({ ageSeconds }) => ageSeconds)) }])),
      ...archiveGauges.map(([gauge, valueOf]) => gauge.add(() => read((found) => archiveSample(found, valueOf)))),
      runsInStatus.add(() =>
        read(({ runs }) =>
          runStatuses.map((status) => ({
            labels: { status },
            value: runs.find((found) => runStatusWord(found.status) === status)?.rows ?? 0,
          })),
        ),
      ),
      mail.add(() => read((found) => found.mail.map(({ box, rows }) => ({ labels: { box }, value: rows })))),
    ];
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    for (const unwatch of this.#unwatch) unwatch();
    await this.#disconnect();
  }

  /** @returns nothing where another process counts, or the database does not answer. */
  async #look(): Promise<Found | undefined> {
    if (this.#isClosed) return undefined;
    clearTimeout(this.#idle);
    this.#idle = setTimeout(() => void this.#disconnect(), idleMs).unref();
    const { freshMs: fresh = freshMs } = this.#options;
    if (this.#ageMs() > fresh) {
      this.#looking ??= this.#ask().finally(() => (this.#looking = undefined));
      const { promise, resolve } = Promise.withResolvers<void>();
      const late = setTimeout(resolve, answerMs);
      await Promise.race([this.#looking, promise]);
      clearTimeout(late);
    }
    return this.#ageMs() > staleMs ? undefined : this.#found;
  }

  #ageMs(): number {
    return this.#found === undefined ? Number.POSITIVE_INFINITY : performance.now() - this.#found.atMs;
  }

  async #ask(): Promise<void> {
    try {
      const { client, isMine } = await (this.#connection ??= this.#connect());
      // Another counts: whether it still does is asked with a connection's first statement, so with another connection.
      if (!isMine) {
        this.#found = undefined;
        return await this.#disconnect();
      }
      const found = await withinDeadline(2 * answerMs, async () => ({
        queue: await queueLanes(client),
        lines: await lineStates(client),
        archive: await archiveState(client),
        runs: await runsByStatus(client),
        mail: await mailRows(client),
      }));
      this.#found = { ...found, atMs: performance.now() };
    } catch (cause) {
      this.#options.log.warn({ err: cause }, "the database's gauges were not read");
      await this.#disconnect();
    }
  }

  async #connect() {
    const limits = { max: 1, statementTimeoutMs: answerMs, lockTimeoutMs: 100 };
    const pool = openPool({ url: this.#options.databaseUrl, scope: "engine", applicationName: "agent-platform gauges", ...limits });
    try {
      const client = await pool.connect();
      // It counts tables, which the engine's other statements never do.
      await client.query("set enable_seqscan = on");
      return { pool, client, isMine: await gaugesWatch(client) };
    } catch (cause) {
      await pool.end();
      throw cause;
    }
  }

  /** Another process may count from now on. */
  async #disconnect(): Promise<void> {
    clearTimeout(this.#idle);
    const connection = this.#connection;
    this.#connection = undefined;
    const opened = await connection?.catch(() => undefined);
    opened?.client.release(true);
    await opened?.pool.end();
  }
}

function archiveSample({ archive }: Found, valueOf: (archive: ArchiveState) => number | null) {
  const value = archive === undefined ? null : valueOf(archive);
  return value === null ? [] : [{ labels: {}, value }];
}

/** Of each lane and state, those too of which there is nothing: a series that comes and goes is none to a query over time. */
function rowsOf(queue: readonly QueueLane[]) {
  return lanes.flatMap((lane) =>
    laneStates.map((state) => ({
      labels: { lane, state },
      value: queue.find((found) => found.lane === lane && found.state === state)?.rows ?? 0,
    })),
  );
}

function agesOf(queue: readonly QueueLane[]) {
  return lanes.map((lane) => {
    const ages = queue.filter((found) => found.lane === lane).map(({ ageSeconds }) => ageSeconds);
    return { labels: { lane }, value: Math.max(0, ...ages) };
  });
}
