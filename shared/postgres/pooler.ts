/**
 * A pooler between the platform and PostgreSQL that lends a session to another client after each transaction: settings, locks, prepared statements and LISTEN would be
 * somebody else's, or nobody's. It is found out by what it does, whatever it is called.
 */
import { randomUUID } from "node:crypto";
import { withOptions } from "../db/pool.ts";
import { AppError } from "../errors.ts";
import { clientOf, databaseAddress, storyOf } from "./client.ts";
import { postgresErrors } from "./errors.ts";

/** Refuses what drops the options that a session starts with: no statement would have a deadline, and a superuser would not become the platform's role. */
export async function refusePooler(url: string): Promise<void> {
  const probe = randomUUID();
  const client = clientOf(withOptions(url, [`app.probe=${probe}`]));
  const address = databaseAddress(url);
  try {
    await client.connect();
    const { rows } = await client.query<{ probe: string | null }>("select current_setting('app.probe', true) as probe");
    if (rows[0]?.probe !== probe)
      throw postgresErrors.DATABASE_POOLED({ address, problem: "it drops the options that a session starts with" });
  } catch (cause) {
    if (cause instanceof AppError) throw cause;
    // PgBouncer's words. Whatever else hinders a connection is told by who needs it.
    if (!/unsupported startup parameter/i.test(storyOf(cause))) return;
    throw postgresErrors.DATABASE_POOLED(
      { address, problem: `it refuses the options that a session starts with (${storyOf(cause)})` },
      { cause },
    );
  } finally {
    await client.end().catch(() => {});
  }
}

/** Refuses what lets two sessions share a backend: while one is in a transaction, the other must still be where it was. */
export async function refuseSharedSessions(url: string): Promise<void> {
  const [first, second] = [clientOf(url), clientOf(url)];
  const backendOf = async (client: typeof first): Promise<number> => {
    const { rows } = await client.query<{ pid: number }>("select pg_backend_pid() as pid");
    return rows[0]?.pid ?? 0;
  };
  try {
    await Promise.all([first.connect(), second.connect()]);
    const before = await backendOf(first);
    await second.query("begin");
    const [other, after] = [await backendOf(second), await backendOf(first)];
    await second.query("rollback");
    if (before !== after || before === other)
      throw postgresErrors.DATABASE_POOLED({
        address: databaseAddress(url),
        problem: "two sessions of the engine share one of PostgreSQL's",
      });
  } finally {
    await Promise.all([first, second].map((client) => client.end().catch(() => {})));
  }
}
