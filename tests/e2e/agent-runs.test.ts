/** Agent runs as runs: who executes them, who may see them, what is refused. */
import { graphql } from "#codegen/graph/gql.ts";
import type { Json, JsonObject } from "#shared/json.ts";
import { ask, finishRun, readRun, refusal } from "../testkit/graph.ts";
import { askAgent, calls, makeAgent, makeTool } from "../testkit/agents.ts";
import { startHttpServer, type TestHttpServer } from "../testkit/http-server.ts";
import { startTestPlatform, type TestPlatform } from "../testkit/platform.ts";
import { startScriptedProvider, type ScriptedProvider } from "../testkit/scripted-provider.ts";

const deltas = graphql(`
  subscription AgentRunDeltas($runId: ID!) {
    runEvents(runId: $runId) {
      type
      path
      delta
      reasoningDelta
    }
  }
`);

let platform: TestPlatform;
let model: ScriptedProvider;
let shop: TestHttpServer;
beforeAll(async () => {
  [model, shop] = await Promise.all([startScriptedProvider(), startHttpServer()]);
  const env = { egressAllow: [shop.hostPort], providerBaseUrl: model.baseUrl, defaultModel: "scripted-model" };
  platform = await startTestPlatform({ env, workers: 0 });
});
beforeEach(() => {
  model.reset();
  shop.requests.length = 0;
});
afterAll(async () => {
  await platform.stop();
  await Promise.all([model.close(), shop.close()]);
});

const paths = (run: { nodeRuns: { edges: { node: { id: string; status: string } }[] } }) =>
  Object.fromEntries(run.nodeRuns.edges.map(({ node }) => [node.id.slice(node.id.indexOf(":") + 1), node.status]));
const execute = `mutation ($id: ID!, $input: ExecuteAgentRunInput!) {
  executeAgentRun(id: $id, input: $input) { id run { status outputText dryRun outputJson } } }`;
const executeNext = `mutation ($input: ClaimAgentRunInput!) { executeNextAgentRun(input: $input) { id run { status dryRun } } }`;
const create = `mutation ($input: CreateAgentRunInput!) { createAgentRun(input: $input) { id } }`;

describe("an agent's calls", () => {
  it("are executed by a worker of agents alone, where the owner of its run has no slot", async () => {
    shop.on("POST /do", { json: { n: 2 } });
    const tool = await makeTool(platform, { url: `${shop.url}/do` });
    const gate = Promise.withResolvers<void>();
    model.chat({ text: "First.", before: gate.promise }, calls([tool.name, { n: 1 }], [tool.name, { n: 2 }]), { text: "Second." });
    const { agentId } = await makeAgent(platform, { toolBindingIds: [tool.bindingId] });
    const owner = await platform.startWorker({ concurrency: 1 });
    const first = await askAgent(platform, agentId, "One.");
    await model.seen(1);
    const helper = await platform.startWorker({ only: ["agent", "team"] });
    const second = await finishRun(platform, await askAgent(platform, agentId, "Two."));
    expect(second).toMatchObject({ status: "COMPLETED", outputText: "Second.", outputJson: { steps: 2, tool_calls: 2 } });
    expect((model.requests[2]!.json["messages"] as JsonObject[]).map(({ role }) => role)).toEqual([
      ...["system", "user", "assistant"],
      ...["tool", "tool"],
    ]);
    gate.resolve();
    expect(await finishRun(platform, first)).toMatchObject({ status: "COMPLETED", outputText: "First." });
    await Promise.all([owner.stop(), helper.stop()]);
  });

  it("are none where the worker is a dry one", async () => {
    const worker = await platform.startWorker({}, { workerDryRun: true });
    const { agentId } = await makeAgent(platform);
    const run = await finishRun(platform, await askAgent(platform, agentId, "Hello?"));
    expect(run).toMatchObject({ status: "COMPLETED", outputJson: { dry_run: true } });
    expect(model.requests).toHaveLength(0);
    await worker.stop();
  });

  it("stream what the model says, while it does", async () => {
    const gate = Promise.withResolvers<void>();
    model.chat({ reasoning: "Two it is.", text: "One two", between: gate.promise });
    const { agentId } = await makeAgent(platform);
    const worker = await platform.startWorker();
    const id = await askAgent(platform, agentId, "Count.");
    const client = platform.client();
    const heard: JsonObject[] = [];
    for await (const { runEvents } of client.subscribe(deltas, { runId: id })) {
      if (runEvents.type === "NODE_DELTA") heard.push({ path: runEvents.path, text: runEvents.delta, thought: runEvents.reasoningDelta });
      gate.resolve();
    }
    expect(heard.map(({ text }) => text ?? "").join("")).toBe("One two");
    expect(heard.map(({ thought }) => thought ?? "").join("")).toBe("Two it is.");
    expect(heard.every(({ text, thought }) => text === null || thought === null)).toBe(true);
    expect(heard[0]).toMatchObject({ path: "agent/model#1" });
    await client.close();
    await worker.stop();
  });
});

