/** A platform of a command's own: the same `start` as everybody's, as a child process on a throw-away data folder or a given one. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, chmod } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { signalChild } from "#shared/signal-process.ts";

/** A running platform. */
export interface OwnPlatform {
  graphUrl: string;
  /** Of the process that `start` runs in. */
  pid: number;
  /** Stops it and removes its data where the folder was throw-away. */
  stop(): Promise<void>;
}

/** What it is started with. */
export interface OwnPlatformOptions {
  /** Variables beside those of `environment`, without the prefix: `{ EGRESS_ALLOW: "127.0.0.1:4590" }`. */
  settings?: Record<string, string>;
  environment: Record<string, string | undefined>;
  /** A throw-away folder where none is given. */
  dataDir?: string;
  progress?: (step: string) => void;
  /** The program's file; this checkout's unless given. */
  program?: string;
}

/**
 * What a platform that is there for one command has of the environment. Nobody has keys of it, so it asks for none and serves this machine alone; and
 * without keys it must not be in front of a database that has others' data, nor write its log into the archive of one.
 */
export function throwAwayEnvironment(environment: Record<string, string | undefined>): Record<string, string | undefined> {
  const ofTheReal = /^AGENT_PLATFORM_(AUTH_REQUIRED|HOST|(.*_)?DATABASE_URL|DATABASE_DIRECT_URL|WAL_ARCHIVE_DIR)$/;
  return Object.fromEntries(Object.entries(environment).filter(([name]) => !ofTheReal.test(name)));
}

/** A first start makes a database and compiles everything; on a machine that does much else that took more than 90 s. */
const startDeadlineMs = 300_000;
const stopDeadlineMs = 40_000;
const ownProgram = fileURLToPath(new URL("../../bin.mjs", import.meta.url));

/** Starts it on a free port and waits until it serves. @throws Error with its last words when it does not. */
export async function startOwnPlatform({
  settings = {},
  environment,
  dataDir,
  progress,
  program = ownProgram,
}: OwnPlatformOptions): Promise<OwnPlatform> {
  const folder = dataDir ?? (await throwAwayFolder());
  const remove = () => (dataDir === undefined ? rm(folder, { recursive: true, force: true }) : Promise.resolve());
  const variables = Object.fromEntries(
    Object.entries({ PORT: "0", ...settings, DATA_DIR: folder }).map(([name, value]) => [`AGENT_PLATFORM_${name}`, value]),
  );
  const child = spawn(process.execPath, [program, "start", "--json"], {
    env: { ...environment, ...variables },
    // By the channel it learns when this process is killed.
    stdio: ["ignore", "pipe", "pipe", "ipc"],
  });
  const exited = once(child, "exit");
  let words = "";
  child.stderr!.on("data", (chunk: Buffer) => (words = (words + chunk.toString()).slice(-4_000)));
  const deadline = setTimeout(() => signalChild(child, "SIGKILL"), startDeadlineMs);
  try {
    const graphUrl = await new Promise<string>((resolve, reject) => {
      const hear = (line: string) => {
        const event = asEvent(line);
        if (event?.event === "progress" && event.step) progress?.(event.step);
        if (event?.event === "ready" && event.graphUrl) resolve(event.graphUrl);
      };
      createInterface({ input: child.stdout! }).on("line", hear);
      createInterface({ input: child.stderr! }).on("line", hear);
      void exited.then(() => reject(new Error(`The platform did not start.\n${words.trim()}`)));
    });
    return {
      graphUrl,
      pid: child.pid!,
      async stop() {
        signalChild(child, "SIGTERM");
        const late = setTimeout(() => signalChild(child, "SIGKILL"), stopDeadlineMs);
        await exited;
        clearTimeout(late);
        await remove();
      },
    };
  } catch (error) {
    signalChild(child, "SIGKILL");
    await remove();
    throw error;
  } finally {
    clearTimeout(deadline);
  }
}

interface StartEvent {
  event: string;
  step?: string;
  graphUrl?: string;
}

function asEvent(line: string): StartEvent | undefined {
  try {
    return JSON.parse(line) as StartEvent;
  } catch {
    return undefined;
  }
}

/** PostgreSQL's user must be able to enter it. */
async function throwAwayFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "agent-platform-own-"));
  await chmod(folder, 0o755);
  return folder;
}
