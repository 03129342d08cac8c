import { AppError } from "#shared/errors.ts";
import { setup } from "./setup.ts";

const fields = `id status input errorMessage dispatchedAt appVersion { id } workflowVersion { id } run { id } session { id }`;
const create = `mutation($input: CreateRunRequestInput!) { createRunRequest(input: $input) { ${fields} } }`;
const dispatch = `mutation($id: ID!) { dispatchRunRequest(id: $id) { ${fields} } }`;
const both = `mutation($input: CreateRunRequestInput!) { dispatchRun(input: $input) { ${fields} } }`;
const messages = `query($id: ID!) { session(id: $id) { messages { edges { node { role content } } } runRequests { edges { node { id } } } } }`;

interface Request {
  id: string;
  status: string;
  run: { id: string } | null;
}

describe("run requests", () => {
  it("S-22: a request is recorded and nothing runs; its message is stored and is input.query", async () => {
    const t = await setup();
    t.workflows.version("v1");
    const input = { sessionId: t.sessionId, workflowVersionId: "v1", message: "Where is my order?", input: { lang: "en" } };
    const { createRunRequest } = await t.ask(create, { input });
    expect(createRunRequest).toMatchObject({
      status: "PENDING",
      input: { lang: "en", query: "Where is my order?" },
      workflowVersion: { id: "v1" },
      run: null,
      session: { id: t.sessionId },
    });
    expect(t.runtime.inputs).toEqual([]);
    const { session } = await t.ask<{ session: object }>(messages, { id: t.sessionId });
    expect(session).toMatchObject({ messages: { edges: [{ node: { role: "USER", content: "Where is my order?" } }] } });
  });

  it("S-23, S-24: dispatching creates the run and keeps its id; dispatching again gives the same", async () => {
    const t = await setup();
    t.workflows.appVersion("av1", t.workflows.version("v1"));
    const input = { sessionId: t.sessionId, appVersionId: "av1", initialNode: { nodeId: "n1" }, execution: "MANUAL", input: { a: 1 } };
    const { createRunRequest } = await t.ask<{ createRunRequest: Request }>(create, { input });
    const { id } = createRunRequest;
    const answers = await Promise.all([1, 2, 3].map(() => t.ask<{ dispatchRunRequest: Request }>(dispatch, { id })));
    for (const { dispatchRunRequest } of answers) expect(dispatchRunRequest).toMatchObject({ status: "DISPATCHED", run: { id: "run-1" } });
    expect(t.runtime.runs.size).toBe(1);
    expect(t.runtime.inputs[0]).toMatchObject({
      appId: "app-1",
      appVersionId: "av1",
      workflowId: "workflow-of-v1",
      workflowVersionId: "v1",
      sessionId: t.sessionId,
      input: { a: 1 },
      initialNode: { nodeId: "n1" },
      execution: "MANUAL",
    });
  });

  it("S-23: a dispatch whose answer was lost stays PENDING; calling again gives the run that was made", async () => {
    const t = await setup();
    t.workflows.version("v1");
    t.runtime.loseAnswers = 1;
    const input = { sessionId: t.sessionId, workflowVersionId: "v1", message: "hi", idempotencyKey: "k" };
    expect(await t.refusal(both, { input })).toMatchObject({ code: "DOWNSTREAM_UNAVAILABLE" });
    const recorded = async () => {
      const { session } = await t.ask<{ session: { messages: { edges: object[] }; runRequests: { edges: object[] } } }>(messages, {
        id: t.sessionId,
      });
      return [session.messages.edges.length, session.runRequests.edges.length];
    };
    expect(await recorded()).toEqual([1, 1]);
    const { dispatchRun } = await t.ask<{ dispatchRun: Request }>(both, { input });
    expect(dispatchRun).toMatchObject({ status: "DISPATCHED", run: { id: "run-1" } });
    expect(await recorded()).toEqual([1, 1]);
    expect(await t.refusal(both, { input: { ...input, message: "else" } })).toMatchObject({ reason: "IDEMPOTENCY_KEY_REUSED" });
  });

  it("S-22, S-23: an idempotency key counts within its operation, and after the session was closed too", async () => {
    const t = await setup();
    t.workflows.version("v1");
    const input = { sessionId: t.sessionId, workflowVersionId: "v1", message: "hi", idempotencyKey: "k" };
    const { createRunRequest: recorded } = await t.ask<{ createRunRequest: Request }>(create, { input });
    const { dispatchRun: dispatched } = await t.ask<{ dispatchRun: Request }>(both, { input });
    expect([recorded.status, dispatched.status]).toEqual(["PENDING", "DISPATCHED"]);
    expect(dispatched.id).not.toBe(recorded.id);
    const { session } = await t.ask<{ session: { runRequests: { edges: { node: { id: string } }[] } } }>(messages, { id: t.sessionId });
    expect(session.runRequests.edges.map(({ node }) => node.id)).toEqual([dispatched.id, recorded.id]);
    await t.ask(`mutation($id: ID!) { closeSession(id: $id) { id } }`, { id: t.sessionId });
    expect(await t.ask(both, { input })).toMatchObject({ dispatchRun: { id: dispatched.id, run: dispatched.run } });
    expect(await t.ask(create, { input })).toMatchObject({ createRunRequest: { id: recorded.id, status: "PENDING" } });
    expect(await t.refusal(create, { input: { ...input, input: { a: 1 } } })).toMatchObject({
      code: "CONFLICT",
      reason: "IDEMPOTENCY_KEY_REUSED",
      idempotencyKey: "k",
    });
  });

  it("S-24: what the runtime refuses makes the request FAILED with its message", async () => {
    const t = await setup();
    t.workflows.version("v1");
    t.runtime.failWith = new AppError("BAD_USER_INPUT", "INITIAL_NODE_UNKNOWN", "No node n9.");
    const { dispatchRun } = await t.ask<{ dispatchRun: Request }>(both, { input: { sessionId: t.sessionId, workflowVersionId: "v1" } });
    expect(dispatchRun).toMatchObject({ status: "FAILED", errorMessage: "No node n9.", run: null });
    t.runtime.failWith = undefined;
    const again = await t.ask<{ dispatchRunRequest: Request }>(dispatch, { id: dispatchRun.id });
    expect(again.dispatchRunRequest).toMatchObject({ status: "FAILED", run: null });
  });

  it("S-24: a refusal that another attempt may not meet leaves the request PENDING", async () => {
    const t = await setup();
    t.workflows.version("v1");
    const { createRunRequest } = await t.ask<{ createRunRequest: Request }>(create, {
      input: { sessionId: t.sessionId, workflowVersionId: "v1" },
    });
    t.runtime.failWith = new AppError("CONFLICT", "ROW_BUSY", "Somebody else is changing the same record.", { retryable: true });
    expect(await t.refusal(dispatch, { id: createRunRequest.id })).toMatchObject({ code: "CONFLICT", reason: "ROW_BUSY" });
    t.runtime.failWith = undefined;
    const again = await t.ask<{ dispatchRunRequest: Request }>(dispatch, { id: createRunRequest.id });
    expect(again.dispatchRunRequest).toMatchObject({ status: "DISPATCHED", run: { id: "run-1" } });
  });

  it("S-22: what runs is the version named, the app version's, the app's published one, its only workflow's", async () => {
    const t = await setup();
    const ask = async (named: object) =>
      (
        await t.ask<{ createRunRequest: { workflowVersion: { id: string }; appVersion: { id: string } | null } }>(create, {
          input: { sessionId: t.sessionId, ...named },
        })
      ).createRunRequest;
    const refused = async (named: object) => (await t.refusal(create, { input: { sessionId: t.sessionId, ...named } }))["reason"];

    expect(await refused({})).toBe("RUN_TARGET_MISSING");
    t.workflows.workflow("app-1", "w1", null);
    expect(await refused({})).toBe("WORKFLOW_VERSION_NOT_PUBLISHED");
    t.workflows.apps.get("app-1")!.workflows.edges = [];
    t.workflows.workflow("app-1", "w1", t.workflows.version("v1"));
    expect(await ask({})).toMatchObject({ workflowVersion: { id: "v1" }, appVersion: null });
    t.workflows.workflow("app-1", "w2", null);
    expect(await refused({})).toBe("RUN_TARGET_AMBIGUOUS");
    t.workflows.apps.get("app-1")!.publishedVersion = t.workflows.appVersion("av2", t.workflows.version("v2"));
    expect(await ask({})).toMatchObject({ workflowVersion: { id: "v2" }, appVersion: { id: "av2" } });
    t.workflows.appVersion("av3", t.workflows.version("v3", { status: "DRAFT" }));
    expect(await ask({ appVersionId: "av3" })).toMatchObject({ workflowVersion: { id: "v3" }, appVersion: { id: "av3" } });
    expect(await ask({ appVersionId: "av3", workflowVersionId: "v1" })).toMatchObject({
      workflowVersion: { id: "v1" },
      appVersion: { id: "av3" },
    });

    t.workflows.version("old", { status: "ARCHIVED" });
    t.workflows.version("foreign", { app: "app-2" });
    expect(await refused({ workflowVersionId: "old" })).toBe("WORKFLOW_VERSION_ARCHIVED");
    expect(await refused({ workflowVersionId: "none" })).toBe("WORKFLOW_VERSION_NOT_FOUND");
    expect(await refused({ workflowVersionId: "foreign" })).toBe("WORKFLOW_VERSION_OF_OTHER_APP");
    expect(await refused({ appVersionId: "none" })).toBe("APP_VERSION_NOT_FOUND");
  });

  it("a closed session starts no run: CONFLICT, also for a request recorded before", async () => {
    const t = await setup();
    t.workflows.version("v1");
    const input = { sessionId: t.sessionId, workflowVersionId: "v1" };
    const { createRunRequest } = await t.ask<{ createRunRequest: Request }>(create, { input });
    await t.ask(`mutation($id: ID!) { closeSession(id: $id) { id } }`, { id: t.sessionId });
    expect(await t.refusal(both, { input })).toMatchObject({ code: "CONFLICT", reason: "SESSION_CLOSED" });
    expect(await t.refusal(dispatch, { id: createRunRequest.id })).toMatchObject({ code: "CONFLICT", reason: "SESSION_CLOSED" });
    expect(await t.refusal(dispatch, { id: "nope" })).toMatchObject({ code: "NOT_FOUND", reason: "RUN_REQUEST_NOT_FOUND" });
  });
});
