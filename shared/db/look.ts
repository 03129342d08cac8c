/**
 * Looks whether PostgreSQL answers, over a connection of its own: however many wait for the others, and whatever they do, the answer is there within
 * {@link lookDeadlineMs}. Who asks while somebody looks is given the same answer.
 */
import pg from "pg";
import { withinDeadline } from "../deadline.ts";
import { databaseUnavailable } from "./errors.ts";
import { withOptions } from "./pool.ts";
import { refuseNoPrimary } from "./primary.ts";

/** When it is not there by then, nobody would wait for it. */
export const lookDeadlineMs = 800;

/** One a database and process. */
export class DatabaseLook {
  readonly #url: string;
  readonly #asked = new Map<string, Promise<pg.QueryResult>>();
  #client: Promise<pg.Client> | undefined;
  #isClosed = false;

  constructor(url: string) {
    this.#url = withOptions(url, [`statement_timeout=${lookDeadlineMs}`]);
  }

  /** @throws AppError DATABASE_UNAVAILABLE */
  async ping(): Promise<void> {
    await this.ask("select 1");
  }

  /** The rows of a statement that is quick. @throws AppError DATABASE_UNAVAILABLE */
  async ask<Row extends object>(text: string): Promise<Row[]> {
    let asked = this.#asked.get(text);
    if (asked === undefined) {
      asked = this.#ask(text).finally(() => this.#asked.delete(text));
      this.#asked.set(text, asked);
    }
    return (await asked).rows as Row[];
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    const client = this.#client;
    this.#client = undefined;
    await client?.then((opened) => opened.end()).catch(() => {});
  }

  async #ask(text: string): Promise<pg.QueryResult> {
    if (this.#isClosed) throw databaseUnavailable(new Error("the database was closed"));
    const opening = (this.#client ??= this.#open());
    try {
      return await withinDeadline(lookDeadlineMs, async () => (await opening).query(text));
    } catch (cause) {
      this.#drop(opening);
      throw databaseUnavailable(cause);
    }
  }

  async #open(): Promise<pg.Client> {
    const config = { connectionString: this.#url, application_name: "agent-platform look", keepAlive: true };
    const client = new pg.Client({ ...config, connectionTimeoutMillis: lookDeadlineMs });
    // Lost between two looks: the next one opens another.
    client.on("error", () => this.#client && this.#drop(this.#client));
    try {
      await client.connect();
      await refuseNoPrimary(client);
      return client;
    } catch (cause) {
      (client as unknown as { connection: pg.Connection }).connection.stream.destroy();
      throw cause;
    }
  }

  #drop(opening: Promise<pg.Client>): void {
    if (this.#client === opening) this.#client = undefined;
    // Not end(): a server that does not answer would be waited for.
    opening.then(
      (client) => (client as unknown as { connection: pg.Connection }).connection.stream.destroy(),
      () => {},
    );
  }
}
