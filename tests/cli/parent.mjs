/** Runs the fake platform as npm runs a script: a process between it and whoever started that. */
import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";

const program = fileURLToPath(new URL("./fake-platform.mjs", import.meta.url));
spawn(process.execPath, [program, ...process.argv.slice(2)], { stdio: "inherit" }).on("exit", (code) => process.exit(code ?? 1));
