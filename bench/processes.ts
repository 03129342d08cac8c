/** CPU time of a platform's processes, as /proc counts it (Linux). */
import { readdirSync, readFileSync } from "node:fs";

/** Milliseconds of CPU since each process began. */
export interface CpuUse {
  /** Router and subgraphs, and the supervisor that `start` is. */
  api: number;
  /** Worker processes, with what they have started. */
  worker: number;
  /** The postmaster and every process that it has or had. */
  postgres: number;
}

interface ProcessTimes {
  pid: number;
  parent: number;
  ownMs: number;
  /** Of children that have ended and were waited for. */
  endedMs: number;
}

/** Linux counts in hundredths of a second, whatever the kernel's own clock. */
const tickMs = 10;

/** Reads what the platform of `start` has used. @param parts  the pids of `start`, whose children the parts are, and of its postmaster. */
export function cpuUse({ start, postmaster }: { start: number; postmaster: number }): CpuUse {
  const all = processTimes();
  const parts = (name: string) => all.filter(({ pid, parent }) => parent === start && argumentsOf(pid).includes(name));
  const supervisorMs = all.find(({ pid }) => pid === start)?.ownMs ?? Number.NaN;
  return {
    api: parts("api").reduce((sum, { ownMs }) => sum + ownMs, supervisorMs),
    worker: parts("worker").reduce((sum, worker) => sum + familyMs(all, worker), 0),
    postgres: postgresMs(postmaster, all),
  };
}

/** What a server has used: its postmaster and every process that it has or had. */
export function postgresMs(postmaster: number, all = processTimes()): number {
  const found = all.find(({ pid }) => pid === postmaster);
  return found === undefined ? Number.NaN : familyMs(all, found);
}

function familyMs(all: readonly ProcessTimes[], { pid, ownMs, endedMs }: ProcessTimes): number {
  return all.filter(({ parent }) => parent === pid).reduce((sum, child) => sum + familyMs(all, child), ownMs + endedMs);
}

/** What was used between two readings. */
export function cpuBetween(before: CpuUse, after: CpuUse): CpuUse {
  return { api: after.api - before.api, worker: after.worker - before.worker, postgres: after.postgres - before.postgres };
}

/** CPU of this process's children that have ended, with what they had waited for. */
export function endedChildrenMs(): number {
  return processTimes().find(({ pid }) => pid === process.pid)?.endedMs ?? Number.NaN;
}

function processTimes(): ProcessTimes[] {
  if (process.platform !== "linux") return [];
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      const stat = read(`/proc/${name}/stat`);
      if (stat === undefined) return [];
      // The program's name stands in parentheses and may hold spaces; behind it field 3 of proc(5) is the first.
      const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
      const ticks = (field: number) => Number(fields[field - 3]) * tickMs;
      const isOneThread = fields[20 - 3] === "1";
      const ownMs = (isOneThread ? scheduledMs(name) : undefined) ?? ticks(14) + ticks(15);
      return { pid: Number(name), parent: Number(fields[1]), ownMs, endedMs: ticks(16) + ticks(17) };
    });
}

/**
 * Time on a CPU to the nanosecond, of a process of one thread. Forty backends whose ticks are each rounded down lost half of a burst of 0.5 s.
 * Undefined on a kernel that does not tell.
 */
function scheduledMs(pid: string): number | undefined {
  const [onCpuNs] = read(`/proc/${pid}/schedstat`)?.split(" ") ?? [];
  return onCpuNs === undefined ? undefined : Number(onCpuNs) / 1_000_000;
}

function argumentsOf(pid: number): string[] {
  return read(`/proc/${pid}/cmdline`)?.split("\0") ?? [];
}

/** Undefined for a process that has ended meanwhile. */
function read(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
}
