import { GraphQLError } from "graphql";
import { pino } from "pino";
import { AppError } from "#shared/errors.ts";
import { maskError } from "#shared/graphql/errors.ts";
import { askedByNode } from "../../../subgraphs/runtime/plan/asked-by-node.ts";
import { chain, rows, setup, type TestRuntime } from "./setup.ts";

const create = `mutation($input: CreateRunInput!) { createRun(input: $input) {
  id kind status execution input state dryRun traceId startedAt endedAt outputText
  app { id } appVersion { id } workflow { id } workflowVersion { id } session { id } originRun { id }
  nodeRuns { edges { node { id nodeId nodeType status attempt startedAt run { id } } } } } }`;

interface Created {
  createRun: { id: string; status: string; nodeRuns: { edges: { node: { nodeId: string; status: string } }[] } };
}

const nodesOf = ({ createRun }: Created) => createRun.nodeRuns.edges.map(({ node }) => `${node.nodeId} ${node.status}`);
const reason = async (t: TestRuntime, input: object, info = {}) => {
  const { code, reason: why } = await t.refusal(create, { input }, info);
  return `${String(code)} ${String(why)}`;
};

describe("createRun", () => {
  it("S-25, S-26, S-27: queues the nodes that the DSL starts with, for whom it was asked", async () => {
    const t = await setup();
    t.graph.version("v1", { nodes: chain("a", "b", "c").nodes, edges: [{ source: "a", target: "c" }] });
    const input = { appId: "app-1", appVersionId: "av-1", workflowVersionId: "v1", sessionId: "s1", input: { q: 1 } };
    const created = await t.ask<Created>(create, { input });
    expect(created.createRun).toMatchObject({
      kind: "WORKFLOW",
      status: "QUEUED",
      execution: "WORKERS",
      input: { q: 1 },
      state: {},
      app: { id: "app-1" },
      appVersion: { id: "av-1" },
      workflow: { id: "workflow-of-v1" },
      workflowVersion: { id: "v1" },
      session: { id: "s1" },
      startedAt: null,
      endedAt: null,
      originRun: null,
      traceId: expect.stringMatching(/^[0-9a-f]{32}$/),
    });
    expect(nodesOf(created)).toEqual(["a QUEUED", "b QUEUED"]);
    const { id } = created.createRun;
    const nodeRun = `query($id: ID!) { nodeRun(id: $id) { status run { id } leaseExpiresAt outputJson } }`;
    expect(await t.ask(nodeRun, { id: `${id}:a` })).toEqual({
      nodeRun: { status: "QUEUED", run: { id }, leaseExpiresAt: null, outputJson: null },
    });
    expect(await t.ask(nodeRun, { id: `${id}:c` })).toEqual({ nodeRun: null });
  });

  it("S-25: begins at initialNode; one of another type or unknown is refused", async () => {
    const t = await setup();
    t.graph.version("v1", chain("a", "b", "c"));
    const ask = (initialNode: object) => ({ workflowVersionId: "v1", initialNode });
    expect(nodesOf(await t.ask<Created>(create, { input: ask({ nodeId: "b", nodeType: "template-transform" }) }))).toEqual(["b QUEUED"]);
    expect(await reason(t, ask({ nodeId: "x" }))).toBe("BAD_USER_INPUT INITIAL_NODE_UNKNOWN");
    expect(await reason(t, ask({ nodeId: "b", nodeType: "llm" }))).toBe("BAD_USER_INPUT INITIAL_NODE_TYPE_DIFFERS");
  });

  it("a run of a workflow without nodes is completed at once", async () => {
    const t = await setup();
    t.graph.version("v1", { nodes: [], edges: [] });
    const { createRun } = await t.ask<Created>(create, { input: { workflowVersionId: "v1" } });
    expect(createRun).toMatchObject({ status: "COMPLETED", endedAt: expect.anything() });
  });

  it("runs the published version of a workflow, any version by id but archived ones", async () => {
    const t = await setup();
    t.graph.version("p", chain("a"));
    t.graph.version("d", chain("a"), { status: "DRAFT" });
    t.graph.version("x", chain("a"), { status: "ARCHIVED" });
    expect(await t.ask(create, { input: { workflowId: "workflow-of-p" } })).toMatchObject({ createRun: { workflowVersion: { id: "p" } } });
    expect(await t.ask(create, { input: { workflowVersionId: "d" } })).toMatchObject({ createRun: { workflowVersion: { id: "d" } } });
    expect(await reason(t, { workflowId: "workflow-of-d" })).toBe("CONFLICT WORKFLOW_VERSION_NOT_PUBLISHED");
    expect(await reason(t, { workflowVersionId: "x" })).toBe("CONFLICT WORKFLOW_VERSION_ARCHIVED");
    expect(await reason(t, {})).toBe("BAD_USER_INPUT WORKFLOW_NOT_GIVEN");
  });

  it("unknown ids are NOT_FOUND, another tenant's too; ids that do not belong together are refused", async () => {
    const t = await setup();
    t.graph.version("v1", chain("a"));
    t.graph.version("v2", chain("a"), { app: "app-2" });
    expect(await reason(t, { workflowVersionId: "nope" })).toBe("NOT_FOUND WORKFLOW_VERSION_NOT_FOUND");
    expect(await reason(t, { workflowId: "nope" })).toBe("NOT_FOUND WORKFLOW_NOT_FOUND");
    for (const [workflowId, message] of [
      ["nope", "No workflow nope."],
      ["v1", "No workflow v1. That is a workflow version: give workflowVersionId."],
    ]) {
      const input = { workflowId };
      expect(await t.refusal(`mutation($input: CreateRunInput!) { createRun(input: $input) { id } }`, { input })).toMatchObject({
        message,
      });
    }
    expect(await reason(t, { workflowVersionId: "v1", appId: "nope" })).toBe("NOT_FOUND APP_NOT_FOUND");
    expect(await reason(t, { workflowVersionId: "v1", appVersionId: "nope" })).toBe("NOT_FOUND APP_VERSION_NOT_FOUND");
    expect(await reason(t, { workflowVersionId: "v1", sessionId: "nope" })).toBe("NOT_FOUND SESSION_NOT_FOUND");
    t.graph.sessions.set("over", "CLOSED");
    expect(await reason(t, { workflowVersionId: "v1", sessionId: "over" })).toBe("CONFLICT SESSION_CLOSED");
    expect(await reason(t, { workflowVersionId: "v1" }, { tenantId: "t2" })).toBe("NOT_FOUND WORKFLOW_VERSION_NOT_FOUND");
    expect(await reason(t, { workflowVersionId: "v2", appId: "app-1" })).toBe("BAD_USER_INPUT WORKFLOW_OF_OTHER_APP");
    expect(await reason(t, { workflowVersionId: "v1", workflowId: "workflow-of-v2" })).toBe(
      "BAD_USER_INPUT WORKFLOW_VERSION_OF_OTHER_WORKFLOW",
    );
  });

  it("a dry run calls no model and says what it would have asked", async () => {
    const t = await setup();
    t.graph.version("v1", {
      nodes: [
        { id: "ask", type: "llm", config: { model: "m", prompt: "{{ input.q }}" } },
        { id: "say", type: "answer", config: { answer: "{{ nodes.ask.text }}" } },
      ],
      edges: [{ source: "ask", target: "say" }],
    });
    const input = { workflowVersionId: "v1", dryRun: true, execution: "MANUAL", input: { q: "Why?" } };
    const { createRun } = await t.ask<{ createRun: { id: string } }>(create, { input });
    expect(createRun).toMatchObject({ dryRun: true });
    await t.ask(`mutation($id: ID!) { executeRun(id: $id, input: { workerKey: "w" }) { stopReason } }`, { id: createRun.id });
    const { run, nodeRun } = await t.ask<{ run: object; nodeRun: object }>(
      `query($id: ID!, $ask: ID!) { run(id: $id) { status dryRun outputText } nodeRun(id: $ask) { outputJson } }`,
      { id: createRun.id, ask: `${createRun.id}:ask` },
    );
    expect(run).toEqual({ status: "COMPLETED", dryRun: true, outputText: "[dry run]" });
    expect(nodeRun).toMatchObject({
      outputJson: { dry_run: true, request: { model: "m", messages: [{ role: "USER", content: "Why?" }] } },
    });
  });

  it("names its limits: priority and input", async () => {
    const t = await setup();
    t.graph.version("v1", chain("a"));
    expect(await t.refusal(create, { input: { workflowVersionId: "v1", priority: 101 } })).toMatchObject({
      code: "BAD_USER_INPUT",
      reason: "NUMBER_OUT_OF_RANGE",
      max: 100,
    });
    const input = { workflowVersionId: "v1", input: { text: "x".repeat(300_000) } };
    expect(await t.refusal(create, { input })).toMatchObject({ reason: "JSON_TOO_LARGE", max: 262_144 });
  });

  it("the same idempotency key gives the first run, another input CONFLICT, also after the version was archived", async () => {
    const t = await setup();
    t.graph.version("v1", chain("a"));
    const input = { workflowVersionId: "v1", idempotencyKey: "k" };
    const answers = await Promise.all([1, 2, 3, 4].map(() => t.ask<Created>(create, { input })));
    t.graph.versions.get("v1")!.status = "ARCHIVED";
    answers.push(await t.ask<Created>(create, { input }));
    expect(new Set(answers.map(({ createRun }) => createRun.id)).size).toBe(1);
    expect(await reason(t, { ...input, input: { other: true } })).toBe("CONFLICT IDEMPOTENCY_KEY_REUSED");
    expect(await rows(t, "select count(*)::int as count from runtime.run")).toEqual([{ count: 1 }]);
  });

  it("continues the caller's trace", async () => {
    const t = await setup();
    t.graph.version("v1", chain("a"));
    const traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    const created = await t.ask(create, { input: { workflowVersionId: "v1" } }, { traceparent });
    expect(created).toMatchObject({ createRun: { traceId: "0af7651916cd43dd8448eb211c80319c" } });
  });
});

