import { isJsonObject, type Json, type JsonObject } from "#shared/json.ts";
import { ask, finishRun, makeWorkflow, refusal, startRun, type Dsl } from "../testkit/graph.ts";
import { eventually } from "../testkit/eventually.ts";
import { askAgent, calls, makeAgent, makeTool } from "../testkit/agents.ts";
import { startHttpServer, type TestHttpServer } from "../testkit/http-server.ts";
import { startTestPlatform, type TestPlatform } from "../testkit/platform.ts";
import { startScriptedProvider, type ProviderRequest, type ScriptedProvider } from "../testkit/scripted-provider.ts";

let platform: TestPlatform;
let model: ScriptedProvider;
let shop: TestHttpServer;
beforeAll(async () => {
  [model, shop] = await Promise.all([startScriptedProvider(), startHttpServer()]);
  platform = await startTestPlatform({
    env: { egressAllow: [shop.hostPort], providerBaseUrl: model.baseUrl, defaultModel: "scripted-model" },
  });
});
beforeEach(() => {
  model.reset();
  shop.requests.length = 0;
});
afterAll(async () => {
  await platform.stop();
  await Promise.all([model.close(), shop.close()]);
});

const messagesOf = (request: ProviderRequest | undefined) => request?.json["messages"] as JsonObject[];
const paths = (run: { nodeRuns: { edges: { node: { id: string; status: string } }[] } }) =>
  Object.fromEntries(run.nodeRuns.edges.map(({ node }) => [node.id.slice(node.id.indexOf(":") + 1), node.status]));

