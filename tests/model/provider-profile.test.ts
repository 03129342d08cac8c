/** Providers that are not quite the OpenAI API: their settings, and what is learnt from their refusals. */
import pg from "pg";
import type { JsonObject } from "#shared/json.ts";
import { startScriptedProvider, type ScriptedProvider } from "../testkit/scripted-provider.ts";
import { createProvider, hello, openModelTest, type ModelTest } from "./setup.ts";

// One subgraph for all; each test has a provider of its own.
let t: ModelTest;
let vendor: ScriptedProvider;
beforeAll(async () => {
  vendor = await startScriptedProvider();
  t = await openModelTest({ egressAllow: [vendor.hostPort], providerFirstByteSeconds: undefined }, { firstByteMs: 1_500 });
});
beforeEach(() => vendor.reset());
afterAll(async () => {
  await t.close();
  await vendor.close();
});

let serial = 0;
async function makeProvider(input: object = {}): Promise<{ id: string; providerCode: string }> {
  const providerCode = `p${serial++}`;
  const { id } = await createProvider(t, { code: providerCode, baseUrl: vendor.baseUrl, defaultModel: "m", ...input });
  return { id, providerCode };
}

const complete = `mutation ($input: ChatCompletionInput!) { chatCompletion(input: $input) { content omittedParameters } }`;
const ask = async (input: object) =>
  (await t.ask<{ chatCompletion: { content: string; omittedParameters: string[] } }>(complete, { input: { ...hello, ...input } }))
    .chatCompletion;
const refusal = (input: object) => t.refusal(complete, { input: { ...hello, ...input } });
const sent = () => vendor.requests.map(({ json: { messages: _messages, model: _model, ...rest } }) => rest);
const refused = (message: string, more: JsonObject = {}, status = 400) => ({ status, json: { error: { message, ...more } } });
const good = { text: "ok" };
const read = `query ($id: ID!) { modelProvider(id: $id) { apiKeyHeader headers query omitParameters extraParameters firstByteTimeoutSeconds } }`;
const update = `mutation ($id: ID!, $input: UpdateModelProviderInput!) { updateModelProvider(id: $id, input: $input) { id headers query } }`;

async function stream(input: object) {
  const query = `subscription ($input: ChatCompletionInput!) { chatCompletionStream(input: $input) { completion { content omittedParameters } } }`;
  const info = { tenantId: "t1", requestId: "r" };
  const source = await t.subgraph.subscribe({ query, variables: { input: { ...hello, ...input } }, info });
  if (!(Symbol.asyncIterator in source)) throw new Error(JSON.stringify(source.errors));
  const last = (await Array.fromAsync(source)).at(-1);
  const chunk = last?.data?.["chatCompletionStream"] as { completion: object } | undefined;
  return last?.errors?.[0]?.extensions ?? chunk?.completion;
}

