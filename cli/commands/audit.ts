import { once } from "node:events";
import { Command, InvalidArgumentError } from "commander";
import { maxPageSize } from "#shared/page-size.ts";
import type { CliContext } from "../context.ts";
import { apiKeyHelp, askedBy, graphUrl, tenantHelp, urlOption } from "../client/graph-options.ts";

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
    .option("--tenant <id>", tenantHelp)
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
  return command.addCommand(exporting.copyInheritedSettings(command).exitOverride());
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
