/** The lock file of a running PostgreSQL, `postmaster.pid`: who serves a data folder, and where it listens. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { processIdentity } from "../process-identity.ts";

/** What postmaster.pid says. */
export interface Postmaster {
  pid: number;
  socketFolder: string;
  status: "starting" | "stopping" | "ready" | "standby" | "unknown";
}

/** Reads who claims to serve the cluster, dead or alive. */
export function readPostmaster(cluster: string): Postmaster | undefined {
  const lines = readLines(join(cluster, "postmaster.pid"));
  const pid = Number.parseInt(lines[0] ?? "", 10);
  if (!(pid > 0)) return undefined;
  const status = lines[7]?.trim();
  const known = status === "starting" || status === "stopping" || status === "ready" || status === "standby";
  return { pid, socketFolder: lines[4]?.trim() ?? "", status: known ? status : "unknown" };
}

/** True while the process is a PostgreSQL: after a crash and a reboot its pid may be anybody's. */
export function isServing(postmaster: Postmaster): boolean {
  return processIdentity(postmaster.pid)?.command.startsWith("postgres") ?? false;
}

function readLines(path: string): string[] {
  try {
    return readFileSync(path, "utf8").split("\n");
  } catch {
    return [];
  }
}