describe("an agent run without a worker", () => {
  it.each(["WORKERS", "MANUAL"])("is executed by who asks for it, of execution %s", async (execution) => {
    const { agentId } = await makeAgent(platform);
    const id = await askAgent(platform, agentId, "Hello?", { execution });
    const done = await ask<{ executeAgentRun: JsonObject }>(platform, execute, { id, input: { workerKey: "me" } });
    expect(done.executeAgentRun).toMatchObject({ id, run: { status: "COMPLETED", outputText: "Hello there, friend.", dryRun: false } });
    const again = await ask<{ executeAgentRun: JsonObject }>(platform, execute, { id, input: { workerKey: "me" } });
    expect(again.executeAgentRun).toMatchObject({ run: { status: "COMPLETED" } });
    expect(model.requests).toHaveLength(1);
  });

  it("is executed dry, and cannot become so when it has begun", async () => {
    const { agentId } = await makeAgent(platform);
    const id = await askAgent(platform, agentId, "Hello?");
    const dry = { id, input: { workerKey: "me", dryRun: true } };
    const done = await ask<{ executeAgentRun: JsonObject }>(platform, execute, dry);
    expect(done.executeAgentRun).toMatchObject({ run: { status: "COMPLETED", dryRun: true, outputJson: { dry_run: true } } });
    expect(model.requests).toHaveLength(0);
    const real = await askAgent(platform, agentId, "Hello?");
    await ask(platform, execute, { id: real, input: { workerKey: "me" } });
    expect(await refusal(platform, execute, { ...dry, id: real })).toMatchObject({ code: "CONFLICT", reason: "AGENT_RUN_BEGUN" });
  });

  it("is the next one, of its tenant alone, until there is none", async () => {
    const headers = { "x-tenant-id": "next" };
    const { agentId } = await makeAgent(platform, {}, headers);
    const ids = [await askAgent(platform, agentId, "One", {}, headers), await askAgent(platform, agentId, "Two", {}, headers)];
    const next = async (tenant: string, more: object = {}) =>
      (
        await ask<{ executeNextAgentRun: JsonObject | null }>(
          platform,
          executeNext,
          { input: { workerKey: "me", ...more } },
          { "x-tenant-id": tenant },
        )
      ).executeNextAgentRun;
    expect(await next("other")).toBeNull();
    expect(await next("next")).toMatchObject({ id: ids[0], run: { status: "COMPLETED", dryRun: false } });
    expect(await next("next", { dryRun: true })).toMatchObject({ id: ids[1], run: { status: "COMPLETED", dryRun: true } });
    expect(await next("next")).toBeNull();
    expect(model.requests).toHaveLength(1);
  });

  it("shows what is queued of it", async () => {
    const { agentId } = await makeAgent(platform);
    const id = await askAgent(platform, agentId, "Hello?", { execution: "MANUAL" });
    const run = await readRun(platform, id);
    expect(run).toMatchObject({ status: "QUEUED", nodeRuns: { edges: [{ node: { nodeId: "agent", status: "QUEUED" } }] } });
  });

  it("is another tenant's to nobody else", async () => {
    const { agentId } = await makeAgent(platform);
    const id = await askAgent(platform, agentId, "Hello?");
    const other = { "x-tenant-id": "t2" };
    const query = `query ($id: ID!, $agent: ID!) { agentRun(id: $id) { id } agentRuns(agentId: $agent) { nodes { id } } }`;
    expect(await ask(platform, query, { id, agent: agentId }, other)).toEqual({ agentRun: null, agentRuns: { nodes: [] } });
    expect(await refusal(platform, execute, { id, input: { workerKey: "me" } }, other)).toMatchObject({ reason: "AGENT_RUN_NOT_FOUND" });
    expect(await refusal(platform, create, { input: { agentId, inputText: "Hi" } }, other)).toMatchObject({ reason: "AGENT_NOT_FOUND" });
  });
});

