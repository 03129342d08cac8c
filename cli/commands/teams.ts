import { Command } from "commander";
import type { CliContext } from "../context.ts";
import { askedBy, graphUrl, refuseUncompleted, showOptions, withGraphOptions, type GraphOptions } from "../client/graph-options.ts";

interface TeamCommandOptions extends GraphOptions {
  user?: string;
  dryRun?: boolean;
}

/** `teams run <code> <text>` and `teams make <file>`: teams of the running platform. */
export function teamsCommand(context: CliContext): Command {
  return new Command("teams").description("ask a team of the running platform").addCommand(runOf(context)).addCommand(makeOf(context));
}

function runOf(context: CliContext): Command {
  return withGraphOptions(new Command("run"))
    .description("ask a team once: its members' work as it happens, then its answer")
    .argument("<code>", "the team's code")
    .argument("<text>", "what it is to do")
    .option("--user <id>", "whose memories its members use (terminal)")
    .option("--dry-run", "call no model and no tool; the answer says what would have been asked")
    .addHelpText(
      "after",
      `
Exit codes: 0 completed, or still under way; 1 failed or refused; 2 asked for wrongly.

Example:
  agent-platform teams run research-team "Why do cats purr?"`,
    )
    .action(async (code: string, text: string, options: TeamCommandOptions) => {
      const { askTeam } = await import("../client/agents/ask-team.ts");
      refuseUncompleted(await askTeam(asked(context, options), code, text));
    });
}

function makeOf(context: CliContext): Command {
  return withGraphOptions(new Command("make"))
    .description("make the team in a file, with its agents; of what is there the next versions")
    .argument("<file>", "JSON, as those in examples/teams")
    .addHelpText("after", "\nExample:\n  agent-platform teams make examples/teams/research-team.json")
    .action(async (file: string, options: TeamCommandOptions) => {
      const { makeTeamOfFile } = await import("../client/agents/ask-team.ts");
      await makeTeamOfFile(asked(context, options), file);
    });
}

function asked(context: CliContext, options: TeamCommandOptions) {
  const { user: userId, dryRun: isDry } = options;
  return { url: graphUrl(context, options.url), userId, isDry, ...askedBy(context, options), ...showOptions(context, options) };
}
