import { AppError } from "#shared/errors.ts";
import { llmNode } from "../../../subgraphs/runtime/nodes/llm.node.ts";
import { fakeNodeContext, ScriptedModel } from "../../testkit/node-context.ts";

const config = {
  model: "gpt-x",
  provider_code: "openai",
  system_prompt: "You help {{ input.who }}.",
  prompt: "Say {{ input.what }}",
  temperature: 0.2,
  max_tokens: 50,
};
const scope = { input: { who: "Ada", what: "hello", facts: { a: 1 } } };

describe("an llm node", () => {
  it("sends its prompts, rendered, and its settings (S-56)", async () => {
    const model = new ScriptedModel(() => ({ content: "hello" }));
    await llmNode.run(fakeNodeContext({ config, scope, ports: { model } }));
    expect(model.requests).toEqual([
      {
        providerCode: "openai",
        model: "gpt-x",
        messages: [
          { role: "SYSTEM", content: "You help Ada." },
          { role: "USER", content: "Say hello" },
        ],
        temperature: 0.2,
        maxTokens: 50,
      },
    ]);
    expect(model.calls).toMatchObject([{ tenantId: "acme", idempotencyKey: "run-1:n" }]);
  });

  it("sends explicit messages, rendered, an object within text as JSON (S-56)", async () => {
    const model = new ScriptedModel(() => ({ content: "ok" }));
    const messages = [
      { role: "system", content: "Facts: {{ input.facts }}" },
      { role: "assistant", content: "Yes?" },
      { role: "user", content: "{{ input.what }}" },
    ];
    await llmNode.run(fakeNodeContext({ config: { messages }, scope, ports: { model } }));
    expect(model.requests[0]).toEqual({
      messages: [
        { role: "SYSTEM", content: 'Facts: {"a":1}' },
        { role: "ASSISTANT", content: "Yes?" },
        { role: "USER", content: "hello" },
      ],
    });
  });

  it("gives text, structured data and usage (S-57), and streams the text as it comes", async () => {
    const model = new ScriptedModel(() => ({ content: "hello there Ada" }));
    const context = fakeNodeContext({ config, scope, ports: { model } });
    expect(await llmNode.run(context)).toEqual({
      kind: "completed",
      outputText: "hello there Ada",
      outputJson: { model: "gpt-x", finish_reason: "stop", usage: { prompt_tokens: 7, completion_tokens: 3 }, tool_calls: [] },
      usage: { modelCalls: 1, promptTokens: 7, completionTokens: 3 },
    });
    expect(context.deltas).toEqual(["hello ", "there ", "Ada"]);
  });

  it("opens one MODEL span with the conventional attributes", async () => {
    const context = fakeNodeContext({ config, scope, ports: { model: new ScriptedModel(() => ({ content: "x", model: "gpt-x-1" })) } });
    await llmNode.run(context);
    expect(context.spans).toMatchObject([
      {
        spanType: "MODEL",
        name: "chat gpt-x",
        ends: 1,
        attributes: {
          "gen_ai.operation.name": "chat",
          "gen_ai.request.model": "gpt-x",
          "gen_ai.response.model": "gpt-x-1",
          "gen_ai.usage.input_tokens": 7,
          "gen_ai.usage.output_tokens": 3,
        },
      },
    ]);
  });

  it("keeps tool calls", async () => {
    const toolCalls = [{ id: "c1", name: "search", arguments: { q: "x" } }];
    const model = new ScriptedModel(() => ({ toolCalls, finishReason: "TOOL_CALLS" }));
    expect(await llmNode.run(fakeNodeContext({ config, scope, ports: { model } }))).toMatchObject({
      outputText: "",
      outputJson: { finish_reason: "tool_calls", tool_calls: toolCalls },
    });
  });

  it("sends what providers of today take, and the node's time-out as the call's", async () => {
    const model = new ScriptedModel(() => ({ content: "ok" }));
    const more = {
      max_completion_tokens: 90,
      seed: 7,
      reasoning_effort: "low",
      extra_parameters: { top_k: 4 },
    };
    await llmNode.run(fakeNodeContext({ config: { ...config, ...more }, scope, ports: { model }, timeoutMs: 300_000 }));
    const [request] = model.requests;
    expect(request).toMatchObject({
      maxCompletionTokens: 90,
      seed: 7,
      reasoningEffort: "low",
      extraParameters: { top_k: 4 },
      timeoutSeconds: 300,
    });
    expect(request).not.toHaveProperty("maxTokens");
  });

  it("sends images, and a tool's answer to the call that a node before made", async () => {
    const model = new ScriptedModel(() => ({ content: "ok" }));
    const calls = [{ id: "c1", name: "weather", arguments: { city: "Oslo" } }];
    const messages = [
      {
        role: "user",
        name: "ann",
        content: [
          { type: "text", text: "What is {{ input.what }}?" },
          { type: "image_url", image_url: { url: "https://x.test/{{ input.what }}.png", detail: "low" } },
        ],
      },
      { role: "assistant", tool_calls: "{{ nodes.ask.output.tool_calls }}" },
      { role: "tool", tool_call_id: "{{ nodes.ask.output.tool_calls[0].id }}", content: "rain" },
    ];
    const nodes = { ask: { output: { tool_calls: calls }, text: "" } };
    await llmNode.run(fakeNodeContext({ config: { messages }, scope: { ...scope, nodes }, ports: { model } }));
    expect(model.requests[0]?.messages).toEqual([
      {
        role: "USER",
        name: "ann",
        content: null,
        contentParts: [
          { type: "text", text: "What is hello?" },
          { type: "image_url", image_url: { url: "https://x.test/hello.png", detail: "low" } },
        ],
      },
      { role: "ASSISTANT", content: null, toolCalls: calls },
      { role: "TOOL", content: "rain", toolCallId: "c1" },
    ]);
  });

  it("tells thoughts, other ends and other counts, where there are any", async () => {
    const model = new ScriptedModel(() => ({
      content: "ok",
      reasoning: "hm \u0000",
      finishReason: "OTHER",
      providerFinishReason: "abort",
      cachedTokens: 5,
      reasoningTokens: 2,
      omittedParameters: ["seed"],
    }));
    const context = fakeNodeContext({ config, scope, ports: { model } });
    expect(await llmNode.run(context)).toMatchObject({
      outputText: "ok",
      outputJson: {
        model: "gpt-x",
        finish_reason: "other",
        provider_finish_reason: "abort",
        usage: { prompt_tokens: 7, completion_tokens: 3, cached_tokens: 5, reasoning_tokens: 2 },
        tool_calls: [],
        reasoning: "hm \ufffd",
        omitted_parameters: ["seed"],
      },
    });
    expect(context.deltas).toEqual(["ok"]);
    expect(context.thoughts).toEqual(["hm \u0000"]);
  });

  it("parses the answer where JSON was asked for, and fails where it is none", async () => {
    const asking = { ...config, response_format: { type: "json_object" } };
    const good = new ScriptedModel(() => ({ content: '{"a":[1]}' }));
    expect(await llmNode.run(fakeNodeContext({ config: asking, scope, ports: { model: good } }))).toMatchObject({
      outputJson: { parsed: { a: [1] } },
    });
    expect(good.requests[0]?.responseFormat).toEqual({ type: "json_object" });
    const marked = new ScriptedModel(() => ({ content: '\ufeff{"a":[1]}' }));
    expect(await llmNode.run(fakeNodeContext({ config: asking, scope, ports: { model: marked } }))).toMatchObject({
      outputJson: { parsed: { a: [1] } },
    });
    const cut = new ScriptedModel(() => ({ content: '{"a":', finishReason: "LENGTH" }));
    expect(await llmNode.run(fakeNodeContext({ config: asking, scope, ports: { model: cut } }))).toMatchObject({
      kind: "failed",
      code: "LLM_OUTPUT_NOT_JSON",
      message: expect.stringContaining("max_tokens"),
      retryable: true,
      outputJson: { text: '{"a":' },
      usage: { modelCalls: 1 },
    });
  });

  it.each<[string, string, object]>([
    ["JSON in a code fence", '```json\n{"a":[1]}\n```', { outputText: '```json\n{"a":[1]}\n```', outputJson: { parsed: { a: [1] } } }],
    ["lines around the fence, no language", "\n```\r\n[1,\n2]\r\n```\n", { outputJson: { parsed: [1, 2] } }],
    ["a text that holds a fence", '"```\\n```"', { outputJson: { parsed: "```\n```" } }],
    ["a fence around nothing", "```json\n```", { kind: "failed", code: "LLM_OUTPUT_NOT_JSON" }],
    ["words before the fence", 'Here: \n```json\n{"a":1}\n```', { kind: "failed", code: "LLM_OUTPUT_NOT_JSON" }],
    ["two fences", "```json\n1\n```\n```json\n2\n```", { kind: "failed", code: "LLM_OUTPUT_NOT_JSON" }],
    ["a fence that does not end", '```json\n{"a":1}\n', { kind: "failed", code: "LLM_OUTPUT_NOT_JSON" }],
  ])("reads %s as what was meant, where JSON was asked for", async (_, content, outcome) => {
    const asking = { ...config, response_format: { type: "json_object" } };
    const model = new ScriptedModel(() => ({ content }));
    expect(await llmNode.run(fakeNodeContext({ config: asking, scope, ports: { model } }))).toMatchObject(outcome);
  });

  it("fails as the model subgraph does: reason, retryable, wait, effect", async () => {
    const model = new ScriptedModel(() => {
      throw new AppError("RESOURCE_EXHAUSTED", "MODEL_RATE_LIMITED", "Slow down.", { retryable: true, retryAfterMs: 1_500 });
    });
    const context = fakeNodeContext({ config, scope, ports: { model } });
    expect(await llmNode.run(context)).toEqual({
      kind: "failed",
      code: "MODEL_RATE_LIMITED",
      message: "Slow down.",
      retryable: true,
      retryAfterMs: 1_500,
    });
    expect(context.spans).toMatchObject([{ errorCode: "MODEL_RATE_LIMITED", ends: 1 }]);
  });

  it("calls no model when its prompt renders as nothing, and says so", async () => {
    const model = new ScriptedModel(() => ({ content: "ok" }));
    const outcome = await llmNode.run(fakeNodeContext({ config: { prompt: "{{ input.question }}" }, scope, ports: { model } }));
    expect(outcome).toMatchObject({ kind: "failed", code: "NODE_CONFIG_INVALID", message: expect.stringContaining("prompt is empty") });
    expect(model.requests).toEqual([]);
  });

  it("calls no model in a dry run, and shows what it would have asked (S-68)", async () => {
    const context = fakeNodeContext({ config, scope, dryRun: true });
    expect(await llmNode.run(context)).toMatchObject({
      kind: "completed",
      outputText: "[dry run]",
      outputJson: { dry_run: true, request: { model: "gpt-x", messages: [{}, { content: "Say hello" }] } },
    });
    expect(context.spans).toEqual([]);
  });

  it("leaves a bug an exception, with its span ended", async () => {
    const model = new ScriptedModel(() => {
      throw new TypeError("bug");
    });
    const context = fakeNodeContext({ config, scope, ports: { model } });
    await expect(llmNode.run(context)).rejects.toThrow("bug");
    expect(context.spans).toMatchObject([{ errorCode: "INTERNAL", ends: 1 }]);
  });
});
