import { spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { rmSync, writeFileSync } from "node:fs";
import { signalChild } from "#shared/signal-process.ts";
import type { PostgresServer } from "./server.ts";

/**
 * Waits for the end of whoever holds the other end of its stdin, then as long as workers take to give back what they own, and ends the server, unless
 * another process has taken it over by then (the token is another) or the pid is somebody else's.
 */
const script = `
read -r _
sleep "$4"
[ "$(cat "$2" 2>/dev/null)" = "$3" ] || exit 0
name=$(cat "/proc/$1/comm" 2>/dev/null || ps -o comm= -p "$1")
case "$name" in *postgres*) kill -INT "$1" ;; esac`;

/** Ends what it was asked to keep. */
export interface PostgresKeeper {
  /** Of the shell that waits. */
  readonly pid: number | undefined;
  /** The server is stopped in the usual way, or somebody else keeps it. */
  release(): void;
}

/** How a server is kept. */
export interface KeepOptions {
  /** Names the process that keeps it; the last one to write it does. */
  tokenFile: string;
  /** How long it outlives this process, so that the next start takes it over and workers give back what they own. */
  graceMs?: number;
}

/** Sees to it that a server does not outlive this process for ever when that is killed: a shell waits for its end. */
export function keepPostgres(server: Pick<PostgresServer, "pid">, { tokenFile, graceMs = 30_000 }: KeepOptions): PostgresKeeper {
  const token = randomUUID();
  writeFileSync(tokenFile, token);
  const shell = spawn("/bin/sh", ["-c", script, "agent-platform-keeper", String(server.pid), tokenFile, token, String(graceMs / 1_000)], {
    // A session of its own, for Ctrl-C must not end it first.
    detached: true,
    cwd: "/",
    env: { LC_ALL: "C", PATH: "/usr/bin:/bin" },
    stdio: ["pipe", "ignore", "ignore"],
  });
  // Without a shell the server outlives a kill -9, and the next start finds it.
  shell.on("error", () => {});
  shell.unref();
  return {
    pid: shell.pid,
    release() {
      signalChild(shell, "SIGKILL");
      rmSync(tokenFile, { force: true });
    },
  };
}
