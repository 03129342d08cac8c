import { complete, hello, openModelTest, type ModelTest } from "./setup.ts";

let t: ModelTest;
beforeEach(async () => {
  t = await openModelTest();
});
afterEach(() => t.close());

const embed = `mutation ($input: CreateEmbeddingsInput!) { createEmbeddings(input: $input) { model vectors promptTokens } }`;
const usage = `query ($from: DateTime, $to: DateTime, $groupBy: ModelUsageGroup) {
  modelUsage(from: $from, to: $to, groupBy: $groupBy) { key calls promptTokens completionTokens errors }
}`;

describe("createEmbeddings", () => {
  it("gives a vector a text, in their order", async () => {
    expect(await t.ask(embed, { input: { model: "e", input: ["one", "three"] } })).toEqual({
      createEmbeddings: {
        model: "e",
        vectors: [
          [3, 0],
          [5, 1],
        ],
        promptTokens: 2,
      },
    });
    expect(t.provider.requests[0]?.json).toEqual({ model: "e", input: ["one", "three"], encoding_format: "float" });
  });

  it("sends its idempotency key on, so that a provider that honours it counts the texts once", async () => {
    await t.ask(embed, { input: { model: "e", input: ["one"], idempotencyKey: "batch-1" } });
    expect(t.provider.requests[0]?.headers).toMatchObject({ "idempotency-key": "batch-1" });
  });

  it("refuses what cannot be embedded, and answers that do not fit", async () => {
    expect(await t.refusal(embed, { input: { input: ["x"] } })).toMatchObject({
      code: "BAD_USER_INPUT",
      reason: "MODEL_REQUIRED",
      field: "model",
      setting: "embeddingModel",
    });
    expect(await t.refusal(embed, { input: { model: "e", input: [] } })).toMatchObject({ reason: "MODEL_INPUT_INVALID", field: "input" });
    expect(await t.refusal(embed, { input: { model: "e", input: ["a", ""] } })).toMatchObject({
      reason: "MODEL_INPUT_INVALID",
      field: "input[1]",
    });
    t.provider.embeddings({ json: { data: [{ index: 0, embedding: [1] }] } });
    expect(await t.refusal(embed, { input: { model: "e", input: ["a", "b"] } })).toMatchObject({
      reason: "MODEL_ANSWER_INVALID",
      problem: "it has 1 vectors for 2 texts",
    });
    for (const vector of ['"1"', "null", "[]", '["1", 2]', "[1, null]", "[1e999, 2]", "[-1e999]", "{}", "[[1]]"]) {
      t.provider.embeddings({ status: 200, body: `{"data": [{"index": 0, "embedding": ${vector}}]}` });
      expect([vector, await t.refusal(embed, { input: { model: "e", input: ["a"] } })]).toMatchObject([
        vector,
        { code: "DOWNSTREAM_UNAVAILABLE", reason: "MODEL_ANSWER_INVALID", problem: "data.0 has no vector of numbers" },
      ]);
    }
    const tooMuch: [string, string][] = [
      [`{"data":[[${"0,".repeat(16_384)}0]]}`, "data.0 has 16385 numbers, and a vector may have 16384"],
      [`{"data":[[${"0,".repeat(50_000)}0]]}`, "it has more than 26404 values"],
      [`{"data":[${"[".repeat(100_000)}${"]".repeat(100_000)}]}`, "it has more than 26404 values"],
      [`{"data":${"[".repeat(10_000)}${"]".repeat(10_000)},"x":"${"x".repeat(70_000)}"}`, expect.stringContaining("it is not JSON: ")],
      [`{"deep":${"[".repeat(10_000)}${"]".repeat(10_000)}}`, expect.stringContaining("it is not JSON: ")],
      [`{"more":[${"1,".repeat(25_000)}1]}`, expect.stringMatching(/^it has no data: \{"more":\[1,.{480}/)],
    ];
    for (const [body, problem] of tooMuch) {
      t.provider.embeddings({ status: 200, body });
      expect(await t.refusal(embed, { input: { model: "e", input: ["a"] } })).toMatchObject({ reason: "MODEL_ANSWER_INVALID", problem });
    }
    t.provider.embeddings({ status: 200, body: '{"data": [{"embedding": [NaN]}]}' });
    expect(await t.refusal(embed, { input: { model: "e", input: ["a"] } })).toMatchObject({ reason: "MODEL_ANSWER_INVALID" });
    t.provider.embeddings({ status: 503, headers: { "retry-after": "1" } });
    expect(await t.refusal(embed, { input: { model: "e", input: ["a"] } })).toMatchObject({
      reason: "MODEL_PROVIDER_FAILED",
      retryAfterMs: 1_000,
    });
  });
});

describe("a request for vectors", () => {
  it("ends by itself where the provider says nothing", async () => {
    const hasty = await openModelTest({}, { wholeMs: 100 });
    hasty.provider.embeddings({ status: 200, before: new Promise(() => {}) });
    expect(await hasty.refusal(embed, { input: { model: "e", input: ["a"] } })).toMatchObject({
      ...{ code: "TIMEOUT", reason: "MODEL_PROVIDER_TIMEOUT", retryable: true },
    });
    await hasty.provider.requests[0]?.aborted;
    await hasty.close();
  });

  it("has 4 MiB and 2,048 texts at most: the longest batch of memories is one", async () => {
    const longest = Array.from({ length: 64 }, () => "\u0001".repeat(8_000));
    expect(await t.ask(embed, { input: { model: "e", input: longest } })).toMatchObject({
      createEmbeddings: { vectors: longest.map((text, place) => [text.length, place]) },
    });
    expect(await t.refusal(embed, { input: { model: "e", input: ["x".repeat(4 << 20)] } })).toMatchObject({
      ...{ code: "BAD_USER_INPUT", reason: "JSON_TOO_LARGE", field: "input", max: 4 << 20 },
    });
    expect(await t.refusal(embed, { input: { model: "e", input: Array.from({ length: 2_049 }, () => "x") } })).toMatchObject({
      ...{ code: "BAD_USER_INPUT", field: "input", value: 2_049 },
    });
  });
});

describe("modelUsage", () => {
  it("sums calls, tokens and errors by model, provider and day, the tenant's own only", async () => {
    t.provider.chat(
      { text: "a b", usage: { prompt_tokens: 10, completion_tokens: 2 } },
      { text: "c", usage: { prompt_tokens: 5, completion_tokens: 1 } },
      { status: 500 },
    );
    await t.ask(complete, { input: hello });
    await t.ask(complete, { input: { ...hello, model: "other" } });
    await t.refusal(complete, { input: hello });
    await t.ask(embed, { input: { model: "e", input: ["x"] } });
    expect(await t.ask(usage)).toEqual({
      modelUsage: [
        { key: "configured-model", calls: 2, promptTokens: 10, completionTokens: 2, errors: 1 },
        { key: "e", calls: 1, promptTokens: 1, completionTokens: 0, errors: 0 },
        { key: "other", calls: 1, promptTokens: 5, completionTokens: 1, errors: 0 },
      ],
    });
    const sum = { calls: 4, promptTokens: 16, completionTokens: 3, errors: 1 };
    expect(await t.ask(usage, { groupBy: "PROVIDER" })).toEqual({ modelUsage: [{ key: "configured", ...sum }] });
    const { modelUsage: days } = await t.ask<{ modelUsage: ({ key: string } & typeof sum)[] }>(usage, { groupBy: "DAY" });
    // Two where it was midnight meanwhile.
    expect(days.map(({ key }) => key)).toEqual(days.map(() => expect.stringMatching(/^\d{4}-\d\d-\d\d$/)));
    for (const what of ["calls", "promptTokens", "completionTokens", "errors"] as const)
      expect([what, days.reduce((all, day) => all + day[what], 0)]).toEqual([what, sum[what]]);
    expect(await t.ask(usage, { to: "2020-01-01T00:00:00Z" })).toEqual({ modelUsage: [] });
    expect(await t.ask(usage, {}, { tenantId: "t2" })).toEqual({ modelUsage: [] });
    expect(await t.refusal(usage, { from: "2021-01-01T00:00:00Z", to: "2020-01-01T00:00:00Z" })).toMatchObject({
      code: "BAD_USER_INPUT",
      reason: "USAGE_RANGE_INVALID",
    });
  });
});
