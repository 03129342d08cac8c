/** The engine's login role: made where the platform may make roles, else named; either way tried before anything rests on it. */
import pg from "pg";
import { clientOf, databaseAddress, storyOf, withClient } from "./client.ts";
import { postgresErrors } from "./errors.ts";
import { refuseSharedSessions } from "./pooler.ts";

/** The engine's role, and who may make it. */
export interface EngineRole {
  /** Its own URL. */
  url: string;
  /** It stands in the environment: whoever put it there looks after the role. */
  isGiven: boolean;
  /** The platform's. */
  database: string;
  /** The role that the platform was given may make others. */
  mayMake: boolean;
}

/** The statements that make it, for the platform or for a person. What it may do with tables is granted with each migration. */
export function engineStatements({ role, password, database }: { role: string; password: string | null; database: string }): string[] {
  const name = pg.escapeIdentifier(role);
  return [
    `create role ${name} login${password === null ? "" : ` password ${pg.escapeLiteral(password)}`} nosuperuser nobypassrls nocreatedb nocreaterole`,
    // It works for all tenants: nothing that somebody has put into "public" may be found instead of what is meant.
    `alter role ${name} set search_path = ''`,
    `grant connect on database ${pg.escapeIdentifier(database)} to ${name}`,
    `grant usage on schema app to ${name}`,
  ];
}

/**
 * Makes the role where there is none, and gives it its password where that is another by now.
 *
 * @param client  of the role that the platform was given.
 * @throws AppError ENGINE_ROLE_MISSING, with the statements to run
 */
export async function engineRoleMake(client: pg.Client, engine: EngineRole): Promise<void> {
  const role = roleOf(engine.url);
  const isOurs = engine.mayMake && !engine.isGiven;
  const { rowCount } = await client.query("select from pg_roles where rolname = $1", [role]);
  if (rowCount === 0 && !isOurs) throw missing(engine, role);
  if (rowCount === 0) await make(client, engine, role);
  else if (isOurs && passwordOf(engine.url) !== null && (await loginRefusal(engine.url)) !== undefined)
    await passwordSet(client, engine, role);
}

/**
 * Logs in as the engine.
 *
 * @param setting.isPlatform  whether the platform's own role is taken for the engine.
 * @param setting.isDirect  nothing can stand between.
 * @throws AppError ENGINE_ROLE_UNFIT, DATABASE_POOLED
 */
export async function engineLoginCheck(engine: EngineRole, setting: { isPlatform: boolean; isDirect: boolean }): Promise<void> {
  const role = roleOf(engine.url);
  const refusal = await loginRefusal(engine.url);
  if (refusal !== undefined) throw unfit(engine, role, `it cannot log in at ${databaseAddress(engine.url)} (${storyOf(refusal)})`, refusal);
  const facts = await withClient(engine.url, (client) => engineFacts(client, engine.database));
  if (facts.isMighty) throw unfit(engine, role, "it bypasses row-level security");
  if (facts.database !== engine.database) throw unfit(engine, role, `its database is ${facts.database}, the platform's ${engine.database}`);
  if (setting.isPlatform || !facts.isEngine)
    throw unfit(engine, role, "it is the platform's own, and would show every tenant all that the engine sees");
  if (!setting.isDirect) await refuseSharedSessions(engine.url);
}

interface EngineFacts {
  isMighty: boolean;
  isEngine: boolean;
  database: string;
}

async function engineFacts(client: pg.Client, expected: string): Promise<EngineFacts> {
  const { rows } = await client.query<Omit<EngineFacts, "isEngine">>(
    `select rolsuper or rolbypassrls as "isMighty", current_database() as database from pg_roles where rolname = current_user`,
  );
  const { isMighty = true, database = "" } = rows[0] ?? {};
  // Another database has no such function.
  if (database !== expected) return { isMighty, database, isEngine: false };
  const { rows: asked } = await client.query<{ is: boolean }>("select app.is_engine_role() as is");
  return { isMighty, database, isEngine: asked[0]?.is === true };
}

/** The role of a URL. */
export function roleOf(url: string): string {
  return new pg.Client({ connectionString: url }).user ?? "";
}

async function make(client: pg.Client, engine: EngineRole, role: string): Promise<void> {
  const password = passwordOf(engine.url);
  const [create = "", ...others] = engineStatements({ role, password, database: engine.database });
  try {
    await client.query(create);
  } catch (cause) {
    // Another process may make it at the same time.
    if (!isTaken(cause)) throw missing(engine, role, cause);
  }
  // Whether it can do without these is told by its login: everybody may connect unless somebody has said otherwise.
  for (const statement of others) await client.query(statement).catch(() => {});
}

/** A role of somebody else's making stays as it is; its login says so. */
async function passwordSet(client: pg.Client, { url }: EngineRole, role: string): Promise<void> {
  const password = pg.escapeLiteral(passwordOf(url) ?? "");
  await client.query(`alter role ${pg.escapeIdentifier(role)} password ${password}`).catch(() => {});
}

/** Why nobody can log in with it; undefined: it can be done. */
async function loginRefusal(url: string): Promise<unknown> {
  const client = clientOf(url);
  try {
    await client.connect();
    return undefined;
  } catch (cause) {
    return cause;
  } finally {
    await client.end().catch(() => {});
  }
}

const isTaken = (cause: unknown): boolean => ["42710", "23505"].includes(String((cause as { code?: unknown }).code));

function passwordOf(url: string): string | null {
  return new pg.Client({ connectionString: url }).password ?? null;
}

/** The password of a role that a person makes is for that person to choose. */
function missing({ database }: EngineRole, role: string, cause?: unknown): Error {
  const statements = engineStatements({ role, password: "choose one", database });
  return postgresErrors.ENGINE_ROLE_MISSING({ role, statements: `${statements.join(";\n")};` }, { cause });
}

function unfit({ isGiven }: EngineRole, role: string, problem: string, cause?: unknown): Error {
  return postgresErrors.ENGINE_ROLE_UNFIT({ role, problem, isGiven }, { cause });
}
