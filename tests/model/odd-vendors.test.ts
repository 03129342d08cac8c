/** What providers answer, through the subgraph: every sixth body of the reader's table, asked for whole and streamed. */
import type { ExecutionResult } from "graphql";
import type { Json } from "#shared/json.ts";
import type { ScriptedRefusal } from "../testkit/scripted-provider.ts";
import { scripts, type Expected } from "./openai/answers.ts";
import { hello, openModelTest, type ModelTest } from "./setup.ts";

let t: ModelTest;
beforeAll(async () => {
  t = await openModelTest({ providerApiKey: "sk-secret-key", defaultModel: "asked" });
});
beforeEach(() => t.provider.reset());
afterAll(() => t.close());

const fields = `id model content toolCalls { id name arguments } finishReason providerFinishReason reasoning
  promptTokens completionTokens cachedTokens reasoningTokens omittedParameters`;
const mutation = `mutation ($input: ChatCompletionInput!) { chatCompletion(input: $input) { ${fields} } }`;
const subscription = `subscription ($input: ChatCompletionInput!) {
  chatCompletionStream(input: $input) { delta reasoningDelta toolCallDelta completion { ${fields} } }
}`;

interface Completion {
  [field: string]: unknown;
  content: string | null;
  reasoning: string | null;
  toolCalls: { id: string; name: string; arguments: unknown }[];
}
interface Chunk {
  delta: string | null;
  reasoningDelta: string | null;
  completion: Completion | null;
}

/** Streams to the end: what was shown, and how it ended. */
async function stream(input: object = hello) {
  const source = await t.subgraph.subscribe({ query: subscription, variables: { input }, info: { tenantId: "t1", requestId: "r" } });
  if (!(Symbol.asyncIterator in source)) throw new Error(JSON.stringify(source.errors));
  const events = (await Array.fromAsync(source)) as ExecutionResult<{ chatCompletionStream: Chunk }>[];
  const chunks = events.flatMap((event) => event.data?.chatCompletionStream ?? []);
  return {
    text: chunks.map(({ delta }) => delta ?? "").join(""),
    reasoning: chunks.map(({ reasoningDelta }) => reasoningDelta ?? "").join(""),
    completion: chunks.at(-1)?.completion ?? undefined,
    error: events.at(-1)?.errors?.[0]?.extensions,
  };
}

function fits(completion: Completion, { text, reasoning, calls, ids, finish, provider, tokens, cached, thought, model, id }: Expected) {
  const given = <Value>(value: Value | undefined, name: string) => (value === undefined ? {} : { [name]: value });
  expect(completion).toMatchObject({
    ...given(text, "content"),
    ...given(reasoning, "reasoning"),
    ...given(finish, "finishReason"),
    ...given(provider, "providerFinishReason"),
    ...given(tokens?.[0], "promptTokens"),
    ...given(tokens?.[1], "completionTokens"),
    ...given(cached, "cachedTokens"),
    ...given(thought, "reasoningTokens"),
    ...given(model, "model"),
    ...given(id, "id"),
  });
  if (calls) expect(completion.toolCalls.map((call) => [call.name, call.arguments])).toEqual(calls);
  if (ids) expect(completion.toolCalls.map((call) => call.id)).toEqual(ids);
}

const answerOf = (body: string, contentType: string): ScriptedRefusal => ({
  status: 200,
  headers: contentType === "" ? {} : { "content-type": contentType },
  body,
});

