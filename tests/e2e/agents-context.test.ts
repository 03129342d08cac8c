/** Conversations of agents that are too long for their models: made shorter once, or an outcome. */
import type { JsonObject } from "#shared/json.ts";
import { ask, finishRun } from "../testkit/graph.ts";
import { askAgent, calls, makeAgent, makeTool } from "../testkit/agents.ts";
import { startHttpServer, type TestHttpServer } from "../testkit/http-server.ts";
import { startTestPlatform, type TestPlatform } from "../testkit/platform.ts";
import { startScriptedProvider, type ProviderRequest, type ScriptedProvider, type ScriptedRefusal } from "../testkit/scripted-provider.ts";

let platform: TestPlatform;
let model: ScriptedProvider;
let shop: TestHttpServer;
beforeAll(async () => {
  [model, shop] = await Promise.all([startScriptedProvider(), startHttpServer()]);
  const env = { egressAllow: [shop.hostPort, model.hostPort], providerBaseUrl: model.baseUrl, defaultModel: "scripted-model" };
  platform = await startTestPlatform({ env });
});
beforeEach(() => model.reset());
afterAll(async () => {
  await platform.stop();
  await Promise.all([model.close(), shop.close()]);
});

const messagesOf = (request: ProviderRequest | undefined) => request?.json["messages"] as { role: string; content: string }[];
const statuses = (run: { nodeRuns: { edges: { node: { id: string; status: string } }[] } }) =>
  Object.fromEntries(run.nodeRuns.edges.map(({ node }) => [node.id.slice(node.id.indexOf("/") + 1), node.status]));
const refusal = (message: string, code = "invalid_request_error", status = 400): ScriptedRefusal => ({
  status,
  json: { error: { message, code } },
});
const tooLong = refusal("This model's maximum context length is 8192 tokens.", "context_length_exceeded");

/** Asks an agent whose tool answers with so many characters. */
async function asked(version: JsonObject, characters = 10) {
  shop.on("POST /read", { json: { page: "x".repeat(characters) } });
  const tool = await makeTool(platform, { url: `${shop.url}/read` });
  const { agentId } = await makeAgent(platform, { toolBindingIds: [tool.bindingId], ...version });
  return { tool, run: async () => finishRun(platform, await askAgent(platform, agentId, "What is on page 7?")) };
}

