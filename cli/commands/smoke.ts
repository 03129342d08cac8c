import { Command, InvalidArgumentError } from "commander";
import type { CliContext } from "../context.ts";
import { cliErrors } from "../errors.ts";
import { colours } from "../client/colours.ts";
import { startOwnPlatform, throwAwayEnvironment } from "../client/trials/own-platform.ts";
import { apiKeyHelp, urlOption, tenantOption } from "../client/graph-options.ts";
import { startLocalServer } from "../smoke/local-server.ts";
import type { SmokeResult } from "../smoke/smoke-result.ts";

interface SmokeOptions {
  url?: string;
  tenant?: string;
  apiKey?: string;
  httpPort: number;
  json?: boolean;
}

/** `smoke`: the no-key test of a platform, its own or a running one. */
export function smokeCommand(context: CliContext): Command {
  return new Command("smoke")
    .description("run every kind of workflow that needs no model key, and check what comes out")
    .option("--url <url>", "the graph to test; a throw-away platform of its own unless given", urlOption)
    .option("--tenant <id>", "the tenant (that of the API key; without one: smoke)", tenantOption)
    .option("--api-key <key>", apiKeyHelp)
    .option(
      "--http-port <n>",
      "port of the test's own HTTP server; a platform given by --url must allow it (AGENT_PLATFORM_EGRESS_ALLOW=127.0.0.1:4590)",
      port,
      4590,
    )
    .option("--json", "print a result a line as JSON")
    .addHelpText("after", "\nExamples:\n  agent-platform smoke\n  agent-platform smoke --url http://127.0.0.1:4000/graphql --tenant smoke")
    .action(async (options: SmokeOptions) => {
      const results = await smoke(context, withEnvironment(context, options));
      const failed = results.filter(({ outcome }) => outcome === "failed");
      if (options.json !== true) context.print(summary(results));
      if (failed.length > 0) throw cliErrors.SMOKE_FAILED({ failed: failed.length, of: results.length });
    });
}

function withEnvironment(context: CliContext, options: SmokeOptions): SmokeOptions {
  const { smokeUrl, smokeTenantId, smokeApiKey, apiKey } = context.env();
  const key = options.apiKey ?? smokeApiKey ?? apiKey;
  return { ...options, url: options.url ?? smokeUrl, tenant: options.tenant ?? smokeTenantId, apiKey: key };
}

async function smoke(context: CliContext, options: SmokeOptions): Promise<SmokeResult[]> {
  const local = await startLocalServer(options.url === undefined ? 0 : options.httpPort);
  try {
    if (options.url !== undefined) return await smokeAt(context, options.url, local.host, options);
    const platform = await startOwnPlatform({
      settings: { EGRESS_ALLOW: local.host, LOG_LEVEL: "warn" },
      environment: throwAwayEnvironment(context.environment),
      progress: (step) => context.tell(`  · ${step} …`),
    });
    try {
      // Nobody has keys of it.
      return await smokeAt(context, platform.graphUrl, local.host, { ...options, apiKey: undefined });
    } finally {
      await platform.stop();
    }
  } finally {
    local.stop();
  }
}

async function smokeAt(context: CliContext, url: string, local: string, { tenant, apiKey, json }: SmokeOptions): Promise<SmokeResult[]> {
  const [{ createClient }, { runSmoke }] = await Promise.all([import("#codegen/client/client.ts"), import("../smoke/smoke.ts")]);
  const client = createClient({ url, tenantId: tenant ?? (apiKey === undefined ? "smoke" : undefined), apiKey });
  try {
    return await runSmoke(client, local, (result) => context.print(json === true ? JSON.stringify(result) : resultLine(result)));
  } finally {
    await client.close();
  }
}

const marks = { passed: colours.green("passed "), failed: colours.red("FAILED "), skipped: colours.yellow("skipped") };

function resultLine({ name, outcome, ms, details }: SmokeResult): string {
  const head = `  ${marks[outcome]}  ${name.padEnd(22)} ${colours.dim(`${ms} ms`)}`;
  return [head, ...details.map((detail) => `             ${detail}`)].join("\n");
}

function summary(results: SmokeResult[]): string {
  const count = (outcome: SmokeResult["outcome"]) => results.filter((result) => result.outcome === outcome).length;
  return `\n${count("passed")} passed, ${count("failed")} failed, ${count("skipped")} skipped`;
}

function port(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1 || value > 65_535) throw new InvalidArgumentError("It is a port, 1 to 65535.");
  return value;
}