describe("an odd answer", () => {
  const some = scripts.filter((_, index) => index % 6 === 0);

  it.each(some)(
    "comes out of chatCompletion and chatCompletionStream alike: %s",
    async (_, body, expected, contentType = "application/json") => {
      t.provider.chat(answerOf(body, contentType));
      const streamed = await stream();
      if (expected.error) {
        const { error, retryable } = expected;
        const told = { reason: error, effectUnknown: false, ...(retryable !== undefined && { retryable }) };
        expect(streamed.error).toMatchObject(told);
        expect(streamed.text).toBe(expected.before ?? "");
        expect(await t.refusal(mutation, { input: hello })).toMatchObject(told);
      } else {
        fits(streamed.completion!, expected);
        expect([streamed.text, streamed.reasoning]).toEqual([streamed.completion!.content ?? "", streamed.completion!.reasoning ?? ""]);
        fits((await t.ask<{ chatCompletion: Completion }>(mutation, { input: hello })).chatCompletion, expected);
      }
      expect(t.provider.requests).toHaveLength(2);
    },
  );

  it("shows what a provider says of a 429 that waiting does not help", async () => {
    const body = { error: { message: "no credit", code: 429, type: "insufficient_quota" } };
    t.provider.chat({ status: 429, json: body });
    expect(await t.refusal(mutation, { input: hello })).toMatchObject({ reason: "MODEL_PROVIDER_RATE_LIMITED", retryable: false });
  });

  it("is told as the embeddings' too", async () => {
    const embed = `mutation { createEmbeddings(input: { input: ["a", "b"], model: "e" }) { model vectors promptTokens } }`;
    const answered = async (json: unknown) => {
      t.provider.embeddings({ json: json as never });
      return (await t.ask<{ createEmbeddings: object }>(embed)).createEmbeddings;
    };
    const data = [
      { index: "1", embedding: [2] },
      { index: "0", embedding: [1] },
    ];
    expect(await answered({ data, usage: { prompt_tokens: "7" }, model: 7 })).toEqual({ model: "e", vectors: [[1], [2]], promptTokens: 7 });
    expect(await answered({ data, usage: { prompt_tokens: 3_000_000_000 }, error: null })).toMatchObject({ promptTokens: 3_000_000_000 });
    for (const [json, reason, says] of [
      [{ error: { message: "insufficient balance" } }, "MODEL_PROVIDER_FAILED", "insufficient balance"],
      [{ data: null, detail: "not loaded" }, "MODEL_PROVIDER_FAILED", "not loaded"],
      [{ data: null, base_resp: { status_code: 1008, status_msg: "no balance" } }, "MODEL_PROVIDER_FAILED", "no balance"],
      [{ ok: 1 }, "MODEL_ANSWER_INVALID", '{"ok":1}'],
      [{ data: [{ embedding: [1] }] }, "MODEL_ANSWER_INVALID", "1 vectors for 2 texts"],
      [{ data: [{ embedding: [1] }, { embedding: "AAAA" }] }, "MODEL_ANSWER_INVALID", "data.1 has no vector"],
    ] as [Json, string, string][]) {
      t.provider.embeddings({ json });
      expect(await t.refusal(embed)).toMatchObject({ reason, message: expect.stringContaining(says) });
    }
    t.provider.embeddings({ status: 200, headers: { "content-type": "text/html" }, body: "<html>Login" });
    expect(await t.refusal(embed)).toMatchObject({
      reason: "MODEL_ANSWER_INVALID",
      retryable: false,
      message: expect.stringContaining("text/html"),
    });
    t.provider.embeddings({ status: 200, headers: { "content-type": "application/json" }, body: `\ufeff${JSON.stringify({ data })}` });
    expect(await t.ask(embed)).toMatchObject({ createEmbeddings: { vectors: [[1], [2]] } });
  });
});

describe("a list of models", () => {
  it.each<[string, object | string[], string[]]>([
    ["a plain list", [{ id: "a" }, { id: "b" }], ["a", "b"]],
    ["a list of names", ["a", "b", ""], ["a", "b"]],
    ["models", { models: [{ name: "a", model: "a:latest" }, { model: "b" }] }, ["a", "b"]],
    ["entries without an id", { data: [{ id: "a" }, { object: "model" }, { id: 7 }, null, { id: "b" }, { id: "a" }] }, ["a", "b"]],
    ["null data beside models", { data: null, models: [{ id: "a" }] }, ["a"]],
    ["an error", { error: "no" }, ["asked"]],
    ["nothing", {}, ["asked"]],
  ])("is read where it is %s", async (_, json, names) => {
    t.provider.models({ json: json as never });
    const { models } = await t.ask<{ models: { name: string }[] }>("{ models { name } }");
    expect(models.map(({ name }) => name)).toEqual(names);
  });
});
