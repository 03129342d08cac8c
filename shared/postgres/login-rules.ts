/**
 * Who may log in to an embedded cluster: on its socket, the user that the server runs as, and root, as any of its roles; the operating system says who is there. In
 * files of their own, so that a folder of an earlier version has them too, and PostgreSQL's own stay as they are.
 */
import { execFileSync } from "node:child_process";
import { chownSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** Writes the rules into the cluster's folder, where they are not there yet. @returns the server's settings that name them. */
export function loginRules(cluster: string): { hba_file: string; ident_file: string } {
  const { uid, gid } = statSync(cluster);
  const files = { hba_file: join(cluster, "agent_platform_hba.conf"), ident_file: join(cluster, "agent_platform_ident.conf") };
  const names = [accountName(0), accountName(uid)];
  const users = new Set(names.flatMap((name) => name ?? []));
  // PostgreSQL asks for the name of who connects. Who has none, as in some containers, is kept out by the folder of the socket alone.
  const method = names[1] === undefined ? "trust" : "peer map=agent_platform";
  write(files.hba_file, `local all all ${method}\n`, { uid, gid });
  write(files.ident_file, [...users].map((name) => `agent_platform "${name.replaceAll('"', '""')}" all\n`).join(""), { uid, gid });
  return files;
}

/** Not again when it is there: the disk may be full. */
function write(path: string, text: string, { uid, gid }: { uid: number; gid: number }): void {
  if (contentOf(path) === text) return;
  writeFileSync(path, text, { mode: 0o600 });
  if (process.getuid?.() === 0) chownSync(path, uid, gid);
}

function contentOf(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
}

function accountName(uid: number): string | undefined {
  try {
    const name = execFileSync("id", ["-un", String(uid)], { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] }).trim();
    return name === "" || /^\d+$/.test(name) ? undefined : name;
  } catch {
    return undefined;
  }
}
