import { existsSync, mkdirSync, statSync } from "node:fs";
import { dirname } from "node:path";

/**
 * Makes a folder and those above it, where they are not there.
 *
 * Not by mkdirSync's own `recursive`: where a folder that is there refuses a name with ENOENT, as /proc does, Node 20 and 24 make the folder above again
 * and again, for ever, deaf to signals.
 *
 * @param mode  of those that are made.
 * @throws the system's error, such as EACCES, ENOTDIR, EEXIST for a file of that name, ENOENT for a link that leads nowhere.
 */
export function makeFolder(path: string, mode = 0o777): void {
  try {
    mkdirSync(path, { mode });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "EEXIST" && statSync(path).isDirectory()) return;
    if (code !== "ENOENT" || existsSync(dirname(path))) throw error;
    makeFolder(dirname(path), mode);
    makeFolderIn(path, mode);
  }
}

/** Another process may have made it just now. */
function makeFolderIn(path: string, mode: number): void {
  try {
    mkdirSync(path, { mode });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
  }
}
