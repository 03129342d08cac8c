import { fork, type ChildProcess } from "node:child_process";
import { nodeArguments } from "./heap-flags.ts";

/**
 * Starts this very program with another command. It has an IPC channel, by which it learns when this process ends, and a pipe for its guard's last word; of
 * its output only errors are read, and what it prints goes where this one's goes if `stdout` says so. Detached: Ctrl-C in a terminal reaches the platform alone, which then stops its parts in order.
 */
export function forkSelf(
  args: readonly string[],
  environment: Record<string, string | undefined>,
  stdout: "ignore" | "inherit" = "ignore",
): ChildProcess {
  return fork(process.argv[1] ?? "", args, {
    env: environment,
    execArgv: nodeArguments(process.execArgv, environment["NODE_OPTIONS"]),
    detached: true,
    stdio: ["ignore", stdout, "pipe", "ipc", "pipe"],
  });
}
