/**
 * The archive of a cluster's log: how a server writes it, how one that is brought back reads it, and what is looked at before. Each restore begins a
 * timeline, whose number the archive must know: two of one number are two histories of which one is lost.
 */
import { spawnSync } from "node:child_process";
import { chmodSync, chownSync, copyFileSync, existsSync, readdirSync, readFileSync, renameSync } from "node:fs";
import { open, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import pg from "pg";
import { makeFolder } from "../folder.ts";
import { postgresErrors } from "./errors.ts";
import { serverUser, type ServerUser } from "./server-user.ts";

/** A whole segment of the log, by its name. */
export const segmentName = /^[0-9A-F]{24}$/;
const historyName = /^[0-9A-F]{8}\.history$/;

/**
 * Settings of a server that archives its log to a folder, a segment at a time and at least once a minute. What is there already, whole, is archived; what is half
 * there is written again.
 *
 * @param archive  an absolute path, in which the server's user may write.
 */
export function archiveSettings(archive: string): Record<string, string> {
  const place = placeIn(archive, "%f");
  const unfinished = placeIn(archive, "%f.unfinished");
  return {
    archive_mode: "on",
    archive_timeout: "60",
    archive_command: `cmp -s "%p" ${place} || { test ! -e ${place} && cp "%p" ${unfinished} && mv ${unfinished} ${place}; }`,
  };
}

/**
 * Makes the archive ready for the server of a cluster: it is the server's user's, and knows the timelines of the cluster. A cluster was brought back by a server that did
 * not archive, so nobody else says that the number is taken.
 *
 * @param archive  an absolute path. @param folder  the cluster's; it may not be there yet.
 * @returns what the server is started with.
 * @throws AppError ARCHIVE_UNUSABLE, ARCHIVE_TIMELINE_TAKEN
 */
export function prepareArchive(archive: string, folder: string): Record<string, string> {
  const user = serverUser(folder);
  try {
    makeFolder(archive, 0o700);
    if (user !== undefined) chownSync(archive, user.uid, user.gid);
  } catch (cause) {
    throw postgresErrors.ARCHIVE_UNUSABLE({ archive, story: (cause as Error).message }, { cause });
  }
  const log = join(folder, "pg_wal");
  const histories = existsSync(log) ? readdirSync(log).filter((name) => historyName.test(name)) : [];
  for (const name of histories) {
    const [own, told] = [join(log, name), join(archive, name)];
    if (!existsSync(told)) archiveHistory(own, told, user);
    else if (!readFileSync(own).equals(readFileSync(told))) throw foreignTimeline(archive, folder, timelineOf(name), name);
  }
  return archiveSettings(archive);
}

/**
 * Looks whether an archive has the log of this server's timeline, and not another's that has the same number: of a copy that was brought back without it, or of a
 * folder that was copied. What such a server writes has no place there.
 *
 * @throws AppError ARCHIVE_TIMELINE_TAKEN
 */
export async function checkTimeline(archive: string, { folder, url }: { folder: string; url: string }): Promise<void> {
  const current = await segmentUnderWay(url);
  if (current === undefined) return;
  const names = await readdir(archive);
  // The segment that a server is at has never been archived, nor has one behind it.
  const unknown = names.filter((name) => segmentName.test(name) && name.slice(0, 8) === current.slice(0, 8) && name >= current).toSorted();
  if (unknown.length > 0) throw foreignTimeline(archive, folder, timelineOf(current), unknown.at(-1)!);
}

const timelineOf = (name: string): number => Number.parseInt(name.slice(0, 8), 16);

function foreignTimeline(archive: string, folder: string, timeline: number, name: string): Error {
  return postgresErrors.ARCHIVE_TIMELINE_TAKEN({ archive, folder, timeline, name });
}

/** undefined: the server ends just now. */
async function segmentUnderWay(url: string): Promise<string | undefined> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 10_000, query_timeout: 10_000 });
  client.on("error", () => {});
  try {
    await client.connect();
    // Where the next record goes, not where the last one ended: that may be the end of a segment that is archived.
    const { rows } = await client.query<{ segment: string }>("select pg_walfile_name(pg_current_wal_insert_lsn()) as segment");
    return rows[0]?.segment;
  } catch {
    return undefined;
  } finally {
    await client.end().catch(() => {});
  }
}

