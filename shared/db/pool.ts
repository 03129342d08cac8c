import pg from "pg";
import { withinDeadline } from "../deadline.ts";
import { readGauge } from "../metrics/instruments.ts";
import { engineUrlOf } from "./engine-login.ts";
import { hasLongValue, queryLong } from "./long-value.ts";
import { refuseNoPrimary } from "./primary.ts";
import { keepOpen, prepareAll, type PreparedStatement } from "./prepared.ts";

/** Settings of a connection pool. */
export interface PoolOptions {
  url: string;
  /** Connections at most; 10. They are opened when they are needed, and stay open. */
  max?: number;
  /** Statements that each connection prepares before it is lent. All connections are opened now then, and replaced when they are lost. */
  prepared?: readonly PreparedStatement[];
  /** With `prepared`: each connection holds a lock under this name for as long as it lives, by which others see that the process is there. */
  presence?: string | undefined;
  /** Shown in pg_stat_activity. */
  applicationName?: string;
  /** Works for all tenants, whom row-level security lets pass: logs in as the engine, by {@link engineUrlOf}. */
  scope?: "engine";
  /** Ends a statement after this long; 20 s. */
  statementTimeoutMs?: number;
  lockTimeoutMs?: number;
  /**
   * Gives up a statement that has no answer after this long, with its connection, and the wait for a connection. `statementTimeoutMs` is PostgreSQL's to
   * keep, and a machine that is frozen, or cut off without a word, keeps nothing. Unless given a statement waits for as long as its connection is open.
   */
  answerTimeoutMs?: number;
  /** Statements of one client are sent without waiting for each other; for callers that know what they ask. */
  pipeline?: boolean;
  types?: pg.CustomTypesConfig;
}

/**
 * Every statement of the engine reaches its rows by an index, a few at a time. Told so, the planner chooses the same plan on a database that has no
 * statistics yet as on one that has. Without the first setting a drain of 20,000 queued runs went at 980 runs/s instead of 2,200 (bench drain, November
 * 2026); without the joins' a flush planned while `run` is empty hashes the whole table, 48 ms instead of 2.5 at 20,000 runs.
 */
const engineSettings = ["plan_cache_mode=force_generic_plan", ...["enable_seqscan=off", "enable_hashjoin=off", "enable_mergejoin=off"]];

/** The longest that anybody waits for a connection. */
export const connectDeadlineMs = 10_000;

/** When each pool that keeps its connections open had all of them. */
const opened = new WeakMap<pg.Pool, Promise<void>>();

/** Opens a pool whose sessions give up on their own: no statement, lock or idle transaction lasts for ever. */
export function openPool(options: PoolOptions): pg.Pool {
  const settings = [...sessionSettings(options), ...(options.scope === "engine" ? engineSettings : [])];
  const { max = 10, prepared, presence, answerTimeoutMs } = options;
  const pool = new pg.Pool({
    connectionString: withOptions(options.scope === "engine" ? engineUrlOf(options.url) : options.url, settings),
    max,
    application_name: options.applicationName ?? "agent-platform",
    connectionTimeoutMillis: answerTimeoutMs ?? connectDeadlineMs,
    // A new connection costs 15 to 30 ms of PostgreSQL's time before it is quick, so a pause must not end those that are.
    idleTimeoutMillis: 0,
    keepAlive: true,
    ...(options.types && { types: options.types }),
    ...(options.pipeline && { pipeline: true }),
    // oxlint-disable-next-line typescript/no-misused-promises -- the pool waits for it, which its types do not say
    onConnect: (client: pg.ClientBase) => begin(client, prepared ?? [], presence),
  });
  poolWatch(pool, options.applicationName ?? "agent-platform");
  // A dropped idle connection is the pool's business: it opens another. Without a listener it would end the process.
  pool.on("error", () => {});
  pool.on("connect", (client) => client.on("error", () => {}));
  pool.query = ((config: pg.QueryConfig, values?: unknown[]) => queryOnce(pool, { config, values, answerTimeoutMs })) as typeof pool.query;
  if (prepared) opened.set(pool, keepOpen(pool, max));
  return pool;
}

const poolConnections = readGauge({
  name: "pool_connections",
  help: "Connections to PostgreSQL that a pool has open, by whether somebody has them now.",
  labels: ["pool", "state"],
});
const poolWaiting = readGauge({
  name: "pool_waiting",
  help: "Who waits for a connection of a pool now.",
  labels: ["pool"],
});

function poolWatch(pool: pg.Pool, name: string): void {
  const connections = poolConnections.add(() => [
    { labels: { pool: name, state: "busy" }, value: pool.totalCount - pool.idleCount },
    { labels: { pool: name, state: "idle" }, value: pool.idleCount },
  ]);
  const waiting = poolWaiting.add(() => [{ labels: { pool: name }, value: pool.waitingCount }]);
  const end = pool.end.bind(pool);
  pool.end = () => {
    connections();
    waiting();
    return end();
  };
}

/** Resolves when all connections of a pool with `prepared` statements are open and prepared; at once for any other pool. */
export function whenOpen(pool: pg.Pool): Promise<void> {
  return opened.get(pool) ?? Promise.resolve();
}

