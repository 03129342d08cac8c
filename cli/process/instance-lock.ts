/**
 * One platform a data folder. The lock is a file that names its holder by pid and start time, so that a holder that was killed holds nothing, and a
 * stranger that got its pid is not taken for it.
 */
import { linkSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { AppError } from "#shared/errors.ts";
import { makeFolder } from "#shared/folder.ts";
import { isSameProcess, processIdentity } from "#shared/process-identity.ts";
import { signalProcess } from "#shared/signal-process.ts";
import { cliErrors } from "../errors.ts";

/** A process as it is found again later. */
export interface KnownProcess {
  pid: number;
  startedAt: string;
  /** The part of the platform that it is. */
  part?: string;
}

/** What the holder says of itself. */
export interface InstanceRecord extends KnownProcess {
  graphUrl?: string;
  /** At which more worker processes reach its subgraphs. */
  workerSocket?: string;
  /** At which more worker processes reach its embedded database. */
  databaseUrl?: string;
  /** The processes of its parts: the next holder ends those that it left behind. */
  children?: KnownProcess[];
}

/** A held lock. */
export interface InstanceLock {
  /** Adds facts for whoever finds the lock taken. */
  note(facts: Partial<Pick<InstanceRecord, "graphUrl" | "workerSocket" | "databaseUrl" | "children">>): void;
  release(): void;
}

/** The platform that runs on a data folder now. */
export function runningInstance(dataDir: string): InstanceRecord | undefined {
  const record = readRecord(lockPath(dataDir));
  return record && isSameProcess(record) ? record : undefined;
}

/**
 * Takes the data folder for this process, and ends what a killed holder left behind.
 *
 * @throws AppError INSTANCE_RUNNING, DATA_DIR_UNUSABLE
 */
export function acquireInstanceLock(dataDir: string): InstanceLock {
  try {
    return acquire(dataDir);
  } catch (cause) {
    if (cause instanceof AppError) throw cause;
    throw cliErrors.DATA_DIR_UNUSABLE({ dataDir: resolve(dataDir), story: (cause as Error).message }, { cause });
  }
}

function acquire(dataDir: string): InstanceLock {
  makeFolder(dataDir);
  const path = lockPath(dataDir);
  let record: InstanceRecord = thisProcess();
  let retry: NodeJS.Timeout | undefined;
  while (!created(path, record)) {
    const holder = runningInstance(dataDir);
    if (holder) throw cliErrors.INSTANCE_RUNNING({ pid: holder.pid, dataDir: resolve(dataDir), graphUrl: holder.graphUrl });
    removeStale(path);
  }
  return {
    note(facts) {
      record = { ...record, ...facts };
      if (retry === undefined) writeOrRetry();
    },
    release() {
      clearTimeout(retry);
      rmSync(path, { force: true });
    },
  };

  /** What cannot be noted now, for the disk is full, is noted when it can: it is nothing to stop for. */
  function writeOrRetry(): void {
    retry = undefined;
    const next = `${path}.${process.pid}`;
    try {
      writeFileSync(next, JSON.stringify(record));
      renameSync(next, path);
    } catch {
      rmSync(next, { force: true });
      retry = setTimeout(writeOrRetry, noteAgainMs).unref();
    }
  }
}

const noteAgainMs = 1_000;

/** Creates the lock with its content at once: a link to a whole file, which fails when the name is taken. */
function created(path: string, record: InstanceRecord): boolean {
  const draft = `${path}.${process.pid}`;
  writeFileSync(draft, JSON.stringify(record));
  try {
    linkSync(draft, path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw error;
  } finally {
    rmSync(draft, { force: true });
  }
}

/** Moves the stale lock away first: if somebody took the folder in between, what was moved is theirs and goes back. */
function removeStale(path: string): void {
  const moved = `${path}.stale.${process.pid}`;
  try {
    renameSync(path, moved);
  } catch {
    return;
  }
  const record = readRecord(moved);
  if (record && isSameProcess(record)) renameSync(moved, path);
  else for (const child of record?.children ?? []) endLeftover(child);
  rmSync(moved, { force: true });
}

/** Waits for its end: it may hold the port that is to be opened next. */
function endLeftover(child: KnownProcess): void {
  const until = performance.now() + leftoverMs;
  try {
    if (isSameProcess(child)) signalProcess(child.pid, "SIGKILL");
    while (isSameProcess(child) && performance.now() < until) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 10);
  } catch {
    // It ended just now.
  }
}

const leftoverMs = 2_000;

function thisProcess(): InstanceRecord {
  return { pid: process.pid, startedAt: processIdentity(process.pid)?.startedAt ?? "" };
}

function readRecord(path: string): InstanceRecord | undefined {
  try {
    return JSON.parse(readFileSync(path, "utf8")) as InstanceRecord;
  } catch {
    return undefined;
  }
}

function lockPath(dataDir: string): string {
  return join(dataDir, "platform.lock");
}
