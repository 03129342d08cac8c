/**
 * Who PostgreSQL runs as. It refuses root, so root lends it an unprivileged user that the system already has; nobody is created.
 */
import { execFileSync, spawnSync } from "node:child_process";
import { statSync } from "node:fs";

/** An account to run the server as. */
export interface ServerUser {
  uid: number;
  gid: number;
}

/**
 * Chooses the account for a cluster's server.
 *
 * @returns undefined when it runs as the current user. For root: the owner of the existing cluster, else `postgres`, else `nobody`.
 */
export function serverUser(cluster: string): ServerUser | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const owner = statSync(cluster, { throwIfNoEntry: false });
  if (owner !== undefined && owner.uid !== 0) return { uid: owner.uid, gid: owner.gid };
  return account("postgres") ?? account("nobody") ?? { uid: 65534, gid: 65534 };
}

/** True when the account can enter the folder, which says something about every folder above it too. */
export function canEnter(user: ServerUser | undefined, folder: string): boolean {
  if (user === undefined) return true;
  return spawnSync("/bin/sh", ["-c", 'cd -- "$1"', "sh", folder], { ...user, cwd: "/", stdio: "ignore" }).status === 0;
}

function account(name: string): ServerUser | undefined {
  try {
    const id = (flag: string) =>
      Number.parseInt(execFileSync("id", [flag, name], { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] }), 10);
    return { uid: id("-u"), gid: id("-g") };
  } catch {
    return undefined;
  }
}
