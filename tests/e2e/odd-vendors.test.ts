/** llm nodes at providers that answer in their own way, through the router, a worker and the model subgraph. */
import { graphql } from "#codegen/graph/gql.ts";
import type { JsonObject } from "#shared/json.ts";
import { ask, chain, finishRun, makeWorkflow, startRun, type SeenNodeRun } from "../testkit/graph.ts";
import { startTestPlatform, type TestPlatform } from "../testkit/platform.ts";
import { startScriptedProvider, type ScriptedProvider } from "../testkit/scripted-provider.ts";

const liveText = graphql(`
  subscription OddVendorLive($runId: ID!) {
    runEvents(runId: $runId) {
      type
      delta
      reasoningDelta
    }
  }
`);

let provider: ScriptedProvider;
let platform: TestPlatform;
beforeAll(async () => {
  provider = await startScriptedProvider();
  platform = await startTestPlatform({
    env: { providerBaseUrl: provider.baseUrl, providerApiKey: "test-key", defaultModel: "scripted", providerFirstByteSeconds: 2 },
  });
});
beforeEach(() => provider.reset());
afterAll(async () => {
  await platform.stop();
  await provider.close();
});

const sse = (...values: object[]) => values.map((value) => `data: ${JSON.stringify(value)}\n\n`).join("");
const delta = (said: object, reason?: string) => ({ choices: [{ delta: said, ...(reason && { finish_reason: reason }) }] });
const answer = (body: string, type = "text/event-stream") => ({ status: 200, headers: { "content-type": type }, body });
const done = "data: [DONE]\n\n";

/** Runs an llm node to its end. */
async function runNode(config: object = { prompt: "hi" }, more: JsonObject = {}): Promise<SeenNodeRun> {
  const { workflowId } = await makeWorkflow(platform, {
    nodes: [{ id: "ask", type: "llm", config: config as JsonObject, ...more }],
    edges: [],
  });
  const run = await finishRun(platform, await startRun(platform, workflowId));
  return run.nodeRuns.edges[0]!.node;
}