describe("a conversation that is too long", () => {
  it("is made shorter by a model call of its own when the provider refuses it, and the agent goes on", async () => {
    const { tool, run } = await asked({ maxSteps: 2 });
    model.chat(calls([tool.name, { n: 7 }]), tooLong, { text: "Page 7 has x." }, { text: "It has x." });
    const view = await run();
    expect(view).toMatchObject({ status: "COMPLETED", outputText: "It has x.", outputJson: { steps: 2, tool_calls: 1 } });
    expect(statuses(view)).toMatchObject({ "model#2": "COMPLETED", "compact#2": "COMPLETED", "model#3": "COMPLETED" });
    const [, record] = messagesOf(model.requests[2]);
    expect(record!.content).toContain("[user] What is on page 7?");
    expect(record!.content).toMatch(/\[assistant\] calls .*"n":7/);
    expect(record!.content).toContain('[tool] {"page":"xxxxxxxxxx"}');
    expect(model.requests[2]!.json["tools"]).toBeUndefined();
    const last = messagesOf(model.requests[3]);
    expect(last.map(({ role }) => role)).toEqual(["system", "user"]);
    expect(last[1]!.content).toMatch(/^What is on page 7\?\n\n[^]*Page 7 has x\.$/);
    expect(model.requests[3]!.json["tools"]).toHaveLength(1);
  });

  it("is AGENT_CONTEXT_TOO_LARGE when the shorter one is refused too", async () => {
    const { tool, run } = await asked({});
    model.chat(calls([tool.name, { n: 7 }]), tooLong, { text: "Page 7 has x." }, tooLong);
    expect(await run()).toMatchObject({ status: "FAILED", errorCode: "AGENT_CONTEXT_TOO_LARGE" });
    expect(model.requests).toHaveLength(4);
  });

  it.each<[string, ScriptedRefusal]>([
    ["a code", tooLong],
    ["a vendor's words", refusal("prompt is too long: 210000 tokens > 200000 maximum")],
    ["a request that is too large", refusal("Payload too large", "", 413)],
    ["the number of tokens", refusal("The input token count (1200000) exceeds the maximum number of tokens allowed (1048576).")],
    ["the available context", refusal("the request exceeds the available context size, try increasing it", "exceed_context_size_error")],
  ])("is AGENT_CONTEXT_TOO_LARGE at once where there is nothing to shorten: %s", async (_name, answer) => {
    const { run } = await asked({});
    model.chat(answer);
    expect(await run()).toMatchObject({ status: "FAILED", errorCode: "AGENT_CONTEXT_TOO_LARGE" });
    expect(model.requests).toHaveLength(1);
  });

  it("is made shorter too where the provider says so with status 200", async () => {
    const { tool, run } = await asked({});
    const told = { status: 200, json: { error: { message: "too long", code: "context_length_exceeded" } } };
    model.chat(calls([tool.name, { n: 7 }]), told, { text: "Page 7 has x." }, { text: "It has x." });
    expect(await run()).toMatchObject({ status: "COMPLETED", outputText: "It has x." });
    expect(model.requests).toHaveLength(4);
  });

  it("is AGENT_CONTEXT_TOO_LARGE when it is too long to be shortened", async () => {
    const { tool, run } = await asked({});
    model.chat(calls([tool.name, { n: 7 }]), tooLong, tooLong);
    expect(await run()).toMatchObject({ status: "FAILED", errorCode: "AGENT_CONTEXT_TOO_LARGE" });
    expect(model.requests).toHaveLength(3);
  });

  it("is made shorter before it is sent where contextTokens says so, and its record fits", async () => {
    const { tool, run } = await asked({ modelConfig: { contextTokens: 5_000 } }, 60_000);
    model.chat(calls([tool.name, { n: 7 }]), { text: "Page 7 has many x." }, { text: "Many x." });
    expect(await run()).toMatchObject({ status: "COMPLETED", outputText: "Many x.", outputJson: { steps: 2 } });
    expect(model.requests).toHaveLength(3);
    const [, record] = messagesOf(model.requests[1]);
    expect(record!.content).toContain("characters…]");
    expect(record!.content.length).toBeLessThan(32_000);
  });

  it("counts what shortening it has used, before the next call", async () => {
    const { tool, run } = await asked({ modelConfig: { maxTotalTokens: 100 } });
    const usage = { prompt_tokens: 90, completion_tokens: 5 };
    model.chat(calls([tool.name, { n: 7 }]), tooLong, { text: "Page 7 has x.", usage }, { text: "too late" });
    expect(await run()).toMatchObject({ status: "FAILED", errorCode: "AGENT_BUDGET_EXCEEDED" });
    expect(model.requests).toHaveLength(3);
  });

  it("counts what it has cost, by the prices of its provider, before the next call", async () => {
    const input = {
      code: "priced",
      name: "P",
      baseUrl: model.baseUrl,
      defaultModel: "m",
      prices: { m: { prompt: 1_000_000, completion: 0 } },
    };
    await ask(platform, `mutation ($input: CreateModelProviderInput!) { createModelProvider(input: $input) { id } }`, { input });
    const { tool, run } = await asked({ modelConfig: { providerCode: "priced", maxTotalPrice: 14 } });
    const more = (n: number) => calls([tool.name, { n }]);
    model.chat(more(1), more(2), { text: "too late" });
    const view = await run();
    expect(view).toMatchObject({
      status: "FAILED",
      errorCode: "AGENT_BUDGET_EXCEEDED",
      errorMessage: expect.stringContaining("cost 14") as string,
    });
    expect(model.requests).toHaveLength(2);
    const usage = await ask(platform, `query ($id: ID!) { modelUsage(runId: $id) { calls price pricedCalls } }`, { id: view.id });
    expect(usage).toEqual({ modelUsage: [{ calls: 2, price: 14, pricedCalls: 2 }] });
    model.chat({ text: "Seven." });
    expect((await run()).outputJson).toMatchObject({ usage: { price: 7 } });
  });

  it("is a refusal like any other where it is about something else", async () => {
    const { tool, run } = await asked({});
    model.chat(calls([tool.name, { n: 7 }]), refusal("max_tokens is too large: 100000. This model supports at most 4096."));
    expect(await run()).toMatchObject({ status: "FAILED", errorCode: "MODEL_REQUEST_REFUSED" });
  });
});
