import { chain, finishRun, makeWorkflow, startRun, type Dsl } from "../testkit/graph.ts";
import { eventually } from "../testkit/eventually.ts";
import { startHttpServer, type TestHttpServer } from "../testkit/http-server.ts";
import { startTestPlatform, type TestPlatform } from "../testkit/platform.ts";

let platform: TestPlatform;
let shop: TestHttpServer;
beforeAll(async () => {
  shop = await startHttpServer();
  platform = await startTestPlatform({ env: { egressAllow: [shop.hostPort] } });
});
afterAll(async () => {
  await platform.stop();
  await shop.close();
});

interface Waiting {
  id: string;
  status: string;
  waitReason: string | null;
  waiting: {
    reason: string;
    text: string | null;
    form: object | null;
    assignees: string[];
    actions: object[];
    deadline: string | null;
  } & Record<string, unknown>;
}

const says = (id: string, answer: string) => ({ id, type: "answer", config: { answer } });
const on = (source: string, condition: string, target: string) => ({ source, target, condition });
const inbox = `query ($filter: WaitingNodeRunFilter) { waitingNodeRuns(filter: $filter, first: 50) { nodes {
  id status waitReason waiting { reason text form assignees actions { id label } deadline since toolName arguments } } } }`;
const resume = `mutation ($id: ID!, $input: ResumeNodeRunInput!) { resumeNodeRun(id: $id, input: $input) { id status answeredBy answeredAt outputJson } }`;

/** Creates a run and waits until it asks. */
async function asks(dsl: Dsl, input: object = {}): Promise<{ runId: string; asked: Waiting }> {
  const { workflowId } = await makeWorkflow(platform, dsl);
  const runId = await startRun(platform, workflowId, input);
  return { runId, asked: await waitingOf(runId) };
}

async function waitingOf(runId: string): Promise<Waiting> {
  const [asked] = await eventually(
    async () =>
      ((await platform.post(inbox, { filter: { runId } })).data as { waitingNodeRuns: { nodes: Waiting[] } }).waitingNodeRuns.nodes,
    (nodes) => nodes.length > 0,
  );
  return asked!;
}

const answer = (id: string, input: object, headers = {}) => platform.post(resume, { id, input }, headers);
const extensions = async (answering: ReturnType<typeof answer>) => (await answering).errors?.[0]?.extensions;

const refund: Dsl = {
  nodes: [
    {
      id: "ask",
      type: "human-input",
      config: {
        text: "Refund {{ input.amount }} EUR?",
        form: {
          type: "object",
          properties: { amount: { type: "number", maximum: 100, default: "{{ input.amount }}" }, note: { type: "string" } },
          required: ["amount"],
        },
        assignees: ["{{ input.boss }}", "support"],
        actions: [{ id: "approve", label: "Refund it" }, { id: "reject" }],
        wait_seconds: 86_400,
      },
    },
    says("paid", "paid {{ nodes.ask.output.amount }} ({{ nodes.ask.output.action }})"),
    says("kept", "kept: {{ nodes.ask.output.note }}"),
    says("late", "nobody answered"),
  ] as Dsl["nodes"],
  edges: [on("ask", "approve", "paid"), on("ask", "reject", "kept"), on("ask", "timeout", "late")],
};

