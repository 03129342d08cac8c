import { Command } from "commander";
import type { CliContext } from "../context.ts";
import {
  askedBy,
  followLine,
  graphUrl,
  refuseUncompleted,
  showOptions,
  withGraphOptions,
  type GraphOptions,
} from "../client/graph-options.ts";

interface RunOptions extends GraphOptions {
  input?: string;
  follow?: boolean;
}

/** `run <workflow.json>`: makes what is needed in the graph, runs it, and shows it. */
export function runCommand(context: CliContext): Command {
  const command = new Command("run")
    .description("run a workflow file on the running platform")
    .argument("<workflow.json>", "a DSL document, or { name, input, dsl }")
    .option("--input <json>", "the run's input as JSON, @file, or - for stdin; the file's own sample unless given")
    .option("--follow", "show each node as it happens, then the answer");
  return withGraphOptions(command)
    .addHelpText(
      "after",
      `
Without --follow it ends as soon as the run is queued, and prints its id; follow shows it then.
Exit codes: 0 completed, or still under way; 1 failed or refused, each problem of the document with a pointer; 2 asked for wrongly.

Examples:
  agent-platform run examples/lead-scoring.json --follow
  agent-platform run flow.json --input '{"question":"Why?"}' --follow
  jq '{question: .title}' ticket.json | agent-platform run flow.json --input - --json --follow | tail -1`,
    )
    .action(async (path: string, options: RunOptions) => {
      const { runFile } = await import("../client/run-file.ts");
      const { follow = false, json = false } = options;
      const made = await runFile({
        path,
        url: graphUrl(context, options.url),
        input: options.input,
        isFollowed: follow,
        ...askedBy(context, options),
        ...showOptions(context, options),
      });
      if (!follow && !json) context.tell(`Follow it: ${followLine(made.run.id, options)}`);
      refuseUncompleted(made);
    });
}