describe("an llm node", () => {
  it.each<[string, string, object]>([
    [
      "JSON instead of a stream",
      JSON.stringify({ choices: [{ message: { content: "ok" }, finish_reason: "MAX_TOKENS" }], usage: { prompt_tokens: 3_000_000_000 } }),
      { status: "COMPLETED", outputText: "ok", outputJson: { finish_reason: "length", usage: { prompt_tokens: 3_000_000_000 } } },
    ],
    [
      "text without a reason",
      sse(delta({ content: "ok" })) + done,
      { status: "COMPLETED", outputText: "ok", outputJson: { finish_reason: "other" } },
    ],
    [
      "a reason of its own",
      sse(delta({ content: "ok" }, "abort")) + done,
      { status: "COMPLETED", outputJson: { finish_reason: "other", provider_finish_reason: "abort" } },
    ],
    [
      "two calls with one index",
      sse(
        delta({ tool_calls: [{ index: 0, id: "", function: { name: "f", arguments: '{"x":1}' } }] }),
        delta({ tool_calls: [{ index: 0, id: "", function: { name: "g", arguments: '{"y":2}' } }] }, "tool_calls"),
      ) + done,
      {
        status: "COMPLETED",
        outputJson: {
          finish_reason: "tool_calls",
          tool_calls: [
            { id: "call_0", name: "f", arguments: { x: 1 } },
            { id: "call_1", name: "g", arguments: { y: 2 } },
          ],
        },
      },
    ],
    ["nothing", done, { status: "FAILED", errorCode: "MODEL_ANSWER_INVALID" }],
    [
      "an error within a 200",
      '{"error":{"message":"insufficient balance","code":"1113"}}',
      { status: "FAILED", errorCode: "MODEL_PROVIDER_FAILED", errorMessage: expect.stringContaining("insufficient balance") },
    ],
    [
      "an answer that breaks off",
      sse(delta({ content: "ha" }), {
        choices: [{ delta: { content: "" }, finish_reason: "error", error: { code: 502, message: "went away" } }],
      }) + done,
      { status: "FAILED", errorCode: "MODEL_PROVIDER_FAILED", errorMessage: expect.stringContaining("went away") },
    ],
    [
      "a page",
      "<html>Login</html>",
      {
        status: "FAILED",
        errorCode: "MODEL_ANSWER_INVALID",
        errorMessage: expect.stringContaining("answered a page, not an event stream"),
      },
    ],
  ])("reads %s", async (_, body, expected) => {
    provider.chat(answer(body));
    expect(await runNode()).toMatchObject(expected);
  });

  it.each<[how: string, last: string, errorCode: string]>([
    ["an error follows", 'data: {"error":"overloaded"}\n\n', "MODEL_PROVIDER_FAILED"],
    ["an event follows that is none", 'data: {"choices":[{"del\n\n', "MODEL_ANSWER_INVALID"],
    ["words follow", "data: upstream connect error\n\n", "MODEL_ANSWER_INVALID"],
    ["nothing follows", "", "MODEL_PROVIDER_UNREACHABLE"],
    ["the answer is whole", sse(delta({}, "stop")) + done, ""],
  ])("tells thoughts and text live, apart and with whole characters, also where %s", async (_how, last, errorCode) => {
    const half = (text: string) => `data: {"choices":[{"delta":{"content":"${text}"}}]}\n\n`;
    const body = `${sse(delta({ reasoning_content: "hm" }))}${half("a\\ud83d")}${half("\\ude00b")}${last}`;
    const { promise: isHeard, resolve: hears } = Promise.withResolvers<void>();
    provider.chat({ ...answer(body), before: isHeard });
    const { workflowId } = await makeWorkflow(platform, { nodes: [{ id: "ask", type: "llm", config: { prompt: "hi" } }], edges: [] });
    const runId = await startRun(platform, workflowId);
    let [text, thought] = ["", ""];
    for await (const { runEvents: event } of platform.client().subscribe(liveText, { runId })) {
      hears();
      text += event.delta ?? "";
      thought += event.reasoningDelta ?? "";
    }
    expect([thought, text]).toEqual(["hm", "a😀b"]);
    const ended = errorCode === "" ? { status: "COMPLETED", errorCode: null } : { status: "FAILED", errorCode };
    expect(await finishRun(platform, runId)).toMatchObject(ended);
  });

  it("keeps what the model thought, and what it was not asked", async () => {
    provider.chat(
      { status: 400, json: { error: "unknown field seed" } },
      answer(sse(delta({ reasoning: "hm", content: "ok" }, "stop")) + done),
    );
    expect(await runNode({ prompt: "hi", seed: 7 })).toMatchObject({
      outputText: "ok",
      outputJson: { finish_reason: "stop", reasoning: "hm", omitted_parameters: ["seed"] },
    });
  });

  it("is counted, in its run and the run that retries it too, whatever the count is", async () => {
    const counted = (prompt: number, completion: number) =>
      sse({ ...delta({ content: "ok" }, "stop"), usage: { prompt_tokens: prompt, completion_tokens: completion } }) + done;
    const most = Number.MAX_SAFE_INTEGER;
    provider.chat(answer(counted(3_000_000_000, 2 ** 31)), answer(counted(most, most)), answer('{"error":{"message":"no"}}'));
    const nodes = ["a", "b", "c"].map((id) => ({ id, type: "llm", config: { prompt: id, model: `of-${id}` } }));
    const { workflowId } = await makeWorkflow(platform, { nodes, edges: chain("a", "b", "c") });
    const runId = await startRun(platform, workflowId);
    expect((await finishRun(platform, runId)).status).toBe("FAILED");
    const usage = "usage { modelCalls promptTokens completionTokens }";
    const used = async (id: string) => {
      const query = `query ($id: ID!) { run(id: $id) { ${usage} nodeRuns { nodes { nodeId ${usage} } } } modelUsage { key promptTokens completionTokens } }`;
      return ask(platform, query, { id });
    };
    const sum = { modelCalls: 2, promptTokens: 3_000_000_000 + most, completionTokens: 2 ** 31 + most };
    const large = { modelCalls: 1, promptTokens: 3_000_000_000, completionTokens: 2 ** 31 };
    const largest = { modelCalls: 1, promptTokens: most, completionTokens: most };
    const nodesUsed = expect.arrayContaining([
      { nodeId: "a", usage: large },
      { nodeId: "b", usage: largest },
    ]);
    expect(await used(runId)).toMatchObject({
      run: { usage: sum, nodeRuns: { nodes: nodesUsed } },
      modelUsage: expect.arrayContaining([
        { key: "of-a", promptTokens: 3_000_000_000, completionTokens: 2 ** 31 },
        { key: "of-b", promptTokens: most, completionTokens: most },
      ]),
    });
    provider.chat(answer(counted(3_000_000_000, 0)));
    const { retryRun } = await ask<{ retryRun: { id: string } }>(platform, "mutation ($id: ID!) { retryRun(id: $id) { id } }", {
      id: runId,
    });
    expect((await finishRun(platform, retryRun.id)).status).toBe("COMPLETED");
    expect(await used(retryRun.id)).toMatchObject({ run: { usage: { modelCalls: 3, promptTokens: sum.promptTokens + 3_000_000_000 } } });
  });

  it("has the time that its timeout_seconds gives, the first byte included", async () => {
    let release = () => {};
    provider.chat({ text: "late", before: new Promise<void>((resolve) => (release = resolve)) });
    const patient = runNode({ prompt: "hi" }, { timeout_seconds: 200 });
    await provider.seen(1);
    // It began after the other: when it is over the other has waited longer.
    expect(await runNode()).toMatchObject({ status: "FAILED", errorCode: "MODEL_PROVIDER_TIMEOUT" });
    release();
    expect(await patient).toMatchObject({ status: "COMPLETED", outputText: "late" });
  });

  it("answers the calls of a node before, with the role tool", async () => {
    provider.chat({ toolCalls: [{ id: "c1", name: "weather", arguments: { city: "Oslo" } }] }, { text: "It rains." });
    const second = {
      messages: [
        { role: "user", content: "Weather?" },
        { role: "assistant", tool_calls: "{{ nodes.first.output.tool_calls }}" },
        { role: "tool", tool_call_id: "{{ nodes.first.output.tool_calls[0].id }}", content: "rain" },
      ],
    };
    const { workflowId } = await makeWorkflow(platform, {
      nodes: [
        { id: "first", type: "llm", config: { prompt: "Weather?" } },
        { id: "second", type: "llm", config: second },
      ],
      edges: chain("first", "second"),
    });
    expect(await finishRun(platform, await startRun(platform, workflowId))).toMatchObject({ status: "COMPLETED", outputText: "It rains." });
    expect(provider.requests[1]?.json["messages"]).toEqual([
      { role: "user", content: "Weather?" },
      {
        role: "assistant",
        content: null,
        tool_calls: [{ id: "c1", type: "function", function: { name: "weather", arguments: '{"city":"Oslo"}' } }],
      },
      { role: "tool", content: "rain", tool_call_id: "c1" },
    ]);
  });
});