function archiveHistory(from: string, to: string, user: ServerUser | undefined): void {
  const unfinished = `${to}.unfinished`;
  copyFileSync(from, unfinished);
  chmodSync(unfinished, 0o600);
  if (user !== undefined) chownSync(unfinished, user.uid, user.gid);
  renameSync(unfinished, to);
}

/** Settings that replay all that an archive has, of its last timeline unless one is given. */
export function replaySettings(archive: string, timeline: number | undefined): Record<string, string> {
  return { restore_command: `cp ${placeIn(archive, "%f")} "%p"`, recovery_target_timeline: timeline?.toString() ?? "latest" };
}

/**
 * Settings that replay what lies with the copy, and no more.
 *
 * @param archive  where the cluster will archive to: it says which timelines there were.
 */
export function copyAloneSettings(archive: string | undefined): Record<string, string> {
  const histories = archive && `case "%f" in *.history) cp ${placeIn(archive, "%f")} "%p";; *) false;; esac`;
  return { restore_command: histories ?? "false", recovery_target_timeline: "current" };
}

/**
 * Looks whether an archive is one of this cluster, and can be read by its server. What cannot be read is to PostgreSQL the end of the log: it would bring back less
 * without a word.
 *
 * @param control  the cluster's `pg_control`. @param folder  where the cluster will be.
 * @throws AppError RESTORE_ARCHIVE_UNREADABLE
 */
export async function checkArchive(archive: string, { control, folder }: { control: string; folder: string }): Promise<void> {
  const refuse = (problem: string) => postgresErrors.RESTORE_ARCHIVE_UNREADABLE({ archive, problem });
  const names = await readdir(archive).catch((cause: unknown) => {
    const { code } = cause as NodeJS.ErrnoException;
    throw refuse(code === "ENOENT" ? "it is not there" : `it cannot be read (${code ?? String(cause)})`);
  });
  const segments = names.filter((name) => segmentName.test(name)).toSorted();
  if (segments.length === 0) throw refuse("it holds no segment of a log");
  const newest = segments.at(-1)!;
  if (!canRead(serverUser(folder), archive, newest)) throw refuse(`the user that PostgreSQL runs as cannot read ${newest}`);
  const cluster = await eightBytes(control, 0);
  // The newest first: an archive that other clusters wrote to as well has the right one's somewhere.
  for (const name of segments.toReversed()) if (await isOf(cluster, join(archive, name))) return;
  throw refuse("it is the log of another database");
}

/** Where a segment names its cluster: behind the header of its first page. */
const clusterOffset = 24;

async function isOf(cluster: Buffer, segment: string): Promise<boolean> {
  const named = await eightBytes(segment, clusterOffset).catch(() => undefined);
  return named !== undefined && cluster.equals(named);
}

async function eightBytes(path: string, position: number): Promise<Buffer> {
  const file = await open(path, "r");
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(8), 0, 8, position);
    return buffer.subarray(0, bytesRead);
  } finally {
    await file.close();
  }
}

function canRead(user: ServerUser | undefined, folder: string, name: string): boolean {
  const script = 'cd -- "$1" && test -r "./$2"';
  return spawnSync("/bin/sh", ["-c", script, "sh", folder, name], { ...user, cwd: "/", stdio: "ignore" }).status === 0;
}

/**
 * Removes from a cluster that was brought back, and is stopped, the log of the timelines before its own. Its last segment is half of the one that the archive has under
 * that name, which a server that archives would try to put there for ever.
 */
export async function forgetTimelinesBefore(folder: string): Promise<void> {
  const log = join(folder, "pg_wal");
  const names = await readdir(log);
  const own = names
    .filter((name) => historyName.test(name))
    .toSorted()
    .at(-1)
    ?.slice(0, 8);
  if (own === undefined) return;
  for (const name of names.filter((each) => segmentName.test(each) && each.slice(0, 8) < own)) {
    await rm(join(log, name));
    await rm(join(log, "archive_status", `${name}.done`), { force: true });
  }
}

/** For the shell that PostgreSQL calls; `%` but of its own words is written twice. */
function placeIn(archive: string, name: string): string {
  return `'${join(archive.replaceAll("%", "%%"), name).replaceAll("'", `'\\''`)}'`;
}
