import { setImmediate as turnOfLoop } from "node:timers/promises";
import { MikroORM, type EntityManager, type EntityName } from "@mikro-orm/postgresql";
import { Migrator, type Migration } from "@mikro-orm/migrations";
import { createPostgreSqlTypeParsers } from "@mikro-orm/sql";
import { CompiledQuery, type Transaction } from "kysely";
import pg from "pg";
import { readable } from "./absent-text.ts";
import { KeptReads } from "./kept-reads.ts";
import { Lender, type LentConnection } from "./lender.ts";
import { DatabaseLook } from "./look.ts";
import { endsSession, inOneWrite, isPooled, openPool } from "./pool.ts";
import { oneTrip, plannedOnce } from "./one-trip.ts";
import type { PreparedStatement } from "./prepared.ts";
import type { HintChannel } from "../hints.ts";
import { isReadRefusal, type Reading } from "../read-bytes.ts";
import { checkedTenant, scopeBorrower, scopeLane, scopeReading, tenantBegin, withDatabaseScope, type Lane } from "./scope.ts";
import { SharedReads } from "./shared-reads.ts";
import { TenantDialect, type StatementListener } from "./tenant-dialect.ts";

/** A migration class of `migrations/NNNN-what.ts`, under the name it is recorded by. */
export interface MigrationEntry {
  name: string;
  class: new (...args: never[]) => Migration;
}

/** What a database of one subgraph is made of. */
export interface DatabaseOptions {
  url: string;
  /** The PostgreSQL schema that the subgraph owns. */
  schema: string;
  entities: readonly (new () => object)[];
  migrations: readonly MigrationEntry[];
  /** By which processes tell each other that rows have changed; without it {@link NamedStatement.isKept} says no more than `isShared`. */
  hints?: HintChannel | undefined;
}

/** What of the ORM filters by tenant on its own, or adds. The rest of it knows nothing of tenants: `upsert`, query builders, references. */
export type TenantEntityManager = Pick<
  EntityManager,
  "find" | "findOne" | "findOneOrFail" | "count" | "nativeUpdate" | "nativeDelete" | "create" | "remove" | "flush" | "map"
>;

/** An open transaction of one tenant. */
export interface Tx {
  readonly tenantId: string;
  /** Finds and changes the tenant's rows only. */
  readonly em: TenantEntityManager;
  /** Runs one statement with $1-style parameters and gives its rows. The statement itself says whose rows it means. */
  sql<Row extends object>(text: string, parameters?: readonly unknown[]): Promise<Row[]>;
}

/** A prepared statement with its values. */
export interface NamedStatement extends PreparedStatement {
  readonly values: readonly unknown[];
  /** Who reads the same while it waits for a connection gets the same rows, so nobody changes them. For what many runs ask at once. */
  readonly isShared?: boolean;
  /**
   * As `isShared`, and whoever reads the same later gets them too, until a transaction of the tenant's has written in the subgraph's schema; at most a second longer
   * where that was another process. For what each call of a run asks.
   */
  readonly isKept?: boolean;
}

/** An entity's table, for the text of a statement. */
export interface EntityTable {
  /** With its schema. */
  table: string;
  /** Of the table under the name `t`: by name, not `*`, as a prepared statement outlives the migration that adds one; without those that are read where they are asked for. */
  columns: string;
}

/** A database as one tenant sees it. */
export interface Db {
  readonly tenantId: string;
  /** Counts what is read, where an operation reads. */
  readonly reading: Reading | undefined;
  /** Reads and writes; what the callback throws rolls everything back. Entities are flushed before the commit. */
  transaction<T>(work: (tx: Tx) => Promise<T>): Promise<T>;
  /** A read-only transaction: one snapshot of rights, no flush. */
  read<T>(work: (tx: Tx) => Promise<T>): Promise<T>;
  /**
   * One statement that reads, without the ORM and in one round trip: BEGIN with the tenant, the statement and COMMIT go out together. For hot
   * paths; the statement itself says whose rows it means, and each of its rows is found by an index: a connection plans it once, for all values.
   */
  query<Row extends object>(statement: NamedStatement): Promise<Row[]>;
  /** Rows of an entity's table in one round trip as {@link query}, as entities that are nobody's: what is changed in them is stored nowhere. */
  entities<T extends object>(entity: EntityName<T>, statement: (of: EntityTable) => NamedStatement): Promise<T[]>;
  /** One statement that writes, in one round trip as {@link query}. It may have been done where the connection was lost before the answer. */
  write(statement: NamedStatement): Promise<void>;
}

