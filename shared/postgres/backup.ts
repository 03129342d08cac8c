/**
 * Copies of an embedded cluster that serves meanwhile, and the way back: to the copy's end, or to any later time up to which its log is archived. A copy lies in a
 * folder as `postgres` with the log that it needs, and `backup.json`, which is written last: a copy without one is not whole.
 */
import { constants } from "node:fs";
import { copyFile, mkdir, open, readdir, readFile, readlink, realpath, rename, rm, stat, symlink, writeFile } from "node:fs/promises";
import { basename, dirname, join, relative, sep } from "node:path";
import pg from "pg";
import * as z from "zod";
import { AppError } from "../errors.ts";
import { makeFolder } from "../folder.ts";
import { checkArchive, copyAloneSettings, forgetTimelinesBefore, replaySettings, segmentName } from "./archive.ts";
import { storyOf } from "./client.ts";
import { postgresErrors } from "./errors.ts";
import { startPostgres } from "./server.ts";

/** What a copy says of itself. */
const backupNote = z.object({
  /** PostgreSQL's major version. */
  version: z.string(),
  startedAt: z.iso.datetime(),
  /** By the database's clock: the copy is not whole at any time before. */
  endedAt: z.iso.datetime(),
});

/** See {@link backupCluster}. */
export type BackupNote = z.infer<typeof backupNote>;

/** Made anew by whoever starts: as PostgreSQL's own copies leave them out. */
const emptied = ["pg_wal", "pg_replslot", "pg_dynshmem", "pg_notify", "pg_serial", "pg_snapshots", "pg_stat_tmp", "pg_subtrans"];
const leftOut = new Set(["postmaster.pid", "postmaster.opts", "recovery.signal", "standby.signal"]);
const copiesAtOnce = 4;
/** The log of weeks takes its time. */
const replayDeadlineMs = 24 * 3_600_000;

/**
 * Copies a cluster. Everybody works on; what is written meanwhile is in the log that is copied with it.
 *
 * @param source.url  of the superuser. @param source.folder  the cluster's.
 * @param to  a folder that is not there yet. Where it cannot be written nothing of the copy stays.
 * @throws AppError BACKUP_FOLDER_TAKEN, BACKUP_FOLDER_INSIDE, BACKUP_NOT_WRITTEN
 */
export async function backupCluster(source: { url: string; folder: string }, to: string): Promise<BackupNote> {
  if (await isThere(to)) throw postgresErrors.BACKUP_FOLDER_TAKEN({ folder: to });
  if (`${await placeOf(to)}${sep}`.startsWith(`${await placeOf(source.folder)}${sep}`))
    throw postgresErrors.BACKUP_FOLDER_INSIDE({ folder: to, source: source.folder });
  const notWritten = (story: string, cause: unknown) => postgresErrors.BACKUP_NOT_WRITTEN({ folder: to, story }, { cause });
  return orNothing(`${to}.unfinished`, notWritten, (unfinished) => backedUp(source, { unfinished, to }));
}

async function backedUp(
  source: { url: string; folder: string },
  { unfinished, to }: { unfinished: string; to: string },
): Promise<BackupNote> {
  makeFolder(join(unfinished, "postgres"), 0o700);
  const client = new pg.Client({ connectionString: source.url, statement_timeout: 0 });
  // A server that ends meanwhile fails the next statement.
  client.on("error", () => {});
  await client.connect();
  try {
    const note = await copied(client, source.folder, join(unfinished, "postgres"));
    await writeWhole(join(unfinished, "backup.json"), JSON.stringify(note));
    await rename(unfinished, to);
    return note;
  } finally {
    // A copy that was given up ends with its session.
    await client.end();
  }
}

/** The disk's refusals, and the folder's: what a person does something about. ENOENT: of a file system that takes no folders, as /proc, or of a link that leads nowhere. */
const fileRefusals = new Set([
  ...["ENOSPC", "EDQUOT", "EFBIG", "EROFS", "EACCES", "EPERM", "EIO"],
  ...["ENOENT", "ENOTDIR", "EEXIST", "ELOOP", "ENAMETOOLONG", "EINVAL", "ENOTSUP", "EOPNOTSUPP", "ENOTEMPTY", "ESTALE"],
]);

