/** All static checks, two at a time: `npm run check`. Prints a line each, and the whole story of those that fail. */
import { spawn } from "node:child_process";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const code = ["subgraphs", "shared", "router", "cli", "codegen", "tests", "bench"];
const side = 2;

/** The slowest first, so that the end is not one of them alone. */
const checks = [
  { name: "oxlint", argv: ["oxlint", "--type-aware", "--deny-warnings"] },
  { name: "tsc", argv: ["tsc", "--noEmit", "--project", "."] },
  { name: "knip", argv: ["knip", "--no-progress"] },
  { name: "dependency-cruiser", argv: ["depcruise", "--config", ".dependency-cruiser.cjs", ...code] },
  { name: "prettier", argv: ["prettier", "--check", "--log-level", "warn", "."] },
];

// Before the others, which read what it writes.
const first = { name: "codegen", argv: ["node", "scripts/codegen-check.mjs"] };

const waiting = [...checks];
/** @type {string[]} */
const failed = [];
await check(first);
await Promise.all(Array.from({ length: side }, worker));
if (failed.length > 0) {
  console.error(`\n${failed.length} of ${checks.length + 1} checks failed: ${failed.join(", ")}`);
  process.exitCode = 1;
}

async function worker() {
  for (let next = waiting.shift(); next; next = waiting.shift()) await check(next);
}

/** @param {{ name: string, argv: string[] }} what */
async function check(what) {
  const { isFine, output, seconds } = await run(what);
  console.log(`${isFine ? "ok    " : "FAILED"} ${what.name} (${seconds} s)`);
  if (isFine) return;
  failed.push(what.name);
  console.log(output.trimEnd());
}

/** @param {{ argv: string[] }} check */
function run({ argv }) {
  const startedAt = Date.now();
  const [program = "", ...flags] = argv;
  const child = spawn(join(root, "node_modules/.bin", program), flags, { cwd: root, stdio: ["ignore", "pipe", "pipe"] });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk) => (output += chunk));
  return new Promise((resolve) => {
    const done = (/** @type {boolean} */ isFine) => resolve({ isFine, output, seconds: ((Date.now() - startedAt) / 1000).toFixed(1) });
    child.on("error", (error) => {
      output += error.message;
      done(false);
    });
    child.on("close", (exitCode) => done(exitCode === 0));
  });
}
