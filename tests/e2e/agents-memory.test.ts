/** Agents that remember: memory policies and sessions. */
import type { JsonObject } from "#shared/json.ts";
import { ask, finishRun, makeWorkflow, refusal, startRun } from "../testkit/graph.ts";
import { askAgent, makeAgent } from "../testkit/agents.ts";
import { eventually } from "../testkit/eventually.ts";
import { startTestPlatform, type TestPlatform } from "../testkit/platform.ts";
import { startScriptedProvider, type ScriptedProvider } from "../testkit/scripted-provider.ts";

let platform: TestPlatform;
let model: ScriptedProvider;
beforeAll(async () => {
  model = await startScriptedProvider();
  platform = await startTestPlatform({ env: { providerBaseUrl: model.baseUrl, defaultModel: "scripted-model" } });
});
beforeEach(() => model.reset());
afterAll(async () => {
  await platform.stop();
  await model.close();
});

const policy = (more: JsonObject) => ({ memoryPolicy: { enabled: true, memoryScope: "USER", ...more } });
const remember = (contentText: string, scopeId: string, headers?: Record<string, string>) =>
  ask(
    platform,
    `mutation ($input: CreateMemoryInput!) { createMemory(input: $input) { id } }`,
    { input: { scopeType: "USER", scopeId, contentText } },
    headers,
  );
const memories = async (scopeId: string, headers?: Record<string, string>) => {
  const query = `query ($scopeId: String!) { memories(scopeType: USER, scopeId: $scopeId) { nodes { contentText memoryType importanceScore } } }`;
  return (await ask<{ memories: { nodes: JsonObject[] } }>(platform, query, { scopeId }, headers)).memories.nodes;
};
const system = () => String((model.requests.at(-1)!.json["messages"] as JsonObject[])[0]!["content"]);

describe("an agent's memory", () => {
  it("is read before the model is asked: that of its scope, as much as the policy says, and no other tenant's", async () => {
    await remember("Tea is what Ann likes best.", "ann");
    await remember("Tea is what Bob likes least.", "bob");
    await remember("Tea is a secret of the other tenant.", "ann", { "x-tenant-id": "t2" });
    const { agentId } = await makeAgent(platform, policy({ readTopK: 3 }));
    const run = await finishRun(platform, await askAgent(platform, agentId, "What about tea?", { userId: "ann" }));
    expect(run).toMatchObject({ status: "COMPLETED" });
    expect(system()).toContain("What you remember:\n- Tea is what Ann likes best.");
    expect(system()).not.toMatch(/Bob|secret/);
  });

  it.each<[string, JsonObject, JsonObject]>([
    ["enabled is false", { enabled: false }, { userId: "cat" }],
    ["readTopK is 0", { readTopK: 0 }, { userId: "cat" }],
    ["nobody said which user", {}, {}],
  ])("is not read where %s", async (_name, given, more) => {
    await remember("Milk is what Cat likes.", "cat");
    const { agentId } = await makeAgent(platform, policy(given));
    await finishRun(platform, await askAgent(platform, agentId, "Milk?", more));
    expect(system()).not.toContain("remember");
  });

  it("is written once, after a model has answered, with the importance of its policy", async () => {
    const version = policy({ writeEnabled: true, config: { write_importance_score: 61 } });
    const { agentId } = await makeAgent(platform, version);
    await finishRun(platform, await askAgent(platform, agentId, "I am Dan.", { userId: "dan" }));
    expect(await memories("dan")).toEqual([
      { contentText: "User: I am Dan.\nAgent: Hello there, friend.", memoryType: "conversation", importanceScore: 61 },
    ]);
  });

  it.each<[string, JsonObject, JsonObject]>([
    ["the model fails", policy({ writeEnabled: true }), {}],
    ["it is a dry run", policy({ writeEnabled: true }), { dryRun: true }],
    ["writeEnabled is false", policy({}), {}],
    ["the policy is not enabled", policy({ writeEnabled: true, enabled: false }), {}],
  ])("is not written where %s", async (name, version, more) => {
    if (name === "the model fails") model.chat({ status: 400, json: {} });
    const { agentId } = await makeAgent(platform, version);
    await finishRun(platform, await askAgent(platform, agentId, "I am Eve.", { userId: "eve", ...more }));
    expect(await memories("eve")).toEqual([]);
  });
});

