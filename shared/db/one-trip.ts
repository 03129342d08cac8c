/**
 * One statement of a tenant in a transaction of its own, which no statement begins or ends: what sets the tenant and the statement go out together, and PostgreSQL
 * commits at the one Sync behind both (its protocol's pipelining: what comes before a Sync is one transaction). Both are prepared once a connection, so PostgreSQL
 * parses nothing; as texts, BEGIN with its settings and COMMIT cost it as much as a small read.
 */
import pg from "pg";
import { inOneWrite } from "./pool.ts";
import type { PreparedStatement } from "./prepared.ts";
import { tenantSetting } from "./scope.ts";

/** Where a plan is made once for all values, it must not rest on what the tables held when it was made. */
export const plannedOnce = {
  plan_cache_mode: "force_generic_plan",
  enable_seqscan: "off",
  enable_hashjoin: "off",
  enable_mergejoin: "off",
};

const opening = (name: string, settings: Readonly<Record<string, string>>): PreparedStatement => {
  const fixed = Object.entries(settings).map(([setting, value]) => `, set_config('${setting}', '${value}', true)`);
  return { name, text: `select set_config('${tenantSetting}', $1, true)${fixed.join("")}` };
};

/** What a trip begins with, by whether it writes. The settings are local to the transaction, as the tenant is. */
const openings = {
  reads: opening("trip_reads", { transaction_read_only: "on", ...plannedOnce }),
  writes: opening("trip_writes", plannedOnce),
};

/** With the values of its parameters, as PostgreSQL takes them. */
interface Asked extends PreparedStatement {
  readonly values: readonly unknown[];
}

/** The driver's own query, as far as one that sends more than a statement has to know it. */
interface DriverQuery {
  prepare(connection: DriverConnection): void;
  handleDataRow(message: unknown): void;
  handleCommandComplete(message: unknown, connection: DriverConnection): void;
}

interface DriverConnection {
  parsedStatements: Record<string, string | undefined>;
  bind(of: { statement: string; values: readonly unknown[]; valueMapper: (value: unknown) => unknown }): void;
  execute(of: { portal: string; rows: number | undefined }): void;
}

const driver = pg.Query.prototype as unknown as DriverQuery;

/** A prepared statement behind the one that opens its transaction; that one's answer is nobody's. */
class Trip extends pg.Query {
  readonly #opening: PreparedStatement;
  readonly #tenantId: string;
  #isOpened = false;

  constructor(
    statement: Asked,
    of: { opening: PreparedStatement; tenantId: string; done: (cause?: Error | null, result?: unknown) => void },
  ) {
    super({ name: statement.name, text: statement.text, values: [...statement.values] }, of.done as never);
    this.#opening = of.opening;
    this.#tenantId = of.tenantId;
  }

  prepare(connection: DriverConnection): void {
    connection.bind({ statement: this.#opening.name, values: [this.#tenantId], valueMapper: (value) => value });
    connection.execute({ portal: "", rows: undefined });
    driver.prepare.call(this, connection);
  }

  handleDataRow(message: unknown): void {
    if (this.#isOpened) driver.handleDataRow.call(this, message);
  }

  handleCommandComplete(message: unknown, connection: DriverConnection): void {
    if (this.#isOpened) driver.handleCommandComplete.call(this, message, connection);
    this.#isOpened = true;
  }
}

/** Sends a statement in one round trip, and all of it in one write; its values are those that PostgreSQL takes. @throws what PostgreSQL says */
export async function oneTrip<Row extends object>(
  client: pg.PoolClient,
  statement: Asked,
  { kind, tenantId }: { kind: keyof typeof openings; tenantId: string },
): Promise<pg.QueryResult<Row & pg.QueryResultRow>> {
  const { connection } = client as unknown as { connection: DriverConnection };
  const opening = openings[kind];
  const [answered, prepared] = await inOneWrite(client, () => {
    // Once a connection: it opens nothing but itself, and is prepared then.
    const preparing =
      connection.parsedStatements[opening.name] === undefined ? client.query({ ...opening, values: [tenantId] }) : undefined;
    const answering = new Promise<pg.QueryResult<Row & pg.QueryResultRow>>((resolve, reject) => {
      const done = (cause?: Error | null, result?: unknown) => (cause ? reject(cause) : resolve(result as never));
      client.query(new Trip(statement, { opening, tenantId, done }));
    });
    // Each is waited for: the statement may be done though its opening was refused, and until it is answered the connection is nobody else's.
    return Promise.allSettled([answering, preparing]);
  });
  if (answered.status === "fulfilled") return answered.value;
  throw prepared.status === "rejected" ? prepared.reason : answered.reason;
}
