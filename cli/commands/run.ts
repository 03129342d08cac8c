import { resolve } from "node:path";
import { Command } from "commander";
import { urlOption } from "../graph/url-option.ts";
import type { CliContext } from "../context.ts";
import { cliErrors } from "../errors.ts";
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
    .option("--input <json>", "the run's input as JSON, @file, or - for stdin; the file's own sample unless given")
    .option("--follow", "show each node as it happens, then the answer")
    .option("--url <url>", "the graph; that of the platform on the data folder unless given", urlOption)
    .option("--tenant <id>", "the tenant (public)")
    .option("--api-key <key>", "the API key, where authentication is on")
    .option("--json", "print events and the result as JSON, a line each")
    .addHelpText(
      "after",
      `
Without --follow it ends as soon as the run is queued, and prints its id.
Exit codes: 0 completed, or still under way; 1 failed or refused, each problem of the document with a pointer; 2 asked for wrongly.

Examples:
  agent-platform run examples/lead-scoring.json --follow
  agent-platform run flow.json --input '{"question":"Why?"}' --follow
  jq '{question: .title}' ticket.json | agent-platform run flow.json --input - --json --follow | tail -1`,
    )
    .action(async (path: string, options: RunOptions) => {
      const { runFile } = await import("../graph/run-file.ts");
      const run = await runFile({
        path,
        url: graphUrl(context, options.url),
        input: options.input,
        isFollowed: options.follow === true,
        isJson: options.json === true,
        tenant: options.tenant,
        apiKey: options.apiKey,
        print: (line) => context.print(line),
      });
      if (run.status !== "COMPLETED" && run.status !== "WAITING" && run.status !== "QUEUED" && run.status !== "RUNNING") {
        throw cliErrors.RUN_NOT_COMPLETED({ runId: run.id, status: run.status, story: run.errorMessage ?? "" });
      }
    });
}

function graphUrl(context: CliContext, option: string | undefined): string {
  if (option !== undefined) return option;
  const { dataDir, host, port } = context.env();
  return runningInstance(resolve(dataDir))?.graphUrl ?? `http://${host}:${port}/graphql`;
}