/** Makes what is in a folder, which is gone again where that fails: a disk that is full is not to stay so. */
async function orNothing<T>(
  folder: string,
  refused: (story: string, cause: unknown) => Error,
  make: (folder: string) => Promise<T>,
): Promise<T> {
  try {
    // What one left that was killed.
    await rm(folder, { recursive: true, force: true });
    return await make(folder);
  } catch (cause) {
    await rm(folder, { recursive: true, force: true, maxRetries: 5 }).catch(() => {});
    const { code = "", message } = cause as NodeJS.ErrnoException;
    throw fileRefusals.has(code) ? refused(message, cause) : cause;
  }
}

async function copied(client: pg.Client, folder: string, to: string): Promise<BackupNote> {
  // The log since now is kept for as long as this session lasts, whatever checkpoints there are.
  await client.query("select pg_create_physical_replication_slot('agent_platform_backup_' || pg_backend_pid(), true, true)");
  const started = await client.query<{ at: Date; segment: string; version: string }>(
    `select clock_timestamp() as at, pg_walfile_name(pg_backup_start('agent-platform', true)) as segment,
       (current_setting('server_version_num')::int / 10000)::text as version`,
  );
  const { at: startedAt, segment, version } = started.rows[0]!;
  await copyFolder(folder, to);
  const stopped = await client.query<{ label: string; at: Date }>(
    "select labelfile as label, clock_timestamp() as at from pg_backup_stop(wait_for_archive => false)",
  );
  const { label, at: endedAt } = stopped.rows[0]!;
  await client.query("select pg_switch_wal()");
  await copyLog(join(folder, "pg_wal"), join(to, "pg_wal"), segment);
  await writeWhole(join(to, "backup_label"), label);
  return { version, startedAt: startedAt.toISOString(), endedAt: endedAt.toISOString() };
}

/** Files may go while they are copied: PostgreSQL does without those by its log. */
async function copyFolder(from: string, to: string): Promise<void> {
  const files: { from: string; to: string }[] = [];
  for (const entry of await readdir(from, { recursive: true, withFileTypes: true })) {
    const path = relative(from, join(entry.parentPath, entry.name));
    const [top = ""] = path.split("/");
    if (path.split("/").some((name) => name.startsWith("pgsql_tmp"))) continue;
    if (leftOut.has(path) || (emptied.includes(top) && path !== top)) continue;
    if (entry.isDirectory()) await mkdir(join(to, path), { recursive: true, mode: 0o700 });
    else if (entry.isFile()) files.push({ from: join(from, path), to: join(to, path) });
    else if (entry.isSymbolicLink()) await symlink(await readlink(join(from, path)), join(to, path));
  }
  await copyAll(files);
}

/** Segments of the log from one on, and the histories of its timelines. */
async function copyLog(from: string, to: string, first: string): Promise<void> {
  const names = (await readdir(from)).filter((name) => name.endsWith(".history") || (segmentName.test(name) && name >= first));
  await copyAll(names.map((name) => ({ from: join(from, name), to: join(to, name) })));
}

async function copyAll(files: readonly { from: string; to: string }[]): Promise<void> {
  const left = files.values();
  const work = async (): Promise<void> => {
    for (const file of left) await copyDurably(file).catch(unlessGone);
  };
  await Promise.all(Array.from({ length: copiesAtOnce }, work));
}

async function copyDurably({ from, to }: { from: string; to: string }): Promise<void> {
  await copyFile(from, to, constants.COPYFILE_FICLONE);
  const handle = await open(to, "r+");
  try {
    await handle.chmod(0o600);
    await handle.datasync();
  } finally {
    await handle.close();
  }
}

function unlessGone(cause: unknown): void {
  if ((cause as NodeJS.ErrnoException).code !== "ENOENT") throw cause;
}

async function writeWhole(path: string, text: string): Promise<void> {
  await writeFile(path, text, { mode: 0o600, flush: true });
}

