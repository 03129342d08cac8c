/** The archive of the embedded database's log: what is said where it cannot be written, and of a server that has no place in it. */
import { execFileSync } from "node:child_process";
import { chmodSync, mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { mkdtemp } from "node:fs/promises";
import { join } from "node:path";
import pg from "pg";
import { prepareArchive } from "#shared/postgres/archive.ts";
import { startPostgres } from "#shared/postgres/server.ts";
import { signalProcess } from "#shared/signal-process.ts";
import { watchArchive } from "../../../cli/database/archive-watch.ts";
import { openEmbeddedCluster } from "../../../cli/database/database.ts";
import { archiveState, type ArchiveState } from "../../../subgraphs/runtime/queue/gauges.sql.ts";
import { eventually } from "../../testkit/eventually.ts";

let folder: string;
const dataDir = (name: string) => join(folder, name);

const segmentBytes = 16 * 2 ** 20;
/** The archive has all but the segment that is being written. */
const isWhole = (state: ArchiveState | undefined): boolean => state?.behindBytes != null && state.behindBytes < segmentBytes;

/** Ends a segment of the log; it is to be archived. */
async function segmentEnds(client: pg.Client): Promise<void> {
  await client.query("create table if not exists written ()");
  await client.query("drop table written");
  await client.query("select pg_switch_wal()");
}

async function connected(url: string): Promise<pg.Client & AsyncDisposable> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  return Object.assign(client, { [Symbol.asyncDispose]: () => client.end() });
}

/** Writes some segments on a data folder's server, which archives them. */
async function writes(name: string, archive: string): Promise<void> {
  const server = await openEmbeddedCluster({ dataDir: dataDir(name), walArchiveDir: archive });
  try {
    await using client = await connected(server.url("postgres", "postgres"));
    for (let segments = 0; segments < 2; segments++) await segmentEnds(client);
    await eventually(
      () => archiveState(client),
      (state) => isWhole(state),
    );
  } finally {
    await server.stop();
  }
}

beforeAll(async () => {
  folder = await mkdtemp("/tmp/agent-platform-archive-");
  chmodSync(folder, 0o755);
  mkdirSync(dataDir("first"));
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe("an archive", () => {
  it("that cannot be written is told with the reason, and when it can be again; nothing is lost", async () => {
    const archive = join(folder, "archive");
    const cluster = join(dataDir("first"), "postgres");
    const server = await startPostgres({ folder: cluster, settings: prepareArchive(archive, cluster) });
    const url = server.url("postgres", "postgres");
    const told: (string | undefined)[] = [];
    const end = watchArchive({ databaseUrl: url, archive, onChange: (trouble) => void told.push(trouble), pollMs: 20 });
    try {
      await using client = await connected(url);
      await segmentEnds(client);
      const state = () => archiveState(client);
      const fine = await eventually(state, (seen) => isWhole(seen));
      expect(fine).toMatchObject({ failed: 0, isFailing: false });
      expect(fine!.ageSeconds).toBeGreaterThanOrEqual(0);
      renameSync(archive, `${archive}.away`);
      await segmentEnds(client);
      await eventually(
        () => told.length,
        (count) => count === 1,
      );
      expect(told[0]).toContain(`cannot be archived in ${archive} (0000000`);
      expect(told[0]).toMatch(/it reaches to 20\d\d-/);
      const failing = await state();
      expect(failing).toMatchObject({ isFailing: true });
      expect(failing!.failed).toBeGreaterThan(0);
      expect(failing!.behindBytes).toBeGreaterThanOrEqual(segmentBytes);
      renameSync(`${archive}.away`, archive);
      // It waits for a minute, or until there is another.
      await segmentEnds(client);
      await eventually(state, (seen) => isWhole(seen));
      await eventually(
        () => told.length,
        (count) => count === 2,
      );
      expect(told[1]).toBeUndefined();
    } finally {
      await end();
      await server.stop();
    }
  });

  it("is written by time from the first minute of a server on, not from its first checkpoint on", async () => {
    const archive = join(folder, "archive-by-time");
    mkdirSync(dataDir("by-time"));
    const cluster = join(dataDir("by-time"), "postgres");
    const server = await startPostgres({ folder: cluster, settings: { ...prepareArchive(archive, cluster), archive_timeout: "1" } });
    try {
      await using client = await connected(server.url("postgres", "postgres"));
      await client.query("create table written ()");
      await eventually(
        () => readdirSync(archive),
        ({ length }) => length > 0,
      );
    } finally {
      await server.stop();
    }
  });

  it("is written by time when the server has begun anew within, as after the end of a backend", async () => {
    const archive = join(folder, "archive-anew");
    mkdirSync(dataDir("anew"));
    const cluster = join(dataDir("anew"), "postgres");
    const server = await startPostgres({ folder: cluster, settings: { ...prepareArchive(archive, cluster), archive_timeout: "1" } });
    const databaseUrl = server.url("postgres", "postgres");
    const end = watchArchive({ databaseUrl, archive, onChange: () => {}, pollMs: 20 });
    try {
      const client = new pg.Client({ connectionString: databaseUrl });
      await client.connect();
      const ended = new Promise((resolve) => client.once("error", resolve));
      const { rows } = await client.query<{ pid: number }>("select pg_backend_pid() as pid");
      signalProcess(rows[0]!.pid, "SIGKILL");
      await ended;
      await using anew = await eventually(
        () => connected(databaseUrl).catch(() => undefined),
        (opened) => opened !== undefined,
      );
      const before = readdirSync(archive).length;
      await anew!.query("create table written ()");
      await eventually(
        () => readdirSync(archive),
        ({ length }) => length > before,
      );
    } finally {
      await end();
      await server.stop();
    }
  });

  it("has no place for another history of a timeline that it has: the start says so, and what to do", async () => {
    const archive = join(folder, "archive");
    execFileSync("cp", ["-a", dataDir("first"), dataDir("second")]);
    await writes("first", archive);
    const refused = openEmbeddedCluster({ dataDir: dataDir("second"), walArchiveDir: archive });
    await expect(refused).rejects.toMatchObject({
      code: "CONFLICT",
      reason: "ARCHIVE_TIMELINE_TAKEN",
      message: expect.stringContaining("timeline 1"),
    });
    await expect(refused).rejects.toThrow("AGENT_PLATFORM_WAL_ARCHIVE_DIR");
    // As it was, and free: with another archive it serves. So does the first with its own.
    await writes("second", join(folder, "another"));
    await writes("first", archive);
    const history = (text: string, ...path: string[]) => writeFileSync(join(folder, ...path, "00000002.history"), text);
    history("1\t0/3000000\tbefore 14:00\n", "archive");
    history("1\t0/3000000\tbefore 15:00\n", "second", "postgres", "pg_wal");
    expect(() => prepareArchive(archive, join(dataDir("second"), "postgres"))).toThrow(/timeline 2 .* did not write \(00000002\.history\)/);
  });
});
