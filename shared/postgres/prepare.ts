/**
 * Makes a database fit for the platform: a role that row-level security holds for, one that it lets pass for the engine, and schema `app` with the functions
 * that its policies call. It may run at any time, from several processes at once.
 */
import pg from "pg";
import { asEngineLogin, engineUrlOf } from "../db/engine-login.ts";
import { asPooled, sessionSettings, withOptions } from "../db/pool.ts";
import { databaseAddress, databaseVariable, inPrepareLock, storyOf, withClient } from "./client.ts";
import { engineLoginCheck, engineRoleMake, roleOf, type EngineRole } from "./engine-role.ts";
import { postgresErrors } from "./errors.ts";
import { refusePooler } from "./pooler.ts";

/** The role that owns the platform's tables: neither superuser nor BYPASSRLS, so that forced row-level security binds it too. */
export const platformRole = "agent_platform";
/** Where the URL past a pooler is from. */
export const directVariable = "AGENT_PLATFORM_DATABASE_DIRECT_URL";
/** The embedded cluster's database. */
export const platformDatabase = "agent_platform";

/**
 * `app.is_engine` is how processes of the version before show that they are the engine, by a setting; those of them that start meanwhile make it anew, so it stays as
 * it is until the next version, which drops it from the policies.
 */
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

/** Which role is the engine, where it has tables. */
const engineFunctions = (engine: string) => `
create or replace function app.engine_role() returns name
language sql immutable parallel safe
return ${pg.escapeLiteral(engine)}::name;

create or replace function app.is_engine_role() returns boolean
language sql stable parallel safe
return current_user = app.engine_role();

grant usage on schema app to ${pg.escapeIdentifier(engine)};
`;

interface RoleFacts {
  role: string;
  database: string;
  isSuperuser: boolean;
  bypassesRls: boolean;
  canCreate: boolean;
  mayMakeRoles: boolean;
  /** One of two servers has it. */
  serverStartedAt: string;
}

/** What else there is to the preparation of a database. */
export interface Preparing {
  /** The engine's URL, where it is not to be made from the platform's. */
  engineUrl?: string | undefined;
  /** False: the engine has no tables there, so it needs no role. */
  hasEngine?: boolean;
  /** Nothing can stand between: it is the embedded one's socket. */
  isDirect?: boolean;
  /** Where the URL is from; AGENT_PLATFORM_DATABASE_URL. */
  variable?: string | undefined;
}

/**
 * Prepares the database behind a URL and gives the URL that the platform uses. A superuser's URL comes back with the platform's role set on each
 * connection; any other is left as it is.
 *
 * @throws AppError DATABASE_UNREACHABLE, DATABASE_FULL, DATABASE_ROLE_UNFIT, DATABASE_POOLED, ENGINE_ROLE_MISSING, ENGINE_ROLE_UNFIT
 */
export async function preparePlatformDatabase(url: string, preparing: Preparing = {}): Promise<string> {
  const { engineUrl, hasEngine = true, isDirect = false, variable = databaseVariable } = preparing;
  if (!isDirect) await refusePooler(url);
  const looked = async (client: pg.Client): Promise<RoleFacts> => {
    const facts = await roleFacts(client);
    if (mayPass(facts)) await makePlatformRole(client, facts, variable);
    else if (!facts.canCreate)
      throw postgresErrors.DATABASE_ROLE_UNFIT({ role: facts.role, problem: `it may not create schemas in ${facts.database}`, variable });
    return facts;
  };
  const facts = await withClient(url, looked, variable);
  const platformUrl = mayPass(facts) ? withOptions(url, [`role=${platformRole}`]) : url;
  const engine: EngineRole = {
    url: engineUrl === undefined ? engineUrlOf(platformUrl) : asEngineLogin(engineUrl),
    isGiven: engineUrl !== undefined,
    database: facts.database,
    mayMake: facts.mayMakeRoles,
  };
  await withClient(platformUrl, (client) => appSchemaMake(client, variable));
  if (!hasEngine) return platformUrl;
  await withClient(url, (client) => engineRoleMake(client, engine));
  const isPlatform = await withClient(platformUrl, (client) => engineName(client, roleOf(engine.url)));
  await engineLoginCheck(engine, { isPlatform, isDirect });
  return platformUrl;
}

/**
 * Prepares a database for sessions that a pooler lends: what other sessions set when they begin belongs to the role there. Both URLs name the platform's role.
 *
 * @param url  leads through the pooler. @param direct  a URL that {@link preparePlatformDatabase} gave.
 * @returns the URL for what works by transactions alone.
 * @throws AppError DATABASE_UNREACHABLE, DATABASE_FULL, DATABASE_ROLE_UNFIT, DATABASE_POOLED
 */