describe("a node that waits for a person", () => {
  it("is in everybody's inbox, is answered by its form, and its run goes on by the action", async () => {
    const { runId, asked } = await asks(refund, { amount: 20, boss: "ann" });
    expect(asked).toMatchObject({
      status: "WAITING",
      waitReason: "PERSON",
      waiting: {
        reason: "PERSON",
        text: "Refund 20 EUR?",
        form: { properties: { amount: { type: "number", default: 20 } } },
        assignees: ["ann", "support"],
        actions: [
          { id: "approve", label: "Refund it" },
          { id: "reject", label: "reject" },
        ],
        deadline: expect.any(String),
        since: expect.any(String),
      },
    });
    expect(await extensions(answer(asked.id, { outputJson: { amount: 20 } }))).toMatchObject({
      reason: "ACTION_UNKNOWN",
      actions: ["approve", "reject"],
    });
    expect(await extensions(answer(asked.id, { action: "timeout", outputJson: { amount: 20 } }))).toMatchObject({
      reason: "ACTION_UNKNOWN",
    });
    expect(await extensions(answer(asked.id, { decision: "APPROVE" }))).toMatchObject({
      code: "BAD_USER_INPUT",
      reason: "DECISION_NOT_ASKED",
    });
    expect(await extensions(answer(asked.id, { action: "approve", outputJson: { amount: 500, note: 7 } }))).toMatchObject({
      code: "BAD_USER_INPUT",
      reason: "ANSWER_INVALID",
      problems: [{ field: "/amount" }, { field: "/note" }],
    });
    expect(await extensions(answer(asked.id, { action: "approve", outputJson: {} }))).toMatchObject({ problems: [{ field: "/amount" }] });
    expect(await extensions(answer(asked.id, { action: "approve" }, { "x-tenant-id": "t2" }))).toMatchObject({ code: "NOT_FOUND" });

    const both = await Promise.all(["approve", "reject"].map((action) => answer(asked.id, { action, outputJson: { amount: 15 } })));
    const refused = both.flatMap(({ errors = [] }) => errors.map((error) => error.extensions));
    expect(refused).toMatchObject([
      { code: "CONFLICT", reason: "NODE_RUN_NOT_WAITING", answeredBy: "anonymous", answeredAt: expect.any(String) },
    ]);
    const run = await finishRun(platform, runId);
    expect(run.status).toBe("COMPLETED");
    expect(["paid 15 (approve)", "kept: "]).toContain(run.outputText);
    expect(await extensions(answer(asked.id, { action: "approve" }))).toMatchObject({ code: "CONFLICT", answeredBy: "anonymous" });
  });

  it("goes on by timeout where nobody answers", async () => {
    const { workflowId } = await makeWorkflow(platform, {
      nodes: [
        { id: "ask", type: "human-input", config: { text: "?", wait_seconds: 0.2 } },
        says("late", "{{ nodes.ask.output.action }}"),
      ] as Dsl["nodes"],
      edges: [on("ask", "timeout", "late")],
    });
    expect(await finishRun(platform, await startRun(platform, workflowId, {}))).toMatchObject({
      status: "COMPLETED",
      outputText: "timeout",
    });
  });
});

describe("a delay", () => {
  it("ends by itself, after seconds that a template gives, or at a time that has been", async () => {
    const { workflowId } = await makeWorkflow(platform, {
      nodes: [
        { id: "pause", type: "delay", config: { seconds: "{{ input.seconds }}" } },
        { id: "past", type: "delay", config: { until: "{{ input.day }}T02:30", zone: "Europe/Berlin" } },
        says("done", "done"),
      ] as Dsl["nodes"],
      edges: chain("pause", "past", "done"),
    });
    const runId = await startRun(platform, workflowId, { seconds: 0.1, day: "2026-03-29" });
    expect(await finishRun(platform, runId)).toMatchObject({ status: "COMPLETED", outputText: "done" });
  });
});

describe("an http-request", () => {
  it("sends what its templates give", async () => {
    shop.on("PATCH /orders/7", { json: { ok: true } });
    const { workflowId } = await makeWorkflow(platform, {
      nodes: [
        {
          id: "send",
          type: "http-request",
          config: {
            method: "{{ input.method }}",
            url: `${shop.url}/orders/{{ input.order }}`,
            query: { page: "{{ input.page }}", gone: "{{ input.nothing }}" },
            headers: { "x-kind": "{{ input.kind }}" },
            body: { lines: "{{ input.lines }}" },
          },
        },
        says("done", "{{ nodes.send.output.status }} {{ nodes.send.output.body.ok }}"),
      ] as Dsl["nodes"],
      edges: chain("send", "done"),
    });
    const input = { method: "patch", order: 7, page: 2, kind: "a", lines: [1, 2] };
    expect(await finishRun(platform, await startRun(platform, workflowId, input))).toMatchObject({ outputText: "200 true" });
    const [request] = shop.requests.filter(({ method }) => method === "PATCH");
    expect(request).toMatchObject({ path: "/orders/7?page=2", body: '{"lines":[1,2]}', headers: { "x-kind": "a" } });
    expect(request?.headers["idempotency-key"]).toMatch(/:send$/);
    expect(await finishRun(platform, await startRun(platform, workflowId, { ...input, method: "steal" }))).toMatchObject({
      status: "FAILED",
    });
  });
});

