import { randomBytes } from "node:crypto";
import pg from "pg";

/** Where the tests' server is: the superuser's URL, a URL of the platform's role with `{database}` in it, and the template's name. */
interface TemplateAddress {
  admin: string;
  platform: string;
  template: string;
}

/** The address goes from jest's main process to its test processes in their environment. */
export const templateAddress = {
  publish(address: TemplateAddress): void {
    process.env["AGENT_PLATFORM_TEST_TEMPLATE"] = JSON.stringify(address);
  },
  read(): TemplateAddress {
    const text = process.env["AGENT_PLATFORM_TEST_TEMPLATE"];
    if (text === undefined) throw new Error("no test server: run the tests through jest.config.js, whose globalSetup starts it");
    return JSON.parse(text) as TemplateAddress;
  },
};

/** A database of one test. */
export interface TestDatabase {
  /** For the platform's role, which row-level security binds. */
  url: string;
  /** For the superuser of the same database: to look past row-level security and to end other sessions. */
  adminUrl: string;
  /** Ends its sessions and removes it. */
  drop(): Promise<void>;
}

const disableRowSecurity = `do $$
declare
  protected regclass;
begin
  for protected in select oid from pg_class where relrowsecurity loop
    execute format('alter table %s disable row level security', protected);
  end loop;
end $$`;

/**
 * Clones the migrated template; the platform's role owns the clone.
 *
 * @param setup.rowSecurity  false: no table is behind row-level security, so what keeps tenants apart is what the services do.
 */
export async function createTestDatabase(setup: { rowSecurity?: boolean } = {}): Promise<TestDatabase> {
  const { admin, platform, template } = templateAddress.read();
  const name = `test_${randomBytes(6).toString("hex")}`;
  // As files: page by page through the log, as it is by default, it takes seven times as long.
  await asAdmin(admin, `create database ${name} template ${template} strategy file_copy owner agent_platform`);
  const adminUrl = admin.replace("/postgres?", `/${name}?`);
  if (setup.rowSecurity === false) await asAdmin(adminUrl, disableRowSecurity);
  return {
    url: platform.replace("{database}", name),
    adminUrl,
    drop: () => asAdmin(admin, `drop database if exists ${name} with (force)`),
  };
}

async function asAdmin(url: string, statement: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}
