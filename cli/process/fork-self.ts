import { fork, type ChildProcess } from "node:child_process";

/** Starts this very program with another command. It has an IPC channel, by which it learns when this process ends; its output goes nowhere but for errors. */
export function forkSelf(
  args: readonly string[],
  options: { environment: Record<string, string | undefined>; detached?: boolean },
): ChildProcess {
  const program = process.argv[1] ?? "";
  return fork(program, args, {
    env: options.environment,
    detached: options.detached === true,
    stdio: ["ignore", "ignore", "inherit", "ipc"],
  });
}
