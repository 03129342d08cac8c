/** A copy of the embedded cluster brought back without the archive, and with all of it; a time that the archive does not reach is refused. */
import { existsSync } from "node:fs";
import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import pg from "pg";
import { prepareArchive } from "#shared/postgres/archive.ts";
import { backupCluster, restoreCluster } from "#shared/postgres/backup.ts";
import { startPostgres } from "#shared/postgres/server.ts";
import { openEmbeddedCluster } from "../../cli/database/database.ts";
import { backedUp, runsOf } from "../testkit/backed-up.ts";

describe("a copy of the embedded database", () => {
  it("is whole by itself, reaches as far as its archive, and no further", async () => {
    const { folder, archive, copy, after } = await backedUp();
    const alone = join(folder, "back", "alone");
    await restoreCluster({ from: copy, folder: alone });
    expect((await runsOf(alone)).map(({ id }) => id)).not.toContain(after);
    const whole = join(folder, "back", "whole");
    await restoreCluster({ from: copy, folder: whole, archive });
    expect((await runsOf(whole)).map(({ id }) => id)).toContain(after);
    const next = join(folder, "back", "next");
    const late = new Date(Date.now() + 3_600_000);
    await expect(restoreCluster({ from: copy, folder: next, archive, until: late })).rejects.toMatchObject({
      reason: "RESTORE_FAILED",
      message: expect.stringContaining("recovery ended before configured recovery target was reached"),
    });
    expect(existsSync(next)).toBe(false);
  });

  it("takes a timeline of its own each time it is brought back, which the archive knows and later restores follow", async () => {
    const { folder, archive, copy, after } = await backedUp();
    await writeOn(join(copy, "postgres", "pg_wal"), archive);
    const back = (name: string) => join(folder, "back", name);
    const alone = { from: copy, archiveTo: archive };
    await restoreCluster({ ...alone, folder: back("first") });
    expect(await archivedFrom(back("first"), archive, "first")).toEqual({ failed: 0, timeline: 2 });
    await restoreCluster({ ...alone, folder: back("second") });
    expect(await archivedFrom(back("second"), archive, "second")).toEqual({ failed: 0, timeline: 3 });
    // From before the restores, and follows to the last of them; or to the one that is named.
    await restoreCluster({ from: copy, folder: back("last"), archive });
    expect(await marksOf(back("last"))).toEqual(["second"]);
    await restoreCluster({ from: copy, folder: back("named"), archive, timeline: 2 });
    expect(await marksOf(back("named"))).toEqual(["first"]);
    await restoreCluster({ from: copy, folder: back("original"), archive, timeline: 1 });
    expect((await runsOf(back("original"))).map(({ id }) => id)).toContain(after);
  });

  it("that is taken of a stopped platform, or of one whose server was left without it, archives what it writes", async () => {
    const { folder, archive } = await backedUp();
    const env = { dataDir: folder, walArchiveDir: archive };
    const left = await startPostgres({ folder: join(folder, "postgres") });
    const before = await readdir(archive);
    const server = await openEmbeddedCluster(env);
    expect(left.isRunning()).toBe(false);
    const url = server.url("postgres", "postgres");
    await backupCluster({ url, folder: join(folder, "postgres") }, join(folder, "stopped"));
    await server.stop();
    const copied = (await readdir(join(folder, "stopped", "postgres", "pg_wal"))).toSorted();
    expect(before).not.toContain(copied[0]);
    expect(await readdir(archive)).toContain(copied[0]);
  });

  it("fails where the server ends meanwhile, and ends nobody with it", async () => {
    const { folder } = await backedUp();
    const server = await startPostgres({ folder: join(folder, "postgres") });
    const copy = join(folder, "broken");
    const made = backupCluster({ url: server.url("postgres", "postgres"), folder: join(folder, "postgres") }, copy);
    const ended = made.catch((cause: unknown) => cause);
    while (!existsSync(join(`${copy}.unfinished`, "postgres", "PG_VERSION"))) await new Promise((resolve) => setImmediate(resolve));
    await server.stop();
    expect(await ended).toMatchObject({ message: expect.stringMatching(/terminat|not queryable/i) });
    expect(existsSync(copy)).toBe(false);
  });
});

/** As if somebody had written just before the copy's log was copied: it ends within a segment, of which the archive has all. */
async function writeOn(log: string, archive: string): Promise<void> {
  const [first = ""] = (await readdir(log)).toSorted();
  for (const name of (await readdir(archive)).filter((each) => /^[0-9A-F]{24}$/.test(each) && each >= first).toSorted()) {
    const whole = await readFile(join(archive, name));
    const copied = await readFile(join(log, name)).catch(() => undefined);
    if (copied?.equals(whole)) continue;
    return await writeFile(join(log, name), whole.fill(0, 8 * 1024));
  }
}

/** A cluster that was brought back works with the archive: three segments, and a checkpoint behind each. */
async function archivedFrom(folder: string, archive: string, mark: string): Promise<{ failed: number; timeline: number }> {
  const server = await startPostgres({ folder, settings: prepareArchive(archive, folder) });
  const client = new pg.Client({ connectionString: server.url("postgres", "postgres") });
  await client.connect();
  try {
    await client.query(`create table ${mark} ()`);
    for (let segments = 0; segments < 3; segments++) {
      const { rows } = await client.query<{ segment: string }>("select pg_walfile_name(pg_switch_wal()) as segment");
      await client.query("checkpoint");
      while (!existsSync(join(archive, rows[0]!.segment)) && (await failures(client)) === 0)
        await new Promise((resolve) => setImmediate(resolve));
    }
    const { rows } = await client.query<{ timeline: number }>("select timeline_id as timeline from pg_control_checkpoint()");
    return { failed: await failures(client), timeline: rows[0]!.timeline };
  } finally {
    await client.end();
    await server.stop();
  }
}

async function failures(client: pg.Client): Promise<number> {
  return (await client.query<{ failed: number }>("select failed_count::int as failed from pg_stat_archiver")).rows[0]!.failed;
}

async function marksOf(folder: string): Promise<string[]> {
  const server = await startPostgres({ folder });
  const client = new pg.Client({ connectionString: server.url("postgres", "postgres") });
  await client.connect();
  try {
    const { rows } = await client.query<{ name: string }>("select tablename as name from pg_tables where schemaname = 'public'");
    return rows.map(({ name }) => name);
  } finally {
    await client.end();
    await server.stop();
  }
}
