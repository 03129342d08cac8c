import { createInterface } from "node:readline";
import { Command } from "commander";
import type { CliContext } from "../context.ts";
import { askedBy, graphUrl, refuseUncompleted, showOptions, withGraphOptions, type GraphOptions } from "../client/graph-options.ts";

interface AgentCommandOptions extends GraphOptions {
  user?: string;
  dryRun?: boolean;
  steer?: boolean;
}

/** `agents run <code> <text>` and `agents chat <code>`: asks an agent of the running platform. */
export function agentsCommand(context: CliContext): Command {
  return new Command("agents").description("ask an agent of the running platform").addCommand(runOf(context)).addCommand(chatOf(context));
}

function withAgentOptions(command: Command): Command {
  return withGraphOptions(command)
    .option("--user <id>", "whose memories the agent uses (terminal)")
    .option("--dry-run", "call no model and no tool; the answer says what would have been asked");
}

function runOf(context: CliContext): Command {
  return withAgentOptions(new Command("run"))
    .description("ask an agent once: its work as it happens, then its answer")
    .argument("<code>", "the agent's code")
    .argument("<text>", "what it is to do")
    .addHelpText(
      "after",
      `
Exit codes: 0 completed, or still under way; 1 failed or refused; 2 asked for wrongly.

Example:
  agent-platform agents run support-agent "Where is order 17?"`,
    )
    .action(async (code: string, text: string, options: AgentCommandOptions) => {
      const { askAgent } = await import("../client/agents/ask-agent.ts");
      refuseUncompleted(await askAgent(asked(context, code, options), text));
    });
}

function chatOf(context: CliContext): Command {
  return withAgentOptions(new Command("chat"))
    .description("talk with an agent: each line is a question, the end of input the end; Ctrl-C stops what it does")
    .argument("<code>", "the agent's code")
    .option("--steer", "lines that come while the agent works are told to it, as they are in a terminal; else each is the next question")
    .addHelpText("after", "\nExample:\n  agent-platform agents chat support-agent")
    .action(async (code: string, options: AgentCommandOptions) => {
      const { chatWithAgent } = await import("../client/agents/agent-chat.ts");
      const isSteering = options.steer === true || process.stdin.isTTY;
      try {
        await chatWithAgent(asked(context, code, options), { lines: typedLines(), onInterrupt, isSteering });
      } finally {
        // What nobody reads any more would keep the process.
        process.stdin.destroy();
      }
    });
}

/** Read from the first one that is asked for on: what comes before somebody listens would be lost. */
async function* typedLines(): AsyncGenerator<string> {
  yield* createInterface({ input: process.stdin });
}

function onInterrupt(listener: () => void): () => void {
  process.on("SIGINT", listener);
  return () => void process.off("SIGINT", listener);
}

function asked(context: CliContext, code: string, options: AgentCommandOptions) {
  const { user: userId, dryRun: isDry } = options;
  return { code, url: graphUrl(context, options.url), userId, isDry, ...askedBy(context, options), ...showOptions(context, options) };
}