describe("validateDsl", () => {
  it("warns of tools and programs that ask for more time than the platform gives, and of no model", async () => {
    const nodes = [
      { id: "t", type: "tool", config: { url: "https://x.test", timeout_seconds: 31 } },
      { id: "c", type: "code", timeout_seconds: 31, config: { code: "result = 1", timeout_seconds: 30 } },
      { id: "m", type: "llm", timeout_seconds: 300, config: { prompt: "hi" } },
    ];
    const validate = `query ($dsl: JSON!) { validateDsl(dsl: $dsl) { severity code path message } }`;
    const found = async (dsl: object) =>
      (await ask<{ validateDsl: { code: string; path: string }[] }>(platform, validate, { dsl })).validateDsl;
    const capped = (issues: { code: string }[]) => issues.filter(({ code }) => code === "TIMEOUT_CAPPED");
    const expected = [
      {
        severity: "WARNING",
        code: "TIMEOUT_CAPPED",
        path: "/nodes/0/config/timeout_seconds",
        message: expect.stringContaining("after 30 s"),
      },
      { severity: "WARNING", code: "TIMEOUT_CAPPED", path: "/nodes/1/timeout_seconds", message: expect.stringContaining("31 s") },
    ];
    expect(capped(await found({ nodes, edges: chain("t", "c", "m") }))).toEqual(expected);
    // A document that is not small is validated in a thread.
    const large = { ...nodes[2]!, config: { prompt: "x".repeat(10_000) } };
    expect(capped(await found({ nodes: [nodes[0]!, nodes[1]!, large], edges: chain("t", "c", "m") }))).toEqual(expected);
  });
});
