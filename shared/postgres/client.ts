/** Short conversations with a database that is being prepared. */
import pg from "pg";
import { isPooled } from "../db/pool.ts";
import { postgresErrors } from "./errors.ts";

/** Held while roles and schema `app` are made: "create or replace" of one function from two sessions fails in one of them. */
const prepareLock = "select pg_advisory_xact_lock(hashtextextended('agent-platform/prepare', 0))";

/** Where a URL is from unless told. */
export const databaseVariable = "AGENT_PLATFORM_DATABASE_URL";

/** Connects, for as long as the work takes. @param variable  where the URL is from. @throws AppError DATABASE_UNREACHABLE, DATABASE_FULL */
export async function withClient<T>(url: string, work: (client: pg.Client) => Promise<T>, variable = databaseVariable): Promise<T> {
  const client = clientOf(url);
  try {
    await client.connect();
  } catch (cause) {
    const facts = { address: databaseAddress(url), story: storyOf(cause), variable };
    throw isFull(cause) ? postgresErrors.DATABASE_FULL(facts, { cause }) : postgresErrors.DATABASE_UNREACHABLE(facts, { cause });
  }
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

/** Whether the server takes no more connections: of anybody, of this role, or to this database. */
const isFull = (cause: unknown): boolean => cause instanceof Error && "code" in cause && cause.code === "53300";

/** A client that is not connected yet. */
export function clientOf(url: string): pg.Client {
  const client = new pg.Client({
    connectionString: url,
    connectionTimeoutMillis: 10_000,
    // A pooler takes no settings of a session.
    ...(!isPooled(url) && { statement_timeout: 30_000 }),
  });
  client.on("error", () => {});
  return client;
}

/** Runs statements in a transaction in which nobody else prepares. */
export async function inPrepareLock(client: pg.Client, statements: string): Promise<void> {
  await client.query("begin");
  try {
    await client.query(prepareLock);
    await client.query(statements);
    await client.query("commit");
  } catch (error) {
    await client.query("rollback").catch(() => {});
    throw error;
  }
}

/** Host and database of a URL, never its password. */
export function databaseAddress(url: string): string {
  return url.replace(/^(postgres(?:ql)?:\/\/)(?:[^@/]*@)?/, "$1").replace(/\?.*/, "");
}

/** The sentence of an error. */
export const storyOf = (cause: unknown): string => (cause instanceof Error ? cause.message : String(cause));
