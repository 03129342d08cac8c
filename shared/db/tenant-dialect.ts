/**
 * Kysely's PostgreSQL dialect, with two differences. BEGIN carries the tenant and goes out with the first statement, so that neither a transaction
 * nor row-level security costs a round trip. And a connection comes back to the pool whatever happens: Kysely keeps one whose BEGIN or ROLLBACK fails, so that each lost
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
import { AppError } from "../errors.ts";
import { readable } from "./absent-text.ts";
import type { LentConnection } from "./lender.ts";
import { inOneWrite } from "./pool.ts";
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

/** What BEGIN answers, and COMMIT of a transaction that asked nothing. */
const noRows: pg.QueryResult = { command: "", rowCount: 0, oid: 0, fields: [], rows: [] };

/**
 * A connection while it is lent out. BEGIN goes out with the first statement of its transaction, in one write: the pool's connections pipeline. A
 * connection whose transaction could not begin or end is in no state to be lent again.
 */
class Loan {
  readonly #lent: LentConnection;
  readonly #listener: StatementListener;
  #begin: string | undefined;
  #broken: Error | undefined;

  constructor(lent: LentConnection, listener: StatementListener) {
    this.#lent = lent;
    this.#listener = listener;
  }

  async query(sql: string, parameters: readonly unknown[]): Promise<pg.QueryResult> {
    this.#listener(sql);
    if (/^(begin|start transaction)\b/.test(sql)) {
      this.#begin = sql;
      return noRows;
    }
    const begin = this.#begin;
    this.#begin = undefined;
    const isEnd = /^(commit|rollback)$/.test(sql);
    if (begin !== undefined && isEnd) return noRows;
    const statement = readable({ sql, parameters });
    const { client } = this.#lent;
    const answered = inOneWrite(client, () =>
      Promise.all([
        begin !== undefined && this.#fencing(client.query(begin)),
        isEnd ? this.#fencing(client.query(statement.sql)) : client.query(statement.sql, [...statement.parameters]),
      ]),
    );
    const [, result] = await answered.catch((cause: unknown) => rethrow(this.#lent.refusal() ?? cause));
    return result;
  }

  release(): void {
    this.#lent.release(this.#broken);
  }

  #fencing(answer: Promise<pg.QueryResult>): Promise<pg.QueryResult> {
    return answer.catch((cause: unknown) => {
      this.#broken = cause as Error;
      throw cause;
    });
  }
}

/** The ORM makes errors of its own of what it is thrown, of which only the properties are left: an AppError goes through as the cause of another. */
function asCause(error: unknown): unknown {
  return error instanceof AppError ? new Error(error.message, { cause: error }) : error;
}

function rethrow(error: unknown): never {
  throw asCause(error);
}

/** A dialect over a pool that may serve several ORMs of one process. */
export class TenantDialect extends PostgresDialect {
  readonly #pool: PostgresPool;

  /** @param lend  gives the connection of the scope that asks. */
  constructor(lend: () => Promise<LentConnection>, options: object, listener: StatementListener) {
    const lending = {
      connect: async () => new Loan(await lend().catch(rethrow), listener) as unknown as PostgresPoolClient,
      end: () => Promise.resolve(),
      options,
    };
    super({ pool: lending });
    this.#pool = lending;
  }

  override createDriver(): Driver {
    return new TenantDriver({ pool: this.#pool });
  }
}
