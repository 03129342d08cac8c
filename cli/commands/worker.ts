import type { ChildProcess } from "node:child_process";
import { Command, InvalidArgumentError } from "commander";
import { canonicalNodeType, nodeTypes as knownTypes } from "#shared/dsl/node-types.ts";
import type { PreparedEnv, RunningPart, StartOptions, WorkerOptions } from "../composition.ts";
import type { CliContext } from "../context.ts";
import { forkSelf } from "../process/fork-self.ts";
import { runningInstance } from "../process/instance-lock.ts";
import { serveUntilStopped } from "../serve.ts";
import { suspectsProcess } from "../process/suspects-process.ts";
import { workerEnvironment, type WorkerParent } from "../compose/worker-environment.ts";

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
AGENT_PLATFORM_MODEL_SUBGRAPH_URL, AGENT_PLATFORM_TOOL_SUBGRAPH_URL.

Examples:
  agent-platform worker --concurrency 200
  agent-platform worker --only llm,tool`,
    )
    .action(async (worker: WorkerOptions) => {
      const { composition } = context;
      const start = async (env: PreparedEnv, options: StartOptions): Promise<RunningPart> => {
        if (worker.suspects) return composition.startWorker(env, worker, options);
        const suspects = suspectsProcess({
          fork: () => forkForSuspects(worker, { environment: context.environment, env, subgraphUrls: env.subgraphUrls }),
          log: options.log,
        });
        const part = await composition.startWorker(env, { ...worker, onSuspect: suspects.wanted }, options);
        return { stop: async () => void (await Promise.all([part.stop(), suspects.stop()])) };
      };
      await serveUntilStopped(context, {
        name: "worker",
        start: (env, options) => start(besidePlatform(env, context), options),
        onReady: () => context.print("worker ready"),
      });
    });
}

function forkForSuspects({ only }: WorkerOptions, parent: WorkerParent): ChildProcess {
  const args = ["worker", "--suspects", ...(only === undefined ? [] : ["--only", only.join(",")])];
  return forkSelf(args, { environment: workerEnvironment(parent) });
}

/** Calls the platform that runs on the data folder, unless the environment names others. */
function besidePlatform(env: PreparedEnv, { composition, env: given }: CliContext): PreparedEnv {
  const socket = given().databaseUrl === undefined ? runningInstance(env.dataDir)?.workerSocket : undefined;
  return socket === undefined ? env : { ...env, subgraphUrls: { ...composition.workerUrls(socket), ...env.subgraphUrls } };
}

function nodeTypes(text: string): string[] {
  const types = text.split(",").flatMap((part) => part.trim() || []);
  if (types.length === 0) throw new InvalidArgumentError("Name at least one, such as --only llm,tool.");
  return types.map((type) => {
    const known = canonicalNodeType(type);
    // A worker of no node type would be ready, and take nothing for ever.
    if (known === undefined) throw new InvalidArgumentError(`There is no node type ${type}; there are ${knownTypes.join(", ")}.`);
    return known;
  });
}

function wholeNumber(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1) throw new InvalidArgumentError("It is a whole number from 1.");
  return value;
}
