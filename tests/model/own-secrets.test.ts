/** Providers that repeat their key in answers that succeed: nobody is shown it, however it is cut. */
import type { Json } from "#shared/json.ts";
import { hello, openModelTest, type ModelTest } from "./setup.ts";

const key = "sk-own-key-4711-abcdef";
let t: ModelTest;
beforeAll(async () => {
  t = await openModelTest({ providerApiKey: key });
});
beforeEach(() => t.provider.reset());
afterAll(() => t.close());

const fields = "id model content reasoning providerFinishReason toolCalls { id name arguments }";
const whole = `mutation ($input: ChatCompletionInput!) { chatCompletion(input: $input) { ${fields} } }`;
const streamed = `subscription ($input: ChatCompletionInput!) {
  chatCompletionStream(input: $input) { delta reasoningDelta toolCallDelta completion { ${fields} } }
}`;

/** Everything that a stream gives. */
async function streamOf(): Promise<unknown[]> {
  const source = await t.subgraph.subscribe({ query: streamed, variables: { input: hello }, info: { tenantId: "t1", requestId: "r" } });
  if (!(Symbol.asyncIterator in source)) throw new Error(JSON.stringify(source.errors));
  return (await Array.fromAsync(source)).map(({ data }) => (data as { chatCompletionStream: unknown }).chatCompletionStream);
}

const events = (values: Json[]) => `${values.map((value) => `data: ${JSON.stringify(value)}\n\n`).join("")}data: [DONE]\n\n`;
const delta = (given: Json, reason: string | null = null): Json => ({
  id: `id-${key}`,
  model: `m-${key}`,
  choices: [{ index: 0, delta: given, finish_reason: reason }],
});
const answered = (body: string) => t.provider.chat({ status: 200, headers: { "content-type": "text/event-stream" }, body });

describe("a provider's own key", () => {
  it("is taken out of a whole answer: text, thoughts, calls, the model's name, the id", async () => {
    const message = {
      content: `the key is ${key}`,
      reasoning_content: Buffer.from(`x${key}`).toString("base64"),
      tool_calls: [
        { id: `c-${key}`, function: { name: "say", arguments: JSON.stringify({ k: key, hex: Buffer.from(key).toString("hex") }) } },
      ],
    };
    t.provider.chat({ status: 200, json: { id: `id-${key}`, model: `m-${key}`, choices: [{ message, finish_reason: `stop-${key}` }] } });
    const { chatCompletion: shown } = await t.ask<{ chatCompletion: object }>(whole, { input: hello });
    expect(shown).toMatchObject({
      id: "id-***",
      model: "m-***",
      content: "the key is ***",
      providerFinishReason: "stop-***",
      toolCalls: [{ id: "c-***", name: "say", arguments: { k: "***", hex: "***" } }],
    });
    expect(JSON.stringify(shown)).not.toContain(Buffer.from(key).toString("base64").slice(4, 20));
  });

  it.each([1, 2, 3, 7, 100])("is taken out of deltas of %s characters, and out of the whole behind them", async (size) => {
    const pieces = (text: string) => text.match(new RegExp(`.{1,${size}}`, "gs"))!;
    const call = JSON.stringify({ k: key, rest: "skip" });
    answered(
      events([
        ...pieces(`Well, ${key} it is. sk`).map((content) => delta({ content })),
        ...pieces(`hm ${encodeURIComponent(key)}`).map((reasoning_content) => delta({ reasoning_content })),
        delta({ tool_calls: [{ index: 0, id: "c", function: { name: "say", arguments: "" } }] }),
        ...pieces(call).map((text) => delta({ tool_calls: [{ index: 0, function: { arguments: text } }] })),
        delta({}, "tool_calls"),
      ]),
    );
    const shown = (await streamOf()) as {
      delta: string | null;
      reasoningDelta: string | null;
      toolCallDelta: { arguments: string | null } | null;
      completion: object | null;
    }[];
    const joined = (pick: (chunk: (typeof shown)[number]) => string | null | undefined) => shown.map((chunk) => pick(chunk) ?? "").join("");
    expect(joined(({ delta: text }) => text)).toBe("Well, *** it is. sk");
    expect(joined(({ reasoningDelta }) => reasoningDelta)).toBe("hm ***");
    expect(JSON.parse(joined(({ toolCallDelta }) => toolCallDelta?.arguments))).toEqual({ k: "***", rest: "skip" });
    expect(shown.at(-1)?.completion).toMatchObject({
      content: "Well, *** it is. sk",
      reasoning: "hm ***",
      toolCalls: [{ arguments: { k: "***", rest: "skip" } }],
    });
    expect(JSON.stringify(shown)).not.toContain(key);
  });

  it("is taken out where the whole message follows its deltas, and has more than they", async () => {
    answered(
      events([
        delta({ content: "the key " }),
        delta({ content: "sk-own" }),
        { choices: [{ message: { content: `the key ${key}!` }, finish_reason: "stop" }] },
      ]),
    );
    const shown = (await streamOf()) as { delta: string | null; completion: { content: string } | null }[];
    expect(shown.map(({ delta: text }) => text ?? "").join("")).toBe("the key ***!");
    expect(shown.at(-1)?.completion?.content).toBe("the key ***!");
  });

  it("is taken out of the names of models, and of who embedded", async () => {
    t.provider.models([`m-${key}`]);
    expect(await t.ask("{ models { name } }")).toMatchObject({ models: [{ name: "m-***" }] });
    t.provider.embeddings({ json: { model: `e-${key}`, data: [{ index: 0, embedding: [1] }] } });
    const embed = `mutation { createEmbeddings(input: { model: "e", input: ["a"] }) { model } }`;
    expect(await t.ask(embed)).toEqual({ createEmbeddings: { model: "e-***" } });
  });
});