describe("a memory node", () => {
  const node = (id: string, config: JsonObject) => ({
    id,
    type: "memory",
    config: { scope: "USER", scope_id: "{{ input.user }}", ...config },
  });
  const recall = node("recall", { action: "search", query: "{{ input.about }}", memory_type: "fact" });
  const write = node("remember", {
    action: "write",
    content: "Likes {{ input.about }}.",
    importance: 70,
    metadata: { run: "{{ input.user }}" },
  });
  const started = async (one: JsonObject, input: JsonObject, more: JsonObject = {}) =>
    startRun(platform, (await makeWorkflow(platform, { nodes: [one], edges: [] })).workflowId, input, more);

  it("finds what is remembered of its scope, and of no other", async () => {
    await remember("Fay likes mint tea.", "fay");
    await remember("Gus likes mint tea.", "gus");
    await remember("Mint tea of the other tenant.", "fay", { "x-tenant-id": "t2" });
    const run = await finishRun(platform, await started(recall, { user: "fay", about: "mint" }));
    const found = run.nodeRuns.edges[0]!.node;
    expect(found).toMatchObject({ status: "COMPLETED", outputText: "Fay likes mint tea." });
    expect(found.outputJson).toMatchObject({
      query: "mint",
      memories: [{ text: "Fay likes mint tea.", memory_type: "fact", importance: 50 }],
    });
  });

  it.each<[string, JsonObject, JsonObject[]]>([
    ["writes once", {}, [{ contentText: "Likes figs.", memoryType: "fact", importanceScore: 70 }]],
    ["writes nothing in a dry run", { dryRun: true }, []],
  ])("%s", async (name, more, there) => {
    const user = name.replaceAll(" ", "-");
    await finishRun(platform, await started(write, { user, about: "figs" }, more));
    expect(await memories(user)).toEqual(there);
  });

  it("says which key its template left empty, and what the memory subgraph refuses", async () => {
    const ended = async (config: JsonObject, input: JsonObject) => {
      const run = await finishRun(platform, await started(node("remember", config), input));
      return run.nodeRuns.edges[0]!.node;
    };
    const content = "x";
    expect(await ended({ action: "write", content }, { user: "" })).toMatchObject({
      errorCode: "NODE_CONFIG_INVALID",
      errorMessage: expect.stringContaining("scope_id"),
    });
    expect(await ended({ action: "write", content, scope: "SESSION" }, { user: "nobody" })).toMatchObject({
      errorCode: "SESSION_NOT_FOUND",
    });
    expect(await ended({ action: "write", content, expires_at: "2001-01-01T00:00:00Z" }, { user: "u" })).toMatchObject({
      errorCode: "EXPIRES_AT_PAST",
    });
    expect(await ended({ action: "write", content, expires_at: "{{ input.user }}" }, { user: "soon" })).toMatchObject({
      errorCode: "NODE_CONFIG_INVALID",
      errorMessage: expect.stringContaining('expires_at: "soon" is no time with its offset, such as'),
    });
  });
});

