import { getEventListeners } from "node:events";
import { startScriptedProvider } from "../testkit/scripted-provider.ts";
import { complete, createProvider, hello, openModelTest, type ModelTest } from "./setup.ts";

// One subgraph for all: these tests leave nothing in its database, and opening one takes longer than they do.
let t: ModelTest;
beforeAll(async () => {
  t = await openModelTest({ providerApiKey: "sk-configured-key" });
});
beforeEach(() => t.provider.reset());
afterAll(() => t.close());

describe("chatCompletion", () => {
  it("S-96 S-97 sends everything to the configured provider's /chat/completions, with the default model", async () => {
    const input = {
      messages: [
        { role: "SYSTEM", content: "Be brief." },
        { role: "USER", content: "Weather?", name: "ann" },
        { role: "ASSISTANT", toolCalls: [{ id: "c1", name: "weather", arguments: { city: "Oslo" } }] },
        { role: "TOOL", toolCallId: "c1", content: "rain" },
      ],
      tools: [{ name: "weather", description: "d", parameters: { type: "object" } }],
      toolChoice: { name: "weather" },
      temperature: 0.5,
      topP: 0.9,
      maxTokens: 50,
      stop: ["END"],
      responseFormat: { type: "json_object" },
      idempotencyKey: "run:node",
    };
    const traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    const { chatCompletion } = await t.ask<{ chatCompletion: object }>(complete, { input }, { traceparent });
    expect(chatCompletion).toEqual({
      id: "chatcmpl-1",
      model: "configured-model",
      content: "Hello there, friend.",
      toolCalls: [],
      finishReason: "STOP",
      promptTokens: 7,
      completionTokens: 3,
      durationMs: expect.any(Number),
    });
    const [request] = t.provider.requests;
    expect(request?.headers).toMatchObject({ authorization: "Bearer sk-configured-key", traceparent, "idempotency-key": "run:node" });
    expect(request?.json).toEqual({
      model: "configured-model",
      messages: [
        { role: "system", content: "Be brief." },
        { role: "user", content: "Weather?", name: "ann" },
        {
          role: "assistant",
          content: null,
          tool_calls: [{ id: "c1", type: "function", function: { name: "weather", arguments: '{"city":"Oslo"}' } }],
        },
        { role: "tool", content: "rain", tool_call_id: "c1" },
      ],
      tools: [{ type: "function", function: { name: "weather", description: "d", parameters: { type: "object" } } }],
      tool_choice: { type: "function", function: { name: "weather" } },
      temperature: 0.5,
      top_p: 0.9,
      max_tokens: 50,
      stop: ["END"],
      response_format: { type: "json_object" },
    });
  });

  it("gives tool calls with their arguments parsed", async () => {
    t.provider.chat({ toolCalls: [{ id: "c1", name: "weather", arguments: { city: "Oslo" } }] });
    const { chatCompletion } = await t.ask<{ chatCompletion: object }>(complete, { input: hello });
    expect(chatCompletion).toMatchObject({
      content: null,
      finishReason: "TOOL_CALLS",
      toolCalls: [{ id: "c1", name: "weather", arguments: { city: "Oslo" } }],
    });
  });

  it("says what to do when there is no provider at all", async () => {
    const bare = await openModelTest({ providerBaseUrl: undefined });
    expect(await bare.refusal(complete, { input: hello })).toMatchObject({
      code: "CONFLICT",
      reason: "MODEL_PROVIDER_NOT_CONFIGURED",
      message: expect.stringMatching(/createModelProvider.*AGENT_PLATFORM_PROVIDER_BASE_URL/),
    });
    await bare.close();
  });

  it.each<[string, object, object]>([
    [
      "429 with Retry-After",
      { status: 429, headers: { "retry-after": "2" }, json: { error: { message: "slow down" } } },
      {
        code: "RESOURCE_EXHAUSTED",
        reason: "MODEL_PROVIDER_RATE_LIMITED",
        retryable: true,
        retryAfterMs: 2_000,
        effectUnknown: false,
        providerMessage: "slow down",
      },
    ],
    [
      "429 without credit",
      { status: 429, json: { error: { message: "no credit", code: "insufficient_quota" } } },
      { reason: "MODEL_PROVIDER_RATE_LIMITED", retryable: false },
    ],
    [
      "500",
      { status: 500, body: "oops" },
      {
        code: "DOWNSTREAM_UNAVAILABLE",
        reason: "MODEL_PROVIDER_FAILED",
        retryable: true,
        effectUnknown: false,
        status: 500,
        providerMessage: "oops",
      },
    ],
    [
      "429 of a request that is larger than a minute may be",
      {
        status: 429,
        json: {
          error: {
            message: "Request too large for gpt-4o on tokens per min (TPM): Limit 30000, Requested 41000.",
            code: "rate_limit_exceeded",
          },
        },
      },
      { reason: "MODEL_REQUEST_REFUSED", retryable: false, contextTooLong: true },
    ],
    [
      "429 of too many tokens just now",
      { status: 429, json: { message: "Too many tokens, please wait before trying again." } },
      { reason: "MODEL_PROVIDER_RATE_LIMITED", retryable: true },
    ],
    [
      "500 of a request that is too long",
      { status: 500, json: { error: { code: 500, message: "the request exceeds the available context size, try increasing it" } } },
      { reason: "MODEL_REQUEST_REFUSED", retryable: false, contextTooLong: true },
    ],
    [
      "an error with 200 of a request that is too long",
      { status: 200, json: { error: { message: "prompt is too long: 210000 tokens > 200000 maximum" } } },
      { reason: "MODEL_PROVIDER_FAILED", retryable: false, contextTooLong: true },
    ],
    [
      "an error with 200 of too many tokens just now",
      { status: 200, json: { error: { message: "Too many tokens per minute, please slow down" } } },
      { reason: "MODEL_PROVIDER_FAILED", retryable: true },
    ],
    ["502", { status: 502 }, { reason: "MODEL_PROVIDER_FAILED", retryable: true }],
    [
      "503 with Retry-After in ms",
      { status: 503, headers: { "retry-after-ms": "150" } },
      { reason: "MODEL_PROVIDER_FAILED", retryable: true, retryAfterMs: 150 },
    ],
    [
      "401",
      { status: 401, json: { error: { message: "bad key sk-configured-key" } } },
      { code: "CONFLICT", reason: "MODEL_PROVIDER_UNAUTHORIZED", retryable: false, providerMessage: "bad key ***" },
    ],
    [
      "400",
      { status: 400, json: { error: "no such model" } },
      {
        code: "BAD_USER_INPUT",
        reason: "MODEL_REQUEST_REFUSED",
        retryable: false,
        model: "configured-model",
        providerMessage: "no such model",
      },
    ],
    ["a long page", { status: 404, body: "x".repeat(9_000) }, { reason: "MODEL_REQUEST_REFUSED", providerMessage: "x".repeat(500) }],
    ["a redirect", { status: 302, headers: { location: "http://elsewhere.test/" } }, { reason: "MODEL_REQUEST_REFUSED", retryable: false }],
    [
      "a redirect that repeats the key",
      { status: 302, headers: { location: "http://elsewhere.test/?key=sk-configured-key" } },
      { reason: "MODEL_REQUEST_REFUSED", providerMessage: "http://elsewhere.test/?key=***" },
    ],
    [
      "a cut connection",
      { cutAfter: 0 },
      { code: "DOWNSTREAM_UNAVAILABLE", reason: "MODEL_PROVIDER_UNREACHABLE", retryable: true, effectUnknown: true },
    ],
    ["an answer that is none", { status: 200, json: { choices: [] } }, { reason: "MODEL_ANSWER_INVALID", retryable: true }],
    ["an answer that is no JSON", { status: 200, body: "{" }, { reason: "MODEL_ANSWER_INVALID", retryable: true }],
    ["a page", { status: 200, body: "<html>" }, { reason: "MODEL_ANSWER_INVALID", retryable: false }],
  ])("tells %s, and asks once only", async (_, answer, error) => {
    t.provider.chat(answer);
    const refused = await t.refusal(complete, { input: hello });
    expect(refused).toMatchObject({ provider: null, ...error });
    expect(JSON.stringify(refused)).not.toContain("sk-configured-key");
    expect(t.provider.requests).toHaveLength(1);
  });

  it("tells a slow first byte, and asks once only", async () => {
    // Alone with its deadline, by which the request has come.
    const hasty = await openModelTest({ providerApiKey: "sk-configured-key" }, { wholeMs: 1_500 });
    hasty.provider.chat({ before: new Promise(() => {}) });
    const refused = await hasty.refusal(complete, { input: hello });
    expect(refused).toMatchObject({
      ...{ code: "TIMEOUT", reason: "MODEL_PROVIDER_TIMEOUT", provider: null, phase: "TOTAL", deadlineMs: 1_500 },
      ...{ retryable: true, effectUnknown: true },
    });
    expect(JSON.stringify(refused)).not.toContain("sk-configured-key");
    expect(hasty.provider.requests).toHaveLength(1);
    await hasty.close();
  });

  it("ends the provider's request when its caller goes", async () => {
    t.provider.chat({ before: new Promise(() => {}) });
    const gone = new AbortController();
    const refused = t.refusal(complete, { input: hello }, { signal: gone.signal });
    await t.provider.seen(1);
    gone.abort();
    expect(await refused).toMatchObject({ reason: "MODEL_CALL_CANCELLED", retryable: false });
    await t.provider.requests[0]?.aborted;
  });

  it("asks nobody when its caller has gone before, and leaves nothing at the signal of one who stays", async () => {
    expect(await t.refusal(complete, { input: hello }, { signal: AbortSignal.abort() })).toMatchObject({ reason: "MODEL_CALL_CANCELLED" });
    expect(t.provider.requests).toEqual([]);
    const { signal } = new AbortController();
    t.provider.chat({ text: "Hello" });
    await t.ask(complete, { input: hello }, { signal });
    expect(getEventListeners(signal, "abort")).toEqual([]);
  });

  it.each<[object, string]>([
    [{ messages: [] }, "messages"],
    [{ messages: [{ role: "USER" }] }, "messages[0].content"],
    [{ messages: [{ role: "TOOL", content: "x" }] }, "messages[0].toolCallId"],
    [{ messages: [{ role: "ASSISTANT", toolCalls: [{ name: "x" }] }] }, "messages[0].toolCalls"],
    [{ ...hello, temperature: 3 }, "temperature"],
    [{ ...hello, maxTokens: 0 }, "maxTokens"],
    [{ ...hello, tools: [{ name: "a b", parameters: {} }] }, "tools[0].name"],
    [{ messages: Array.from({ length: 1_001 }, () => hello.messages[0]) }, "messages"],
  ])("refuses bad input, naming the field (%#)", async (input, field) => {
    expect(await t.refusal(complete, { input })).toMatchObject({ code: "BAD_USER_INPUT", reason: "MODEL_INPUT_INVALID", field });
    expect(t.provider.requests).toEqual([]);
  });

  it("refuses more than 4 MiB", async () => {
    const input = { messages: [{ role: "USER", content: "x".repeat(4 * 1024 * 1024) }] };
    expect(await t.refusal(complete, { input })).toMatchObject({ reason: "JSON_TOO_LARGE", max: 4 * 1024 * 1024 });
  });
});

