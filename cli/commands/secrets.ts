import { resolve } from "node:path";
import { Command } from "commander";
import type { Rewrapped } from "../composition.ts";
import type { CliContext } from "../context.ts";
import { joinPlatformDatabase } from "../database/database.ts";
import { requireEncryptionKey, withKey } from "../database/encryption-key.ts";

/** `secrets`: what is sealed with the master key, for the operator. */
export function secretsCommand(context: CliContext): Command {
  const secrets = new Command("secrets").description("what is encrypted with AGENT_PLATFORM_ENCRYPTION_KEY");
  secrets
    .command("rewrap")
    .description("encrypt anew, with the first key of AGENT_PLATFORM_ENCRYPTION_KEY=new,old, what the old one encrypted")
    .option("--json", "print what was done as JSON")
    .addHelpText(
      "after",
      "\nThe platform may run beside it, with new,old. What was done stays done: ended half-way it is run again. When it ends with 0 the old key is not needed.\n" +
        "\nExamples:\n  AGENT_PLATFORM_ENCRYPTION_KEY=$NEW,$OLD agent-platform secrets rewrap",
    )
    .action(async ({ json = false }: { json?: boolean }) => {
      const given = context.env();
      requireEncryptionKey(given);
      const database = await joinPlatformDatabase({ ...given, dataDir: resolve(given.dataDir) });
      try {
        const done = await context.composition.rewrapSecrets(withKey(database.env));
        context.print(json ? JSON.stringify({ rewrapped: done }) : sentences(done));
        if (done.some(({ unreadable }) => unreadable.length > 0)) context.endWith(1);
      } finally {
        await database.stop();
      }
    });
  return secrets;
}

const shownIds = 20;

function sentences(done: readonly Rewrapped[]): string {
  const lines = done.map(({ table, rows }) => `  ${table.padEnd(22)} ${rows} encrypted anew`);
  const lost = done.flatMap(({ table, unreadable }) => {
    if (unreadable.length === 0) return [];
    const more = unreadable.length > shownIds ? `, and ${unreadable.length - shownIds} more` : "";
    return [`${table}: ${unreadable.length} that no key given here opens: ${unreadable.slice(0, shownIds).join(", ")}${more}`];
  });
  const end =
    lost.length === 0
      ? ["The first key opens all of it: the other one is not needed any more."]
      : [...lost, "Keep the old key, and name it: new,old."];
  return [...lines, ...end].join("\n");
}
