import pg from "pg";

/** Settings of a connection pool. */
export interface PoolOptions {
  url: string;
  max?: number;
  /** Shown in pg_stat_activity. */
  applicationName?: string;
  /** Works for all tenants: row-level security lets it pass. The one place where this scope can be set. */
  scope?: "engine";
  /** Ends a statement after this long; 20 s. */
  statementTimeoutMs?: number;
  lockTimeoutMs?: number;
  /** Statements of one client are sent without waiting for each other; for callers that know what they ask. */
  pipeline?: boolean;
  types?: pg.CustomTypesConfig;
}

/**
 * Every statement of the engine reaches its rows by an index, a few at a time. Told so, the planner chooses the same plan on a database that has no
 * statistics yet as on one that has. Without the first setting a drain of 20,000 queued runs went at 980 runs/s instead of 2,200 (bench drain, November
 * 2026); without the joins' a flush planned while `run` is empty hashes the whole table, 48 ms instead of 2.5 at 20,000 runs.
 */
const engineSettings = [
  "app.scope=engine",
  "plan_cache_mode=force_generic_plan",
  ...["enable_seqscan=off", "enable_hashjoin=off", "enable_mergejoin=off"],
];

/** Opens a pool whose sessions give up on their own: no statement, lock or idle transaction lasts for ever. */
export function openPool(options: PoolOptions): pg.Pool {
  const settings = [
    `statement_timeout=${options.statementTimeoutMs ?? 20_000}`,
    `lock_timeout=${options.lockTimeoutMs ?? 5_000}`,
    "idle_in_transaction_session_timeout=5000",
    "synchronous_commit=on",
    ...(options.scope === "engine" ? engineSettings : []),
  ];
  const pool = new pg.Pool({
    connectionString: withOptions(options.url, settings),
    max: options.max ?? 10,
    application_name: options.applicationName ?? "agent-platform",
    connectionTimeoutMillis: 10_000,
    idleTimeoutMillis: 60_000,
    keepAlive: true,
    ...(options.types && { types: options.types }),
    ...(options.pipeline && { pipeline: true }),
  });
  // A dropped idle connection is the pool's business: it opens another. Without a listener it would end the process.
  pool.on("error", () => {});
  pool.on("connect", (client) => client.on("error", () => {}));
  return pool;
}

/** Adds `-c name=value` settings to those that the URL may carry already (pg lets the URL's options win over the config's). */
export function withOptions(url: string, settings: readonly string[]): string {
  const [base = "", query = ""] = url.split("?", 2);
  const params = new URLSearchParams(query);
  const options = [params.get("options") ?? "", ...settings.map((setting) => `-c ${setting}`)].filter(Boolean).join(" ");
  // pg-connection-string reads %20, not +.
  params.delete("options");
  const rest = params.toString();
  return `${base}?${rest === "" ? "" : `${rest}&`}options=${encodeURIComponent(options)}`;
}
