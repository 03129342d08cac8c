/**
 * The tests' PostgreSQL: one for all test files, in a folder of its own, without a port. Its template database is prepared and migrated once; each
 * test database is a clone.
 */
import { chmod, mkdtemp, readdir, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { prepareEmbeddedDatabase, platformDatabase } from "#shared/postgres/prepare.ts";
import { isServing, readPostmaster } from "#shared/postgres/postmaster.ts";
import { startPostgres, type PostgresServer } from "#shared/postgres/server.ts";
import { templateAddress } from "./database.ts";

/** Short on purpose: it holds a Unix socket. And not in a home, which PostgreSQL's user could not enter. */
const parent = "/tmp";
const prefix = "agent-platform-test-";
const hourMs = 3_600_000;

let running: { server: PostgresServer; folder: string } | undefined;

/** Starts the server, builds the template and tells the test processes where it is. */
export async function startTestServer(): Promise<void> {
  await removeLeftovers();
  const folder = await mkdtemp(join(parent, prefix));
  await chmod(folder, 0o755);
  // fsync off: a test database need not survive a power cut; that of a killed process or backend is the same with it.
  const settings = { fsync: "off", full_page_writes: "off", shared_buffers: "128MB" };
  const server = await startPostgres({ folder: join(folder, "postgres"), settings });
  running = { server, folder };
  await prepareEmbeddedDatabase(server.url);
  templateAddress.publish({
    admin: server.url("postgres", "postgres"),
    platform: server.url("agent_platform", "{database}"),
    template: platformDatabase,
  });
}

/** Stops the server and removes its data. */
export async function stopTestServer(): Promise<void> {
  if (!running) return;
  await running.server.stop();
  await rm(running.folder, { recursive: true, force: true });
}

/** A run that was killed left its server and folder behind; another that is under way now keeps its own. */
async function removeLeftovers(): Promise<void> {
  for (const name of await readdir(parent)) {
    const folder = join(parent, name);
    if (!name.startsWith(prefix)) continue;
    const age = Date.now() - (await stat(folder).catch(() => ({ mtimeMs: Date.now() }))).mtimeMs;
    if (age < hourMs) continue;
    const postmaster = readPostmaster(join(folder, "postgres"));
    if (postmaster && isServing(postmaster)) process.kill(postmaster.pid, "SIGQUIT");
    await rm(folder, { recursive: true, force: true });
  }
}
