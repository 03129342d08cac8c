import { Command } from "commander";
import type { CliContext } from "../context.ts";
import { askedBy, graphUrl, refuseUncompleted, showOptions, withGraphOptions, type GraphOptions } from "../client/graph-options.ts";

/** `follow <runId>`: shows a run that is there, as `run --follow` shows a new one. */
export function followCommand(context: CliContext): Command {
  return withGraphOptions(new Command("follow"))
    .description("show a run from its beginning, each node as it happens, then the answer")
    .argument("<runId>", "the run's id, as run prints it")
    .addHelpText(
      "after",
      `
It ends when the run has ended, or waits for somebody; a pause before another attempt it waits for too. A connection that is lost it says and tries again,
for 60 s unless told otherwise; the run goes on meanwhile.
Exit codes: 0 completed, or still under way; 1 failed, cancelled or refused; 2 asked for wrongly.

Examples:
  agent-platform follow 0197f3c2-5f0e-7c7a-9d53-0a4a1f4f2b11
  agent-platform follow 0197f3c2-5f0e-7c7a-9d53-0a4a1f4f2b11 --json | tail -1`,
    )
    .action(async (runId: string, options: GraphOptions) => {
      const { followExisting } = await import("../client/follow.ts");
      const url = graphUrl(context, options.url);
      refuseUncompleted(await followExisting({ runId, url, ...askedBy(context, options), ...showOptions(context, options) }));
    });
}
