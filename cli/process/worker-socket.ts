import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import { longestSocketPath } from "#shared/serve/listen.ts";

/** A place for the Unix socket at which worker processes reach the platform beside them. */
export interface WorkerSocket {
  path: string;
  remove(): void;
}

/** Makes it in the data folder, which the caller holds, so that what a killed platform left there goes; only this user may enter. */
export function workerSocketOf(dataDir: string): WorkerSocket {
  const beside = join(dataDir, "worker-socket");
  rmSync(beside, { recursive: true, force: true });
  const isShort = Buffer.byteLength(join(beside, fileName)) <= longestSocketPath;
  if (isShort) mkdirSync(beside, { mode: 0o700 });
  const folder = isShort ? beside : mkdtempSync("/tmp/agent-platform-");
  return { path: join(folder, fileName), remove: () => rmSync(folder, { recursive: true, force: true }) };
}

const fileName = "graph.sock";
