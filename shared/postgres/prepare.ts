/**
 * Makes a database fit for the platform: a role that row-level security holds for, and schema `app` with the functions that its policies call.
 * It may run at any time, from several processes at once.
 */
import pg from "pg";
import { withOptions } from "../db/pool.ts";
import { postgresErrors } from "./errors.ts";

/** The role that owns the platform's tables: neither superuser nor BYPASSRLS, so that forced row-level security binds it too. */
export const platformRole = "agent_platform";
/** The embedded cluster's database. */
export const platformDatabase = "agent_platform";

/** Held while roles and schema `app` are made: "create or replace" of one function from two sessions fails in one of them. */
const prepareLock = "select pg_advisory_xact_lock(hashtextextended('agent-platform/prepare', 0))";

const appSchema = `
create schema if not exists app;

create or replace function app.current_tenant() returns text
language plpgsql stable parallel safe as $$
declare
  tenant text := current_setting('app.tenant_id', true);
begin
  -- After one transaction that set it, a connection reads '' instead of null; both mean that nobody said who asks.
  if tenant is null or tenant = '' then
    raise exception 'no tenant: app.tenant_id is not set in this transaction'
      using errcode = 'AP001', hint = 'Begin it through Database.forTenant().';
  end if;
  return tenant;
end
$$;

create or replace function app.is_engine() returns boolean
language sql stable parallel safe
return coalesce(current_setting('app.scope', true), '') = 'engine';
`;

interface RoleFacts {
  role: string;
  database: string;
  isSuperuser: boolean;
  bypassesRls: boolean;
  canCreate: boolean;
}

/**
 * Prepares the database behind a URL and gives the URL that the platform uses. A superuser's URL comes back with the platform's role set on each
 * connection; any other is left as it is.
 *
 * @throws AppError DATABASE_UNREACHABLE, DATABASE_ROLE_UNFIT
 */
export async function preparePlatformDatabase(url: string): Promise<string> {
  const facts = await withClient(url, async (client) => {
    const facts = await roleFacts(client);
    if (facts.isSuperuser || facts.bypassesRls) await makePlatformRole(client, facts);
    else if (!facts.canCreate)
      throw postgresErrors.DATABASE_ROLE_UNFIT({ role: facts.role, problem: `it may not create schemas in ${facts.database}` });
    return facts;
  });
  const platformUrl = facts.isSuperuser || facts.bypassesRls ? withOptions(url, [`role=${platformRole}`]) : url;
  await withClient(platformUrl, async (client) => {
    const { role, isSuperuser, bypassesRls } = await roleFacts(client);
    // It may have been there before, made by somebody else.
    if (isSuperuser || bypassesRls) throw postgresErrors.DATABASE_ROLE_UNFIT({ role, problem: "it bypasses row-level security" });
    await inLock(client, appSchema);
  });
  return platformUrl;
}

/**
 * Makes the platform's role and database on an embedded cluster, where they are missing, and prepares the database.
 *
 * @param url  gives the URL of a role and a database of the cluster.
 */
export async function prepareEmbeddedDatabase(url: (role: string, database: string) => string): Promise<string> {
  await withClient(url("postgres", "postgres"), async (client) => {
    await client.query(createRole("login"));
    const { rowCount } = await client.query("select 1 from pg_database where datname = $1", [platformDatabase]);
    if (rowCount === 0) await client.query(`create database ${platformDatabase} owner ${platformRole}`);
  });
  return preparePlatformDatabase(url(platformRole, platformDatabase));
}

async function roleFacts(client: pg.Client): Promise<RoleFacts> {
  const { rows } = await client.query<RoleFacts>(`
    select rolname as role, current_database() as database, rolsuper as "isSuperuser", rolbypassrls as "bypassesRls",
           has_database_privilege(current_database(), 'create') as "canCreate"
    from pg_roles
    where rolname = current_user`);
  const facts = rows[0];
  if (!facts) throw new Error("the database does not know its current user");
  return facts;
}

async function makePlatformRole(client: pg.Client, facts: RoleFacts): Promise<void> {
  const database = pg.escapeIdentifier(facts.database);
  const membership = facts.isSuperuser ? "" : `grant ${platformRole} to current_user;`;
  try {
    await inLock(
      client,
      `${createRole("nologin")}; ${membership} grant create, connect, temporary on database ${database} to ${platformRole}`,
    );
  } catch (cause) {
    const problem = `it bypasses row-level security, and no role ${platformRole} could be made from it (${cause instanceof Error ? cause.message : String(cause)})`;
    throw postgresErrors.DATABASE_ROLE_UNFIT({ role: facts.role, problem }, { cause });
  }
}

/** Roles belong to the whole cluster: another database's preparation may make it at the same time. */
function createRole(login: "login" | "nologin"): string {
  return `
do $$
begin
  if not exists (select from pg_roles where rolname = '${platformRole}') then
    create role ${platformRole} ${login} nosuperuser nobypassrls nocreatedb nocreaterole;
  end if;
exception when duplicate_object or unique_violation then null;
end
$$`;
}

async function inLock(client: pg.Client, statements: string): Promise<void> {
  await client.query("begin");
  try {
    await client.query(prepareLock);
    await client.query(statements);
    await client.query("commit");
  } catch (error) {
    await client.query("rollback").catch(() => {});
    throw error;
  }
}

async function withClient<T>(url: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 10_000, statement_timeout: 30_000 });
  client.on("error", () => {});
  try {
    await client.connect();
  } catch (cause) {
    throw postgresErrors.DATABASE_UNREACHABLE(
      { address: addressOf(url), story: cause instanceof Error ? cause.message : String(cause) },
      { cause },
    );
  }
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

/** Host and database of a URL, never its password. */
function addressOf(url: string): string {
  return url.replace(/^(postgres(?:ql)?:\/\/)(?:[^@/]*@)?/, "$1").replace(/\?.*$/, "");
}
