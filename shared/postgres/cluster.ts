/** The folder of a PostgreSQL cluster: where it lies, whose it is, and its making. */
import { execFile, execFileSync } from "node:child_process";
import {
  chmodSync,
  chownSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
} from "node:fs";
import { basename, dirname, join } from "node:path";
import { promisify } from "node:util";
import { makeFolder } from "../folder.ts";
import { systemFolder, type PostgresBinaries } from "./binaries.ts";
import { postgresErrors } from "./errors.ts";
import { canEnter, type ServerUser } from "./server-user.ts";

const run = promisify(execFile);

/**
 * Gives the cluster's real folder, making the cluster when there is none. Where root's server user cannot reach the folder asked for (beneath root's
 * home), the data lies in {@link systemFolder} and the folder asked for is a link to it.
 *
 * @throws AppError POSTGRES_VERSION_DIFFERS, POSTGRES_FOLDER_FOREIGN, POSTGRES_INITDB_FAILED
 */
export async function openCluster(
  folder: string,
  binaries: PostgresBinaries,
  user: ServerUser | undefined,
  deadlineMs: number,
): Promise<string> {
  if (existsSync(join(folder, "PG_VERSION"))) return existingCluster(folder, binaries, user);
  makeFolder(dirname(folder));
  // A link whose target is gone: the data was removed.
  if (lstatSync(folder, { throwIfNoEntry: false })?.isSymbolicLink()) rmSync(folder);
  const reachable = canEnter(user, dirname(folder));
  const home = reachable ? folder : join(systemPlace(folder), "postgres");
  const unfinished = `${home}.new`;
  rmSync(unfinished, { recursive: true, force: true });
  await initialise(unfinished, binaries, user, deadlineMs);
  rmSync(home, { recursive: true, force: true });
  // Renamed when it is whole: an initdb that was killed is done again.
  renameSync(unfinished, home);
  if (!reachable) symlinkSync(home, folder);
  return realpathSync(home);
}

function existingCluster(folder: string, binaries: PostgresBinaries, user: ServerUser | undefined): string {
  let home = realpathSync(folder);
  const found = readFileSync(join(home, "PG_VERSION"), "utf8").trim();
  if (found !== binaries.major) throw postgresErrors.POSTGRES_VERSION_DIFFERS({ folder, found, ours: binaries.major });
  // A backup that root copied back is root's.
  if (user && statSync(home).uid === 0) execFileSync("chown", ["-R", `${user.uid}:${user.gid}`, home]);
  const owner = statSync(home).uid;
  const expected = user?.uid ?? process.getuid?.() ?? owner;
  if (owner !== expected) throw postgresErrors.POSTGRES_FOLDER_FOREIGN({ folder, uid: owner });
  if (!canEnter(user, home)) home = moved(home, folder);
  // PostgreSQL insists on it, and a copied backup may have lost it.
  chmodSync(home, 0o700);
  return home;
}

function moved(home: string, folder: string): string {
  const place = join(systemPlace(folder), "postgres");
  execFileSync("mv", [home, place]);
  if (folder !== home) rmSync(folder, { force: true });
  symlinkSync(place, folder);
  return place;
}

/** A new name each time: a data folder that was deleted must not find the old data again. */
function systemPlace(folder: string): string {
  mkdirSync(systemFolder, { recursive: true, mode: 0o755 });
  const place = mkdtempSync(join(systemFolder, `${basename(dirname(dirname(folder))) || "data"}-`));
  chmodSync(place, 0o755);
  return place;
}

async function initialise(folder: string, binaries: PostgresBinaries, user: ServerUser | undefined, deadlineMs: number): Promise<void> {
  mkdirSync(folder, { mode: 0o700 });
  if (user) chownSync(folder, user.uid, user.gid);
  const flags = [`--pgdata=${folder}`, "--username=postgres", "--auth-local=peer", "--auth-host=reject", "--encoding=UTF8"];
  // The builtin locale sorts and folds case the same on every machine; the system's may change beneath an index.
  const locale = ["--no-locale", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"];
  try {
    await run(binaries.initdb, [...flags, ...locale], {
      ...user,
      cwd: "/",
      env: { LC_ALL: "C", PATH: "/usr/bin:/bin" },
      timeout: deadlineMs,
    });
  } catch (cause) {
    rmSync(folder, { recursive: true, force: true });
    const said = cause instanceof Error && "stderr" in cause ? String(cause.stderr).trim() : "";
    throw postgresErrors.POSTGRES_INITDB_FAILED({ folder, story: said || String(cause) }, { cause });
  }
}
