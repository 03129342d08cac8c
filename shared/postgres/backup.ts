/**
 * Copies of an embedded cluster that serves meanwhile, and the way back: to the copy's end, or to any later time up to which its log is archived. A copy lies in a
 * folder as `postgres` with the log that it needs, SHA256SUMS of its files, and `backup.json`, which is written last: a copy without one is not whole. Damage is told: of the database when it is
 * copied, and of the copy when it is brought back.
 */
import { constants } from "node:fs";
import { copyFile, mkdir, open, readdir, readFile, readlink, realpath, rename, rm, stat, symlink, writeFile } from "node:fs/promises";
import { basename, dirname, join, relative, sep } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";
import * as z from "zod";
import { AppError } from "../errors.ts";
import { makeFolder } from "../folder.ts";
import { checkArchive, copyAloneSettings, forgetTimelinesBefore, replaySettings, segmentName } from "./archive.ts";
import { storyOf } from "./client.ts";
import { postgresErrors } from "./errors.ts";
import { hasPages, lsnNamed } from "./pages.ts";
import { startPostgres } from "./server.ts";
import { lookAtFile, lookAtPage, named, namedPages, readSums, sumsFile, type DamagedPage, type Sums } from "./sums.ts";

/** What a copy says of itself. */
const backupNote = z.object({
  /** PostgreSQL's major version. */
  version: z.string(),
  startedAt: z.iso.datetime(),
  /** By the database's clock: the copy is not whole at any time before. */
  endedAt: z.iso.datetime(),
  /** SHA-256 of SHA256SUMS; copies of before have none. */
  sums: z.string().optional(),
});

/** See {@link backupCluster}. */
export type BackupNote = z.infer<typeof backupNote>;

/** A copy, and what of the database was damaged already. */
interface Copied {
  note: BackupNote;
  damaged: DamagedPage[];
}

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
 * @throws AppError BACKUP_FOLDER_TAKEN, BACKUP_FOLDER_INSIDE, BACKUP_NOT_WRITTEN; BACKUP_OF_DAMAGED when the copy is made
 */
export async function backupCluster(source: { url: string; folder: string }, to: string): Promise<BackupNote> {
  if (await isThere(to)) throw postgresErrors.BACKUP_FOLDER_TAKEN({ folder: to });
  if (`${await placeOf(to)}${sep}`.startsWith(`${await placeOf(source.folder)}${sep}`))
    throw postgresErrors.BACKUP_FOLDER_INSIDE({ folder: to, source: source.folder });
  const notWritten = (story: string, cause: unknown) => postgresErrors.BACKUP_NOT_WRITTEN({ folder: to, story }, { cause });
  const { note, damaged } = await orNothing(`${to}.unfinished`, notWritten, (unfinished) => backedUp(source, { unfinished, to }));
  if (damaged.length > 0) throw postgresErrors.BACKUP_OF_DAMAGED({ folder: to, count: damaged.length, pages: namedPages(damaged) });
  return note;
}

