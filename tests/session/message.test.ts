import { query } from "../testkit/admin-query.ts";
import { longestTurn } from "../testkit/longest-turn.ts";
import { setup } from "./setup.ts";

const add = `mutation($input: AddMessageInput!) { addMessage(input: $input) { id role content contentJson run { id } session { id } } }`;
const record = `mutation($input: RecordRunMessageInput!) { recordRunMessage(input: $input) { id role content contentJson run { id } } }`;
const listed = `query($id: ID!, $first: Int, $after: String, $last: Int, $before: String) {
  session(id: $id) { messages(first: $first, after: $after, last: $last, before: $before) {
    edges { cursor node { content } } pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } } }`;

interface Listed {
  session: {
    messages: { edges: { cursor: string; node: { content: string } }[]; pageInfo: { startCursor: string; hasPreviousPage: boolean } };
  };
}

describe("messages", () => {
  it("S-21: a message is the user's unless said, and its data comes back as it went", async () => {
    const t = await setup();
    for (const contentJson of ["text", 5, null, [1, { a: null }], { b: true }]) {
      const { addMessage } = await t.ask(add, { input: { sessionId: t.sessionId, content: "hi", contentJson } });
      expect(addMessage).toMatchObject({ role: "USER", content: "hi", contentJson, run: null, session: { id: t.sessionId } });
      const { session } = await t.ask<{ session: { messages: { edges: { node: { contentJson: unknown } }[] } } }>(
        `query($id: ID!) { session(id: $id) { messages(last: 1) { edges { node { contentJson } } } } }`,
        { id: t.sessionId },
      );
      expect(session.messages.edges[0]!.node.contentJson).toEqual(contentJson);
    }
  });

  it("S-21: messages are oldest first and page both ways", async () => {
    const t = await setup();
    for (let n = 1; n <= 5; n++) await t.ask(add, { input: { sessionId: t.sessionId, content: `m${n}` } });
    const page = async (args: object) => (await t.ask<Listed>(listed, { id: t.sessionId, ...args })).session.messages;
    const contents = (messages: Listed["session"]["messages"]) => messages.edges.map((edge) => edge.node.content);
    const last = await page({ last: 2 });
    expect(contents(last)).toEqual(["m4", "m5"]);
    expect(last.pageInfo.hasPreviousPage).toBe(true);
    expect(contents(await page({ last: 2, before: last.pageInfo.startCursor }))).toEqual(["m2", "m3"]);
    expect(contents(await page({ first: 3 }))).toEqual(["m1", "m2", "m3"]);
    expect(contents(await page({ first: 3, after: last.edges[0]!.cursor }))).toEqual(["m5"]);
    expect(await t.refusal(listed, { id: t.sessionId, after: Buffer.from("x").toString("base64url") })).toMatchObject({
      reason: "CURSOR_INVALID",
    });
  });

  it("a closed session refuses messages with CONFLICT", async () => {
    const t = await setup();
    await t.ask(`mutation($id: ID!) { closeSession(id: $id) { id } }`, { id: t.sessionId });
    expect(await t.refusal(add, { input: { sessionId: t.sessionId, content: "late" } })).toMatchObject({
      code: "CONFLICT",
      reason: "SESSION_CLOSED",
    });
  });

  it("the same idempotency key gives the first message, another input CONFLICT, also when calls race", async () => {
    const t = await setup();
    const input = { sessionId: t.sessionId, content: "once", idempotencyKey: "k1" };
    const answers = await Promise.all(Array.from({ length: 8 }, () => t.ask<{ addMessage: { id: string } }>(add, { input })));
    expect(new Set(answers.map((answer) => answer.addMessage.id)).size).toBe(1);
    expect(await t.refusal(add, { input: { ...input, content: "else" } })).toMatchObject({
      code: "CONFLICT",
      reason: "IDEMPOTENCY_KEY_REUSED",
    });
    const listing = await t.ask<Listed>(listed, { id: t.sessionId });
    expect(listing.session.messages.edges).toHaveLength(1);
  });

  it("a key is known for 30 days; then the next key of its tenant removes it, and no other's", async () => {
    const t = await setup();
    const said = (idempotencyKey: string) => t.ask(add, { input: { sessionId: t.sessionId, content: "Hi", idempotencyKey } });
    for (const key of ["old", "young"]) await said(key);
    await query(t.adminUrl, "insert into session.idempotency select 't9', operation, key, input_hash, result_id from session.idempotency");
    await query(t.adminUrl, "update session.idempotency set created_at = now() - interval '31 days' where key = 'old'");
    await said("next");
    const left = await query(
      t.adminUrl,
      "select tenant_id, key from session.idempotency where operation = 'addMessage' order by tenant_id, key",
    );
    expect(left).toEqual([
      { tenant_id: "t1", key: "next" },
      { tenant_id: "t1", key: "young" },
      { tenant_id: "t9", key: "old" },
      { tenant_id: "t9", key: "young" },
    ]);
  });

  it("too long and empty texts are refused with the limit", async () => {
    const t = await setup();
    expect(await t.refusal(add, { input: { sessionId: t.sessionId, content: "x".repeat(262_145) } })).toMatchObject({
      reason: "TEXT_TOO_LONG",
      max: 262_144,
    });
    expect(await t.refusal(add, { input: { sessionId: t.sessionId, content: "" } })).toMatchObject({ reason: "TEXT_TOO_SHORT" });
  });

  it("a run's answer is added once, to a closed session too", async () => {
    const t = await setup();
    await t.ask(`mutation($id: ID!) { closeSession(id: $id) { id } }`, { id: t.sessionId });
    const input = { runId: "r1", sessionId: t.sessionId, content: "42", contentJson: { answer: 42 } };
    const answers = await Promise.all(Array.from({ length: 5 }, () => t.ask<{ recordRunMessage: { id: string } }>(record, { input })));
    expect(new Set(answers.map((answer) => answer.recordRunMessage.id)).size).toBe(1);
    expect(answers[0]!.recordRunMessage).toMatchObject({
      role: "ASSISTANT",
      content: "42",
      contentJson: { answer: 42 },
      run: { id: "r1" },
    });
  });

  it("takes an answer of 12 MB as it is, and holds no main loop up", async () => {
    const t = await setup();
    const content = 'a "quoted" line\\\n'.repeat(700_000);
    const input = { sessionId: t.sessionId, runId: "long", content, contentJson: { a: ["'"] } };
    const { outcome, longestMs } = await longestTurn(() => t.ask<{ recordRunMessage: { id: string } }>(record, { input }));
    expect(outcome.recordRunMessage).toMatchObject({ role: "ASSISTANT", contentJson: { a: ["'"] }, run: { id: "long" } });
    expect(longestMs).toBeLessThan(100);
    const again = await t.ask<{ recordRunMessage: { id: string; content: string } }>(record, { input });
    expect(again.recordRunMessage.id).toBe(outcome.recordRunMessage.id);
    expect(again.recordRunMessage.content === content).toBe(true);
  });

  it("recordRunMessage is inaccessible in the supergraph", async () => {
    const t = await setup();
    expect(t.subgraph.sdl).toMatch(/recordRunMessage\([^)]*\): Message![^\n]* @inaccessible/);
    expect(t.subgraph.sdl).toMatch(/input RecordRunMessageInput\s*@inaccessible/);
  });
});
