import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";

/** Whose log is archived, and who is told. */
export interface ArchiveWatchOptions {
  /** Of the embedded server. */
  databaseUrl: string;
  archive: string;
  /** Told why its log is not archived, and undefined when it is again. */
  onChange: (trouble: string | undefined) => void;
  pollMs?: number;
}

/** PostgreSQL tries three times within seconds, then again after a minute. */
const defaultPollMs = 10_000;

/**
 * Looks whether PostgreSQL can archive its log. Where it cannot the platform goes on: what is missing is the way back to a later time than the last copy's, and in the end space
 * on the disk, which keeps the log until it is archived.
 *
 * @returns the function that ends the watch.
 */
export function watchArchive({ databaseUrl, archive, onChange, pollMs = defaultPollMs }: ArchiveWatchOptions): () => Promise<void> {
  const stopping = new AbortController();
  const watch = async (): Promise<void> => {
    let wasFailing = false;
    while (await sleep(pollMs, true, { signal: stopping.signal }).catch(() => false)) {
      const failed = await failureOf(databaseUrl);
      if (failed === "unknown" || (failed !== undefined) === wasFailing) continue;
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

/** undefined: it is archived. unknown: the server could not be asked; who watches it says so. */
async function failureOf(databaseUrl: string): Promise<Failure | undefined | "unknown"> {
  const client = new pg.Client({ connectionString: databaseUrl, connectionTimeoutMillis: 5_000, query_timeout: 5_000 });
  client.on("error", () => {});
  try {
    await client.connect();
    const { rows } = await client.query<Failure>(
      `select last_failed_wal as segment, last_archived_time as since from pg_stat_archiver
       where last_failed_time > coalesce(last_archived_time, '-infinity')`,
    );
    return rows[0];
  } catch {
    return "unknown";
  } finally {
    await client.end().catch(() => {});
  }
}
