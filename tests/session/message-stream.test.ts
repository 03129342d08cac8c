import { randomBytes } from "node:crypto";
import type { ExecutionResult } from "graphql";
import pg from "pg";
import { query } from "../testkit/admin-query.ts";
import { setup } from "./setup.ts";

const subscription = `subscription($id: ID!, $after: String) { messageAdded(sessionId: $id, after: $after) { cursor message { content session { title } } } }`;
type Added = { messageAdded: { cursor: string; message: { content: string; session: { title: string | null } } } };

async function open(t: Awaited<ReturnType<typeof setup>>, after?: string): Promise<AsyncIterableIterator<ExecutionResult>> {
  const result = await t.subgraph.subscribe({
    query: subscription,
    variables: { id: t.sessionId, after },
    info: { tenantId: "t1", requestId: "s" },
  });
  if (!(Symbol.asyncIterator in result)) throw new Error(JSON.stringify(result));
  return result;
}

async function take(stream: AsyncIterableIterator<ExecutionResult>, count: number): Promise<Added["messageAdded"][]> {
  const taken: Added["messageAdded"][] = [];
  while (taken.length < count) taken.push(((await stream.next()).value.data as Added).messageAdded);
  return taken;
}

const say = (t: Awaited<ReturnType<typeof setup>>, content: string) =>
  t.ask(`mutation($id: ID!, $content: String!) { addMessage(input: { sessionId: $id, content: $content }) { id } }`, {
    id: t.sessionId,
    content,
  });

describe("messageAdded", () => {
  it("gives every message of eight concurrent writers once and in the order of the list", async () => {
    const t = await setup();
    const stream = await open(t);
    const writing = Promise.all(
      Array.from({ length: 8 }, async (_, writer) => {
        for (let n = 0; n < 20; n++) await say(t, `${writer}-${n}`);
      }),
    );
    const seen = (await take(stream, 160)).map((added) => added.message.content);
    await writing;
    await stream.return!();
    const list = `query($id: ID!) { session(id: $id) { messages(first: 200) { edges { node { content } } } } }`;
    const { session } = await t.ask<{ session: { messages: { edges: { node: { content: string } }[] } } }>(list, { id: t.sessionId });
    expect(seen).toEqual(session.messages.edges.map((edge) => edge.node.content));
  });

  it("goes on behind the cursor: nothing lost, nothing twice", async () => {
    const t = await setup();
    for (const content of ["a", "b", "c"]) await say(t, content);
    const first = await open(t);
    const [, b] = await take(first, 2);
    await first.return!();
    const second = await open(t, b!.cursor);
    await say(t, "d");
    expect((await take(second, 2)).map((added) => added.message.content)).toEqual(["c", "d"]);
    await second.return!();
  });

  it("reads the message's session anew for each event", async () => {
    const t = await setup();
    const stream = await open(t);
    await say(t, "a");
    await take(stream, 1);
    await t.ask(`mutation($id: ID!) { updateSession(id: $id, input: { title: "new" }) { id } }`, { id: t.sessionId });
    await say(t, "b");
    expect((await take(stream, 1))[0]!.message.session.title).toBe("new");
    await stream.return!();
  });

  it("ends at once when the client leaves while it waits", async () => {
    const t = await setup();
    const stream = await open(t);
    const pending = stream.next();
    await stream.return!();
    expect(await pending).toEqual({ done: true, value: undefined });
  });

  it("refuses unknown and foreign sessions with NOT_FOUND, and a bad cursor", async () => {
    const t = await setup();
    const refused = async (variables: object, tenantId = "t1") => {
      const result = await t.subgraph.subscribe({ query: subscription, variables: { ...variables }, info: { tenantId, requestId: "s" } });
      return (result as ExecutionResult).errors?.[0]?.extensions;
    };
    expect(await refused({ id: "nope" })).toMatchObject({ code: "NOT_FOUND", reason: "SESSION_NOT_FOUND" });
    expect(await refused({ id: t.sessionId }, "t2")).toMatchObject({ code: "NOT_FOUND" });
    expect(await refused({ id: t.sessionId, after: "!!" })).toMatchObject({ code: "BAD_USER_INPUT", reason: "CURSOR_INVALID" });
  });

  it("reads a long answer when it is told, so that a page of them is not held, and counts it for the event", async () => {
    const t = await setup();
    const record = "mutation($input: RecordRunMessageInput!) { recordRunMessage(input: $input) { id } }";
    for (const runId of ["r1", "r2"])
      await t.ask(record, { input: { sessionId: t.sessionId, runId, content: runId.padEnd(100_000, "x"), contentJson: ["x".repeat(10)] } });
    const contentJson = [randomBytes(50_000).toString("base64")];
    await t.ask(record, { input: { sessionId: t.sessionId, runId: "r3", content: "x", contentJson } });
    await say(t, "short");
    const stream = await open(t);
    const contents = [(await take(stream, 1))[0]!.message.content];
    await query(t.adminUrl, "update session.message set content = replace(content, 'x', 'y')");
    contents.push(...(await take(stream, 3)).map(({ message }) => message.content));
    expect(contents).toEqual(["r1".padEnd(100_000, "x"), "r2".padEnd(100_000, "y"), "y", "short"]);
    await stream.return!();
  });

  it("tells of a database that goes away as its last event, with the reason that clients resume from", async () => {
    const t = await setup();
    const stream = await open(t);
    await say(t, "first");
    await take(stream, 1);
    const [locker, admin] = [new pg.Client({ connectionString: t.adminUrl }), new pg.Client({ connectionString: t.adminUrl })];
    await Promise.all([locker.connect(), admin.connect()]);
    await locker.query("begin; lock table session.message in access exclusive mode");
    const last = stream.next();
    const waiting = "select pid from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()";
    for (let found = 0; found === 0;) found = (await admin.query(`select pg_terminate_backend(pid) from (${waiting}) w`)).rowCount ?? 0;
    expect((await last).value).toMatchObject({
      data: null,
      errors: [{ path: ["messageAdded"], extensions: { code: "DOWNSTREAM_UNAVAILABLE", reason: "DATABASE_UNAVAILABLE", requestId: "s" } }],
    });
    expect(await stream.next()).toEqual({ done: true, value: undefined });
    await Promise.all([locker.end(), admin.end()]);
  });
});
