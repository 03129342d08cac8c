/** A worker process some of whose nodes kill it. Told by argv: database URL, and "suspects" when it is the process for suspects. */
import { fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import { pino } from "pino";
import { openPool } from "#shared/db/pool.ts";
import { HintBus } from "#shared/hints.ts";
import { suspectsProcess } from "../../cli/process/suspects-process.ts";
import type { NodeExecutor, NodePorts } from "../../subgraphs/runtime/nodes/executor.ts";
import { Worker } from "../../subgraphs/runtime/worker/worker.ts";
import { loader } from "../testkit/loader.ts";

const [url = "", role = ""] = process.argv.slice(2);
const isForSuspects = role === "suspects";
const log = pino({ level: "fatal" }, pino.destination(2));

const types: Record<string, NodeExecutor> = {
  // It dies as one does that the kernel takes memory from: at once, in the middle of a node.
  poison: {
    effect: "pure",
    run() {
      process.kill(process.pid, "SIGKILL");
      return new Promise<never>(() => {});
    },
  },
  call: {
    effect: "outside",
    run: ({ config, signal }) =>
      new Promise((resolve) => {
        const timer = setTimeout(() => resolve({ kind: "completed", outputText: "called" }), Number(config["ms"]));
        signal.addEventListener("abort", () => {
          clearTimeout(timer);
          resolve({ kind: "failed", code: "ABORTED", message: "aborted", retryable: false });
        });
      }),
  },
};

const hints = new HintBus({ url, log });
await hints.start();
const worker = new Worker({
  pool: openPool({ url, scope: "engine", max: 4 }),
  databaseUrl: url,
  hints,
  log,
  executors: (type) => types[type],
  ports: {} as NodePorts,
  workerKey: `${role}-${process.pid}`,
  leaseMs: 5_000,
  suspects: isForSuspects,
});
if (!isForSuspects) {
  const file = fileURLToPath(import.meta.url);
  const suspects = suspectsProcess({ log, fork: () => fork(file, [url, "suspects"], { execArgv: loader }) });
  worker.signals.on("suspect", suspects.wanted);
}
worker.start();
// As every process of the platform does: whoever is left by a parent that was killed gives back what it holds.
const leave = () => void worker.stop().then(() => process.exit(0));
if (process.connected) process.on("disconnect", leave);
else leave();