describe("a provider's settings", () => {
  it("send a key in its own header, headers and a query with every request, and parameters with completions", async () => {
    const { providerCode } = await makeProvider({
      apiKey: "azure-key",
      apiKeyHeader: "API-Key",
      headers: { "X-Org": "secret-org-7", "anthropic-version": "2023-06-01" },
      query: { "api-version": "2024-10-21", "a b": "c&d" },
      extraParameters: { top_k: 40, thinking: { type: "disabled" }, seed: 1 },
    });
    await ask({ providerCode, seed: 7, extraParameters: { top_k: 20 } });
    await t.ask(`mutation ($code: String!) { createEmbeddings(input: { input: ["a"], model: "e", providerCode: $code }) { model } }`, {
      code: providerCode,
    });
    for (const request of vendor.requests) {
      expect(request.headers).toMatchObject({ "api-key": "azure-key", "x-org": "secret-org-7", "anthropic-version": "2023-06-01" });
      expect(request.headers["authorization"]).toBeUndefined();
      expect(request.path).toMatch(/\?api-version=2024-10-21&a%20b=c%26d$/);
    }
    expect(sent()[0]).toEqual({ top_k: 20, thinking: { type: "disabled" }, seed: 7 });
  });

  it("are read back but for the values of headers, which are sealed and scrubbed from what the provider says", async () => {
    const settings = {
      apiKeyHeader: "api-key",
      query: { v: "1" },
      omitParameters: ["stream_options"],
      extraParameters: { top_k: 40 },
      firstByteTimeoutSeconds: 300,
    };
    const { id, providerCode } = await makeProvider({ ...settings, headers: { "X-Org": "secret-org-7" } });
    const { modelProvider } = await t.ask<{ modelProvider: object }>(read, { id });
    expect(modelProvider).toEqual({ ...settings, headers: { "x-org": "***" } });
    const client = new pg.Client({ connectionString: t.adminUrl });
    await client.connect();
    expect(JSON.stringify((await client.query("select * from model.model_provider")).rows)).not.toContain("secret-org-7");
    await client.end();
    vendor.chat(refused("no such org: secret-org-7"));
    expect(await refusal({ providerCode })).toMatchObject({ providerMessage: "no such org: ***" });
    vendor.chat({ status: 200, json: { error: "no such org: secret-org-7" } });
    expect(await refusal({ providerCode })).toMatchObject({ providerMessage: "no such org: ***" });
    const cleared = {
      apiKeyHeader: null,
      headers: null,
      query: null,
      omitParameters: null,
      extraParameters: null,
      firstByteTimeoutSeconds: null,
    };
    await t.ask(update, { id, input: cleared });
    expect(await t.ask(read, { id })).toEqual({
      modelProvider: { apiKeyHeader: null, headers: {}, query: {}, omitParameters: [], extraParameters: {}, firstByteTimeoutSeconds: null },
    });
    vendor.chat(good);
    await ask({ providerCode });
    expect(vendor.requests.at(-1)?.headers["x-org"]).toBeUndefined();
  });

  it("keep headers with the origin that they were made for", async () => {
    const { id } = await makeProvider({ headers: { "x-org": "secret-org-7" } });
    expect(await t.refusal(update, { id, input: { baseUrl: "https://elsewhere.test/v1" } })).toMatchObject({
      reason: "MODEL_PROVIDER_KEY_ORIGIN",
      secret: "headers",
      message: expect.stringContaining("Give headers again"),
    });
    await t.ask(update, { id, input: { baseUrl: `${vendor.baseUrl}/other` } });
    await t.ask(update, { id, input: { baseUrl: "https://elsewhere.test/v1", headers: { "x-org": "other-org-8" } } });
  });

  it("leave out what omitParameters names; a limit of tokens goes by its other name", async () => {
    const { providerCode } = await makeProvider({ omitParameters: ["stream_options", "max_tokens", "temperature"] });
    const input = { providerCode, maxTokens: 50, temperature: 0.5, topP: 0.9 };
    expect(await stream(input)).toMatchObject({ omittedParameters: ["temperature"] });
    expect(sent()).toEqual([{ max_completion_tokens: 50, top_p: 0.9, stream: true }]);
  });

  it.each<[object, string]>([
    [{ apiKeyHeader: "a b" }, "apiKeyHeader"],
    [{ apiKeyHeader: "content-length" }, "apiKeyHeader"],
    [{ headers: { "a b": "x" } }, "headers"],
    [{ headers: { "Content-Type": "text/plain" } }, "headers"],
    [{ headers: { host: "x" } }, "headers"],
    [{ headers: { "x-a": "a\nb" } }, "headers"],
    [{ headers: { "x-a": ["a"] } }, "headers.x-a"],
    [{ headers: { "x-a": "***" } }, "headers.x-a"],
    [{ headers: Object.fromEntries(Array.from({ length: 33 }, (_, index) => [`x-${index}`, "a"])) }, "headers"],
    [{ query: { api_key: "x" } }, "query.api_key"],
    [{ query: { v: null } }, "query.v"],
    [{ omitParameters: ["messages"] }, "omitParameters[0]"],
    [{ omitParameters: ["a b"] }, "omitParameters[0]"],
    [{ extraParameters: { stream: false } }, "extraParameters.stream"],
    [{ firstByteTimeoutSeconds: 0 }, "firstByteTimeoutSeconds"],
    [{ firstByteTimeoutSeconds: 1e6 }, "firstByteTimeoutSeconds"],
    [{ baseUrl: "https://p.test/v1?api-version=1" }, "baseUrl"],
  ])("are refused where they are wrong, naming the field: %j", async (input, field) => {
    const create = `mutation ($input: CreateModelProviderInput!) { createModelProvider(input: $input) { id } }`;
    const all = { code: `p${serial++}`, name: "P", baseUrl: vendor.baseUrl, ...input };
    expect(await t.refusal(create, { input: all })).toMatchObject({ code: "BAD_USER_INPUT", reason: "MODEL_PROVIDER_INVALID", field });
  });
});

