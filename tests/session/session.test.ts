import { setup } from "./setup.ts";

const create = `mutation($input: CreateSessionInput!) { createSession(input: $input) { id userId channelType title status app { id } closedAt } }`;

describe("sessions", () => {
  it("S-20: a session is made for a user of an app, on the web unless said", async () => {
    const t = await setup();
    const { createSession } = await t.ask(create, { input: { appId: "app-1", userId: "u1", title: "Hello" } });
    expect(createSession).toMatchObject({
      userId: "u1",
      channelType: "web",
      title: "Hello",
      status: "ACTIVE",
      app: { id: "app-1" },
      closedAt: null,
    });
  });

  it("S-20: an unknown or deleted app is NOT_FOUND, an empty user BAD_USER_INPUT", async () => {
    const t = await setup();
    t.workflows.app("gone", { deletedAt: "2026-01-01T00:00:00Z" });
    for (const appId of ["nope", "gone"]) {
      expect(await t.refusal(create, { input: { appId, userId: "u" } })).toMatchObject({ code: "NOT_FOUND", reason: "APP_NOT_FOUND" });
    }
    expect(await t.refusal(create, { input: { appId: "app-1", userId: " " } })).toMatchObject({ code: "BAD_USER_INPUT" });
  });

  it("are made once with a key, even twice at once and when the app was deleted meanwhile; other input with it is a CONFLICT", async () => {
    const t = await setup();
    const input = { appId: "app-1", userId: "u1", idempotencyKey: "k1" };
    const made = await Promise.all([1, 2, 3].map(() => t.ask<{ createSession: { id: string } }>(create, { input })));
    const [id, ...others] = new Set(made.map(({ createSession }) => createSession.id));
    expect(others).toEqual([]);
    t.workflows.app("app-1", { deletedAt: "2026-01-01T00:00:00Z" });
    expect(await t.ask(create, { input: { ...input, title: null } })).toMatchObject({ createSession: { id, app: { id: "app-1" } } });
    expect(await t.refusal(create, { input: { ...input, userId: "u2" } })).toMatchObject({
      code: "CONFLICT",
      reason: "IDEMPOTENCY_KEY_REUSED",
      resultId: id,
    });
  });

  it("S-21: sessions are read, renamed, listed by app, user and status, and closed once", async () => {
    const t = await setup();
    t.workflows.app("app-2");
    for (const [appId, userId] of [
      ["app-1", "bob"],
      ["app-2", "ann"],
    ])
      await t.ask(create, { input: { appId, userId } });
    const list = async (args: string) => {
      const { sessions } = await t.ask<{ sessions: { edges: { node: { userId: string; app: { id: string } } }[] } }>(
        `{ sessions(${args}) { edges { node { userId app { id } } } } }`,
      );
      return sessions.edges.map(({ node }) => `${node.userId}@${node.app.id}`);
    };
    expect(await list("first: 10")).toEqual(["ann@app-2", "bob@app-1", "ann@app-1"]);
    expect(await list(`appId: "app-1"`)).toEqual(["bob@app-1", "ann@app-1"]);
    expect(await list(`userId: "ann"`)).toEqual(["ann@app-2", "ann@app-1"]);

    const rename = `mutation($id: ID!) { updateSession(id: $id, input: { title: "T" }) { title } }`;
    expect(await t.ask(rename, { id: t.sessionId })).toEqual({ updateSession: { title: "T" } });
    const close = `mutation($id: ID!) { closeSession(id: $id) { status closedAt } }`;
    const first = await t.ask<{ closeSession: { closedAt: string } }>(close, { id: t.sessionId });
    expect(first.closeSession).toEqual({ status: "CLOSED", closedAt: expect.anything() });
    expect(await t.ask(close, { id: t.sessionId })).toEqual(first);
    expect(await list("status: CLOSED")).toEqual(["ann@app-1"]);
    expect(await t.refusal(rename, { id: "unknown" })).toMatchObject({ code: "NOT_FOUND", reason: "SESSION_NOT_FOUND" });
  });

  it("S-7: another tenant's sessions are null by id, absent from lists, NOT_FOUND to change", async () => {
    const t = await setup();
    const other = { tenantId: "t2" };
    expect(await t.ask(`query($id: ID!) { session(id: $id) { id } sessions { edges { cursor } } }`, { id: t.sessionId }, other)).toEqual({
      session: null,
      sessions: { edges: [] },
    });
    for (const text of [
      "closeSession(id: $id)",
      `addMessage(input: { sessionId: $id, content: "x" })`,
      "dispatchRun(input: { sessionId: $id })",
    ]) {
      expect(await t.refusal(`mutation($id: ID!) { ${text} { id } }`, { id: t.sessionId }, other)).toMatchObject({ code: "NOT_FOUND" });
    }
  });

  it("reads 50 sessions with messages and run requests in a constant number of statements", async () => {
    const t = await setup();
    const count = async (first: number) => {
      let statements = 0;
      t.subgraph.database.onStatement = () => statements++;
      await t.ask(
        `query($first: Int) { sessions(first: $first) { edges { node { messages(last: 2) { edges { node { session { id } } } } runRequests { edges { cursor } } } } } }`,
        { first },
      );
      return statements;
    };
    for (let n = 0; n < 50; n++) {
      const { createSession } = await t.ask<{ createSession: { id: string } }>(create, { input: { appId: "app-1", userId: `u${n}` } });
      await t.ask(`mutation($id: ID!) { addMessage(input: { sessionId: $id, content: "x" }) { id } }`, { id: createSession.id });
    }
    expect(await count(50)).toBe(await count(1));
  });
});
