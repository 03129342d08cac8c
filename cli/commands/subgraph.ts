import { Command } from "commander";
import type { CliContext } from "../context.ts";
import { requireEncryptionKey, withKey } from "../database/encryption-key.ts";
import { checkPort } from "../process/listen-check.ts";
import { serveUntilStopped } from "../serve.ts";

/** `subgraph <name>`: one subgraph as a process of its own. */
export function subgraphCommand(context: CliContext): Command {
  return new Command("subgraph")
    .description("serve one subgraph as a process of its own, at AGENT_PLATFORM_HOST and AGENT_PLATFORM_PORT")
    .argument("<name>", "workflow, session, runtime, agent, memory, team, skill, tool or model")
    .addHelpText(
      "after",
      "\nUnless told it listens on loopback. It answers the platform's own processes alone, which have AGENT_PLATFORM_INTERNAL_KEY, and so may listen elsewhere.\n\nExample:\n  AGENT_PLATFORM_PORT=8002 agent-platform subgraph workflow",
    )
    .action(async (name: string, _options: object, command: Command) => {
      const { composition } = context;
      const known = composition.subgraphNames;
      if (!known.includes(name)) command.error(`error: there is no subgraph ${name}; there are ${known.join(", ")}`);
      requireEncryptionKey(context.env());
      await checkPort(context.env());
      await serveUntilStopped(context, {
        name,
        start: (env, options) => composition.startSubgraph(name, withKey(env), options),
        onReady: (subgraph) => context.print(`subgraph ${name} ${subgraph.graphUrl}`),
      });
    });
}