describe("the configured provider", () => {
  it("has the query of its URL, and a header for its key", async () => {
    const own = await openModelTest({
      providerBaseUrl: `${vendor.baseUrl}/?api-version=7`,
      providerApiKey: "azure-key",
      providerApiKeyHeader: "api-key",
    });
    await own.ask(complete, { input: hello });
    expect(vendor.requests[0]).toMatchObject({ path: "/v1/chat/completions?api-version=7", headers: { "api-key": "azure-key" } });
    await own.close();
  });
});

describe("a parameter that a provider refuses", () => {
  const limits: [string, object, object, JsonObject[], string[]][] = [
    [
      "stream_options",
      refused("Unsupported parameter: 'stream_options'"),
      {},
      [{ stream: true, stream_options: { include_usage: true } }, { stream: true }],
      [],
    ],
    [
      "stream_options, by pydantic",
      {
        status: 422,
        json: { detail: [{ type: "extra_forbidden", loc: ["body", "stream_options"], msg: "Extra inputs are not permitted" }] },
      },
      {},
      [{ stream: true, stream_options: { include_usage: true } }, { stream: true }],
      [],
    ],
    [
      "stream_options, in words",
      { status: 400, body: "json: unknown field stream_options" },
      {},
      [{ stream: true, stream_options: { include_usage: true } }, { stream: true }],
      [],
    ],
    [
      "max_tokens",
      refused("Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead.", {
        param: "max_tokens",
        code: "unsupported_parameter",
      }),
      { maxTokens: 50 },
      [
        { max_tokens: 50, stream: true, stream_options: { include_usage: true } },
        { max_completion_tokens: 50, stream: true, stream_options: { include_usage: true } },
      ],
      [],
    ],
    [
      "max_completion_tokens",
      refused("Unrecognized request argument supplied: max_completion_tokens"),
      { maxCompletionTokens: 50 },
      [
        { max_completion_tokens: 50, stream: true, stream_options: { include_usage: true } },
        { max_tokens: 50, stream: true, stream_options: { include_usage: true } },
      ],
      [],
    ],
    [
      "temperature",
      refused("Unsupported value: 'temperature' does not support 0.2 with this model. Only the default (1) value is supported.", {
        param: "temperature",
      }),
      { temperature: 0.2 },
      [
        { temperature: 0.2, stream: true, stream_options: { include_usage: true } },
        { stream: true, stream_options: { include_usage: true } },
      ],
      ["temperature"],
    ],
    [
      "seed and reasoning_effort at once",
      refused("Unknown parameters: seed, reasoning_effort"),
      { seed: 7, reasoningEffort: "low" },
      [
        { seed: 7, reasoning_effort: "low", stream: true, stream_options: { include_usage: true } },
        { stream: true, stream_options: { include_usage: true } },
      ],
      ["seed", "reasoning_effort"],
    ],
  ];

  it.each(limits)("is left out, at once and from then on: %s", async (_, answer, input, bodies, omittedParameters) => {
    const { providerCode } = await makeProvider();
    vendor.chat(answer, good);
    expect(await stream({ providerCode, ...input })).toEqual({ content: "ok", omittedParameters });
    expect(await stream({ providerCode, ...input })).toEqual({ content: "ok", omittedParameters });
    expect(sent()).toEqual([...bodies, bodies[1]]);
  });

  it("is found out one after the other, and then asked for no more by whole calls", async () => {
    const { providerCode } = await makeProvider();
    vendor.chat(refused("unknown field stream_options"), refused("unknown field max_tokens"), refused("unknown field seed"), good);
    const input = { providerCode, maxTokens: 5, seed: 7 };
    expect(await stream(input)).toEqual({ content: "ok", omittedParameters: ["seed"] });
    expect(await ask(input)).toEqual({ content: "ok", omittedParameters: ["seed"] });
    expect(sent().at(-1)).toEqual({ max_completion_tokens: 5 });
    expect(vendor.requests).toHaveLength(5);
  });

  it("is found out also where a model refuses nearly all of them, each by itself", async () => {
    const { providerCode } = await makeProvider();
    const names = ["stream_options", "temperature", "top_p", "max_tokens", "seed"];
    vendor.chat(...names.map((name) => refused(`Unsupported parameter: '${name}' is not supported with this model.`)), good);
    const input = { providerCode, maxTokens: 5, temperature: 0.5, topP: 0.5, seed: 7 };
    expect(await stream(input)).toEqual({ content: "ok", omittedParameters: ["temperature", "top_p", "seed"] });
    expect(sent().at(-1)).toEqual({ stream: true, max_completion_tokens: 5 });
  });

  it("is one provider's and one model's matter", async () => {
    const [one, other] = [await makeProvider(), await makeProvider()];
    vendor.chat(refused("unknown field seed"), good);
    await ask({ providerCode: one.providerCode, seed: 7 });
    await ask({ providerCode: other.providerCode, seed: 7 });
    await ask({ providerCode: one.providerCode, model: "m2", seed: 7 });
    expect(sent()).toEqual([{ seed: 7 }, {}, { seed: 7 }, { seed: 7 }]);
  });

  it.each<[string, object, object]>([
    ["names nothing that was sent", refused("Unsupported parameter: 'seed'"), {}],
    [
      "is about a value",
      refused("max_tokens is too large: 50. This model supports at most 20 completion tokens.", { param: "max_tokens" }),
      { maxTokens: 50 },
    ],
    ["is about what cannot be left out", refused("response_format is not supported"), { responseFormat: { type: "json_object" } }],
    ["has another status", refused("unknown field seed", {}, 404), { seed: 7 }],
    ["names part of a longer word", refused("unknown field seed_v2"), { seed: 7 }],
    ["repeats the request", { status: 400, json: { error: "Unexpected role", request: { seed: 7 } } }, { seed: 7 }],
  ])("is refused where the refusal %s", async (_, answer, input) => {
    const { providerCode } = await makeProvider();
    vendor.chat(answer, good);
    expect(await refusal({ providerCode, ...input })).toMatchObject({ reason: "MODEL_REQUEST_REFUSED" });
    expect(vendor.requests).toHaveLength(1);
  });

  it("is told where the request without it is refused too", async () => {
    const { providerCode } = await makeProvider();
    vendor.chat(refused("unknown field seed"), refused("unknown field seed, I said"));
    expect(await refusal({ providerCode, seed: 7 })).toMatchObject({ providerMessage: "unknown field seed, I said" });
    expect(vendor.requests).toHaveLength(2);
    vendor.chat(refused("unknown field max_tokens"), refused("unknown field max_completion_tokens"));
    expect(await refusal({ providerCode, maxTokens: 5 })).toMatchObject({ providerMessage: "unknown field max_completion_tokens" });
  });
});

