/**
 * A worker process for tests that kill it: each node of type hold is told to the parent ("holding") and never ends; those of type fail fail. Told by argv:
 * database URL, lease in ms.
 */
import type pg from "pg";
import { pino } from "pino";
import { openPool } from "#shared/db/pool.ts";
import { HintBus } from "#shared/hints.ts";
import type { NodeExecutor, NodePorts } from "../../subgraphs/runtime/nodes/executor.ts";
import { startWorker } from "../../subgraphs/runtime/worker/main.ts";

const [url = "", leaseMs = ""] = process.argv.slice(2);
const log = pino({ level: "fatal" }, pino.destination(2));
const pool: pg.Pool = openPool({ url, scope: "engine", max: 4 });
const hold: NodeExecutor = {
  effect: "outside",
  run() {
    process.send?.("holding");
    return new Promise(() => {});
  },
};
const fail: NodeExecutor = {
  effect: "outside",
  run: async () => ({ kind: "failed", code: "BROKEN", message: "as told", retryable: false }),
};
const types: Record<string, NodeExecutor> = { hold, fail };
const hints = new HintBus({ url, log });
await hints.start();
startWorker({
  pool,
  databaseUrl: url,
  hints,
  log,
  executors: (type) => types[type],
  ports: {} as NodePorts,
  workerKey: "holding",
  leaseMs: Number(leaseMs),
});
