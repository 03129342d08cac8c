import { realpathSync } from "node:fs";
import { join, resolve } from "node:path";
import { Command } from "commander";
import type { CliContext } from "../context.ts";
import { openEmbeddedCluster } from "../database/database.ts";
import { cliErrors } from "../errors.ts";

/** `backup`: a copy of the embedded database, while the platform runs or not. */
export function backupCommand(context: CliContext): Command {
  return new Command("backup")
    .description("copy the embedded database to a folder; a platform that runs on it goes on")
    .argument("<folder>", "where to; it must not be there yet")
    .option("--json", "print the result as JSON")
    .addHelpText(
      "after",
      "\nThe key of its secrets (encryption.key in the data folder) is not in it: keep that apart.\n\nExamples:\n  agent-platform backup /backups/monday",
    )
    .action(async (folder: string, { json = false }: { json?: boolean }) => {
      const env = context.env();
      if (env.databaseUrl !== undefined) throw cliErrors.DATABASE_NOT_EMBEDDED({ command: "backup" });
      const { backupCluster } = await import("#shared/postgres/backup.ts");
      const dataDir = resolve(env.dataDir);
      const server = await openEmbeddedCluster({ ...env, dataDir });
      try {
        const source = { url: server.url("postgres", "postgres"), folder: realpathSync(join(dataDir, "postgres")) };
        const note = await backupCluster(source, resolve(folder));
        context.print(
          json
            ? JSON.stringify({ folder: resolve(folder), ...note })
            : `The database as it was at ${note.endedAt} is in ${resolve(folder)}.`,
        );
      } finally {
        await server.stop();
      }
    });
}