describe("a request", () => {
  it("carries images, seed, effort and the limit that counts thoughts", async () => {
    const { providerCode } = await makeProvider();
    const image = "data:image/png;base64,AAAA";
    const parts = [
      { type: "text", text: "What is it?" },
      { type: "image_url", image_url: image },
      { type: "image_url", image_url: { url: "https://x.test/a.png", detail: "low" } },
    ];
    const input = {
      messages: [{ role: "USER", contentParts: parts }],
      maxTokens: 5,
      maxCompletionTokens: 9,
      seed: 7,
      reasoningEffort: "low",
    };
    await ask({ providerCode, ...input });
    expect(vendor.requests[0]?.json).toEqual({
      model: "m",
      messages: [{ role: "user", content: [parts[0], { type: "image_url", image_url: { url: image } }, parts[2]] }],
      max_completion_tokens: 9,
      seed: 7,
      reasoning_effort: "low",
    });
  });

  it.each<[object, string]>([
    [{ messages: [{ role: "USER", content: "x", contentParts: [{ type: "text", text: "x" }] }] }, "messages[0].contentParts"],
    [{ messages: [{ role: "USER", contentParts: [] }] }, "messages[0].contentParts"],
    [{ messages: [{ role: "USER", contentParts: [{ text: "x" }] }] }, "messages[0].contentParts[0].type"],
    [{ messages: [{ role: "USER", contentParts: [{ type: "text" }] }] }, "messages[0].contentParts[0].text"],
    [{ messages: [{ role: "USER", contentParts: [{ type: "image_url", image_url: {} }] }] }, "messages[0].contentParts[0].image_url.url"],
    [{ maxCompletionTokens: 0 }, "maxCompletionTokens"],
    [{ seed: 1.5 }, "seed"],
    [{ timeoutSeconds: 0 }, "timeoutSeconds"],
    [{ extraParameters: { messages: [] } }, "extraParameters.messages"],
  ])("is refused, naming the field: %j", async (input, field) => {
    const { providerCode } = await makeProvider();
    expect(await refusal({ providerCode, ...input })).toMatchObject({ code: "BAD_USER_INPUT", reason: "MODEL_INPUT_INVALID", field });
    expect(vendor.requests).toEqual([]);
  });
});