async function backedUp(source: { url: string; folder: string }, { unfinished, to }: { unfinished: string; to: string }): Promise<Copied> {
  makeFolder(join(unfinished, "postgres"), 0o700);
  const client = new pg.Client({ connectionString: source.url, statement_timeout: 0 });
  // A server that ends meanwhile fails the next statement.
  client.on("error", () => {});
  await client.connect();
  try {
    const { sums, damaged, ...times } = await copied(client, source.folder, join(unfinished, "postgres"));
    const { name, text, sum } = sumsFile(sums);
    await writeWhole(join(unfinished, name), text);
    const note = { ...times, sums: sum };
    await writeWhole(join(unfinished, "backup.json"), JSON.stringify(note));
    await rename(unfinished, to);
    return { note, damaged };
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

async function copied(
  client: pg.Client,
  folder: string,
  to: string,
): Promise<Omit<BackupNote, "sums"> & { sums: Sums; damaged: DamagedPage[] }> {
  // The log since now is kept for as long as this session lasts, whatever checkpoints there are.
  await client.query("select pg_create_physical_replication_slot('agent_platform_backup_' || pg_backend_pid(), true, true)");
  const started = await client.query<{ at: Date; place: string; segment: string; version: string; hasSums: boolean }>(
    `select clock_timestamp() as at, place::text, pg_walfile_name(place) as segment, current_setting('data_checksums') = 'on' as "hasSums",
       (current_setting('server_version_num')::int / 10000)::text as version
     from pg_backup_start('agent-platform', true) as place`,
  );
  const { at: startedAt, place, segment, version, hasSums } = started.rows[0]!;
  const sums: Sums = new Map();
  const suspects: DamagedPage[] = [];
  await copyFolder(folder, to, async (path) => {
    const seen = await lookAtFile(to, path);
    sums.set(path, seen.sum);
    if (hasSums) for (const page of seen.damaged) suspects.push(page);
  });
  const damaged = await stillDamaged(client, { folder, suspects, since: lsnNamed(place) });
  const stopped = await client.query<{ label: string; at: Date }>(
    "select labelfile as label, clock_timestamp() as at from pg_backup_stop(wait_for_archive => false)",
  );
  const { label, at: endedAt } = stopped.rows[0]!;
  await client.query("select pg_switch_wal()");
  await copyLog(join(folder, "pg_wal"), join(to, "pg_wal"), segment);
  await writeWhole(join(to, "backup_label"), label);
  sums.set("backup_label", (await lookAtFile(to, "backup_label")).sum);
  return { version, startedAt: startedAt.toISOString(), endedAt: endedAt.toISOString(), sums, damaged };
}

const looks = 5;
const lookMs = 100;

/** Pages that were not just being written when they were copied. */
async function stillDamaged(
  client: pg.Client,
  copy: { folder: string; suspects: readonly DamagedPage[]; since: bigint },
): Promise<DamagedPage[]> {
  const { folder, suspects, since } = copy;
  let left = [...suspects];
  for (let look = 0; look < looks && left.length > 0; look++) {
    if (look > 0) await sleep(lookMs);
    const seen: { page: DamagedPage; at: bigint }[] = [];
    for (const page of left) {
      const at = await lookAtPage(folder, page);
      if (at !== undefined) seen.push({ page, at });
    }
    // What was changed between the two the log has whole. A page of garbage tells of any place.
    const end = await logEnd(client);
    left = seen.filter(({ at }) => at < since || at > end).map(({ page }) => page);
  }
  return left;
}

async function logEnd(client: pg.Client): Promise<bigint> {
  const { rows } = await client.query<{ place: string }>("select pg_current_wal_insert_lsn()::text as place");
  return lsnNamed(rows[0]!.place);
}

/** Files may go while they are copied: PostgreSQL does without those by its log. @param look  at each that was copied, by its path. */
async function copyFolder(from: string, to: string, look: (path: string) => Promise<void>): Promise<void> {
  const files: CopiedFile[] = [];
  for (const entry of await readdir(from, { recursive: true, withFileTypes: true })) {
    const path = relative(from, join(entry.parentPath, entry.name));
    const [top = ""] = path.split("/");
    if (path.split("/").some((name) => name.startsWith("pgsql_tmp"))) continue;
    if (leftOut.has(path) || (emptied.includes(top) && path !== top)) continue;
    if (entry.isDirectory()) await mkdir(join(to, path), { recursive: true, mode: 0o700 });
    else if (entry.isFile()) files.push({ from: join(from, path), to: join(to, path), look: () => look(path) });
    else if (entry.isSymbolicLink()) await symlink(await readlink(join(from, path)), join(to, path));
  }
  await copyAll(files);
}

/** Segments of the log from one on, and the histories of its timelines. */
async function copyLog(from: string, to: string, first: string): Promise<void> {
  const names = (await readdir(from)).filter((name) => name.endsWith(".history") || (segmentName.test(name) && name >= first));
  await copyAll(names.map((name) => ({ from: join(from, name), to: join(to, name) })));
}

interface CopiedFile {
  from: string;
  to: string;
  /** When it is copied. */
  look?: () => Promise<void>;
}

async function copyAll(files: readonly CopiedFile[]): Promise<void> {
  const left = files.values();
  const work = async (): Promise<void> => {
    for (const file of left) if (await copyDurably(file)) await file.look?.();
  };
  await Promise.all(Array.from({ length: copiesAtOnce }, work));
}

/** False: it is gone. */
async function copyDurably({ from, to }: CopiedFile): Promise<boolean> {
  const isThere = await copyFile(from, to, constants.COPYFILE_FICLONE).then(() => true, unlessGone);
  if (!isThere) return false;
  const handle = await open(to, "r+");
  try {
    await handle.chmod(0o600);
    await handle.datasync();
  } finally {
    await handle.close();
  }
  return true;
}

function unlessGone(cause: unknown): false {
  if ((cause as NodeJS.ErrnoException).code !== "ENOENT") throw cause;
  return false;
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
  /** Whether a copy that is damaged is brought back all the same. */
  isDamageTaken?: boolean | undefined;
}

/** What was brought back. */
export interface Restored {
  note: BackupNote;
  /** What of it is damaged, for people; empty where nothing is. */
  damage: string[];
}

/**
 * Brings a cluster back, and stops it when it is whole. All of its files are compared with what the copy says of them, and in the end all of its pages with their checksums.
 *
 * @throws AppError BACKUP_UNREADABLE, BACKUP_DAMAGED, RESTORE_FOLDER_TAKEN, RESTORE_TIME_TOO_EARLY, RESTORE_ARCHIVE_MISSING, RESTORE_ARCHIVE_UNREADABLE, RESTORE_NOT_WRITTEN, RESTORE_FAILED
 */
export async function restoreCluster({ from, folder, until, isDamageTaken = false, ...logs }: Restoring): Promise<Restored> {
  const { archive } = logs;
  const note = await noteOf(from);
  if (await isThere(folder)) throw postgresErrors.RESTORE_FOLDER_TAKEN({ folder });
  if (until !== undefined && archive === undefined) throw postgresErrors.RESTORE_ARCHIVE_MISSING({ until: until.toISOString() });
  if (until !== undefined && until < new Date(note.endedAt))
    throw postgresErrors.RESTORE_TIME_TOO_EARLY({ until: until.toISOString(), endedAt: note.endedAt });
  const control = join(from, "postgres", "global", "pg_control");
  if (archive !== undefined) await checkArchive(archive, { control, folder });
  const notWritten = (story: string, cause: unknown) => postgresErrors.RESTORE_NOT_WRITTEN({ folder, story }, { cause });
  const damage: string[] = [];
  const told = (problem: string | undefined): void => {
    if (problem === undefined) return;
    if (!isDamageTaken) throw postgresErrors.BACKUP_DAMAGED({ folder: from, problem });
    damage.push(problem);
  };
  await orNothing(`${folder}.restoring`, notWritten, (unfinished) =>
    broughtBack({ from, note, told }, { unfinished, folder }, { ...logs, until }),
  );
  return { note, damage };
}

/** A copy on its way back. */
interface Copy {
  from: string;
  note: BackupNote;
  /** Told how the copy is damaged; ends it unless that is taken. */
  told: (problem: string | undefined) => void;
}

async function broughtBack(
  { from, note, told }: Copy,
  { unfinished, folder }: { unfinished: string; folder: string },
  how: Recovering,
): Promise<void> {
  makeFolder(unfinished, 0o700);
  const seen: Sums = new Map();
  await copyFolder(join(from, "postgres"), unfinished, async (path) => {
    seen.set(path, (await lookAtFile(unfinished, path)).sum);
  });
  told(await otherThan(from, note, seen));
  await copyLog(join(from, "postgres", "pg_wal"), join(unfinished, "pg_wal"), "");
  await writeWhole(join(unfinished, "recovery.signal"), "");
  const hasSums = await recovered(unfinished, how);
  if (hasSums) told(await pagesDamaged(unfinished));
  await forgetTimelinesBefore(unfinished);
  await rename(unfinished, folder);
}

/** How a copy's files differ from what was copied. */
async function otherThan(copy: string, { sums }: BackupNote, seen: Sums): Promise<string | undefined> {
  if (sums === undefined) return undefined;
  const made = await readSums(copy, sums);
  if (made === undefined) return "its SHA256SUMS is not the one that backup wrote";
  const others = [...made].filter(([path, sum]) => seen.get(path) !== sum).map(([path]) => path);
  return others.length === 0 ? undefined : `${others.length} of its files are gone, or are not what backup wrote: ${named(others)}`;
}

/** Pages of a stopped cluster that were damaged before it was copied: the copy's files are as they were. */
async function pagesDamaged(folder: string): Promise<string | undefined> {
  const pages: DamagedPage[] = [];
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    const path = relative(folder, join(entry.parentPath, entry.name));
    if (!entry.isFile() || !hasPages(path)) continue;
    for (const page of (await lookAtFile(folder, path)).damaged) pages.push(page);
  }
  return pages.length === 0
    ? undefined
    : `${pages.length} pages of its tables or indexes have another checksum than their content: ${namedPages(pages)}`;
}

type Recovering = Pick<Restoring, "archive" | "timeline" | "archiveTo" | "until">;

/** Where it was PostgreSQL that ended, its own last words. */
function restoreStory(cause: unknown): string {
  const story = cause instanceof AppError ? cause.facts["story"] : undefined;
  return typeof story === "string" ? story : storyOf(cause);
}

/** @returns whether its pages have checksums. */
async function recovered(folder: string, { archive, timeline, archiveTo, until }: Recovering): Promise<boolean> {
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
    try {
      return await hasPageSums(server.url("postgres", "postgres"));
    } finally {
      // Its folders go with what cannot be asked.
      await server.stop();
      await rm(server.logFile, { force: true });
    }
  } catch (cause) {
    throw postgresErrors.RESTORE_FAILED({ story: restoreStory(cause) }, { cause });
  } finally {
    await rm(`${folder}-socket`, { recursive: true, force: true });
  }
}

const askMs = 60_000;

async function hasPageSums(url: string): Promise<boolean> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: askMs, query_timeout: askMs });
  client.on("error", () => {});
  try {
    await client.connect();
    return (await client.query<{ data_checksums: string }>("show data_checksums")).rows[0]?.data_checksums === "on";
  } finally {
    await client.end().catch(() => {});
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
