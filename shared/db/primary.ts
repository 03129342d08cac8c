/**
 * Which server is the database's primary. Whatever leads to the database may lead to another: for a moment after a fail-over to one that takes no writes, or to the old
 * primary, which came back and knows of nothing. Each fail-over begins a timeline of a higher number, and a process remembers the highest that it has seen of a database at
 * an address: what answers of a lower one is not the primary any more. A process that has just been started has seen none, so keeping an old primary away from all is the
 * operator's part.
 */
import type pg from "pg";
import { databaseTime, heardDatabaseTime } from "../database-time.ts";

/** The highest timelines by address, and within one by the system identifier that a primary and its standbys share: a copy that was brought back elsewhere is another database. */
const highest = new Map<string, Map<string, number>>();

/** Addresses whose server has told nothing of its log, and is not asked for it again: each new connection would cost two statements, and an error in its log. */
const silent = new Set<string>();

// What a session of a standby may not ask is not asked of one. Who writes on which timeline is told by the name of the log's segment: pg_control_checkpoint has it from the
// first checkpoint after a promotion on.
const asked = `
select standby, case when standby then null else (select system_identifier::text from pg_control_system()) end as system,
  case when standby then null else pg_walfile_name(pg_current_wal_insert_lsn()) end as segment, ${databaseTime} as "nowMs"
from (select pg_is_in_recovery() as standby) s`;

interface ServerRow {
  standby: boolean;
  system: string | null;
  segment: string | null;
  nowMs: number;
}

/**
 * Refuses a connection that leads to no primary. Who got it tries again, and is led elsewhere. A primary tells its time beside it (database-time.ts).
 *
 * @throws as PostgreSQL does that cannot be used yet
 */
export async function refuseNoPrimary(client: pg.ClientBase): Promise<void> {
  const address = addressOf(client);
  const { askedAtMs, nowMs, ...server } = await serverOf(client, address);
  if (server.standby) throw notYet("the server is a standby: it takes no writes");
  refuseOldPrimary(address, server);
  heardDatabaseTime(nowMs, { askedAtMs, database: address });
}

/** What stands behind one may change. With the database's name: a pooler leads each of its databases where it likes. */
export function addressOf(client: pg.ClientBase): string {
  const { host, port, database } = client as pg.Client;
  return `${host}:${port}/${database}`;
}

function refuseOldPrimary(address: string, { system, segment }: Pick<ServerRow, "system" | "segment">): void {
  const timeline = Number.parseInt(segment?.slice(0, 8) ?? "", 16);
  if (system === null || Number.isNaN(timeline)) return;
  const timelines = highest.get(address) ?? new Map<string, number>();
  const known = timelines.get(system) ?? 0;
  if (timeline < known)
    throw notYet(
      `the server is an old primary: it writes on timeline ${timeline}, and timeline ${known} was seen. ` +
        "Keep it away; where it was brought back on purpose start the platform's processes again",
    );
  highest.set(address, timelines.set(system, timeline));
}

/** Some services do not tell of their log, or not everybody: of these it is only asked whether they are a standby. */
async function serverOf(client: pg.ClientBase, address: string): Promise<ServerRow & { askedAtMs: number }> {
  if (!silent.has(address)) {
    const askedAtMs = performance.now();
    try {
      const { rows } = await client.query<ServerRow>(asked);
      return { askedAtMs, ...rows[0]! };
    } catch (cause) {
      const { code = "" } = cause as { code?: string };
      if (!untold.has(code) && !untoldNow.has(code)) throw cause;
      // Who has told once is asked again.
      if (untold.has(code) && !highest.has(address)) silent.add(address);
    }
  }
  const askedAtMs = performance.now();
  const { rows } = await client.query<Pick<ServerRow, "standby" | "nowMs">>(
    `select pg_is_in_recovery() as standby, ${databaseTime} as "nowMs"`,
  );
  return { askedAtMs, ...rows[0]!, system: null, segment: null };
}

// Not supported, not allowed, not there.
const untold = new Set(["0A000", "42501", "42883"]);
// Internal, and a standby that became one between the two questions.
const untoldNow = new Set(["XX000", "55000"]);

const notYet = (message: string): Error => Object.assign(new Error(message), { code: "57P03" });
