import { access, constants, statfs } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";

/** PostgreSQL writes its log ahead in files of this size, and ends where it cannot make the next. */
const leastBytes = 16 << 20;

/** What a disk that takes nothing more, full or read-only, is to the platform. */
export interface DiskWatchOptions {
  /** Where the platform writes. */
  folders: readonly string[];
  /** Told when a disk takes nothing more, and undefined when all do again. */
  onChange: (trouble: string | undefined) => void;
  pollMs?: number;
}

/**
 * Looks every second whether the disks can be written to. One that is full, or that the system has made read-only after an error, is a state, not an end: the platform
 * says so, and goes on by itself when it can be written to again.
 *
 * @returns the function that ends the watch.
 */
export function watchDisk({ folders, onChange, pollMs = 1_000 }: DiskWatchOptions): () => Promise<void> {
  const stopping = new AbortController();
  const watch = async (): Promise<void> => {
    let trouble: string | undefined;
    do {
      // It is full until there is twice as much: else a disk at the edge would be told every second.
      const now = await diskTrouble(folders, trouble === undefined ? leastBytes : 2 * leastBytes);
      if ((now === undefined) !== (trouble === undefined)) onChange(now);
      trouble = now;
    } while (await sleep(pollMs, true, { signal: stopping.signal }).catch(() => false));
  };
  const watching = watch();
  return () => {
    stopping.abort();
    return watching;
  };
}

/** Says which disk takes nothing more, and why; undefined: none. */
export async function diskTrouble(folders: readonly string[], bytes = leastBytes): Promise<string | undefined> {
  for (const folder of folders) {
    if (await isReadOnly(folder)) return `The disk of ${folder} is read-only. Nothing is lost: make it writable, and it goes on by itself.`;
    const left = await bytesLeft(folder);
    if (left < bytes)
      return `The disk of ${folder} is full (${Math.floor(left / 2 ** 20)} MiB left). Nothing is lost: make space, and it goes on by itself.`;
  }
  return undefined;
}

/** Permissions are another matter: the folder may be another user's. */
async function isReadOnly(folder: string): Promise<boolean> {
  try {
    await access(folder, constants.W_OK);
    return false;
  } catch (cause) {
    return (cause as NodeJS.ErrnoException).code === "EROFS";
  }
}

async function bytesLeft(folder: string): Promise<number> {
  try {
    const { bavail, bsize } = await statfs(folder);
    return bavail * bsize;
  } catch {
    // It cannot be asked: whoever writes there will say so.
    return Number.POSITIVE_INFINITY;
  }
}
