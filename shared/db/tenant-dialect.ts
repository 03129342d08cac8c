/**
 * Kysely's PostgreSQL dialect, with two differences. BEGIN carries the tenant in the same message, so that row-level security costs no
 * round trip. And a connection comes back to the pool whatever happens: Kysely keeps one whose BEGIN or ROLLBACK fails, so that each lost
 * connection would leave the pool smaller. MikroORM takes it as `driverOptions`.
 */
import {
  CompiledQuery,
  PostgresDialect,
  PostgresDriver,
  type DatabaseConnection,
  type Driver,
  type PostgresPool,
  type PostgresPoolClient,
  type TransactionSettings,
} from "kysely";
import type pg from "pg";
import { readable } from "./absent-text.ts";
import { beginStatement } from "./scope.ts";

/** Called with each statement's text, for logs and for tests that count. */
export type StatementListener = (sql: string) => void;

class TenantDriver extends PostgresDriver {
  override async beginTransaction(connection: DatabaseConnection, settings: TransactionSettings): Promise<void> {
    const begin = settings.accessMode ? `start transaction ${settings.accessMode}` : "begin";
    try {
      await connection.executeQuery(CompiledQuery.raw(beginStatement(begin)));
    } catch (error) {
      await this.releaseConnection(connection as Parameters<PostgresDriver["releaseConnection"]>[0]);
      throw error;
    }
  }

  /** What cannot be rolled back is lost with its connection; what made it fail is the error that matters. */
  override rollbackTransaction(connection: DatabaseConnection): Promise<void> {
    return super.rollbackTransaction(connection).catch(() => {});
  }

  /** The pool outlives the ORM: whoever opened it closes it. */
  override async destroy(): Promise<void> {}
}

/** A connection while it is lent out. One whose transaction could not begin or end is in no state to be lent again. */
class Loan {
  readonly #client: pg.PoolClient;
  readonly #listener: StatementListener;
  #broken: Error | undefined;

  constructor(client: pg.PoolClient, listener: StatementListener) {
    this.#client = client;
    this.#listener = listener;
  }

  async query(sql: string, parameters: readonly unknown[]): Promise<pg.QueryResult> {
    this.#listener(sql);
    const statement = readable({ sql, parameters });
    try {
      return await this.#client.query(statement.sql, [...statement.parameters]);
    } catch (error) {
      if (/^(begin|start transaction|commit|rollback)\b/.test(sql)) this.#broken = error as Error;
      throw error;
    }
  }

  release(): void {
    this.#client.release(this.#broken);
  }
}

/** A dialect over a pool that may serve several ORMs of one process. */
export class TenantDialect extends PostgresDialect {
  readonly #pool: PostgresPool;

  constructor(pool: pg.Pool, listener: StatementListener) {
    const lending = {
      connect: async () => new Loan(await pool.connect(), listener) as unknown as PostgresPoolClient,
      end: () => Promise.resolve(),
      options: pool.options,
    };
    super({ pool: lending });
    this.#pool = lending;
  }

  override createDriver(): Driver {
    return new TenantDriver({ pool: this.#pool });
  }
}
