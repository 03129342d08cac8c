/** Connections that are as quick at their first statement as at their thousandth. */
import type pg from "pg";

/** A statement under a name that is unique among all of the process. */
export interface PreparedStatement {
  readonly name: string;
  readonly text: string;
}

/**
 * Lets PostgreSQL parse and plan a statement, and load what that takes of its catalogs, without executing it: so it touches nothing, whatever it says.
 * pg keeps by `name` and `text` that it need not send the statement again.
 */
class Preparation implements pg.Submittable {
  readonly name: string;
  readonly text: string;
  readonly done: Promise<void>;
  #settle: (cause?: Error) => void = () => {};

  constructor({ name, text }: PreparedStatement) {
    this.name = name;
    this.text = text;
    this.done = new Promise((resolve, reject) => {
      this.#settle = (cause) => (cause === undefined ? resolve() : reject(cause));
    });
  }

  submit(connection: pg.Connection): void {
    const { name, text } = this;
    const parameters = Math.max(0, ...[...text.matchAll(/\$(\d+)/g)].map(([, number]) => Number(number)));
    connection.stream.cork();
    connection.parse({ name, text, types: [] }, true);
    connection.bind({ statement: name, values: Array<null>(parameters).fill(null), valueMapper: (value: null) => value }, true);
    connection.sync();
    connection.stream.uncork();
  }

  handleError(cause: Error): void {
    this.#settle(cause);
  }

  handleReadyForQuery(): void {
    this.#settle();
  }
}

/**
 * Whether connections prepare their statements before they are lent, or each when it is first asked. The tests' workers turn it off: their engines live for a second, in
 * which few statements are asked, and to prepare all of them takes PostgreSQL eight times as long as the rest of an engine's start and end.
 */
export const preparing = { isAhead: true };

/**
 * Prepares statements on a connection. One that cannot be (its table is not there yet) fails where it is needed.
 *
 * @throws when the connection is lost.
 */
export async function prepareAll(client: pg.ClientBase, statements: readonly PreparedStatement[], isLost: (cause: unknown) => boolean) {
  if (!preparing.isAhead) return;
  for (const statement of statements) {
    try {
      await client.query(new Preparation(statement)).done;
    } catch (cause) {
      if (isLost(cause)) throw cause;
      return;
    }
  }
}

const againMs = 500;

/** Opens a connection beside those that are idle, which `connect` would lend instead. */
interface Opener {
  newClient(order: { callback(error: Error | undefined, client: unknown, release: () => void): void }): void;
}

/**
 * Opens all connections of a pool, one after another, and a new one in place of each that is lost.
 *
 * @returns when all were open for the first time; never for a pool that ends before.
 */
export function keepOpen(pool: pg.Pool, size: number): Promise<void> {
  const opened = Promise.withResolvers<void>();
  let isOpening = false;
  const openOne = () =>
    new Promise<void>((resolve, reject) => {
      const callback = (error: Error | undefined, _client: unknown, release: () => void) => {
        if (error !== undefined) return reject(error);
        release();
        resolve();
      };
      (pool as unknown as Opener).newClient({ callback });
    });
  const open = async (): Promise<void> => {
    if (isOpening) return;
    isOpening = true;
    try {
      while (!pool.ending && pool.totalCount < size) await openOne();
      if (!pool.ending) opened.resolve();
    } catch {
      setTimeout(() => void open(), againMs).unref();
    } finally {
      isOpening = false;
    }
  };
  pool.on("remove", () => void open());
  void open();
  return opened.promise;
}