export async function preparePooled(url: string, direct: string): Promise<string> {
  const pooled = asPooled(url);
  const ofDirect = await withClient(direct, roleFacts, directVariable);
  const place = `${pg.escapeIdentifier(ofDirect.role)} in database ${pg.escapeIdentifier(ofDirect.database)}`;
  const settings = sessionSettings().map((setting) => `alter role ${place} set ${setting.replace("=", " = ")};`);
  // Before the first session that the pooler opens: sessions begin with what was set before them.
  await withClient(direct, (client) => inPrepareLock(client, settings.join("\n")));
  const { role, database, serverStartedAt } = await withClient(pooled, (client) => factsWithin(client, databaseAddress(url)));
  const isSame = role === ofDirect.role && database === ofDirect.database && serverStartedAt === ofDirect.serverStartedAt;
  if (isSame) return pooled;
  const problem =
    `${directVariable} works as ${ofDirect.role} in ${ofDirect.database} of the server that was started at ${ofDirect.serverStartedAt}, it in ${database} of one started at ${serverStartedAt}: ` +
    "both are to log in to the same database of the same server as the same role, which is no superuser";
  throw postgresErrors.DATABASE_ROLE_UNFIT({ role, problem, variable: databaseVariable });
}

/** Asked within a transaction, of which a pooler in statement mode has none. @throws AppError DATABASE_POOLED */
async function factsWithin(client: pg.Client, address: string): Promise<RoleFacts> {
  try {
    await client.query("begin");
    const facts = await roleFacts(client);
    await client.query("commit");
    return facts;
  } catch (cause) {
    const problem = `it lends sessions for less than a transaction (${storyOf(cause)}); give it pool_mode = transaction`;
    throw postgresErrors.DATABASE_POOLED({ address, problem }, { cause });
  }
}

const mayPass = ({ isSuperuser, bypassesRls }: RoleFacts): boolean => isSuperuser || bypassesRls;

/** Makes schema `app` as the platform's role. */
async function appSchemaMake(client: pg.Client, variable: string): Promise<void> {
  const facts = await roleFacts(client);
  // It may have been there before, made by somebody else.
  if (mayPass(facts)) throw postgresErrors.DATABASE_ROLE_UNFIT({ role: facts.role, problem: "it bypasses row-level security", variable });
  const owner = await appSchemaOwner(client);
  if (owner !== undefined)
    throw postgresErrors.DATABASE_ROLE_UNFIT({
      role: facts.role,
      problem: `what is in ${facts.database} belongs to ${owner}, as which the platform worked there`,
      variable,
    });
  await inPrepareLock(client, appSchema);
}

/** Whose schema `app` is; undefined: it is not there, or the role's own, or that of one whose member it is. */
async function appSchemaOwner(client: pg.Client): Promise<string | undefined> {
  const { rows } = await client.query<{ owner: string }>(
    "select pg_get_userbyid(nspowner) as owner from pg_namespace where nspname = 'app' and not pg_has_role(nspowner, 'usage')",
  );
  return rows[0]?.owner;
}

/** Writes down which role is the engine. @returns whether it is the platform's own too, which it must not be. */
async function engineName(client: pg.Client, engine: string): Promise<boolean> {
  await inPrepareLock(client, engineFunctions(engine));
  const { rows } = await client.query<{ is: boolean }>("select app.is_engine_role() as is");
  return rows[0]?.is === true;
}

/**
 * Makes the platform's roles and database on an embedded cluster, where they are missing, and prepares the database.
 *
 * @param url  gives the URL of a role and a database of the cluster.
 */
export async function prepareEmbeddedDatabase(url: (role: string, database: string) => string): Promise<string> {
  await withClient(url("postgres", "postgres"), async (client) => {
    await client.query(createRole("login"));
    const { rowCount } = await client.query("select 1 from pg_database where datname = $1", [platformDatabase]);
    if (rowCount === 0) await client.query(`create database ${platformDatabase} owner ${platformRole}`);
    const engineUrl = engineUrlOf(url(platformRole, platformDatabase));
    await engineRoleMake(client, { url: engineUrl, isGiven: false, database: platformDatabase, mayMake: true });
  });
  return preparePlatformDatabase(url(platformRole, platformDatabase), { isDirect: true });
}

async function roleFacts(client: pg.Client): Promise<RoleFacts> {
  const { rows } = await client.query<RoleFacts>(`
    select rolname as role, current_database() as database, rolsuper as "isSuperuser", rolbypassrls as "bypassesRls",
           has_database_privilege(current_database(), 'create') as "canCreate", rolsuper or rolcreaterole as "mayMakeRoles",
           pg_postmaster_start_time()::text as "serverStartedAt"
    from pg_roles
    where rolname = current_user`);
  const facts = rows[0];
  if (!facts) throw new Error("the database does not know its current user");
  return facts;
}

async function makePlatformRole(client: pg.Client, facts: RoleFacts, variable: string): Promise<void> {
  const database = pg.escapeIdentifier(facts.database);
  const membership = facts.isSuperuser ? "" : `grant ${platformRole} to current_user;`;
  try {
    await inPrepareLock(
      client,
      `${createRole("nologin")}; ${membership} grant create, connect, temporary on database ${database} to ${platformRole}`,
    );
  } catch (cause) {
    const problem = `it bypasses row-level security, and no role ${platformRole} could be made from it (${cause instanceof Error ? cause.message : String(cause)})`;
    throw postgresErrors.DATABASE_ROLE_UNFIT({ role: facts.role, problem, variable }, { cause });
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
