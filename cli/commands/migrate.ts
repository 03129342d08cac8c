import { resolve } from "node:path";
import { Command } from "commander";
import type { CliContext } from "../context.ts";
import { joinPlatformDatabase } from "../database.ts";

/** `migrate`: brings the databases to this version's schema. `start` does it too. */
export function migrateCommand(context: CliContext): Command {
  return new Command("migrate")
    .description("bring the databases to the schema of this version, and end")
    .option("--json", "print the result as JSON")
    .action(async (options: { json?: boolean }) => {
      const given = context.env();
      const database = await joinPlatformDatabase({ ...given, dataDir: resolve(given.dataDir) });
      try {
        await context.composition.migrate(database.env);
      } finally {
        await database.stop();
      }
      context.print(options.json === true ? JSON.stringify({ migrated: true }) : "The databases are up to date.");
    });
}