describe("an agent", () => {
  it("answers, with what its version says of it", async () => {
    const { agentId, versionId } = await makeAgent(platform, {
      role: "greeter",
      goal: "Greet.",
      systemPrompt: "Be kind.",
      modelConfig: { temperature: 0.5 },
    });
    const runId = await askAgent(platform, agentId, "Hello?");
    const run = await finishRun(platform, runId);
    expect(run).toMatchObject({ status: "COMPLETED", outputText: "Hello there, friend." });
    expect(paths(run)).toEqual({ agent: "COMPLETED", "agent/model#1": "COMPLETED" });
    expect(model.requests).toHaveLength(1);
    expect(model.requests[0]!.json).toMatchObject({ temperature: 0.5, model: "scripted-model" });
    expect(messagesOf(model.requests[0])).toEqual([
      { role: "system", content: "Your role: greeter\n\nYour goal: Greet.\n\nBe kind." },
      { role: "user", content: "Hello?" },
    ]);
    const seen = await ask<{ agentRun: JsonObject }>(
      platform,
      `query ($id: ID!) {
        agentRun(id: $id) {
          id inputText inputJson agent { id runs { nodes { id } } } agentVersion { id } session { id }
          run { id kind status agentRun { id } usage { modelCalls promptTokens completionTokens } workflow { id } }
        }
      }`,
      { id: runId },
    );
    expect(seen.agentRun).toEqual({
      id: runId,
      inputText: "Hello?",
      inputJson: null,
      agent: { id: agentId, runs: { nodes: [{ id: runId }] } },
      agentVersion: { id: versionId },
      session: null,
      run: {
        id: runId,
        kind: "AGENT",
        status: "COMPLETED",
        agentRun: { id: runId },
        usage: { modelCalls: 1, promptTokens: 7, completionTokens: 3 },
        workflow: null,
      },
    });
  });

  it("in a workflow may be a run of its own, of its own kind, whose calls count as the node's", async () => {
    model.chat({ text: "Tea." });
    const { agentId, code } = await makeAgent(platform, { role: "host" });
    const config = { agent_code: code, input: "About {{ input.topic }}?", input_json: { cups: 2 }, mode: "run" };
    const dsl = { nodes: [{ id: "ask", type: "agent", config, timeout_seconds: 600 }], edges: [] };
    const { workflowId } = await makeWorkflow(platform, dsl);
    const runId = await startRun(platform, workflowId, { topic: "tea" });
    const run = await finishRun(platform, runId);
    expect(run).toMatchObject({ status: "COMPLETED", outputText: "Tea.", outputJson: { steps: 1 } });
    expect(messagesOf(model.requests[0]).at(-1)!["content"]).toContain("About tea?");
    const seen = await ask<{ run: { childRuns: { edges: { node: JsonObject }[] } } }>(
      platform,
      `query ($id: ID!) { run(id: $id) { usage { modelCalls } nodeRuns { edges { node { path usage { modelCalls } } } }
        childRuns { edges { node { kind depth agentRun { inputText inputJson agent { id } } usage { modelCalls } } } } } }`,
      { id: runId },
    );
    expect(seen.run).toEqual({
      usage: { modelCalls: 1 },
      nodeRuns: { edges: [{ node: { path: "ask", usage: { modelCalls: 1 } } }] },
      childRuns: {
        edges: [
          {
            node: {
              kind: "AGENT",
              depth: 1,
              agentRun: { inputText: "About tea?", inputJson: { cups: 2 }, agent: { id: agentId } },
              usage: { modelCalls: 1 },
            },
          },
        ],
      },
    });
  });

  it("stands in a plan once for each node that names it, and a plan has 4 MiB", async () => {
    const { code } = await makeAgent(platform, { systemPrompt: "x".repeat(100_000) });
    const nodes = Array.from({ length: 42 }, (_, index) => ({
      id: `ask${index}`,
      type: "agent",
      config: { agent_code: code, input: "Hi.", ...(index % 2 === 0 && { mode: "run" }) },
    }));
    const { workflowId } = await makeWorkflow(platform, { nodes, edges: [] });
    const create = "mutation ($workflowId: ID!) { createRun(input: { workflowId: $workflowId }) { id } }";
    expect(await refusal(platform, create, { workflowId })).toMatchObject({ reason: "PLAN_TOO_LARGE", of: "bytes", limit: 4 << 20 });
  });

  it("calls its tools, side by side, and gives the model what they answer", async () => {
    let both = (): void => {};
    const isBoth = new Promise<void>((resolve) => (both = resolve));
    let open = 0;
    shop.on("POST /stock", (_request, response) => {
      if (++open === 2) both();
      void isBoth.then(() => response.end(JSON.stringify({ stock: 7 })));
    });
    const tool = await makeTool(platform, { url: `${shop.url}/stock`, inputSchema: { type: "object", required: ["item"] } });
    model.chat(calls([tool.name, { item: "a" }], [tool.name, { item: "b" }]), { text: "Seven of each." });
    const { agentId } = await makeAgent(platform, { toolBindingIds: [tool.bindingId] });
    const run = await finishRun(platform, await askAgent(platform, agentId, "How many?"));
    expect(run).toMatchObject({ status: "COMPLETED", outputText: "Seven of each.", outputJson: { steps: 2, tool_calls: 2 } });
    expect(paths(run)).toEqual({
      agent: "COMPLETED",
      "agent/model#1": "COMPLETED",
      "agent/tool#1.0": "COMPLETED",
      "agent/tool#1.1": "COMPLETED",
      "agent/model#2": "COMPLETED",
    });
    expect(shop.requests.map(({ body }) => body).toSorted()).toEqual(['{"item":"a"}', '{"item":"b"}']);
    expect(model.requests[0]!.json["tools"]).toEqual([
      {
        type: "function",
        function: {
          name: tool.name,
          description: "Does it.",
          parameters: { type: "object", required: ["item"] },
        },
      },
    ]);
    const [, , said, first, second] = messagesOf(model.requests[1]);
    expect(said).toMatchObject({ role: "assistant", tool_calls: [{ function: { arguments: '{"item":"a"}' } }, {}] });
    const ids = (said!["tool_calls"] as JsonObject[]).map(({ id }) => id);
    expect([first, second]).toMatchObject([
      { role: "tool", tool_call_id: ids[0] },
      { role: "tool", tool_call_id: ids[1] },
    ]);
    expect(JSON.parse(String(first!["content"]))).toEqual({ stock: 7 });
  });

  it("works in a workflow as by itself, and gives its answer to what follows", async () => {
    const { code } = await makeAgent(platform);
    const dsl = {
      nodes: [
        { id: "ask", type: "agent", config: { agent_code: code, input: "About {{ input.topic }}?" } },
        { id: "say", type: "answer", config: { answer: "{{ nodes.ask.text }} ({{ nodes.ask.output.steps }})" } },
      ],
      edges: [{ source: "ask", target: "say" }],
    };
    const { workflowId } = await makeWorkflow(platform, dsl);
    const run = await finishRun(platform, await startRun(platform, workflowId, { topic: "tea" }));
    expect(run).toMatchObject({ status: "COMPLETED", outputText: "Hello there, friend. (1)" });
    expect(paths(run)).toMatchObject({ ask: "COMPLETED", "ask/model#1": "COMPLETED" });
    expect(messagesOf(model.requests[0])[1]).toEqual({ role: "user", content: "About tea?" });
  });
});