describe("a call that a person is to approve of", () => {
  const call = (policy: unknown, more: object = {}): Dsl => ({
    nodes: [
      {
        id: "pay",
        type: "tool",
        config: {
          base_url: shop.url,
          path: "/pay",
          method: "POST",
          body: { amount: "{{ input.amount }}" },
          requires_approval: policy,
          ...more,
        },
        on_error: "branch",
      },
      says("paid", "{{ nodes.pay.output.body.paid }}"),
      says("not", "{{ nodes.pay.error.code }}: {{ nodes.pay.error.message }}"),
    ] as Dsl["nodes"],
    edges: [...chain("pay", "paid"), on("pay", "error", "not")],
  });
  const paid = () => shop.requests.filter(({ path }) => path === "/pay").map(({ body }) => body);

  it("is made with the arguments that they saw, or changed; a rejected one is not made", async () => {
    shop.on(
      "POST /pay",
      (request, response) =>
        void response.setHeader("content-type", "application/json").end(JSON.stringify({ paid: JSON.parse(request.body).amount })),
    );
    const first = await asks(call(true), { amount: 5 });
    expect(first.asked).toMatchObject({
      waitReason: "APPROVAL",
      waiting: { toolName: shop.url, arguments: { path: "/pay", body: { amount: 5 } } },
    });
    expect(paid()).toEqual([]);
    expect(await extensions(answer(first.asked.id, { outputText: "done" }))).toMatchObject({ reason: "OUTPUT_NOT_ASKED" });
    expect(await extensions(answer(first.asked.id, {}))).toMatchObject({ reason: "DECISION_MISSING" });
    const complete = `mutation ($id: ID!) { updateNodeRunStatus(id: $id, input: { status: COMPLETED, outputText: "x" }) { id } }`;
    expect((await platform.post(complete, { id: first.asked.id })).errors?.[0]?.extensions).toMatchObject({ code: "CONFLICT" });
    expect((await answer(first.asked.id, { decision: "APPROVE" })).errors).toBeUndefined();
    expect(await finishRun(platform, first.runId)).toMatchObject({ outputText: "5" });

    const second = await asks(call("arguments.body.amount > 10"), { amount: 50 });
    await answer(second.asked.id, { decision: "APPROVE", arguments: { body: { amount: 49 } } });
    expect(await finishRun(platform, second.runId)).toMatchObject({ outputText: "49" });

    const third = await asks(call(true), { amount: 6 });
    await answer(third.asked.id, { decision: "REJECT", reason: "too much" });
    expect(await finishRun(platform, third.runId)).toMatchObject({
      outputText: "APPROVAL_REJECTED: anonymous rejected the call: too much. It was not made.",
    });

    const { workflowId } = await makeWorkflow(platform, call("arguments.body.amount > 10"));
    expect(await finishRun(platform, await startRun(platform, workflowId, { amount: 9 }))).toMatchObject({ outputText: "9" });
    const late = await makeWorkflow(platform, call(true, { wait_seconds: 0.1 }));
    expect(await finishRun(platform, await startRun(platform, late.workflowId, { amount: 8 }))).toMatchObject({
      outputText: expect.stringContaining("APPROVAL_REJECTED: Nobody approved"),
    });
    expect(paid().map((body) => JSON.parse(body).amount)).toEqual([5, 49, 9]);
  });
});