describe("an agent in a session", () => {
  const session = async () => {
    const app = await ask<{ createApp: { id: string } }>(
      platform,
      `mutation ($code: String!) { createApp(input: { code: $code, name: "Chat" }) { id } }`,
      { code: `chat-${Date.now()}` },
    );
    const made = await ask<{ createSession: { id: string } }>(
      platform,
      `mutation ($appId: ID!) { createSession(input: { appId: $appId, userId: "ann" }) { id } }`,
      { appId: app.createApp.id },
    );
    return made.createSession.id;
  };
  const messages = async (id: string) => {
    const query = `query ($id: ID!) { session(id: $id) { messages { nodes { role content run { id } } } agentRuns { nodes { id } } } }`;
    return (await ask<{ session: { messages: { nodes: JsonObject[] }; agentRuns: { nodes: JsonObject[] } } }>(platform, query, { id }))
      .session;
  };

  it("knows what was said before, and adds the question and the answer", async () => {
    const sessionId = await session();
    const { agentId } = await makeAgent(platform);
    const answered = (count: number) =>
      eventually(
        () => messages(sessionId),
        ({ messages: { nodes } }) => nodes.length === count,
      );
    model.chat({ text: "Hello, Ann." });
    const first = await askAgent(platform, agentId, "I am Ann.", { sessionId });
    await finishRun(platform, first);
    // At once: the answer may not have been told to the session yet.
    model.chat({ text: "You are Ann." });
    const second = await askAgent(platform, agentId, "Who am I?", { sessionId });
    await finishRun(platform, second);
    const { messages: said, agentRuns } = await answered(4);
    expect(said.nodes).toEqual([
      { role: "USER", content: "I am Ann.", run: null },
      { role: "ASSISTANT", content: "Hello, Ann.", run: { id: first } },
      { role: "USER", content: "Who am I?", run: null },
      { role: "ASSISTANT", content: "You are Ann.", run: { id: second } },
    ]);
    expect(agentRuns.nodes).toEqual([{ id: second }, { id: first }]);
    expect((model.requests.at(-1)!.json["messages"] as JsonObject[]).slice(1)).toEqual([
      { role: "user", content: "I am Ann." },
      { role: "assistant", content: "Hello, Ann." },
      { role: "user", content: "Who am I?" },
    ]);
  });

  it("is told nothing by a dry run, which knows what was said", async () => {
    const sessionId = await session();
    const { agentId } = await makeAgent(platform);
    await finishRun(platform, await askAgent(platform, agentId, "I am Ann.", { sessionId }));
    const dry = await finishRun(platform, await askAgent(platform, agentId, "Who am I?", { sessionId, dryRun: true }));
    expect(dry.outputJson).toMatchObject({
      request: {
        messages: [
          { role: "SYSTEM" },
          { role: "USER", content: "I am Ann." },
          { role: "ASSISTANT", content: "Hello there, friend." },
          { role: "USER", content: "Who am I?" },
        ],
      },
    });
    const byHand = await askAgent(platform, agentId, "And now?", { sessionId, execution: "MANUAL" });
    const execute = `mutation ($id: ID!) { executeAgentRun(id: $id, input: { workerKey: "me", dryRun: true }) { run { status } } }`;
    expect(await ask(platform, execute, { id: byHand })).toEqual({ executeAgentRun: { run: { status: "COMPLETED" } } });
    // What is still to be told to the session is told before this is added.
    await finishRun(platform, await askAgent(platform, agentId, "Thanks.", { sessionId }));
    const { messages: said } = await messages(sessionId);
    expect(said.nodes.slice(0, 4).map(({ content }) => content)).toEqual(["I am Ann.", "Hello there, friend.", "And now?", "Thanks."]);
  });

  it("adds the question once, however often it is asked with one key", async () => {
    const sessionId = await session();
    const { agentId } = await makeAgent(platform);
    const one = { sessionId, idempotencyKey: `key-${sessionId}` };
    const ids = await Promise.all([askAgent(platform, agentId, "Once.", one), askAgent(platform, agentId, "Once.", one)]);
    expect(new Set(ids).size).toBe(1);
    await finishRun(platform, ids[0]);
    const { messages: said } = await eventually(
      () => messages(sessionId),
      ({ messages: { nodes } }) => nodes.length === 2,
    );
    expect(said.nodes.map(({ role }) => role)).toEqual(["USER", "ASSISTANT"]);
  });

  it("is refused where the session is closed, or is none of the tenant", async () => {
    const sessionId = await session();
    const { agentId } = await makeAgent(platform);
    await ask(platform, `mutation ($id: ID!) { closeSession(id: $id) { id } }`, { id: sessionId });
    const create = `mutation ($input: CreateAgentRunInput!) { createAgentRun(input: $input) { id } }`;
    expect(await refusal(platform, create, { input: { agentId, inputText: "Hi", sessionId } })).toMatchObject({ reason: "SESSION_CLOSED" });
    expect(await refusal(platform, create, { input: { agentId, inputText: "Hi", sessionId: "none" } })).toMatchObject({
      code: "NOT_FOUND",
    });
  });
});
