/** The PostgreSQL that the benches measure on. */
import { chmod, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pg from "pg";
import { keepPostgres } from "#shared/postgres/keeper.ts";
import { prepareEmbeddedDatabase, preparePlatformDatabase } from "#shared/postgres/prepare.ts";
import { startPostgres } from "#shared/postgres/server.ts";

/** A server with a database for the platform. */
export interface BenchServer {
  url: string;
  /** A superuser's, of the same database. */
  adminUrl: string;
  /** The postmaster's pid, where the server was started here: then it counts statements too (pg_stat_statements). */
  postmaster?: number;
}

/** An embedded server of its own, with fsync and synchronous_commit on. @param closers  takes what ends it. */
export async function ownServer(closers: (() => Promise<unknown>)[]): Promise<BenchServer> {
  const folder = await mkdtemp(join(tmpdir(), "agent-platform-bench-"));
  await chmod(folder, 0o755);
  closers.push(() => rm(folder, { recursive: true, force: true }));
  const settings = { shared_buffers: "1GB", max_wal_size: "8GB", shared_preload_libraries: "pg_stat_statements" };
  const server = await startPostgres({ folder: join(folder, "postgres"), settings });
  const keeper = keepPostgres(server, { tokenFile: join(folder, "postgres.keeper"), graceMs: 1_000 });
  closers.push(async () => {
    await server.stop();
    keeper.release();
  });
  const url = await prepareEmbeddedDatabase(server.url);
  const adminUrl = server.url("postgres", "agent_platform");
  await withAdmin(adminUrl, ["create extension if not exists pg_stat_statements"]);
  return { url, adminUrl, postmaster: server.pid };
}

/** A fresh database on a given server, so that runs of before cost nothing. */
export async function givenServer(given: string): Promise<BenchServer> {
  const database = (name: string) => (/\/[^/?]+\?/.test(given) ? given.replace(/\/[^/?]+\?/, `/${name}?`) : `${given}/${name}`);
  await withAdmin(database("postgres"), [
    "drop database if exists agent_platform_bench with (force)",
    "create database agent_platform_bench",
  ]);
  const adminUrl = database("agent_platform_bench");
  return { url: await preparePlatformDatabase(adminUrl), adminUrl };
}

/** Runs statements as a superuser, one after another. */
export async function withAdmin(url: string, statements: readonly string[]): Promise<void> {
  const admin = new pg.Client({ connectionString: url });
  await admin.connect();
  for (const statement of statements) await admin.query(statement);
  await admin.end();
}
