import { Command, InvalidArgumentError } from "commander";
import type { ReadyEnv, WorkerOptions } from "../composition.ts";
import type { CliContext } from "../context.ts";
import { runningInstance } from "../instance-lock.ts";
import { serveUntilStopped } from "../serve.ts";

/** `worker`: claims runs and executes their nodes; opens no port. */
export function workerCommand(context: CliContext): Command {
  return new Command("worker")
    .description("execute runs; start as many as needed, they need no port")
    .option("--only <types>", "node types to take, comma-separated", nodeTypes)
    .option("--concurrency <n>", "outside calls side by side (AGENT_PLATFORM_WORKER_SLOTS)", wholeNumber)
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
      await serveUntilStopped(context, {
        name: "worker",
        start: (env, options) => composition.startWorker(besidePlatform(env, context), worker, options),
        onReady: () => context.print("worker ready"),
      });
    });
}

/** Calls the platform that runs on the data folder, unless the environment names others. */
function besidePlatform(env: ReadyEnv, { composition, env: given }: CliContext): ReadyEnv {
  const socket = given().databaseUrl === undefined ? runningInstance(env.dataDir)?.workerSocket : undefined;
  return socket === undefined ? env : { ...env, subgraphUrls: { ...composition.workerUrls(socket), ...env.subgraphUrls } };
}

function nodeTypes(text: string): string[] {
  const types = text.split(",").flatMap((part) => part.trim() || []);
  if (types.length === 0) throw new InvalidArgumentError("Name at least one, such as --only llm,tool.");
  return types;
}

function wholeNumber(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1) throw new InvalidArgumentError("It is a whole number from 1.");
  return value;
}
