import { resolve } from "node:path";
import { Command } from "commander";
import { createClient } from "#codegen/client/client.ts";
import type { CliContext } from "../context.ts";
import { cliErrors } from "../errors.ts";
import { createRun, runResult } from "../graph/documents.ts";
import { eventLine, followRun, type FinishedRun } from "../graph/follow.ts";
import { prepareWorkflow } from "../graph/prepare.ts";
import { readInput, readWorkflowFile } from "../graph/workflow-file.ts";
import { runningInstance } from "../instance-lock.ts";

interface RunOptions {
  input?: string;
  follow?: boolean;
  url?: string;
  tenant?: string;
  apiKey?: string;
  json?: boolean;
}

/** `run <workflow.json>`: makes what is needed in the graph, runs it, and shows it. */
export function runCommand(context: CliContext): Command {
  return new Command("run")
    .description("run a workflow file on the running platform")
    .argument("<workflow.json>", "a DSL document, or { name, input, dsl }")
    .option("--input <json>", "the run's input as JSON, or @file; the file's own sample unless given")
    .option("--follow", "show each node as it happens, then the answer")
    .option("--url <url>", "the graph; that of the platform on the data folder unless given")
    .option("--tenant <id>", "the tenant (public)")
    .option("--api-key <key>", "the API key, where authentication is on")
    .option("--json", "print events and the result as JSON, a line each")
    .action(async (path: string, options: RunOptions) => {
      const run = await runFile(context, path, options);
      if (run.status !== "COMPLETED" && run.status !== "WAITING" && run.status !== "QUEUED" && run.status !== "RUNNING") {
        throw cliErrors.RUN_NOT_COMPLETED({ runId: run.id, status: run.status, story: run.errorMessage ?? "" });
      }
    });
}

/** Runs a file; follows it where asked to. */
export async function runFile(context: CliContext, path: string, options: RunOptions): Promise<FinishedRun> {
  const file = await readWorkflowFile(path);
  const input = options.input === undefined ? file.input : await readInput(options.input);
  const client = createClient({ url: graphUrl(context, options.url), tenantId: options.tenant, apiKey: options.apiKey });
  try {
    const { appId, workflowId, workflowVersionId } = await prepareWorkflow(client, file);
    const created = await client.mutate(createRun, { input: { appId, workflowId, workflowVersionId, input } });
    const { id } = created.createRun;
    if (options.follow !== true) {
      const { run } = await client.query(runResult, { id });
      context.print(options.json === true ? JSON.stringify({ runId: id }) : `run ${id}`);
      return run!;
    }
    if (options.json !== true) context.print(`${file.name}  run ${id}`);
    const run = await followRun(client, id, (event) => {
      const line = options.json === true ? JSON.stringify(event) : eventLine(event);
      if (line !== undefined) context.print(line);
    });
    context.print(options.json === true ? JSON.stringify(run) : answerText(run));
    return run;
  } finally {
    await client.close();
  }
}

function answerText(run: FinishedRun): string {
  const answer = run.outputText ?? (run.outputJson == null ? "" : JSON.stringify(run.outputJson, null, 2));
  return answer === "" ? "" : `\n${answer}`;
}

function graphUrl(context: CliContext, option: string | undefined): string {
  if (option !== undefined) return option;
  const { dataDir, host, port } = context.env();
  return runningInstance(resolve(dataDir))?.graphUrl ?? `http://${host}:${port}/graphql`;
}