describe("the time to the first byte", () => {
  it("is the call's own, else the provider's, else that of all", async () => {
    let release = () => {};
    vendor.chat({ text: "late", before: new Promise<void>((resolve) => (release = resolve)) });
    const plain = await makeProvider();
    const patient = await makeProvider({ firstByteTimeoutSeconds: 300 });
    const ofCall = stream({ providerCode: plain.providerCode, timeoutSeconds: 300 });
    const ofProvider = stream({ providerCode: patient.providerCode });
    await vendor.seen(2);
    // It began after the others: when it is over they have waited longer.
    expect(await stream({ providerCode: plain.providerCode })).toMatchObject({ reason: "MODEL_PROVIDER_TIMEOUT", phase: "FIRST_BYTE" });
    release();
    expect([await ofCall, await ofProvider]).toMatchObject([{ content: "late" }, { content: "late" }]);
  });

  it("ends a call that says how long it may take", async () => {
    vendor.chat({ text: "late", before: new Promise(() => {}) });
    const { providerCode } = await makeProvider({ firstByteTimeoutSeconds: 300 });
    const told = { reason: "MODEL_PROVIDER_TIMEOUT", deadlineMs: 1_000, retryable: true, effectUnknown: true };
    expect(await stream({ providerCode, timeoutSeconds: 1 })).toMatchObject(told);
    expect(await refusal({ providerCode, timeoutSeconds: 1 })).toMatchObject(told);
  });
});
