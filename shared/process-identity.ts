/** What the operating system knows about a process: enough to tell it from a later one that was given the same pid. */
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";

/** A living process. */
export interface ProcessIdentity {
  pid: number;
  /** When it started, in the system's own words; equal only for the same process. */
  startedAt: string;
  /** The name of its program, such as "postgres". */
  command: string;
}

/** Finds a process. Nobody is found when it is gone, also when it is dead and only waits for its parent to notice. */
export function processIdentity(pid: number): ProcessIdentity | undefined {
  if (!Number.isSafeInteger(pid) || pid <= 0) return undefined;
  return process.platform === "linux" ? fromProc(pid) : fromPs(pid);
}

/** True while that very process lives. */
export function isSameProcess(known: Pick<ProcessIdentity, "pid" | "startedAt">): boolean {
  return processIdentity(known.pid)?.startedAt === known.startedAt;
}

function fromProc(pid: number): ProcessIdentity | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    // The command stands in parentheses and may hold spaces and parentheses itself.
    const end = stat.lastIndexOf(")");
    const fields = stat.slice(end + 2).split(" ");
    if (fields[0] === "Z" || fields[0] === "X") return undefined;
    return { pid, startedAt: `${bootId()}/${fields[19]}`, command: stat.slice(stat.indexOf("(") + 1, end) };
  } catch {
    return undefined;
  }
}

/** Start times count from the boot: after another boot the same number is another process. */
function bootId(): string {
  return readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
}

function fromPs(pid: number): ProcessIdentity | undefined {
  try {
    const row = execFileSync("ps", ["-o", "stat=,lstart=,comm=", "-p", String(pid)], {
      encoding: "utf8",
      env: { PATH: "/bin:/usr/bin", LC_ALL: "C" },
    });
    const [state = "Z", ...rest] = row.trim().split(/\s+/);
    if (state.startsWith("Z")) return undefined;
    return { pid, startedAt: rest.slice(0, 5).join(" "), command: rest.slice(5).join(" ").split("/").pop() ?? "" };
  } catch {
    return undefined;
  }
}
