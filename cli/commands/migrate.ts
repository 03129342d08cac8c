import { resolve } from "node:path";
import { Command } from "commander";
import type { PendingMigrations } from "../composition.ts";
import type { CliContext } from "../context.ts";
import { joinPlatformDatabase } from "../database/database.ts";
import { programName } from "../program-name.ts";

/** `migrate`: brings the databases to this version's schema. `start` does it too. */
export function migrateCommand(context: CliContext): Command {
  return new Command("migrate")
    .description("bring the databases to the schema of this version, and end")
    .option("--status", "only say what is pending; ends with 1 when something is")
    .option("--json", "print the result as JSON")
    .addHelpText("after", "\nExamples:\n  agent-platform migrate\n  agent-platform migrate --status --json")
    .action(async ({ status = false, json = false }: { status?: boolean; json?: boolean }) => {
      const given = context.env();
      const database = await joinPlatformDatabase({ ...given, dataDir: resolve(given.dataDir) });
      try {
        const found = status ? await context.composition.pendingMigrations(database.env) : await context.composition.migrate(database.env);
        context.print(json ? JSON.stringify({ [status ? "pending" : "migrated"]: found }) : sentences(found, status));
        if (status && found.length > 0) context.endWith(1);
      } finally {
        await database.stop();
      }
    });
}

function sentences(found: PendingMigrations[], isStatus: boolean): string {
  const lines = found.map(({ subgraph, migrations }) => `  ${subgraph.padEnd(10)} ${migrations.join(", ")}`);
  if (lines.length === 0) return "The databases are up to date.";
  return [isStatus ? `Pending (${programName()} migrate runs them):` : "The databases are up to date now. Run were:", ...lines].join("\n");
}
