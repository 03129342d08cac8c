import { Command } from "commander";
import type { CliContext } from "../context.ts";
import { requireDataFolder } from "../database/data-folder.ts";
import { requireEncryptionKey, withKey } from "../database/encryption-key.ts";
import { checkPort, refuseUnprotected } from "../process/listen-check.ts";
import { serveUntilStopped } from "../serve.ts";

/** `router`: the one door, in front of subgraphs that run elsewhere. */
export function routerCommand(context: CliContext): Command {
  return new Command("router")
    .description("serve the graph in front of subgraphs that run as processes of their own")
    .addHelpText(
      "after",
      '\nThe subgraphs\' addresses: AGENT_PLATFORM_<SUBGRAPH>_SUBGRAPH_URL.\n\nExample: docs/operations.md, "Distributed"',
    )
    .action(async () => {
      const { composition } = context;
      const given = context.env();
      refuseUnprotected(given);
      requireEncryptionKey(given);
      requireDataFolder(given.dataDir);
      await checkPort(given);
      const { host, accessPort } = given;
      if (accessPort !== undefined) await checkPort({ host, port: accessPort }, "AGENT_PLATFORM_ACCESS_PORT");
      await serveUntilStopped(context, {
        name: "router",
        start: (env, options) => composition.startRouter(withKey(env), options),
        onReady: (router) => {
          context.print(`graph ${router.graphUrl}`);
          for (const note of router.notes ?? []) context.tell(note);
          router.prepareGraphiql?.();
        },
      });
    });
}
