import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";

/** Whose log is archived, and who is told. */
export interface ArchiveWatchOptions {
  /** Of the embedded server, as its superuser. */
  databaseUrl: string;
  archive: string;
  /** Told why its log is not archived, and undefined when it is again. */
  onChange: (trouble: string | undefined) => void;
  pollMs?: number;
}

/** PostgreSQL tries three times within seconds, then again after a minute. */
const defaultPollMs = 10_000;

/**
 * Looks whether PostgreSQL can archive its log, and wakes who ends its segments by time: after a start anew within PostgreSQL (a backend was killed, say) that one sleeps for a
 * whole checkpoint_timeout, as after a start (shared/postgres/server.ts). Where it cannot the platform goes on: what is missing is the way back to a later time than the last copy's, and in the end space
 * on the disk, which keeps the log until it is archived.
 *
 * @returns the function that ends the watch.
 */
export function watchArchive({ databaseUrl, archive, onChange, pollMs = defaultPollMs }: ArchiveWatchOptions): () => Promise<void> {
  const stopping = new AbortController();
  const watch = async (): Promise<void> => {
    let wasFailing = false;
    let woken: string | undefined;
    while (await sleep(pollMs, true, { signal: stopping.signal }).catch(() => false)) {
      const seen = await look(databaseUrl, woken);
      if (seen === "unknown") continue;
      woken = seen.checkpointer ?? woken;
      const { failed } = seen;
      if ((failed !== undefined) === wasFailing) continue;
      wasFailing = failed !== undefined;
      onChange(failed && troubleOf(archive, failed));
    }
  };
  const watching = watch();
  return () => {
    stopping.abort();
    return watching;
  };
}

interface Failure {
  segment: string;
  since: Date | null;
}

function troubleOf(archive: string, { segment, since }: Failure): string {
  const reaches = since === null ? "nothing is there yet" : `it reaches to ${since.toISOString()}`;
  return (
    `PostgreSQL's log cannot be archived in ${archive} (${segment}); ${reaches}, and a restore no further. ` +
    `The log stays on the database's disk until it can: see that the folder is there, has space, and may be written by PostgreSQL's user. postgres.log says why.`
  );
}

interface Look {
  /** undefined: it is archived. */
  failed: Failure | undefined;
  /** The one that is awake; undefined while there is none. */
  checkpointer: string | undefined;
}

/** @param woken  the checkpointer that is awake. @returns unknown: the server could not be asked; who watches it says so. */
async function look(databaseUrl: string, woken: string | undefined): Promise<Look | "unknown"> {
  const client = new pg.Client({ connectionString: databaseUrl, connectionTimeoutMillis: 5_000, query_timeout: 5_000 });
  client.on("error", () => {});
  try {
    await client.connect();
    const { rows } = await client.query<Failure>(
      `select last_failed_wal as segment, last_archived_time as since from pg_stat_archiver
       where last_failed_time > coalesce(last_archived_time, '-infinity')`,
    );
    return { failed: rows[0], checkpointer: await awake(client, woken) };
  } catch {
    return "unknown";
  } finally {
    await client.end().catch(() => {});
  }
}

async function awake(client: pg.Client, woken: string | undefined): Promise<string | undefined> {
  const { rows } = await client.query<{ checkpointer: string }>(
    "select pid || ' ' || backend_start as checkpointer from pg_stat_activity where backend_type = 'checkpointer'",
  );
  const checkpointer = rows[0]?.checkpointer;
  // As SIGHUP to the server, of a superuser.
  if (checkpointer !== undefined && checkpointer !== woken) await client.query("select pg_reload_conf()");
  return checkpointer;
}
