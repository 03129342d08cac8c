/** An engine on an embedded cluster of its own, which is copied while it works; and what there is in one that was brought back. */
import { chmodSync, mkdirSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { join } from "node:path";
import pg from "pg";
import { openPool } from "#shared/db/pool.ts";
import { archiveSettings } from "#shared/postgres/archive.ts";
import { backupCluster, type BackupNote } from "#shared/postgres/backup.ts";
import { prepareEmbeddedDatabase } from "#shared/postgres/prepare.ts";
import { startPostgres, type PostgresServer } from "#shared/postgres/server.ts";
import { migrateAll } from "../../cli/compose/migrate.ts";
import { EngineFixture } from "./engine/fixture.ts";
import { node, plan } from "./engine/plan.ts";
import { assertInvariants } from "./invariants.ts";
import { afterEachTest } from "./jest/suite-hooks.ts";

const small = { shared_buffers: "32MB", max_connections: "60" };

const closing: (() => Promise<void>)[] = [];
afterEachTest(async () => {
  for (const close of closing.splice(0)) await close();
});

interface Place {
  folder: string;
  archive: string;
  server: PostgresServer;
  engine: EngineFixture;
}

async function place(): Promise<Place> {
  const folder = await mkdtemp("/tmp/agent-platform-backup-");
  chmodSync(folder, 0o755);
  // A name that a shell would take apart, and that PostgreSQL would fill in.
  const archive = join(folder, "the log's 100% archive");
  mkdirSync(archive);
  chmodSync(archive, 0o777);
  const server = await startPostgres({ folder: join(folder, "postgres"), settings: { ...small, ...archiveSettings(archive) } });
  const url = await prepareEmbeddedDatabase(server.url);
  await migrateAll({ databaseUrl: url, databaseUrls: {} }, ["runtime"]);
  const adminUrl = server.url("postgres", "agent_platform");
  const engine = await EngineFixture.open({ on: { url, adminUrl, drop: () => Promise.resolve() } });
  closing.push(async () => {
    if (server.isRunning()) await server.stop();
    await rm(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
  });
  return { folder, archive, server, engine };
}

const steps = plan([node("a", "pure"), node("b", "pure")], ["a>b"]);

async function ended(engine: EngineFixture, id: string): Promise<string> {
  await engine.until(id, ({ status }) => status === "COMPLETED");
  return id;
}

/** Runs of a restored cluster, whose invariants hold. */
export async function runsOf(folder: string): Promise<{ id: string; status: number }[]> {
  const server = await startPostgres({ folder, settings: small });
  const url = await prepareEmbeddedDatabase(server.url);
  const pool = openPool({ url, scope: "engine", max: 2 });
  try {
    await assertInvariants(pool);
    return (await pool.query<{ id: string; status: number }>("select id, status from runtime.run order by id")).rows;
  } finally {
    await pool.end();
    await server.stop();
  }
}

async function momentOf(url: string): Promise<Date> {
  return withAdmin(url, async (client) => (await client.query<{ at: Date }>("select clock_timestamp() as at")).rows[0]!.at);
}

/** All that was written until now is in the archive. */
async function archived(url: string): Promise<void> {
  await withAdmin(url, async (client) => {
    const { rows } = await client.query<{ segment: string }>("select pg_walfile_name(pg_switch_wal()) as segment");
    for (;;) {
      const { rows: told } = await client.query<{ isThere: boolean }>('select last_archived_wal >= $1 as "isThere" from pg_stat_archiver', [
        rows[0]!.segment,
      ]);
      if (told[0]?.isThere === true) return;
      await new Promise((resolve) => setImmediate(resolve));
    }
  });
}

async function withAdmin<T>(url: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

/** A cluster that was copied under load, and is stopped. */
export interface BackedUp {
  folder: string;
  archive: string;
  copy: string;
  note: BackupNote;
  /** Runs that ended while it was copied, and one behind it. */
  before: string[];
  between: Date;
  /** A run behind that moment. */
  after: string;
}

/** Makes one. Its folder goes after the test. */
export async function backedUp(): Promise<BackedUp> {
  const { engine, server, folder, archive } = await place();
  const admin = server.url("postgres", "postgres");
  engine.worker();
  let isOver = false;
  const busy = (async () => {
    const made: string[] = [];
    while (!isOver) made.push(await ended(engine, await engine.create(steps)));
    return made;
  })();
  const copy = join(folder, "copy");
  const note = await backupCluster({ url: admin, folder: join(folder, "postgres") }, copy);
  isOver = true;
  const before = [...(await busy), await ended(engine, await engine.create(steps))];
  const between = await momentOf(admin);
  const after = await ended(engine, await engine.create(steps));
  await archived(admin);
  await EngineFixture.closeAll();
  await server.stop();
  mkdirSync(join(folder, "back"));
  return { folder, archive, copy, note, before, between, after };
}
