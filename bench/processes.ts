/** CPU time of a platform's processes, as /proc counts it (Linux). */
import { readdirSync, readFileSync } from "node:fs";

/** Milliseconds of CPU since each process began. */
export interface CpuUse {
  /** The process that `start` runs in: router and subgraphs. */
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

/** Reads what the platform of `start` has used. @param parts  the pids of `start` and of its postmaster. */
export function cpuUse({ api, postmaster }: { api: number; postmaster: number }): CpuUse {
  const all = processTimes();
  const children = Map.groupBy(all, ({ parent }) => parent);
  const treeMs = ({ pid, ownMs, endedMs }: ProcessTimes): number =>
    ownMs + endedMs + (children.get(pid) ?? []).reduce((sum, child) => sum + treeMs(child), 0);
  const sum = (processes: readonly ProcessTimes[]) => processes.reduce((total, one) => total + treeMs(one), 0);
  return {
    api: all.find(({ pid }) => pid === api)?.ownMs ?? Number.NaN,
    worker: sum((children.get(api) ?? []).filter(({ pid }) => argumentsOf(pid).includes("worker"))),
    postgres: sum(all.filter(({ pid }) => pid === postmaster)),
  };
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