/**
 * What the ORM adds to the condition of every read, `nativeUpdate` and `nativeDelete`. It is for all entities: one without `tenantId` cannot be
 * asked for, nor can any through an entity manager that was given no tenant.
 */
const tenantFilter = { name: "tenant", cond: ({ tenantId }: { tenantId: string }) => ({ tenantId }), default: true };

/**
 * Few connections, as each costs memory and a cold start; a statement that is sent sooner than PostgreSQL has processors is not answered sooner. One
 * tenant has two of them at most, so its slow transactions leave one to all others.
 */
const connectionsOf: Record<Lane, { all: number; tenant: number }> = { request: { all: 3, tenant: 2 }, stream: { all: 2, tenant: 1 } };

/** What subgraphs of one process share that have one URL. */
interface Shared {
  pools: Record<Lane, { pool: pg.Pool; lender: Lender }>;
  look: DatabaseLook;
  users: number;
}
const shared = new Map<string, Shared>();

/** One subgraph's schema behind MikroORM. Subgraphs of one process that have the same URL share a pool. */
export class Database {
  readonly #orm: MikroORM;
  readonly #url: string;
  /** Set by tests that count statements. */
  onStatement: StatementListener | undefined;

  readonly #shared: Shared;
  readonly #options: DatabaseOptions;
  readonly #sharedReads = new SharedReads(isReadRefusal);
  readonly #keptReads: KeptReads | undefined;

  /** Nothing is prepared in its sessions: the next transaction is another session's. */
  readonly #isPooled: boolean;

  private constructor(orm: MikroORM, opened: Shared, options: DatabaseOptions) {
    this.#orm = orm;
    this.#shared = opened;
    this.#options = options;
    this.#url = options.url;
    this.#isPooled = isPooled(options.url);
    const { schema, hints } = options;
    this.#keptReads = hints && new KeptReads({ schema, hints });
  }

  static async open(options: DatabaseOptions): Promise<Database> {
    const acquired = sharedAcquire(options.url);
    const opened: { database?: Database } = {};
    const orm = await MikroORM.init({
      entities: [...options.entities],
      schema: options.schema,
      dbName: databaseName(options.url),
      driverOptions: new TenantDialect(
        () => lend(acquired),
        acquired.pools.request.pool.options,
        (sql) => opened.database?.onStatement?.(sql),
      ),
      ensureDatabase: false,
      forceUtcTimezone: true,
      discovery: { warnWhenNoEntities: false },
      filters: { [tenantFilter.name]: tenantFilter },
      extensions: [Migrator],
      migrations: {
        migrationsList: [...options.migrations] as never,
        tableName: "migration",
        schema: options.schema,
        disableForeignKeys: false,
        snapshot: false,
        silent: true,
      },
    } as never);
    return (opened.database = new Database(orm as MikroORM, acquired, options));
  }

