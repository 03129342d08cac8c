/**
 * A worker process as a part of the platform: guarded, and known to its parent. Told by argv: database URL, and "first" for the one whose calls never end and
 * whose nodes of type block hang it.
 */
import { pino } from "pino";
import { openPool } from "#shared/db/pool.ts";
import { HintBus } from "#shared/hints.ts";
import { tellSupervisor } from "../../cli/process/part-messages.ts";
import { partGuard } from "../../cli/process/process-guard.ts";
import type { NodeExecutor, NodePorts } from "../../subgraphs/runtime/nodes/executor.ts";
import { startWorker } from "../../subgraphs/runtime/worker/main.ts";
import type { HeldRow } from "../../subgraphs/runtime/worker/worker.ts";

const [url = "", role = ""] = process.argv.slice(2);
const isFirst = role === "first";
const log = pino({ level: "fatal" }, pino.destination(2));

const types: Record<string, NodeExecutor> = {
  call: {
    effect: "outside",
    run() {
      if (!isFirst) return { kind: "completed", outputText: "called" };
      process.send?.("calling");
      return new Promise(() => {});
    },
  },
  block: {
    effect: "pure",
    run() {
      while (isFirst);
      return { kind: "completed", outputText: "blocked no more" };
    },
  },
};
const keys = (held: readonly HeldRow[]) => held.map(({ key, lease }) => [key, lease] as const);

const hints = new HintBus({ url, log });
await hints.start();
startWorker({
  pool: openPool({ url, scope: "engine", max: 4 }),
  databaseUrl: url,
  hints,
  log,
  executors: (type) => types[type],
  ports: {} as NodePorts,
  workerKey: `${role}-${process.pid}`,
  guard: { ...partGuard(), stuck: { afterMs: 2_000, cpuMs: 1_000 } },
  ledger: {
    claimed: (held) => void tellSupervisor({ kind: "claimed", held: keys(held) }),
    holds: (held) => void tellSupervisor({ kind: "holds", held: keys(held) }),
  },
});
