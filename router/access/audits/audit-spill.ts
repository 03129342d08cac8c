/**
 * Rows of audits that the database did not take: a file beside the data, a line each, synced before anybody is told. It is read in when the database is back,
 * and at the next start: each row once, for rows are stored by their ids and a file is removed only when all of its rows are.
 *
 * Several processes may share the folder. Who reads gives the file another name first, and who writes looks afterwards whether it still had its own: if not,
 * nobody knows whether its rows were read, and it writes them again.
 */
import { open, readdir, rename, stat, unlink } from "node:fs/promises";
import { join } from "node:path";
import { makeFolder } from "#shared/folder.ts";
import { newId } from "#shared/ids.ts";
import { isJsonObject } from "#shared/json.ts";
import type { Log } from "#shared/log.ts";
import { isRefusedForGood } from "./audit.sql.ts";

export interface AuditSpillOptions {
  folder: string;
  log: Log;
  /** Of the file; what would make it larger is refused. */
  maxBytes: number;
  batchRows: number;
}

type StoreRows = (rows: readonly string[]) => Promise<void>;

const spillName = "audits.jsonl";
const readingSuffix = ".reading.jsonl";

/** The file of one folder. */
export class AuditSpill {
  readonly #setting: AuditSpillOptions;
  #reading: Promise<number> | undefined;

  constructor(setting: AuditSpillOptions) {
    this.#setting = setting;
  }

  /** Resolves when the rows are on the disk. @throws the system's error, such as ENOSPC; Error where the file is full. */
  async append(rows: readonly string[]): Promise<void> {
    makeFolder(this.#setting.folder);
    // A line that was torn by a full disk ends before the first of these.
    const text = `\n${rows.join("\n")}\n`;
    while (!(await this.#isAppended(text)));
  }

  /** Hands all rows that lie in the folder to `store`, and removes them. @returns how many. @throws what `store` throws: then they stay. */
  async readIn(store: StoreRows): Promise<number> {
    return (this.#reading ??= this.#readAll(store).finally(() => (this.#reading = undefined)));
  }

  async #isAppended(text: string): Promise<boolean> {
    const { folder, maxBytes } = this.#setting;
    const path = join(folder, spillName);
    const file = await open(path, "a", 0o600);
    try {
      const { size, ino } = await file.stat();
      if (size + Buffer.byteLength(text) > maxBytes) throw new Error(`the spill file of audits is full (${maxBytes} bytes)`);
      await file.appendFile(text);
      await file.sync();
      if (size === 0) await syncFolder(folder);
      return (await inodeOf(path)) === ino;
    } finally {
      await file.close();
    }
  }

  async #readAll(store: StoreRows): Promise<number> {
    const { folder } = this.#setting;
    await rename(join(folder, spillName), join(folder, newId() + readingSuffix)).catch(ignoreAbsent);
    const names = ((await readdir(folder).catch(ignoreAbsent)) ?? []).filter((name) => name.endsWith(readingSuffix)).sort();
    let count = 0;
    for (const name of names) {
      count += await this.#readFile(join(folder, name), store);
      await unlink(join(folder, name)).catch(ignoreAbsent);
    }
    return count;
  }

  async #readFile(path: string, store: StoreRows): Promise<number> {
    const { batchRows, log } = this.#setting;
    let batch = new Map<string, string>();
    let count = 0;
    const flush = async () => {
      if (batch.size > 0) await storeSound([...batch.values()], store, (err) => log.error({ err }, "a spilled audit cannot be stored"));
      count += batch.size;
      batch = new Map();
    };
    const handle = await open(path).catch(ignoreAbsent);
    // Another process has read it to its end.
    if (handle === undefined) return 0;
    try {
      if (!(await handle.stat()).isFile()) return 0;
      for await (const line of handle.readLines()) {
        const read = rowIn(line);
        if (read === undefined) continue;
        // A change's end says all that its beginning does.
        if (!batch.has(read.id) || read.isFinished) batch.set(read.id, line);
        if (batch.size >= batchRows) await flush();
      }
      await flush();
      return count;
    } finally {
      await handle.close();
    }
  }
}

/** Stores rows one by one where the database takes the batch for no fault of its own. */
async function storeSound(rows: readonly string[], store: StoreRows, tell: (cause: unknown) => void): Promise<void> {
  try {
    await store(rows);
  } catch (cause) {
    if (!isRefusedForGood(cause)) throw cause;
    if (rows.length === 1) return tell(cause);
    for (const row of rows) await storeSound([row], store, tell);
  }
}

/** What a line says; undefined for one that is empty or torn. */
function rowIn(line: string): { id: string; isFinished: boolean } | undefined {
  if (line === "") return undefined;
  try {
    const row: unknown = JSON.parse(line);
    return isJsonObject(row) && typeof row["id"] === "string" ? { id: row["id"], isFinished: row["statusCode"] !== 0 } : undefined;
  } catch {
    return undefined;
  }
}

async function inodeOf(path: string): Promise<number | undefined> {
  return (await stat(path).catch(ignoreAbsent))?.ino;
}

/** A new file is lost with its machine until its folder is synced. */
async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder);
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

function ignoreAbsent(cause: unknown): undefined {
  const { code } = cause as NodeJS.ErrnoException;
  if (code !== "ENOENT" && code !== "ENOTDIR") throw cause;
}
