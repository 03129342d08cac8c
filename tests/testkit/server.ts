/**
 * The tests' PostgreSQL: one for all test files, in a folder of its own, without a port. Its template database is prepared and migrated once; each
 * test database is a clone.
 */
import { chmod, mkdtemp, readdir, readFile, rm, stat, statfs, writeFile } from "node:fs/promises";
import { totalmem } from "node:os";
import { join } from "node:path";
import { prepareEmbeddedDatabase, platformDatabase } from "#shared/postgres/prepare.ts";
import { isServing, readPostmaster } from "#shared/postgres/postmaster.ts";
import { startPostgres, type PostgresServer } from "#shared/postgres/server.ts";
import { isSameProcess, processIdentity, type ProcessIdentity } from "#shared/process-identity.ts";
import { signalProcess } from "#shared/signal-process.ts";
import { migrateAll } from "../../cli/compose/migrate.ts";
import { allSubgraphs } from "../../cli/compose/subgraphs.ts";
import { templateAddress } from "./database.ts";

/** Short on purpose: it holds a Unix socket. And not in a home, which PostgreSQL's user could not enter. */
const onDisk = "/tmp";
/** Where files are in memory. Each test's database is four hundred of them, and on a disk to make these takes longer than most tests. */
const inMemory = "/dev/shm";
/** The tests take some 300 MB at most; below this it is not worth the risk. */
const plentyBytes = { free: 4 * 2 ** 30, memory: 8 * 2 ** 30 };
const prefix = "agent-platform-jest-";
const ownerFile = "owner.json";
const minuteMs = 60_000;

let running: { server: PostgresServer; folder: string } | undefined;

/** Starts the server, builds the template and tells the test processes where it is. */
export async function startTestServer(): Promise<void> {
  await removeLeftovers();
  const folder = await mkdtemp(join(await parentFolder(), prefix));
  await writeFile(join(folder, ownerFile), JSON.stringify(processIdentity(process.pid)));
  await chmod(folder, 0o755);
  // pg_stat_statements: for statement-count.ts.
  // fsync off: a test database need not survive a power cut; that of a killed process or backend is the same with it.
  // pg_stat_statements.max: full, it forgets what was called least, which is what a test has just called; each test database has entries of its own.
  // max_connections: for as many test files at once as anybody runs, each with whole platforms.
  const settings = {
    ...{ fsync: "off", full_page_writes: "off", shared_buffers: "128MB", max_connections: "600" },
    ...{ shared_preload_libraries: "pg_stat_statements", "pg_stat_statements.max": "100000" },
  };
  const server = await startPostgres({ folder: join(folder, "postgres"), settings });
  running = { server, folder };
  try {
    const databaseUrl = await prepareEmbeddedDatabase(server.url);
    await migrateTemplate(databaseUrl);
  } catch (error) {
    // jest tears down nothing that was not set up whole.
    await stopTestServer();
    throw error;
  }
  templateAddress.publish({
    admin: server.url("postgres", "postgres"),
    platform: server.url("agent_platform", "{database}"),
    template: platformDatabase,
  });
}

/** A subgraph that cannot be migrated fails its own tests, where the story is told in full, and not everybody's. */
async function migrateTemplate(databaseUrl: string): Promise<void> {
  for (const name of Object.keys(allSubgraphs())) {
    try {
      await migrateAll({ databaseUrl, databaseUrls: {} }, [name]);
    } catch (error) {
      console.warn(`The template database has no schema ${name}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
}

/** Stops the server and removes its data. */
export async function stopTestServer(): Promise<void> {
  if (!running) return;
  await running.server.stop();
  await rm(running.folder, { recursive: true, force: true });
}

/** A run that was killed left its server and folder behind; those of a run that is under way have a living owner. */
async function removeLeftovers(): Promise<void> {
  const folders = [onDisk, inMemory].map(async (parent) =>
    (await readdir(parent).catch(() => [])).map((name) => ({ name, folder: join(parent, name) })),
  );
  for (const { name, folder } of (await Promise.all(folders)).flat()) {
    if (!name.startsWith(prefix)) continue;
    if (await isOwned(folder)) continue;
    const postmaster = readPostmaster(join(folder, "postgres"));
    if (postmaster && isServing(postmaster)) quit(postmaster.pid);
    await rm(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
  }
}

async function parentFolder(): Promise<string> {
  const { bavail, bsize } = await statfs(inMemory).catch(() => ({ bavail: 0, bsize: 0 }));
  return bavail * bsize >= plentyBytes.free && totalmem() >= plentyBytes.memory ? inMemory : onDisk;
}

/** Another run of the tests, begun at the same moment, may have done it. */
function quit(pid: number): void {
  try {
    signalProcess(pid, "SIGQUIT");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}

async function isOwned(folder: string): Promise<boolean> {
  try {
    return isSameProcess(JSON.parse(await readFile(join(folder, ownerFile), "utf8")) as ProcessIdentity);
  } catch {
    // Made just now, and not yet signed.
    const { mtimeMs } = await stat(folder).catch(() => ({ mtimeMs: 0 }));
    return Date.now() - mtimeMs < minuteMs;
  }
}
