import { randomUUID } from "node:crypto";
import { Command, InvalidArgumentError, Option } from "commander";
import { canonicalNodeType, nodeTypes as knownTypes } from "#shared/dsl/node-types.ts";
import { createLog } from "#shared/log.ts";
import type { PreparedEnv, RunningPart, WorkerOptions } from "../composition.ts";
import type { CliContext } from "../context.ts";
import { handedKeys } from "../database/internal-keys.ts";
import { joinRunningPlatform } from "../database/database.ts";
import { forkSelf } from "../process/fork-self.ts";
import { startGuardedWorker } from "../process/guarded-worker.ts";
import { tellSupervisor } from "../process/part-messages.ts";
import { partGuard } from "../process/process-guard.ts";
import { serveSupervised } from "../serve-part.ts";
import { serveUntilStopped, type ServedOptions } from "../serve.ts";
import { workerEnvironment } from "../compose/worker-environment.ts";

/** `worker`: claims runs and executes their nodes; opens no port. */
export function workerCommand(context: CliContext): Command {
  return new Command("worker")
    .description("execute runs; start as many as needed, they need no port")
    .option("--only <types>", "node types to take, comma-separated", nodeTypes)
    .option("--concurrency <n>", "outside calls side by side (AGENT_PLATFORM_WORKER_SLOTS)", wholeNumber)
    .option("--suspects", "take only what has ended two workers, one at a time, then exit; workers start this themselves")
    .addHelpText(
      "after",
      `
Beside a platform of the same data folder it needs nothing. Elsewhere it needs AGENT_PLATFORM_DATABASE_URL, and the subgraphs that it calls:
AGENT_PLATFORM_MODEL_SUBGRAPH_URL, AGENT_PLATFORM_TOOL_SUBGRAPH_URL, AGENT_PLATFORM_MEMORY_SUBGRAPH_URL, AGENT_PLATFORM_SESSION_SUBGRAPH_URL,
AGENT_PLATFORM_SKILL_SUBGRAPH_URL.

Examples:
  agent-platform worker --concurrency 200
  agent-platform worker --only llm,tool`,
    )
    .addOption(new Option("--supervised", "by start or a worker, on a prepared database").hideHelp())
    .addOption(new Option("--key-folder <path>", "where the internal key lies, which another start replaces").hideHelp())
    .action(async ({ supervised = false, keyFolder, ...worker }: WorkerOptions & { supervised?: boolean; keyFolder?: string }) => {
      if (supervised) return serveSupervisedWorker(context, worker, keyFolder);
      await serveUntilStopped(context, {
        name: "worker",
        // The worker is its child.
        part: worker.suspects === true ? "suspects" : "worker parent",
        open: (env, options) => joinRunningPlatform(env, context.composition.workerUrls, options),
        start: (env, options) => startGuarded(context, worker, { env, options: { ...options, tell: context.tell } }),
        onReady: () => context.print("worker ready"),
      });
    });
}

type GuardedOptions = ServedOptions & { tell: (text: string) => void };

/** A worker's main loop is all its runs', of all tenants: what blocks it is ended, and they go on elsewhere. */
const stuck = { afterMs: 5_000, cpuMs: 4_000 };

/** A part of the platform: the supervisor knows what it holds, and starts the process for suspects. */
async function serveSupervisedWorker(
  { composition, ...context }: CliContext,
  worker: WorkerOptions,
  keyFolder: string | undefined,
): Promise<void> {
  const env = context.env();
  const log = createLog(env, "worker");
  const claimMark = randomUUID();
  const told: WorkerOptions = {
    ...worker,
    guard: { ...partGuard(), stuck },
    claimMark,
    ...(worker.suspects !== true && { onSuspect: () => void tellSupervisor({ kind: "suspect" }) }),
  };
  await serveSupervised(
    { composition, ...context },
    {
      async start({ signal: stopping }) {
        await tellSupervisor({ kind: "mark", claimMark });
        return composition.startWorker(env as PreparedEnv, told, { log, keys: handedKeys(env, keyFolder), progress: () => {}, stopping });
      },
      ready: () => ({}),
      stopDeadlineMs: 28_000,
    },
  );
}

/**
 * A worker of its own is a process that executes, and this one, its parent: it frees what a child held that has died, and starts another. One that takes suspects
 * by hand has none: it ends when there is nothing left.
 */
async function startGuarded(
  { composition, environment }: CliContext,
  worker: WorkerOptions,
  { env, options }: { env: PreparedEnv; options: GuardedOptions },
): Promise<RunningPart> {
  if (worker.suspects === true) return composition.startWorker(env, worker, { ...options, stopping: options.stop.signal });
  const keyFolder = options.keys.areReread ? ["--key-folder", env.dataDir] : [];
  const given = workerEnvironment({ environment, env, subgraphUrls: env.subgraphUrls });
  return startGuardedWorker({
    fork: () => forkSelf([...workerArguments(worker), ...keyFolder], given, "inherit"),
    forkSuspects: () => forkSelf([...workerArguments({ ...worker, concurrency: undefined }), ...keyFolder, "--suspects"], given),
    freeLeases: (dead) => composition.freeLeases(env, dead, options.log),
    tell: options.tell,
    signal: options.stop.signal,
    log: options.log,
    logFile: env.logFile,
  });
}

function workerArguments({ only, concurrency }: Pick<WorkerOptions, "only"> & { concurrency?: number | undefined }): string[] {
  return [
    ...["worker", "--supervised"],
    ...(only === undefined ? [] : ["--only", only.join(",")]),
    ...(concurrency === undefined ? [] : ["--concurrency", String(concurrency)]),
  ];
}

function nodeTypes(text: string): string[] {
  const types = text.split(",").flatMap((part) => part.trim() || []);
  if (types.length === 0) throw new InvalidArgumentError("Name at least one, such as --only llm,tool.");
  return types.map((type) => {
    const known = canonicalNodeType(type) ?? toCome.find((name) => name === type);
    // A worker of no node type would be ready, and take nothing for ever.
    if (known === undefined)
      throw new InvalidArgumentError(`There is no node type ${type}; there are ${[...knownTypes, ...toCome].join(", ")}.`);
    return known;
  });
}

/** Work of teams, by the name that it will be offered under: nothing is yet. Who sets up processes for it need not come back. */
const toCome = ["team"];

function wholeNumber(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1) throw new InvalidArgumentError("It is a whole number from 1.");
  return value;
}