  /** Brings the schema up to date. Processes that start together wait for each other. */
  async migrate(schema: string): Promise<number> {
    const guard = new pg.Client({ connectionString: this.#url, connectionTimeoutMillis: 10_000, keepAlive: true });
    // It idles while this process migrates. Without it another would migrate beside: whoever has lost it gives up.
    const lost = new Promise<never>((_, reject) => guard.on("error", reject));
    lost.catch(() => {});
    await guard.connect();
    try {
      await guard.query("select pg_advisory_lock(hashtext($1))", [`agent_platform.migrate.${schema}`]);
      await guard.query(`create schema if not exists "${schema}"`);
      const done = await Promise.race([withDatabaseScope({ kind: "migration" }, () => this.#orm.migrator.up()), lost]);
      await guard.query("select");
      return done.length;
    } finally {
      await guard.end();
    }
  }

  /** Names of migrations that have not run; empty: the schema is current. */
  async pendingMigrations(): Promise<string[]> {
    const recorded = await this.#shared.look.ask<{ name: string }>(
      `select name from ${pg.escapeIdentifier(this.#options.schema)}.migration`,
    );
    const names = new Set(recorded.map(({ name }) => name));
    return this.#options.migrations.map(({ name }) => name).filter((name) => !names.has(name));
  }

  /** @param reading  counts what is read for an operation; a read waits while its tenant has read too much. */
  forTenant(tenantId: string, reading?: Reading): Db {
    const scope = { kind: "tenant", tenantId, reading } as const;
    const run = <T>(work: (tx: Tx) => Promise<T>, readOnly: boolean): Promise<T> =>
      withDatabaseScope(scope, () => {
        const fork = this.#orm.em.fork();
        fork.setFilterParams(tenantFilter.name, { tenantId });
        const options = { readOnly, ...(readOnly && { flushMode: "commit" as never }) };
        return fork.transactional((em) => work(makeTx(em as EntityManager, tenantId)), options);
      });
    const query = <Row extends object>(statement: NamedStatement) => {
      const asked = () => admitted(reading, () => withDatabaseScope(scope, () => this.#read<Row>(tenantId, statement)));
      return statement.isKept === true && this.#keptReads !== undefined ? this.#keptReads.rows(tenantId, statement, asked) : asked();
    };
    const transaction = <T>(work: (tx: Tx) => Promise<T>) =>
      // Where it failed too: of a commit that had no answer nobody knows.
      run(work, false).finally(() => this.#keptReads?.changed(tenantId));
    const write = async (statement: NamedStatement) =>
      void (await withDatabaseScope(scope, () => this.#inOneTrip(tenantId, statement, "writes")));
    const read = <T>(work: (tx: Tx) => Promise<T>) => admitted(reading, () => run(work, true));
    const entities = async <T extends object>(entity: EntityName<T>, statement: (of: EntityTable) => NamedStatement) =>
      this.#asEntities(entity, await query(statement(this.#tableOf(entity))));
    return { tenantId, reading, transaction, read, query, entities, write };
  }

  #tableOf<T extends object>(entity: EntityName<T>): EntityTable {
    const { tableName, props } = this.#orm.getMetadata(entity);
    const stored = props.filter(({ persist, lazy }) => persist !== false && lazy !== true);
    const columns = stored.flatMap(({ fieldNames }) => fieldNames.map((name) => `t.${pg.escapeIdentifier(name)}`));
    return { table: `${this.#options.schema}.${tableName}`, columns: columns.join(", ") };
  }

  #asEntities<T extends object>(entity: EntityName<T>, rows: readonly object[]): T[] {
    if (rows.length === 0) return [];
    const em = this.#orm.em.fork();
    return rows.map((row) => em.map(entity, row as never));
  }

  #read<Row extends object>(tenantId: string, statement: NamedStatement): Promise<Row[]> {
    if (statement.isShared !== true && statement.isKept !== true) return this.#inOneTrip<Row>(tenantId, statement, "reads");
    const key = JSON.stringify([scopeLane(), tenantId, statement.name, statement.values]);
    return this.#sharedReads.ask<Row>(key, async (sends) => {
      // Runs whose answers came in one turn of the event loop ask for the same in it.
      await turnOfLoop();
      return this.#inOneTrip<Row>(tenantId, statement, "reads", sends);
    });
  }

  async #inOneTrip<Row extends object>(
    tenantId: string,
    { name, text, values }: NamedStatement,
    kind: "reads" | "writes",
    sends?: () => void,
  ): Promise<Row[]> {
    const { client, refusal, release } = await lend(this.#shared);
    sends?.();
    let lost: Error | undefined;
    try {
      const of = { kind, tenantId: checkedTenant(tenantId) };
      this.onStatement?.(text);
      const statement = { name, text, values: readable({ sql: text, parameters: values }).parameters };
      const { rows } = await (this.#isPooled ? unpreparedTrip<Row>(client, statement, of) : oneTrip<Row>(client, statement, of));
      return rows;
    } catch (cause) {
      if (endsSession(cause)) lost = cause as Error;
      throw refusal() ?? cause;
    } finally {
      release(lost);
    }
  }

  /** Answers when the database does, over a connection of its own: others' work keeps nobody waiting. @throws AppError DATABASE_UNAVAILABLE, soon */
  ping(): Promise<void> {
    return this.#shared.look.ping();
  }

  async close(): Promise<void> {
    this.#keptReads?.close();
    await this.#orm.close(true);
    await sharedRelease(this.#url);
  }
}

/** As {@link oneTrip} where nothing stays prepared: BEGIN, the statement and COMMIT, none of which waits for the one before. After a failure the commit is a rollback. */
async function unpreparedTrip<Row extends object>(
  client: pg.PoolClient,
  { text, values }: NamedStatement,
  { kind, tenantId }: { kind: "reads" | "writes"; tenantId: string },
): Promise<{ rows: Row[] }> {
  const begin = tenantBegin(kind === "reads" ? "start transaction read only" : "begin", tenantId, plannedOnce);
  // Each is waited for: until the last is answered the connection is nobody else's.
  const [begun, answer, ended] = await inOneWrite(client, () =>
    Promise.allSettled([client.query(begin), client.query<Row & pg.QueryResultRow>({ text, values: [...values] }), client.query("commit")]),
  );
  for (const part of [begun, answer, ended]) if (part.status === "rejected") throw part.reason;
  return (answer as PromiseFulfilledResult<{ rows: Row[] }>).value;
}

/** The migrator makes the database that this names where it does not exist, so it must be the one of the URL, as the driver reads it. */
function databaseName(url: string): string {
  return new pg.Client({ connectionString: url }).database ?? "agent_platform";
}

function makeTx(em: EntityManager, tenantId: string): Tx {
  return {
    tenantId,
    em,
    async sql<Row extends object>(text: string, parameters: readonly unknown[] = []) {
      const transaction = em.getTransactionContext() as Transaction<never>;
      const { rows } = await transaction.executeQuery<Row>(CompiledQuery.raw(text, [...parameters]));
      return rows;
    },
  };
}

/** Turns a row of `select *` into an entity of the transaction's identity map. */
export function toEntity<T extends object>(tx: Tx, entity: EntityName<T>, row: object): T {
  return tx.em.map(entity, row as never);
}

function lend({ pools }: Shared): Promise<LentConnection> {
  return pools[scopeLane()].lender.lend(scopeBorrower(), scopeReading());
}

/** Waits with no connection in its hands. */
function admitted<T>(reading: Reading | undefined, read: () => Promise<T>): Promise<T> {
  const waiting = reading?.admit();
  return waiting === undefined ? read() : waiting.then(read);
}

function sharedAcquire(url: string): Shared {
  const acquired = shared.get(url) ?? openShared(url);
  acquired.users++;
  shared.set(url, acquired);
  return acquired;
}

function openShared(url: string): Shared {
  const look = new DatabaseLook(url);
  const lane = (name: Lane) => {
    const { all: connections, tenant: each } = connectionsOf[name];
    const pool = openPool({ url, max: connections, types: ormTypes(), pipeline: true });
    return { pool, lender: new Lender({ pool, connections, each, look: () => look.ping() }) };
  };
  return { pools: { request: lane("request"), stream: lane("stream") }, look, users: 0 };
}

async function sharedRelease(url: string): Promise<void> {
  const acquired = shared.get(url);
  if (acquired === undefined || --acquired.users > 0) return;
  shared.delete(url);
  const { pools, look } = acquired;
  await Promise.all([pools.request.pool.end(), pools.stream.pool.end(), look.close()]);
}

/** MikroORM reads dates itself: the driver hands them over as text. */
function ormTypes(): pg.CustomTypesConfig {
  const types = new pg.TypeOverrides();
  for (const [oid, parser] of Object.entries(createPostgreSqlTypeParsers((text: string) => [text])))
    types.setTypeParser(Number(oid), parser as never);
  return types;
}
