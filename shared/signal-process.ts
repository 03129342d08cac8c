import type { ChildProcess } from "node:child_process";

/**
 * Signals one process. To the system 0 is the caller's own process group, what is below it another group or everybody, and 1 the process that holds all others:
 * a pid file may say any of them, and a part that is gone has no pid.
 *
 * @throws Error where the pid names no single process, or none lives (ESRCH).
 */
export function signalProcess(pid: number | undefined, signal: NodeJS.Signals): void {
  if (pid === undefined || !Number.isSafeInteger(pid) || pid <= 1)
    throw new Error(`${signal} needs the pid of a living process, not ${pid}`);
  process.kill(pid, signal);
}

/**
 * Signals a child; one that could not be started is sent nothing. Node's own `kill` takes the pid of such a child from memory that nobody has written: 0, now and
 * then, which is the caller's own process group.
 */
export function signalChild(child: ChildProcess, signal: NodeJS.Signals): void {
  if (child.pid !== undefined) child.kill(signal);
}
