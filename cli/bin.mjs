#!/usr/bin/env node
/**
 * The executable. TypeScript runs as it is (`typescript.mjs`); a Node that is too old hands over to the one that npm installed with the platform.
 */
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { isNewEnough, leastVersion } from "./node-version.mjs";

const root = dirname(dirname(fileURLToPath(import.meta.url)));

if (!existsSync(join(root, "node_modules/esbuild"))) {
  console.error(`The packages are not installed. Run in ${root}: node scripts/install.mjs`);
  process.exit(1);
}
if (isNewEnough(process.versions.node)) await run();
else handOver(join(root, "node_modules/.bin/node"));

async function run() {
  // graphql-js checks the realm of each type at each step unless it is told that this is production.
  process.env.NODE_ENV ??= "production";
  const { registerTypescript } = await import("./typescript.mjs");
  await registerTypescript();
  const { main } = await import("./main.ts");
  process.exit(await main(process.argv.slice(2), process.env));
}

/** @param {string} node */
function handOver(node) {
  if (!existsSync(node)) {
    console.error(`Node ${leastVersion} or newer is needed; this is ${process.versions.node}. Run: node scripts/install.mjs`);
    process.exit(1);
  }
  const child = spawn(node, [fileURLToPath(import.meta.url), ...process.argv.slice(2)], {
    // By the channel it learns when this process is killed.
    stdio: ["inherit", "inherit", "inherit", "ipc"],
  });
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => child.pid !== undefined && child.kill(signal));
  child.on("exit", (code, signal) => process.exit(code ?? (signal === null ? 1 : 128)));
}
