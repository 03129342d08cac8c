import { once } from "node:events";
import { resolve } from "node:path";
import { Command, InvalidArgumentError } from "commander";
import { maxPageSize } from "#shared/page-size.ts";
import type { BrokenAudit } from "../composition.ts";
import type { CliContext } from "../context.ts";
import { joinPlatformDatabase } from "../database/database.ts";
import { requireEncryptionKey, withKey } from "../database/encryption-key.ts";
import { apiKeyHelp, askedBy, graphUrl, tenantHelp, urlOption, tenantOption } from "../client/graph-options.ts";

interface ExportOptions {
  url?: string;
  tenant?: string;
  apiKey?: string;
  since?: string;
  until?: string;
  page: number;
}

/** `audit export`: what a tenant asked of the router, as JSON lines. */
export function auditCommand(context: CliContext): Command {
  const exporting = new Command("export")
    .description("write a tenant's audits to stdout as JSON, a line each, the oldest first")
    .option("--url <url>", "the graph; that of the platform on the data folder unless given", urlOption)
    .option("--tenant <id>", tenantHelp, tenantOption)
    .option("--api-key <key>", apiKeyHelp)
    .option("--since <time>", "those that began at this time or later, such as 2026-11-01T00:00:00Z", timeOption)
    .option("--until <time>", "those that began before this time", timeOption)
    .option("--page <count>", "how many are asked for at once", pageOption, maxPageSize)
    .addHelpText("after", "\nExamples:\n  agent-platform audit export --tenant t1 --since 2026-11-01T00:00:00Z > audits.jsonl")
    .action(async (options: ExportOptions) => {
      const { exportAudits } = await import("../client/audit-export.ts");
      const { page: pageSize, url, ...asked } = options;
      await exportAudits({
        ...asked,
        ...askedBy(context, asked),
        pageSize,
        url: graphUrl(context, url),
        write: (text) => writeWhole(context, text),
      });
    });
  const command = new Command("audit").description("what was asked of the platform");
  for (const part of [exporting, verifyCommand(context)]) command.addCommand(part.copyInheritedSettings(command).exitOverride());
  return command;
}

/** `audit verify`: whether audits are as they were written, by the database. */
function verifyCommand(context: CliContext): Command {
  return new Command("verify")
    .description("say whether audits were changed, removed or put in, by their hash chains; ends with 1 where some were")
    .option("--tenant <id>", "those of one tenant; of all unless given", tenantOption)
    .option("--json", "print chains and faults as JSON, a line each")
    .addHelpText(
      "after",
      "\nKeep what it prints: a chain that is shorter later, or has another hash at the same length, was taken back.\n\nExamples:\n  agent-platform audit verify --tenant t1",
    )
    .action(async ({ tenant, json = false }: { tenant?: string; json?: boolean }) => {
      const given = context.env();
      requireEncryptionKey(given);
      const database = await joinPlatformDatabase({ ...given, dataDir: resolve(given.dataDir) });
      let faults = 0;
      try {
        await context.composition.verifyAudits(withKey(database.env), tenant, {
          chain: (chain) =>
            context.print(json ? JSON.stringify({ chain }) : `${chain.tenantId}  ${chain.day}  ${chain.links} rows  ${chain.head}`),
          broken: (broken) => {
            faults++;
            context.print(json ? JSON.stringify({ broken }) : faultLine(broken));
          },
        });
      } finally {
        await database.stop();
      }
      const places = faults === 1 ? "1 place" : `${faults} places`;
      context.tell(faults === 0 ? "Audits are as they were written." : `${places} where audits are not as they were written.`);
      if (faults > 0) context.endWith(1);
    });
}

const faultWords: Record<BrokenAudit["fault"], string> = {
  CHANGED: "the row is not as it was written",
  REMOVED: "the row is gone",
  INSERTED: "the row was not written by the platform",
  LINK_CHANGED: "the chain was changed here",
  LINK_REMOVED: "a part of the chain is gone from here",
  CUT: "the chain's end is not its own: some may be gone behind it",
};

function faultLine({ fault, tenantId, day, seq, auditId }: BrokenAudit): string {
  const place = [seq === null ? undefined : `number ${seq}`, auditId === null ? undefined : `audit ${auditId}`].filter(Boolean).join(", ");
  return `${tenantId}  ${day}  ${fault}  ${place}: ${faultWords[fault]}`;
}

/** Waits for a reader that is slower than the graph. */
async function writeWhole(context: CliContext, text: string): Promise<void> {
  context.write(text);
  if (process.stdout.writableNeedDrain) await once(process.stdout, "drain");
}

function timeOption(text: string): string {
  const time = Date.parse(text);
  if (Number.isNaN(time)) throw new InvalidArgumentError("It is a time, such as 2026-11-01T00:00:00Z.");
  return new Date(time).toISOString();
}

function pageOption(text: string): number {
  const count = Number(text);
  if (!/^\d+$/.test(text) || count < 1 || count > maxPageSize) throw new InvalidArgumentError(`It is a number, 1 to ${maxPageSize}.`);
  return count;
}