/** What is brought back, and where. */
export interface Restoring {
  /** A folder that {@link backupCluster} made. */
  from: string;
  /** The cluster's folder, which is not there yet. */
  folder: string;
  /** Where the log of the cluster was archived; none: to the end of the copy. */
  archive?: string | undefined;
  /** Of the archive's timelines, each of which a restore began, the one to follow; the last unless given. */
  timeline?: number | undefined;
  /** Where the cluster will archive its log to: it begins a timeline that is not there yet. */
  archiveTo?: string | undefined;
  /** The last moment that is brought back; as far as the archive goes unless given. */
  until?: Date | undefined;
}

/**
 * Brings a cluster back, and stops it when it is whole.
 *
 * @throws AppError BACKUP_UNREADABLE, RESTORE_FOLDER_TAKEN, RESTORE_TIME_TOO_EARLY, RESTORE_ARCHIVE_MISSING, RESTORE_ARCHIVE_UNREADABLE, RESTORE_NOT_WRITTEN, RESTORE_FAILED
 */
export async function restoreCluster({ from, folder, until, ...logs }: Restoring): Promise<BackupNote> {
  const { archive } = logs;
  const note = await noteOf(from);
  if (await isThere(folder)) throw postgresErrors.RESTORE_FOLDER_TAKEN({ folder });
  if (until !== undefined && archive === undefined) throw postgresErrors.RESTORE_ARCHIVE_MISSING({ until: until.toISOString() });
  if (until !== undefined && until < new Date(note.endedAt))
    throw postgresErrors.RESTORE_TIME_TOO_EARLY({ until: until.toISOString(), endedAt: note.endedAt });
  const control = join(from, "postgres", "global", "pg_control");
  if (archive !== undefined) await checkArchive(archive, { control, folder });
  const notWritten = (story: string, cause: unknown) => postgresErrors.RESTORE_NOT_WRITTEN({ folder, story }, { cause });
  await orNothing(`${folder}.restoring`, notWritten, (unfinished) => broughtBack(from, { unfinished, folder }, { ...logs, until }));
  return note;
}

async function broughtBack(from: string, { unfinished, folder }: { unfinished: string; folder: string }, how: Recovering): Promise<void> {
  makeFolder(unfinished, 0o700);
  await copyFolder(join(from, "postgres"), unfinished);
  await copyLog(join(from, "postgres", "pg_wal"), join(unfinished, "pg_wal"), "");
  await writeWhole(join(unfinished, "recovery.signal"), "");
  await recovered(unfinished, how);
  await forgetTimelinesBefore(unfinished);
  await rename(unfinished, folder);
}

type Recovering = Pick<Restoring, "archive" | "timeline" | "archiveTo" | "until">;

/** Where it was PostgreSQL that ended, its own last words. */
function restoreStory(cause: unknown): string {
  const story = cause instanceof AppError ? cause.facts["story"] : undefined;
  return typeof story === "string" ? story : storyOf(cause);
}

async function recovered(folder: string, { archive, timeline, archiveTo, until }: Recovering): Promise<void> {
  const settings = {
    ...(archive === undefined ? copyAloneSettings(archiveTo) : replaySettings(archive, timeline)),
    recovery_target_action: "promote",
    // So it answers when it is whole, and not before.
    hot_standby: "off",
    archive_mode: "off",
    ...(until !== undefined && { recovery_target_time: until.toISOString().replace("Z", "+00") }),
  };
  try {
    const server = await startPostgres({ folder, settings, startDeadlineMs: replayDeadlineMs });
    await server.stop();
    await rm(server.logFile, { force: true });
  } catch (cause) {
    throw postgresErrors.RESTORE_FAILED({ story: restoreStory(cause) }, { cause });
  } finally {
    await rm(`${folder}-socket`, { recursive: true, force: true });
  }
}

async function noteOf(from: string): Promise<BackupNote> {
  try {
    return backupNote.parse(JSON.parse(await readFile(join(from, "backup.json"), "utf8")));
  } catch (cause) {
    throw postgresErrors.BACKUP_UNREADABLE({ folder: from }, { cause });
  }
}

/** Where a folder will be, links followed. */
async function placeOf(path: string): Promise<string> {
  try {
    return await realpath(path);
  } catch {
    return dirname(path) === path ? path : join(await placeOf(dirname(path)), basename(path));
  }
}

async function isThere(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined)) !== undefined;
}