async function begin(client: pg.ClientBase, prepared: readonly PreparedStatement[], presence: string | undefined): Promise<void> {
  // Nobody who waits for a connection waits for this one alone; but it has a place in its pool until it is open or given up.
  await withinDeadline(connectDeadlineMs, () => refuseNoPrimary(client));
  // Shared: the other connections of the process hold it too, and none waits for it.
  if (presence !== undefined) await client.query("select pg_advisory_lock_shared(hashtextextended($1, 0))", [presence]);
  await prepareAll(client, prepared, endsSession);
}

/** Asks a database for its time, over a connection of its own: for a process that has none yet. */
export async function hearDatabaseTime(url: string): Promise<void> {
  const client = new pg.Client({ connectionString: withOptions(url, ["statement_timeout=5000"]), connectionTimeoutMillis: 5_000 });
  client.on("error", () => {});
  try {
    await withinDeadline(connectDeadlineMs, async () => {
      await client.connect();
      await refuseNoPrimary(client);
    });
  } finally {
    (client as unknown as { connection: pg.Connection }).connection.stream.destroy();
  }
}

interface OneStatement {
  config: pg.QueryConfig;
  values: unknown[] | undefined;
  answerTimeoutMs: number | undefined;
}

/** As the pool's own, but a statement that is refused costs no connection. */
async function queryOnce(pool: pg.Pool, { config, values, answerTimeoutMs }: OneStatement): Promise<pg.QueryResult> {
  const client = await pool.connect();
  let lost: Error | undefined;
  const ask = () => (hasLongValue(config.values) ? queryLong(client, config) : client.query(config, values));
  try {
    return await (answerTimeoutMs === undefined ? ask() : withinDeadline(answerTimeoutMs, ask));
  } catch (cause) {
    if (endsSession(cause)) lost = cause as Error;
    throw cause;
  } finally {
    client.release(lost);
  }
}

/** Whether the session of a statement that failed is over: PostgreSQL did not answer, or answered by ending it. */
export function endsSession(cause: unknown): boolean {
  const code = typeof cause === "object" && cause !== null && "code" in cause ? cause.code : undefined;
  // With a digit: EPIPE is no SQLSTATE. 25P03 and 25P04: it idled, or lasted, too long in a transaction. 25006: the server is a standby now.
  const isSqlState = typeof code === "string" && /^(?=.*\d)[0-9A-Z]{5}$/.test(code);
  return !isSqlState || /^(08|53|57P|58|XX|25P0[34]|25006)/.test(code);
}

/** Tells when a connection was lost, before whoever used it hears of it: what is believed of stored rows may not hold any more. */
export function onConnectionLost(pool: pg.Pool, listener: () => void): void {
  pool.on("error", listener);
  pool.on("release", (lost) => lost && listener());
}

/** Sends all that `send` asks of a pipelined connection in one write. */
export function inOneWrite<T>(client: pg.PoolClient, send: () => T): T {
  const { stream } = (client as unknown as { connection: pg.Connection }).connection;
  stream.cork();
  try {
    return send();
  } finally {
    stream.uncork();
  }
}

/** Says of a URL that a pooler stands behind it which lends its sessions by transaction; no driver reads it. */
const pooledMark = "sessions=lent";

/** A URL of such a pooler: its sessions have the settings of their role, and no statement is prepared in them. */
export function asPooled(url: string): string {
  return isPooled(url) ? url : `${url}${url.includes("?") ? "&" : "?"}${pooledMark}`;
}

/** Whether {@link asPooled} has made it. */
export function isPooled(url: string): boolean {
  return url.split("?", 2)[1]?.split("&").includes(pooledMark) ?? false;
}

/**
 * What every session of the platform has: no statement, lock or idle transaction lasts for ever, and none is compiled. The engine's planner settings make a scan of a
 * small table look dear, and PostgreSQL compiles what looks dear: a piece of the removal took 8.3 s instead of 2 ms (Debian's PostgreSQL 15, 2026-11). The embedded one
 * cannot compile; most others do unless told otherwise.
 */
export function sessionSettings({
  statementTimeoutMs = 20_000,
  lockTimeoutMs = 5_000,
}: Pick<PoolOptions, "statementTimeoutMs" | "lockTimeoutMs"> = {}): string[] {
  return [
    `statement_timeout=${statementTimeoutMs}`,
    `lock_timeout=${lockTimeoutMs}`,
    "idle_in_transaction_session_timeout=5000",
    "synchronous_commit=on",
    "jit=off",
  ];
}

/** Adds `-c name=value` settings to those that the URL may carry already (pg lets the URL's options win over the config's). */
export function withOptions(url: string, settings: readonly string[]): string {
  if (isPooled(url)) return url;
  const [base = "", query = ""] = url.split("?", 2);
  const params = new URLSearchParams(query);
  const options = [params.get("options") ?? "", ...settings.map((setting) => `-c ${setting}`)].filter(Boolean).join(" ");
  // pg-connection-string reads %20, not +.
  params.delete("options");
  const rest = params.toString();
  return `${base}?${rest === "" ? "" : `${rest}&`}options=${encodeURIComponent(options)}`;
}
