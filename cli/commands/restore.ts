import { join, resolve } from "node:path";
import { Command, InvalidArgumentError } from "commander";
import type { CliContext } from "../context.ts";
import { cliErrors } from "../errors.ts";
import { acquireInstanceLock } from "../process/instance-lock.ts";

interface RestoreOptions {
  archive?: string;
  time?: Date;
  timeline?: number;
  damaged?: boolean;
  json?: boolean;
}

/** `restore`: the embedded database as it was. */
export function restoreCommand(context: CliContext): Command {
  return new Command("restore")
    .description("bring the embedded database back from a copy that `backup` made; no platform may run on the data folder")
    .argument("<folder>", "the copy")
    .option("--archive <folder>", "AGENT_PLATFORM_WAL_ARCHIVE_DIR of the platform whose copy it is: what was stored after the copy too")
    .option("--time <time>", "with --archive, and nothing after this time, such as 2026-11-28T14:05:00Z", timeOption)
    .option(
      "--timeline <number>",
      "with --archive, where there were restores before: the history to follow; the last unless given",
      timelineOption,
    )
    .option("--damaged", "bring it back though files of the copy, or pages of its tables, are damaged; says which")
    .option("--json", "print the result as JSON")
    .addHelpText(
      "after",
      "\nThe database that is there is moved away first, by hand: mv .data/postgres .data/postgres.before\n\nExamples:\n  agent-platform restore /backups/monday\n  agent-platform restore /backups/monday --archive /backups/log --time 2026-11-28T14:05:00Z",
    )
    .action(async (folder: string, { archive, time, timeline, damaged, json = false }: RestoreOptions) => {
      const env = context.env();
      if (env.databaseUrl !== undefined) throw cliErrors.DATABASE_NOT_EMBEDDED({ command: "restore" });
      const { restoreCluster } = await import("#shared/postgres/backup.ts");
      const dataDir = resolve(env.dataDir);
      const lock = acquireInstanceLock(dataDir);
      try {
        const to = join(dataDir, "postgres");
        const { note, damage } = await restoreCluster({
          from: resolve(folder),
          folder: to,
          archive: archive && resolve(archive),
          timeline,
          archiveTo: env.walArchiveDir && resolve(env.walArchiveDir),
          until: time,
          isDamageTaken: damaged,
        });
        const reach = time?.toISOString() ?? (archive === undefined ? note.endedAt : "the end of the archive");
        context.print(
          json
            ? JSON.stringify({ folder: to, ...note, until: time?.toISOString() ?? null, damage })
            : [`${to} is as the database was, up to ${reach}.`, ...damage.map((problem) => `Damaged: ${problem}.`)].join("\n"),
        );
      } finally {
        lock.release();
      }
    });
}

function timeOption(text: string): Date {
  const time = new Date(text);
  if (Number.isNaN(time.getTime()) || !/[Zz]|[+-]\d\d:?\d\d$/.test(text))
    throw new InvalidArgumentError("Give a time with its zone, such as 2026-11-28T14:05:00Z.");
  return time;
}

function timelineOption(text: string): number {
  if (!/^[1-9]\d{0,8}$/.test(text)) throw new InvalidArgumentError("Give the number of a timeline, such as 2.");
  return Number(text);
}
