/**
 * A worker process for the soak: real process, real renewal thread, real hints, over a connection that loses one statement in fifty (not sent,
 * or done with its answer lost). Told by argv: database URL, name, seed, and "suspects" when it is the process for suspects.
 */
import { fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import type pg from "pg";
import { pino } from "pino";
import { openPool } from "#shared/db/pool.ts";
import { HintBus } from "#shared/hints.ts";
import { iterationNode } from "../../subgraphs/runtime/nodes/composite/iteration.node.ts";
import { subWorkflowNode } from "../../subgraphs/runtime/nodes/composite/sub-workflow.node.ts";
import type { NodeContext, NodeExecutor, NodeOutcome, NodePorts } from "../../subgraphs/runtime/nodes/executor.ts";
import { suspectsProcess } from "../../cli/process/suspects-process.ts";
import { Worker } from "../../subgraphs/runtime/worker/worker.ts";
import { largeChars, randomOf } from "./soak-settings.ts";
import { loader } from "../testkit/loader.ts";

const [url = "", name = "", seed = "1", role = ""] = process.argv.slice(2);
const random = randomOf(Number(seed));
const log = pino({ level: "fatal" }, pino.destination(2));

const pool = openPool({ url, scope: "engine", max: 5, applicationName: name });
const effects = openPool({ url, scope: "engine", max: 2 });

/** Loses statements now and then. */
function unreliable(real: pg.Pool): pg.Pool {
  const query = async (config: pg.QueryConfig): Promise<pg.QueryResult> => {
    const chance = random();
    if (chance < 0.01) throw new Error("soak: the statement was lost");
    const result = await real.query(config);
    if (chance > 0.99) throw new Error("soak: the answer was lost");
    return result;
  };
  return { query } as unknown as pg.Pool;
}

const pause = (ms: number, signal: AbortSignal): Promise<NodeOutcome> =>
  new Promise((resolve) => {
    const timer = setTimeout(() => resolve({ kind: "completed", outputText: "called" }), ms);
    signal.addEventListener("abort", () => {
      clearTimeout(timer);
      resolve({ kind: "failed", code: "ABORTED", message: "aborted", retryable: false });
    });
  });

const effect = async (context: NodeContext): Promise<NodeOutcome> => {
  await effects.query("insert into public.effect (node_run_id, attempt) values ($1, $2)", [context.nodeRunId, context.attempt]);
  return pause(Number(context.config["ms"]), context.signal);
};

const types: Record<string, NodeExecutor> = {
  iteration: iterationNode,
  frame: iterationNode,
  "sub-workflow": subWorkflowNode,
  sour: {
    effect: "pure",
    run: ({ scope }) =>
      (scope.index ?? 0) % 3 === 1
        ? { kind: "failed", code: "SOUR", message: "every third item", retryable: false }
        : { kind: "completed", outputJson: scope.item ?? null },
  },
  pure: { effect: "pure", run: ({ nodeId }) => ({ kind: "completed", outputText: nodeId }) },
  assign: { effect: "pure", run: ({ nodeId }) => ({ kind: "completed", stateUpdates: { last: nodeId, [nodeId]: true } }) },
  large: { effect: "pure", run: () => ({ kind: "completed", outputText: "x".repeat(largeChars) }) },
  call: { effect: "outside", run: ({ config, signal }) => pause(Number(config["ms"]), signal) },
  once: { effect: "outside", run: effect },
  person: { effect: "pure", run: () => ({ kind: "waiting", reason: "PERSON" }) },
  timer: { effect: "pure", run: ({ config }) => ({ kind: "waiting", reason: "TIMER", delayMs: Number(config["ms"]) }) },
  fail: { effect: "outside", run: async () => ({ kind: "failed", code: "BROKEN", message: "as told", retryable: false }) },
  flaky: {
    effect: "outside",
    run: ({ attempt }) =>
      attempt > 1 ? { kind: "completed", outputText: "again" } : { kind: "failed", code: "FLAKY", message: "once", retryable: true },
  },
};

const hints = new HintBus({ url, log });
await hints.start();
const worker = new Worker({
  pool: unreliable(pool),
  databaseUrl: url,
  hints,
  log,
  executors: (type) => types[type],
  ports: {} as NodePorts,
  workerKey: name,
  slots: 6,
  runs: 40,
  maxCrashes: 1_000,
  leaseMs: 2_000,
  suspects: role === "suspects",
});
if (role !== "suspects") {
  const argv = [url, `${name}-suspects`, seed, "suspects"];
  const suspects = suspectsProcess({ log, fork: () => fork(fileURLToPath(import.meta.url), argv, { execArgv: loader }) });
  worker.signals.on("suspect", suspects.wanted);
}
// Its host was killed.
else if (process.connected) process.on("disconnect", () => process.exit(1));
else process.exit(1);
worker.start();
process.send?.("ready");

process.on("SIGTERM", () => {
  void worker.stop().then(() => process.exit(0));
});
