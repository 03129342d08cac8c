import { Command } from "commander";
import { createLog } from "#shared/log.ts";
import type { CliContext } from "../context.ts";

/** `prepare`: for images, whose root file system may be read-only where they run. */
export function prepareCommand(context: CliContext): Command {
  return new Command("prepare")
    .description("make ahead what first starts make and keep in .cache: compiled code, GraphiQL's bundle; needs no database")
    .addHelpText("after", "\nExample (docker/Dockerfile):\n  agent-platform prepare")
    .action(async () => {
      await context.composition.prepare(createLog(context.env(), "prepare"));
      context.print("prepared");
    });
}