describe("an agent run whose model somebody else is", () => {
  const update = `mutation ($id: ID!, $input: UpdateNodeRunStatusInput!) { updateNodeRunStatus(id: $id, input: $input) { id } }`;
  const next = `mutation ($runId: ID!) { executeNextNode(runId: $runId, input: { workerKey: "me" }) { id status } }`;

  it("goes on with what they say as with what a model says: tools are called, and what stands for an answer ends it", async () => {
    shop.on("POST /read", { json: { page: 7 } });
    const tool = await makeTool(platform, { url: `${shop.url}/read` });
    const { agentId } = await makeAgent(platform, { toolBindingIds: [tool.bindingId] });
    const runId = await askAgent(platform, agentId, "What is on page 7?", { execution: "MANUAL" });
    const made = [1, 2].map((n) => ({ id: `c${n}`, name: tool.name, arguments: { n } }));
    model.chat(calls([tool.name, { n: 0 }]));
    const say = (part: string, input: JsonObject) =>
      ask(platform, update, { id: `${runId}:agent/${part}`, input: { status: "COMPLETED", ...input } });
    const refused = (part: string, input: JsonObject) =>
      refusal(platform, update, { id: `${runId}:agent/${part}`, input: { status: "COMPLETED", ...input } });

    await ask(platform, next, { runId });
    expect(await refused("tool#1.0", { status: "SKIPPED" })).toMatchObject({ code: "CONFLICT", reason: "AGENT_PART_NOT_SKIPPABLE" });
    await say("tool#1.0", { outputJson: { result: "page 0" } });
    expect(await refused("model#2", { status: "SKIPPED" })).toMatchObject({ code: "CONFLICT", reason: "AGENT_PART_NOT_SKIPPABLE" });
    const odd: [Json, string][] = [
      ["plain", "outputJson"],
      [{ tool_calls: {} }, "outputJson.tool_calls"],
      [{ tool_calls: [made[0]!, { id: "c2" }] }, "outputJson.tool_calls[1].name"],
      [{ usage: { prompt_tokens: -1 } }, "outputJson.usage.prompt_tokens"],
    ];
    for (const [outputJson, field] of odd)
      expect(await refused("model#2", { outputJson })).toMatchObject({ code: "BAD_USER_INPUT", reason: "AGENT_MESSAGE_INVALID", field });

    await say("model#2", { outputJson: { tool_calls: made, route: "answer", usage: { prompt_tokens: 5 } } });
    await ask(platform, next, { runId });
    await ask(platform, next, { runId });
    expect(shop.requests.map(({ body }) => body)).toEqual(['{"n":1}', '{"n":2}']);
    await say("model#3", { outputText: "It has 7." });
    const run = await readRun(platform, runId);
    expect(run).toMatchObject({ status: "COMPLETED", outputText: "It has 7.", outputJson: { steps: 3, tool_calls: 3 } });
    expect(Object.values(paths(run)).every((status) => status === "COMPLETED")).toBe(true);
    expect(model.requests).toHaveLength(1);
  });

  it("fails in its last step with what they ask for, which is not called: no model would be told of it", async () => {
    const tool = await makeTool(platform, { url: `${shop.url}/read` });
    const { agentId } = await makeAgent(platform, { toolBindingIds: [tool.bindingId], maxSteps: 2 });
    const runId = await askAgent(platform, agentId, "What is on page 7?", { execution: "MANUAL" });
    model.chat(calls([tool.name, { n: 0 }]));
    await ask(platform, next, { runId });
    const outputJson = { tool_calls: [{ id: "c", name: tool.name, arguments: {} }] };
    for (const part of ["tool#1.0", "model#2"])
      await ask(platform, update, { id: `${runId}:agent/${part}`, input: { status: "COMPLETED", outputJson } });
    const run = await readRun(platform, runId);
    expect(run).toMatchObject({ status: "FAILED", errorCode: "AGENT_MAX_STEPS" });
    expect(paths(run)).toEqual({
      ...{ agent: "FAILED", "agent/model#1": "COMPLETED", "agent/tool#1.0": "COMPLETED" },
      "agent/model#2": "FAILED",
    });
    expect(shop.requests).toEqual([]);
  });
});

describe("an agent run that is refused", () => {
  const asked = async (input: JsonObject, version: JsonObject = {}) => {
    const made = await makeAgent(platform, version);
    return refusal(platform, create, { input: { agentId: made.agentId, inputText: "Hi", ...input } });
  };

  it("names what is wrong", async () => {
    expect(await asked({}, { status: "DRAFT" })).toMatchObject({ code: "CONFLICT", reason: "AGENT_VERSION_NOT_PUBLISHED" });
    expect(await asked({ agentVersionId: "none" })).toMatchObject({ code: "NOT_FOUND", reason: "AGENT_VERSION_NOT_FOUND", id: "none" });
    expect(await asked({ agentId: "none" })).toMatchObject({ code: "NOT_FOUND", reason: "AGENT_NOT_FOUND", id: "none" });
    expect(await asked({ inputText: " " })).toMatchObject({ reason: "TEXT_TOO_SHORT", field: "inputText" });
    const other = await makeAgent(platform);
    expect(await asked({ agentVersionId: other.versionId })).toMatchObject({ reason: "AGENT_VERSION_OF_OTHER_AGENT" });
    expect(await asked({}, { modelConfig: { temperature: "hot" } })).toMatchObject({
      code: "BAD_USER_INPUT",
      reason: "AGENT_MODEL_CONFIG_INVALID",
      field: "modelConfig.temperature",
    });
  });

  it("is not for a draft that is named", async () => {
    const { agentId, versionId } = await makeAgent(platform, { status: "DRAFT" });
    const id = await askAgent(platform, agentId, "Hello?", { agentVersionId: versionId });
    await ask(platform, execute, { id, input: { workerKey: "me" } });
    expect(await readRun(platform, id)).toMatchObject({ status: "COMPLETED" });
  });
});
