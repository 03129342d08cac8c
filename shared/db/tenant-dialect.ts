/**
 * Kysely's PostgreSQL dialect, with one difference: BEGIN carries the tenant in the same message, so that row-level security
 * costs no round trip. MikroORM takes it as `driverOptions`.
 */
import { CompiledQuery, PostgresDialect, PostgresDriver, type DatabaseConnection, type Driver, type TransactionSettings } from "kysely";
import type pg from "pg";
import { readable } from "./absent-text.ts";
import { beginStatement } from "./scope.ts";

/** Called with each statement's text, for logs and for tests that count. */
export type StatementListener = (sql: string) => void;

class TenantDriver extends PostgresDriver {
  readonly #listener: StatementListener;
  readonly #heard = new WeakSet<DatabaseConnection>();

  constructor(pool: pg.Pool, listener: StatementListener) {
    super({ pool: pool });
    this.#listener = listener;
  }

  override async acquireConnection(): Promise<DatabaseConnection> {
    const connection = await super.acquireConnection();
    if (this.#heard.has(connection)) return connection;
    this.#heard.add(connection);
    const execute = connection.executeQuery.bind(connection);
    connection.executeQuery = (query) => {
      this.#listener(query.sql);
      return execute(readable(query));
    };
    return connection;
  }

  override async beginTransaction(connection: DatabaseConnection, settings: TransactionSettings): Promise<void> {
    const begin = settings.accessMode ? `start transaction ${settings.accessMode}` : "begin";
    await connection.executeQuery(CompiledQuery.raw(beginStatement(begin)));
  }

  /** The pool outlives the ORM: whoever opened it closes it. */
  override async destroy(): Promise<void> {}
}

/** A dialect over a pool that may serve several ORMs of one process. */
export class TenantDialect extends PostgresDialect {
  readonly #pool: pg.Pool;
  readonly #listener: StatementListener;

  constructor(pool: pg.Pool, listener: StatementListener) {
    super({ pool: pool });
    this.#pool = pool;
    this.#listener = listener;
  }

  override createDriver(): Driver {
    return new TenantDriver(this.#pool, this.#listener);
  }
}