describe("an agent within other composites", () => {
  it("works in a sub-workflow and in a loop's rounds, frozen with the run, and sees what is theirs", async () => {
    const [one, other] = [await makeAgent(platform), await makeAgent(platform)];
    const asks = ({ code }: { code: string }, input: string): Dsl["nodes"][number] => ({
      id: "ask",
      type: "agent",
      config: { agent_code: code, input },
    });
    const inner = await makeWorkflow(platform, { nodes: [asks(one, "In {{ input.city }}?")], edges: [] });
    const body = { nodes: [asks(other, "Round {{ index }} of {{ loop.name }}?")], edges: [] };
    const dsl: Dsl = {
      nodes: [
        { id: "sub", type: "sub-workflow", config: { workflow_id: inner.workflowId, input: { city: "Bern" } } },
        { id: "loop", type: "loop", config: { max_rounds: 2, variables: { name: "Ada" }, body } },
      ],
      edges: [{ source: "sub", target: "loop" }],
    };
    const { workflowId } = await makeWorkflow(platform, dsl);
    const run = await finishRun(platform, await startRun(platform, workflowId));
    expect(run).toMatchObject({ status: "COMPLETED", outputText: "Hello there, friend.", outputJson: { rounds: 2 } });
    const asked = model.requests.map((request) => messagesOf(request)[1]!["content"]);
    expect(asked).toEqual(["In Bern?", "Round 0 of Ada?", "Round 1 of Ada?"]);
    expect(paths(run)).toMatchObject({ "sub/ask/model#1": "COMPLETED", "loop#1/ask/model#1": "COMPLETED" });
  });
});