describe("the frozen plan", () => {
  it("has the canonical types, and the tool versions of the day of its creation (S-18, S-55)", async () => {
    const t = await setup();
    const tool = { id: "tool-1", code: "search", status: "ACTIVE", deletedAt: null, latestVersion: { id: "tv-9" } };
    t.graph.tools.set("tool-1", tool);
    t.graph.bindings.set("b-1", { id: "b-1", deletedAt: null, tool, toolVersion: { id: "tv-1" } });
    t.graph.bindings.set("b-2", { id: "b-2", deletedAt: null, tool, toolVersion: null });
    await t.create({
      nodes: [
        { id: "n1", type: "condition", config: { expression: "true" } },
        { id: "n2", type: "tool", config: { tool_id: "tool-1" } },
        { id: "n3", type: "tool", config: { tool_binding_id: "b-1", tool_id: "tool-1" } },
        { id: "n4", type: "tool", config: { tool_binding_id: "b-2" } },
        { id: "n5", type: "tool", config: { url: "http://127.0.0.1/" } },
        { id: "n6", type: "tool", config: { tool_id: "tool-1", tool_version_id: "tv-2" } },
        { id: "n7", type: "tool", config: { tool_code: "search" } },
      ],
      edges: [],
    });
    const [plan] = await rows(t, "select document from runtime.plan");
    const { nodes } = plan!["document"] as unknown as { nodes: { type: string; config: { tool_version_id?: string } }[] };
    expect(nodes.map((node) => [node.type, node.config.tool_version_id])).toEqual([
      ["if-else", undefined],
      ["tool", "tv-9"],
      ["tool", "tv-1"],
      ["tool", "tv-9"],
      ["tool", undefined],
      ["tool", "tv-2"],
      ["tool", "tv-9"],
    ]);
  });

  it("is one for equal documents, and another once a tool has a new version", async () => {
    const t = await setup();
    const tool = { id: "tool-1", code: "search", status: "ACTIVE", deletedAt: null, latestVersion: { id: "tv-1" } };
    t.graph.tools.set("tool-1", tool);
    const dsl = { nodes: [{ id: "n", type: "tool", config: { tool_id: "tool-1" } }], edges: [] };
    await t.create(dsl);
    await t.create(dsl);
    const count = () => rows(t, "select count(*)::int as count from runtime.plan");
    expect(await count()).toEqual([{ count: 1 }]);
    tool.latestVersion = { id: "tv-2" };
    await t.create(dsl);
    expect(await count()).toEqual([{ count: 2 }]);
  });

  it("cannot be made of tools that are not there, archived, or have no version", async () => {
    const t = await setup();
    t.graph.tools.set("old", { id: "old", code: "old", status: "ARCHIVED", deletedAt: null, latestVersion: { id: "v" } });
    t.graph.tools.set("gone", {
      id: "gone",
      code: "gone",
      status: "ACTIVE",
      deletedAt: "2026-01-01T00:00:00Z",
      latestVersion: { id: "v" },
    });
    t.graph.tools.set("new", { id: "new", code: "new", status: "ACTIVE", deletedAt: null, latestVersion: null });
    const refused = async (config: object) => {
      const workflowVersionId = `v-of-${JSON.stringify(config)}`;
      t.graph.version(workflowVersionId, { nodes: [{ id: "n", type: "tool", config }], edges: [] });
      return reason(t, { workflowVersionId });
    };
    expect(await refused({ tool_id: "none" })).toBe("NOT_FOUND TOOL_NOT_FOUND");
    expect(await refused({ tool_code: "none" })).toBe("NOT_FOUND TOOL_NOT_FOUND");
    expect(await refused({ tool_id: "gone" })).toBe("NOT_FOUND TOOL_NOT_FOUND");
    expect(await refused({ tool_id: "old" })).toBe("CONFLICT TOOL_ARCHIVED");
    expect(await refused({ tool_id: "new" })).toBe("CONFLICT TOOL_VERSION_MISSING");
    expect(await refused({ tool_binding_id: "none" })).toBe("NOT_FOUND TOOL_BINDING_NOT_FOUND");
  });

  it("refuses a document that cannot be walked to its end", async () => {
    const t = await setup();
    t.graph.version("v1", {
      nodes: chain("a", "b").nodes,
      edges: [
        { source: "a", target: "b" },
        { source: "b", target: "a" },
      ],
    });
    expect(await reason(t, { workflowVersionId: "v1" })).toBe("BAD_USER_INPUT PLAN_INVALID");
  });
});

describe("an agent that a node names and that cannot be used", () => {
  it("is the asker's mistake, and stands in no log", async () => {
    const lines: string[] = [];
    const log = pino({ level: "trace" }, { write: (line: string) => void lines.push(line) });
    const refused = new AppError("CONFLICT", "AGENT_VERSION_NOT_PUBLISHED", "The agent a has no published version.", { agentId: "a" });
    const named = await askedByNode({ id: "ask" } as never, () => Promise.reject(refused)).catch((cause: unknown) => cause);
    const masked = maskError(new GraphQLError("", { originalError: named as Error }), { log, requestId: "r" });
    expect(masked.message).toBe("The agent a has no published version. The node ask names it.");
    expect(masked.extensions).toEqual({
      code: "CONFLICT",
      reason: "AGENT_VERSION_NOT_PUBLISHED",
      requestId: "r",
      agentId: "a",
      nodeId: "ask",
    });
    expect(lines).toEqual([]);
    // Where it was refused is known all the same.
    expect((named as Error).stack).toBe(refused.stack);
  });
});
