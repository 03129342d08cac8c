import { once } from "node:events";
import pg from "pg";
import { databaseError } from "#shared/db/errors.ts";
import { createTestDatabase, type TestDatabase } from "../../testkit/database.ts";

let database: TestDatabase;
beforeEach(async () => {
  database = await createTestDatabase();
});
afterEach(() => database.drop());

// A fault of the platform: a node that meets it has not failed, whatever its retry says (outcome.test.ts).
const unavailable = { code: "DOWNSTREAM_UNAVAILABLE", reason: "DATABASE_UNAVAILABLE", facts: { retryable: true, platformFault: true } };
const busy = { code: "RESOURCE_EXHAUSTED", reason: "DATABASE_BUSY", facts: { retryable: true, retryAfterMs: 1_000, platformFault: true } };
const thrown = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => undefined,
    (error: unknown) => error,
  );

describe("what a database's refusal is to a client", () => {
  it("is that there is too much to do, where no connection was free in time, however the ORM wraps it", async () => {
    const pool = new pg.Pool({ connectionString: database.url, max: 1 });
    const held = await pool.connect();
    pool.options.connectionTimeoutMillis = 1;
    const error = await thrown(pool.connect());
    expect(databaseError(error)).toMatchObject(busy);
    expect(databaseError(Object.assign(new Error("select 1"), { previous: error }))).toMatchObject(busy);
    held.release();
    await pool.end();
  });

  it.each([
    { state: "53100", what: "its disk is full" },
    { state: "53200", what: "its memory is used up" },
    { state: "53300", what: "it takes no more connections" },
    { state: "58030", what: "the system could not write" },
  ])("is that it does not answer, where $what", async ({ state }) => {
    const client = new pg.Client({ connectionString: database.url });
    await client.connect();
    const refused = await thrown(client.query(`do $$ begin raise exception 'no room' using errcode = '${state}'; end $$`));
    expect(databaseError(refused)).toMatchObject(unavailable);
    await client.end();
  });

  it("is that it does not answer, where the session was ended for idling in a transaction, and in all that is asked of it then", async () => {
    const client = new pg.Client({ connectionString: database.url });
    await client.connect();
    const ended = once(client, "error");
    // Its connection ends with an error of its own.
    client.on("error", () => {});
    await client.query("set idle_in_transaction_session_timeout = 1");
    await client.query("begin");
    expect(databaseError((await ended)[0])).toMatchObject(unavailable);
    expect(databaseError(await thrown(client.query("select 1")))).toMatchObject(unavailable);
    await client.end();
  });

  it("is that it does not answer, where a statement was not answered in its time", async () => {
    const client = new pg.Client({ connectionString: database.url });
    // Ended below, it may hear of that before it is closed.
    client.on("error", () => {});
    await client.connect();
    const late: pg.QueryConfig & { query_timeout: number } = { text: "select pg_sleep(60)", query_timeout: 20 };
    expect(databaseError(await thrown(client.query(late)))).toMatchObject(unavailable);
    const admin = new pg.Client({ connectionString: database.url });
    await admin.connect();
    await admin.query("select pg_terminate_backend($1)", [(client as unknown as { processID: number }).processID]);
    await Promise.all([admin.end(), client.end()]);
  });

  it("is of a change that was under way that it may be stored, and of one that was refused, or not sent, nothing of the kind", async () => {
    const mayBeDone = { ...unavailable, facts: { ...unavailable.facts, effectUnknown: true } };
    const told = (error: unknown) => databaseError(Object.assign(new Error("insert"), { previous: error }), { isMutation: true });
    const clients = ["ended", "late", "stopped", "refused"].map(() => new pg.Client({ connectionString: database.url }));
    for (const client of clients) client.on("error", () => {});
    await Promise.all(clients.map((client) => client.connect()));
    const [ended, late, stopped, refused] = clients as [pg.Client, pg.Client, pg.Client, pg.Client];
    const end = (client: pg.Client) =>
      refused.query("select pg_terminate_backend($1)", [(client as unknown as { processID: number }).processID]);

    const underWay = thrown(ended.query("select pg_sleep(60)"));
    await end(ended);
    const terminated = await underWay;
    expect(told(terminated)).toMatchObject(mayBeDone);
    expect(databaseError(terminated)?.facts).toEqual(unavailable.facts);

    const unanswered: pg.QueryConfig & { query_timeout: number } = { text: "select pg_sleep(60)", query_timeout: 20 };
    expect(told(await thrown(late.query(unanswered)))).toMatchObject(mayBeDone);
    await end(late);

    const cut = thrown(stopped.query("select pg_sleep(60)"));
    (stopped as unknown as { connection: { stream: { destroy(): void } } }).connection.stream.destroy();
    expect(told(await cut)).toMatchObject(mayBeDone);
    // Nothing is sent any more.
    expect(told(await thrown(stopped.query("select 1")))?.facts).toEqual(unavailable.facts);

    await refused.query("set statement_timeout = 20");
    expect(told(await thrown(refused.query("select pg_sleep(60)")))?.facts).toEqual(unavailable.facts);
    const nobody = new pg.Client({ host: "127.0.0.1", port: 1 });
    expect(told(await thrown(nobody.connect()))?.facts).toEqual(unavailable.facts);
    await refused.end();
  });

  it("is that the row is busy, which is no fault of a node that asked for it, where somebody holds it for longer than a lock is waited for", async () => {
    const [holder, client] = [new pg.Client({ connectionString: database.url }), new pg.Client({ connectionString: database.url })];
    await Promise.all([holder.connect(), client.connect()]);
    await holder.query("select pg_advisory_lock(1)");
    await client.query("set lock_timeout = 1");
    const error = databaseError(await thrown(client.query("select pg_advisory_lock(1)")));
    expect(error).toMatchObject({ code: "CONFLICT", reason: "ROW_BUSY", facts: { retryable: true, platformFault: true } });
    await Promise.all([holder.end(), client.end()]);
  });

  it("is nothing of the kind where a statement is wrong", async () => {
    const client = new pg.Client({ connectionString: database.url });
    await client.connect();
    expect(databaseError(await thrown(client.query("select nonsense")))).toBeUndefined();
    await client.end();
  });
});
