import { resolve } from "node:path";
import { Command, InvalidArgumentError, Option } from "commander";
import { databaseNowMs } from "#shared/database-time.ts";
import { checkName } from "#shared/fields.ts";
import { adminScope, expandScopes } from "#shared/scopes.ts";
import type { KeyAdmin, KeyFacts } from "../composition.ts";
import { checkedOption, tenantOption } from "../client/graph-options.ts";
import type { CliContext } from "../context.ts";
import { joinPlatformDatabase } from "../database/database.ts";
import { requireEncryptionKey, withKey } from "../database/encryption-key.ts";

interface CreateOptions {
  tenant: string;
  name: string;
  scopes?: readonly string[];
  admin?: boolean;
  expiresInDays?: number;
  json?: boolean;
}

/** `keys`: API keys by the database, for the operator; the platform may run beside it, or not. */
export function keysCommand(context: CliContext): Command {
  const keys = new Command("keys").description("make, list and revoke API keys, by the database");
  keys
    .command("create")
    .description("make a key, and print it: this once")
    .requiredOption("--tenant <id>", "the tenant that it is of", tenantOption)
    .option("--name <name>", "for people", checkedOption(checkName), "cli")
    .option(
      "--scopes <list>",
      "noun:verb, or reader, runner, builder; comma-separated. Everything of the tenant unless given",
      scopesOption,
    )
    .addOption(new Option("--admin", "it may act for any tenant, by x-tenant-id, and do everything there").conflicts("scopes"))
    .option("--expires-in-days <n>", "it does not expire unless given", days)
    .option("--json", "print it as JSON")
    .addHelpText(
      "after",
      "\nExamples:\n  agent-platform keys create --tenant t1\n  agent-platform keys create --tenant t1 --scopes runner --json",
    )
    .action((options: CreateOptions) => withKeys(context, (admin) => create(context, admin, options)));
  keys
    .command("list")
    .description("list the newest keys")
    .option("--tenant <id>", "those of one tenant", tenantOption)
    .option("--json", "print them as JSON, a line each")
    .action((options: { tenant?: string; json?: boolean }) =>
      withKeys(context, async (admin) => {
        for (const key of await admin.list(options.tenant)) context.print(options.json === true ? JSON.stringify(key) : line(key));
      }),
    );
  keys
    .command("revoke")
    .description("revoke a key for good; within a second no router accepts it")
    .argument("<key>", "its id, or its prefix such as agp_0123456789Ab")
    .action((idOrPrefix: string) =>
      withKeys(context, async (admin) => {
        await admin.revoke(idOrPrefix);
        context.print(`${idOrPrefix} is REVOKED.`);
      }),
    );
  return keys;
}

async function create(context: CliContext, admin: KeyAdmin, options: CreateOptions): Promise<void> {
  const { tenant: tenantId, name, scopes = null, admin: isAdmin = false, expiresInDays } = options;
  const expiresAt = expiresInDays === undefined ? null : new Date(databaseNowMs() + expiresInDays * 86_400_000);
  const { id, secret } = await admin.create({ tenantId, name, scopes, isAdmin, expiresAt });
  if (options.json !== true) {
    context.tell(`A key of tenant ${tenantId}${isAdmin ? ", which may act for any other" : ""}. It is shown this once:`);
    return context.print(secret);
  }
  context.print(JSON.stringify({ id, secret, tenantId, name, scopes: isAdmin ? [adminScope] : scopes, expiresAt }));
}

async function withKeys(context: CliContext, work: (admin: KeyAdmin) => Promise<void>): Promise<void> {
  const given = context.env();
  requireEncryptionKey(given);
  const database = await joinPlatformDatabase({ ...given, dataDir: resolve(given.dataDir) });
  try {
    const admin = await context.composition.openKeys(withKey(database.env));
    try {
      await work(admin);
    } finally {
      await admin.close();
    }
  } finally {
    await database.stop();
  }
}

function line({ id, prefix, tenantId, name, status, isAdmin, scopes, expiresAt, lastUsedAt }: KeyFacts): string {
  const may = isAdmin ? adminScope : (scopes?.join(",") ?? "everything of its tenant");
  const times = [expiresAt && `expires ${expiresAt.toISOString()}`, lastUsedAt && `used ${lastUsedAt.toISOString()}`].filter(Boolean);
  return [id, prefix, status.padEnd(8), tenantId, JSON.stringify(name), may, ...times].join("  ");
}

const scopesOption = checkedOption((text) => expandScopes(text.split(",").map((scope) => scope.trim())));

function days(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1 || value > 3_650) throw new InvalidArgumentError("It is a number of days, 1 to 3650.");
  return value;
}