describe("an agent whose tool's binding wants a person to approve", () => {
  interface Asked {
    id: string;
    waitReason: string;
    waiting: { toolName: string; arguments: JsonObject };
  }
  const waitingOf = `query ($runId: ID!) {
    run(id: $runId) { status nodeRuns(first: 20) { edges { node { id waitReason waiting { toolName arguments } } } } }
  }`;

  /** The calls that wait, when nothing else of the run goes on. */
  async function asked(runId: string, count: number): Promise<Asked[]> {
    const isAsked = ({ waitReason }: Asked): boolean => waitReason === "APPROVAL";
    const seen = await eventually(
      async () => (await ask<{ run: { status: string; nodeRuns: { edges: { node: Asked }[] } } }>(platform, waitingOf, { runId })).run,
      ({ status, nodeRuns }) => status === "WAITING" && nodeRuns.edges.filter(({ node }) => isAsked(node)).length === count,
    );
    return seen.nodeRuns.edges.map(({ node }) => node).filter(isAsked);
  }

  const decide = (id: string, input: JsonObject) =>
    ask(platform, `mutation ($id: ID!, $input: ResumeNodeRunInput!) { resumeNodeRun(id: $id, input: $input) { id } }`, { id, input });

  it("asks for each call by itself, makes it as it was approved of, and tells the model what was rejected or changed", async () => {
    shop.on("POST /refund", (_request, response) => void response.end("{}"));
    const tool = await makeTool(platform, {
      url: `${shop.url}/refund`,
      inputSchema: { type: "object", properties: { euros: { type: "number" } } },
      config: { requires_approval: "arguments.euros > 10" },
    });
    model.chat(calls([tool.name, { euros: 5 }], [tool.name, { euros: 20 }], [tool.name, { euros: 30 }]), { text: "Done." });
    const { agentId } = await makeAgent(platform, { toolBindingIds: [tool.bindingId] });
    const runId = await askAgent(platform, agentId, "Refund them.");
    const [first, second] = await asked(runId, 2);
    expect([first, second]).toMatchObject([
      { id: `${runId}:agent/tool#1.1`, waiting: { toolName: tool.name, arguments: { euros: 20 } } },
      { id: `${runId}:agent/tool#1.2`, waiting: { toolName: tool.name, arguments: { euros: 30 } } },
    ]);
    const made = () => shop.requests.map(({ body }) => JSON.parse(body) as JsonObject);
    expect(made()).toEqual([{ euros: 5 }]);

    const answer = `mutation ($id: ID!, $input: ResumeNodeRunInput!) { resumeNodeRun(id: $id, input: $input) { id } }`;
    const many = { id: first!.id, input: { decision: "APPROVE", arguments: { euros: "many" } } };
    expect(await refusal(platform, answer, many)).toMatchObject({
      reason: "ANSWER_INVALID",
      problems: [{ field: "/euros", message: expect.stringContaining("number") as string }],
    });
    await decide(second!.id, { decision: "REJECT", reason: "too much" });
    await decide(first!.id, { decision: "APPROVE", arguments: { euros: 15 } });
    const run = await finishRun(platform, runId);
    expect(run).toMatchObject({ status: "COMPLETED", outputText: "Done." });
    expect(paths(run)).toMatchObject({ "agent/tool#1.1": "COMPLETED", "agent/tool#1.2": "FAILED" });
    const rejected = run.nodeRuns.edges.find(({ node }) => node.errorCode === "APPROVAL_REJECTED")?.node;
    expect(rejected).toMatchObject({ id: second!.id, outputJson: { name: tool.name, arguments: { euros: 30 } } });
    expect(made()).toEqual([{ euros: 5 }, { euros: 15 }]);
    const answers = messagesOf(model.requests[1]).filter(({ role }) => role === "tool");
    expect(answers[0]).toMatchObject({ content: "{}" });
    expect(answers[1]!["content"]).toBe('A person had it called with other arguments: {"euros":15}\n{}');
    expect(JSON.parse(String(answers[2]!["content"]))).toMatchObject({
      error: { code: "APPROVAL_REJECTED", message: "anonymous rejected the call: too much. It was not made." },
    });
  });

  it("tells the model of changed arguments where the call is refused, too", async () => {
    const tool = await makeTool(platform, { url: "http://10.0.0.1/refund", config: { requires_approval: true } });
    model.chat(calls([tool.name, { euros: 20 }]), { text: "It did not go." });
    const { agentId } = await makeAgent(platform, { toolBindingIds: [tool.bindingId] });
    const runId = await askAgent(platform, agentId, "Refund it.");
    const [call] = await asked(runId, 1);
    await decide(call!.id, { decision: "APPROVE", arguments: { euros: 15 } });
    const { nodeRuns } = await finishRun(platform, runId);
    const refused = nodeRuns.edges.find(({ node }) => node.errorCode === "EGRESS_DENIED")?.node;
    expect(refused?.outputJson).toMatchObject({ name: tool.name, arguments: { euros: 20 }, approved_arguments: { euros: 15 } });
    const told = String(messagesOf(model.requests[1]).at(-1)?.["content"]);
    expect(told).toMatch(/^A person had it called with other arguments: \{"euros":15\}\n\{"error":\{"code":"EGRESS_DENIED"/);
  });

  it("asks nobody in a dry run, and lets nothing through whose policy cannot be worked out", async () => {
    const tool = await makeTool(platform, { url: `${shop.url}/refund`, config: { requires_approval: "arguments.euros.cents > 10" } });
    model.chat(calls([tool.name, { euros: "5" }]), { text: "It did not go." });
    const { agentId } = await makeAgent(platform, { toolBindingIds: [tool.bindingId] });
    const run = await finishRun(platform, await askAgent(platform, agentId, "Refund it."));
    expect(run).toMatchObject({ status: "COMPLETED", outputText: "It did not go." });
    expect(paths(run)).toMatchObject({ "agent/tool#1.0": "FAILED" });
    expect(shop.requests).toEqual([]);
    expect(await finishRun(platform, await askAgent(platform, agentId, "Refund it.", { dryRun: true }))).toMatchObject({
      status: "COMPLETED",
      outputJson: { dry_run: true },
    });
  });
});

describe("an agent that is told something while it works", () => {
  const send = `mutation ($runId: ID!, $input: SendAgentInputInput!) { sendAgentInput(runId: $runId, input: $input) { id status } }`;

  it("sees it in its next model call, behind the answers of its tools, and in all later ones", async () => {
    const gate = Promise.withResolvers<void>();
    shop.on("POST /slow", (_request, response) => void gate.promise.then(() => response.end("{}")));
    const tool = await makeTool(platform, { url: `${shop.url}/slow` });
    model.chat(calls([tool.name, { n: 1 }]), calls([tool.name, { n: 2 }]), { text: "Done." });
    const { agentId } = await makeAgent(platform, { toolBindingIds: [tool.bindingId] });
    const runId = await askAgent(platform, agentId, "Do it.");
    await eventually(
      () => Promise.resolve(shop.requests.length),
      (count) => count === 1,
    );
    const input = { text: "In red.", idempotencyKey: "red" };
    expect(await ask(platform, send, { runId, input })).toMatchObject({ sendAgentInput: { id: runId, status: "RUNNING" } });
    await ask(platform, send, { runId, input });
    const reused = { runId, input: { ...input, text: "In blue." } };
    expect(await refusal(platform, send, reused)).toMatchObject({ code: "CONFLICT", reason: "IDEMPOTENCY_KEY_REUSED" });
    gate.resolve();
    const run = await finishRun(platform, runId);
    expect(run).toMatchObject({ status: "COMPLETED", outputText: "Done." });
    const roles = (request: ProviderRequest | undefined) => messagesOf(request).map(({ role }) => role);
    expect(roles(model.requests[1])).toEqual(["system", "user", "assistant", "tool", "user"]);
    expect(roles(model.requests[2])).toEqual(["system", "user", "assistant", "tool", "user", "assistant", "tool"]);
    expect(messagesOf(model.requests[2])[4]).toEqual({ role: "user", content: "In red." });
    expect(paths(run)["agent/input#2"]).toBeUndefined();
    expect(await refusal(platform, send, { runId, input: { text: "Too late." } })).toMatchObject({
      code: "CONFLICT",
      reason: "AGENT_NOT_WORKING",
    });
    // Its answer may have been lost: it was told.
    expect(await ask(platform, send, { runId, input })).toMatchObject({ sendAgentInput: { id: runId, status: "COMPLETED" } });
    expect(await refusal(platform, send, reused)).toMatchObject({ reason: "IDEMPOTENCY_KEY_REUSED" });
  });

  it.each([
    [{ text: "" }, { reason: "TEXT_TOO_SHORT", field: "text" }],
    [{ text: "x".repeat(250_001) }, { reason: "TEXT_TOO_LONG", field: "text", max: 250_000 }],
    [
      { text: "Hi.", idempotencyKey: "k".repeat(201) },
      { reason: "IDEMPOTENCY_KEY_INVALID", field: "idempotencyKey", max: 200 },
    ],
  ])("is told neither too little nor too much: $reason", async (input, refused) => {
    expect(await refusal(platform, send, { runId: "01a2-none", input })).toMatchObject(refused);
  });

  it("is told nothing by another tenant, and nothing where there is no agent", async () => {
    const never = { runId: "01a2-none", input: { text: "Hi." } };
    expect(await refusal(platform, send, never)).toMatchObject({ reason: "RUN_NOT_FOUND" });
    const gate = Promise.withResolvers<void>();
    model.chat({ text: "Done.", before: gate.promise });
    const { agentId } = await makeAgent(platform);
    const runId = await askAgent(platform, agentId, "Do it.");
    await model.seen(1);
    const input = { text: "Hi.", nodeRunId: `${runId}:other` };
    expect(await refusal(platform, send, { runId, input: { text: "Hi." } }, { "x-tenant-id": "t2" })).toMatchObject({
      reason: "RUN_NOT_FOUND",
    });
    expect(await refusal(platform, send, { runId, input })).toMatchObject({ reason: "AGENT_NOT_WORKING" });
    gate.resolve();
    await finishRun(platform, runId);
    expect(model.requests).toHaveLength(1);
  });
});

describe("what comes of an agent", () => {
  /** Asks an agent of that version; whole. */
  const run = async (version: JsonObject, more: JsonObject = {}) => {
    const { agentId } = await makeAgent(platform, version);
    return finishRun(platform, await askAgent(platform, agentId, "Do it.", more));
  };
  const tool = () => makeTool(platform, { url: `${shop.url}/do`, inputSchema: { type: "object", required: ["n"] } });
  const lastMessage = () => messagesOf(model.requests.at(-1)).at(-1)!;
  /** The calls of the conversation as the provider is told them: what no API takes would end it. */
  const toldCalls = () =>
    messagesOf(model.requests.at(-1))
      .flatMap(({ tool_calls: made }) => (made ?? []) as { function: { name: string; arguments: string } }[])
      .map((one) => ({ name: one.function.name, isObject: isJsonObject(JSON.parse(one.function.arguments) as Json) }));

  it.each<[string, (name: string) => [string, never], string, string]>([
    ["a tool that is not there", () => ["other", { n: 1 } as never], "AGENT_TOOL_UNKNOWN", "the tools are"],
    ["arguments that do not fit", (name) => [name, {} as never], "TOOL_ARGUMENTS_INVALID", "n"],
    ["arguments that are no object", (name) => [name, [1] as never], "TOOL_ARGUMENTS_INVALID", "no JSON object"],
    ["a name that no function can have", () => ["we ird/ñame", { n: 1 } as never], "AGENT_TOOL_UNKNOWN", "no tool we ird/ñame"],
    ["a name that is too long", () => ["n".repeat(100), { n: 1 } as never], "AGENT_TOOL_UNKNOWN", "nnn"],
  ])("is an answer after a wrong call: %s", async (_name, callOf, code, text) => {
    const { bindingId, name } = await tool();
    model.chat(calls(callOf(name)), { text: "So be it." });
    const view = await run({ toolBindingIds: [bindingId] });
    expect(view).toMatchObject({ status: "COMPLETED", outputText: "So be it.", handledErrors: 1 });
    const wrong = view.nodeRuns.edges.find(({ node }) => node.errorCode === code)?.node;
    const [called, args] = callOf(name);
    expect(wrong?.outputJson).toMatchObject({ name: called, arguments: args });
    expect(lastMessage()).toMatchObject({ role: "tool", content: expect.stringContaining(code) as string });
    expect(lastMessage()["content"]).toContain(text);
    expect(shop.requests).toHaveLength(0);
    expect(toldCalls()).toEqual([{ name: expect.stringMatching(/^[A-Za-z0-9_-]{1,64}$/) as string, isObject: true }]);
  });

  it("is an answer after a tool that fails, which the model is told with what it said", async () => {
    shop.on("POST /do", { status: 500, json: { why: "closed" } });
    const { bindingId, name } = await tool();
    model.chat(calls([name, { n: 1 }]), { text: "It is closed." });
    const view = await run({ toolBindingIds: [bindingId] });
    expect(view).toMatchObject({ status: "COMPLETED", outputText: "It is closed." });
    expect(paths(view)).toMatchObject({ "agent/tool#1.0": "FAILED", agent: "COMPLETED" });
    expect(JSON.parse(String(lastMessage()["content"]))).toMatchObject({ error: { code: "TOOL_HTTP_ERROR" }, result: { why: "closed" } });
  });

  it("is an answer after a call whose id is long, as of gateways that put thoughts into it, and gives it back as it was", async () => {
    shop.on("POST /do", { json: {} });
    const { bindingId, name } = await tool();
    const id = `call_1__thought__${"c2lnbmF0dXJl".repeat(1_000)}`;
    model.chat({ toolCalls: [{ id, name, arguments: { n: 1 } }] }, { text: "Done." });
    expect(await run({ toolBindingIds: [bindingId] })).toMatchObject({ status: "COMPLETED", outputText: "Done." });
    const [said, told] = messagesOf(model.requests.at(-1)).slice(-2);
    expect(said).toMatchObject({ tool_calls: [{ id }] });
    expect(told).toMatchObject({ role: "tool", tool_call_id: id, content: "{}" });
  });

  it("is AGENT_MAX_STEPS when no model call gives an answer", async () => {
    shop.on("POST /do", { json: {} });
    const { bindingId, name } = await tool();
    model.chat(calls([name, { n: 1 }]), calls([name, { n: 2 }]), { text: "too late" });
    const view = await run({ toolBindingIds: [bindingId], maxSteps: 2 });
    const errorMessage =
      "The node agent failed: The agent has made 2 model calls and given no answer: maxSteps of its version allows no more. The call that the last one asks for was not made.";
    expect(view).toMatchObject({ status: "FAILED", errorCode: "AGENT_MAX_STEPS", errorMessage });
    expect(model.requests).toHaveLength(2);
    // Nobody would have read what the second answers.
    expect(shop.requests.map(({ body }) => body)).toEqual(['{"n":1}']);
  });

  it("is AGENT_TOOL_LOOP when the model makes the same call three times in a row", async () => {
    shop.on("POST /do", { json: {} });
    const { bindingId, name } = await tool();
    const same = () => calls([name, { n: 1 }]);
    model.chat(same(), same(), same());
    expect(await run({ toolBindingIds: [bindingId] })).toMatchObject({ status: "FAILED", errorCode: "AGENT_TOOL_LOOP" });
    expect(shop.requests).toHaveLength(2);
  });

  it("is AGENT_BUDGET_EXCEEDED before the call that would be one too many", async () => {
    shop.on("POST /do", { json: {} });
    const { bindingId, name } = await tool();
    const usage = { prompt_tokens: 60, completion_tokens: 20 };
    model.chat({ ...calls([name, { n: 1 }]), usage }, { ...calls([name, { n: 2 }]), usage }, { text: "too late" });
    const view = await run({ toolBindingIds: [bindingId], modelConfig: { maxTotalTokens: 150 } });
    expect(view).toMatchObject({ status: "FAILED", errorCode: "AGENT_BUDGET_EXCEEDED" });
    expect(model.requests).toHaveLength(2);
    expect(shop.requests.map(({ body }) => body)).toEqual(['{"n":1}']);
  });

  it("is a result for each of 65 parallel calls: the last one is told that it was not made", async () => {
    shop.on("POST /do", { json: {} });
    const { bindingId, name } = await tool();
    model.chat(calls(...Array.from({ length: 65 }, (_, n): [string, never] => [name, { n } as never])), { text: "Enough." });
    const view = await run({ toolBindingIds: [bindingId] });
    expect(view).toMatchObject({ status: "COMPLETED", outputText: "Enough.", handledErrors: 1, outputJson: { tool_calls: 65 } });
    expect(shop.requests).toHaveLength(64);
    const answers = messagesOf(model.requests[1]).filter(({ role }) => role === "tool");
    expect(answers).toHaveLength(65);
    expect(JSON.parse(String(answers[64]!["content"]))).toMatchObject({ error: { code: "AGENT_TOO_MANY_CALLS" } });
  });

  it("is an answer after arguments that are no JSON", async () => {
    const { bindingId, name } = await tool();
    model.chat({ toolCalls: [{ id: "c", name, arguments: null, text: '{"n": 1' }] }, { text: "So be it." });
    expect(await run({ toolBindingIds: [bindingId] })).toMatchObject({ status: "COMPLETED", handledErrors: 1 });
    expect(lastMessage()).toMatchObject({ role: "tool", content: expect.stringContaining("no JSON object") as string });
    expect(toldCalls()).toEqual([{ name, isObject: true }]);
    expect(shop.requests).toHaveLength(0);
  });

  it("is MODEL_PROVIDER_FAILED when the provider is down, after three calls with one key", async () => {
    model.chat({ status: 503, headers: { "retry-after-ms": "1" } });
    expect(await run({})).toMatchObject({ status: "FAILED", errorCode: "MODEL_PROVIDER_FAILED" });
    expect(model.requests).toHaveLength(3);
    const keys = model.requests.map(({ headers }) => headers["idempotency-key"]);
    expect(new Set(keys)).toEqual(new Set([expect.stringMatching(/^[^:]+:agent\/model#1$/) as string]));
  });

  it("is what the provider refused, after it was asked three times where that may help", async () => {
    model.chat({ status: 400, json: { error: { message: "no such model" } } });
    expect(await run({})).toMatchObject({ status: "FAILED", errorCode: expect.stringMatching(/^MODEL_/) as string });
    expect(model.requests).toHaveLength(1);
    model.reset();
    model.chat({ status: 503 }, { text: "Back." });
    expect(await run({})).toMatchObject({ status: "COMPLETED", outputText: "Back." });
    expect(model.requests).toHaveLength(2);
  });

  it.each(["text", "call"])(
    "is an answer after a model that broke off in its %s: that was asked once more, and nothing of it counts",
    async (what) => {
      shop.on("POST /do", { json: {} });
      const { bindingId, name } = await tool();
      const called = calls([name, { n: 1 }]);
      model.chat({ ...(what === "text" ? { text: "One two three." } : called), cutAfter: 2 }, called, { text: "Whole." });
      expect(await run({ toolBindingIds: [bindingId] })).toMatchObject({
        status: "COMPLETED",
        outputText: "Whole.",
        outputJson: { steps: 2 },
      });
      const [first, second] = model.requests;
      expect(second!.body).toBe(first!.body);
      expect(second!.headers["idempotency-key"]).toBe(first!.headers["idempotency-key"]);
      expect(model.requests).toHaveLength(3);
      expect(shop.requests).toHaveLength(1);
    },
  );

  it("is the answer of its provider's fallback where that is down", async () => {
    const headers = { "x-tenant-id": "fallen" };
    const provider = (code: string, more: JsonObject) =>
      ask(
        platform,
        "mutation ($input: CreateModelProviderInput!) { createModelProvider(input: $input) { id } }",
        { input: { code, name: code, baseUrl: `${shop.url}/${code}`, apiKey: "k", defaultModel: `model-${code}`, ...more } },
        headers,
      );
    shop.on("POST /down/chat/completions", { status: 503 });
    const message = { role: "assistant", content: "From the other." };
    shop.on("POST /spare/chat/completions", { json: { choices: [{ index: 0, message, finish_reason: "stop" }] } });
    await provider("spare", {});
    await provider("down", { fallbackProviderCode: "spare" });
    const { agentId } = await makeAgent(platform, { modelConfig: { providerCode: "down" } }, headers);
    const runId = await askAgent(platform, agentId, "Do it.", {}, headers);
    const ended = await finishRun(platform, runId, { tenantId: "fallen" });
    expect(ended).toMatchObject({ status: "COMPLETED", outputText: "From the other.", outputJson: { model: "model-spare", steps: 1 } });
    expect(shop.requests.map(({ path }) => path)).toEqual(["/down/chat/completions", "/spare/chat/completions"]);
  });

  it("is handled by its node in a workflow, as any failure is", async () => {
    model.chat({ status: 400, json: {} });
    const { agentId } = await makeAgent(platform);
    const dsl = {
      nodes: [
        { id: "ask", type: "agent", config: { agent_id: agentId, input: "Do it." }, on_error: "branch" },
        { id: "sorry", type: "answer", config: { answer: "sorry" } },
      ],
      edges: [{ source: "ask", target: "sorry", condition: "error" }],
    };
    const { workflowId } = await makeWorkflow(platform, dsl);
    expect(await finishRun(platform, await startRun(platform, workflowId))).toMatchObject({ status: "COMPLETED", outputText: "sorry" });
  });

  it("is JSON that fits its schema, asked for once more where it does not", async () => {
    const schema = { type: "object", required: ["age"], properties: { age: { type: "integer" } } };
    model.chat({ text: '{"age":"old"}' }, { text: '{"age":7}' });
    const view = await run({ modelConfig: { responseFormat: schema } });
    expect(view).toMatchObject({ status: "COMPLETED", outputText: '{"age":7}', outputJson: { parsed: { age: 7 }, steps: 2 } });
    expect(model.requests[0]!.json["response_format"]).toEqual({ type: "json_schema", json_schema: { name: "answer", schema } });
    expect(lastMessage()).toMatchObject({ role: "user", content: expect.stringContaining("#/age") as string });
  });

  it("is JSON in a code fence, too, which no model is asked for again", async () => {
    model.chat({ text: '```json\n{"age":7}\n```' });
    const view = await run({ modelConfig: { responseFormat: { type: "json_object" } } });
    expect(view).toMatchObject({ status: "COMPLETED", outputJson: { parsed: { age: 7 }, steps: 1 } });
  });

  it("is OUTPUT_INVALID when that does not fit either", async () => {
    model.chat({ text: "seven" });
    const view = await run({ modelConfig: { responseFormat: { type: "json_object" } } });
    expect(view).toMatchObject({ status: "FAILED", errorCode: "OUTPUT_INVALID" });
    expect(model.requests).toHaveLength(2);
  });

  it("is OUTPUT_INVALID, with what is wrong, where no model call is left to ask again", async () => {
    model.chat({ text: "seven" });
    const view = await run({ maxSteps: 1, modelConfig: { responseFormat: { type: "json_object" } } });
    const errorMessage =
      "The node agent failed: The agent's answer does not fit its responseFormat: It is no JSON. It cannot be asked again: this was the last model call that it may make.";
    expect(view).toMatchObject({ status: "FAILED", errorCode: "OUTPUT_INVALID", errorMessage });
    expect(model.requests).toHaveLength(1);
  });

  it("is of a dry run what would have been asked, and nobody is", async () => {
    const { bindingId } = await tool();
    const view = await run({ toolBindingIds: [bindingId] }, { dryRun: true });
    expect(view).toMatchObject({ status: "COMPLETED", outputText: "[dry run]", outputJson: { dry_run: true } });
    expect(view.outputJson).toMatchObject({
      request: { messages: [{ role: "SYSTEM" }, { role: "USER", content: "Do it." }], tools: [{}] },
    });
    expect(model.requests).toHaveLength(0);
  });
});