describe("the provider of a call", () => {
  it("is the one that is named, else the tenant's oldest active one, else the configured one", async () => {
    const port = await startScriptedProvider();
    const own = await openModelTest({ egressAllow: [port.hostPort] });
    const model = async (input: object = {}) =>
      (await own.ask<{ chatCompletion: { model: string } }>(complete, { input: { ...hello, ...input } })).chatCompletion.model;
    expect(await model()).toBe("configured-model");
    const first = await createProvider(own, { code: "first", baseUrl: port.baseUrl, defaultModel: "first-model", apiKey: "sk-first-key" });
    await createProvider(own, { code: "second", baseUrl: port.baseUrl, defaultModel: "second-model" });
    await createProvider(own, { code: "bare", baseUrl: port.baseUrl });
    expect(await model()).toBe("first-model");
    expect(port.requests.at(-1)?.headers["authorization"]).toBe("Bearer sk-first-key");
    expect(await model({ providerCode: "second" })).toBe("second-model");
    expect(await model({ providerCode: "second", model: "mine" })).toBe("mine");
    expect(await own.refusal(complete, { input: { ...hello, providerCode: "bare" } })).toMatchObject({
      reason: "MODEL_REQUIRED",
      field: "model",
      provider: "bare",
    });
    expect(await own.refusal(complete, { input: { ...hello, providerCode: "none" } })).toMatchObject({
      code: "NOT_FOUND",
      field: "providerCode",
      id: "none",
    });
    await own.ask(`mutation ($id: ID!) { updateModelProvider(id: $id, input: { status: DISABLED }) { id } }`, { id: first.id });
    expect(await model()).toBe("second-model");
    expect(await own.refusal(complete, { input: { ...hello, providerCode: "first" } })).toMatchObject({
      code: "CONFLICT",
      reason: "MODEL_PROVIDER_DISABLED",
    });
    expect(
      (await own.ask<{ chatCompletion: { model: string } }>(complete, { input: hello }, { tenantId: "t2" })).chatCompletion.model,
    ).toBe("configured-model");
    await own.close();
    await port.close();
  });
});
