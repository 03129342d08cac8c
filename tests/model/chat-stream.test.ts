import type { ExecutionResult } from "graphql";
import { hello, openModelTest, type ModelTest } from "./setup.ts";

// One subgraph for all: these tests leave nothing in its database, and opening one takes longer than they do.
let t: ModelTest;
beforeAll(async () => {
  t = await openModelTest({ providerApiKey: "sk-configured-key" });
});
beforeEach(() => t.provider.reset());
afterAll(() => t.close());

const query = `subscription ($input: ChatCompletionInput!) {
  chatCompletionStream(input: $input) {
    delta toolCallDelta completion { id model content toolCalls { id name arguments } finishReason promptTokens completionTokens durationMs }
  }
}`;
type Chunk = { delta: string | null; toolCallDelta: unknown; completion: { content: string | null } | null };
type Event = ExecutionResult<{ chatCompletionStream: Chunk }>;

async function open(input: object = hello, of = t, asked = query) {
  const source = await of.subgraph.subscribe({ query: asked, variables: { input }, info: { tenantId: "t1", requestId: "r" } });
  if (!(Symbol.asyncIterator in source)) throw new Error(JSON.stringify(source.errors));
  return source as AsyncIterableIterator<Event>;
}
const chunkOf = (event: Event | undefined) => event?.data?.chatCompletionStream;

describe("chatCompletionStream", () => {
  it("brings the deltas as they are made, then the whole", async () => {
    let release = () => {};
    t.provider.chat({ text: "Hello there, friend.", between: new Promise<void>((resolve) => (release = resolve)) });
    const source = await open();
    const first = await source.next();
    expect(chunkOf(first.value)).toEqual({ delta: "Hello ", toolCallDelta: null, completion: null });
    release();
    const rest = await Array.fromAsync(source);
    const chunks = rest.map(chunkOf);
    expect(
      chunks
        .slice(0, -1)
        .map((chunk) => chunk?.delta)
        .join(""),
    ).toBe("there, friend.");
    expect(chunks.at(-1)).toEqual({
      delta: null,
      toolCallDelta: null,
      completion: {
        id: "chatcmpl-1",
        model: "configured-model",
        content: "Hello there, friend.",
        toolCalls: [],
        finishReason: "STOP",
        promptTokens: 7,
        completionTokens: 3,
        durationMs: expect.any(Number),
      },
    });
    expect(t.provider.requests[0]?.json).toMatchObject({ stream: true, stream_options: { include_usage: true } });
  });

  it("assembles tool calls from their pieces", async () => {
    const toolCalls = [
      { id: "c1", name: "weather", arguments: { city: "Oslo", days: [1, 2] } },
      { id: "c2", name: "time", arguments: {} },
    ];
    t.provider.chat({ text: "Let me see.", toolCalls });
    const chunks = (await Array.fromAsync(await open())).map(chunkOf);
    expect(chunks.at(-1)?.completion).toMatchObject({ content: "Let me see.", toolCalls, finishReason: "TOOL_CALLS" });
    expect(chunks.map((chunk) => chunk?.toolCallDelta).filter(Boolean)[0]).toEqual({ index: 0, id: "c1", name: "weather", arguments: "" });
  });

  it.each([
    ["completion { finishReason }", [null]],
    ["delta completion { finishReason }", ["Let me see.", null]],
  ])("has no event of a piece that tells nothing of what is asked for: %s", async (fields, deltas) => {
    t.provider.chat({ text: "Let me see.", toolCalls: [{ id: "c1", name: "weather", arguments: { city: "Oslo" } }] });
    const asked = `subscription ($input: ChatCompletionInput!) { chatCompletionStream(input: $input) { ${fields} } }`;
    const chunks = (await Array.fromAsync(await open(hello, t, asked))).map(chunkOf);
    expect(chunks.at(-1)?.completion).toEqual({ finishReason: "TOOL_CALLS" });
    expect(chunks.map((chunk) => chunk?.delta ?? null)).toEqual(deltas);
  });

  it("takes a whole answer of a provider that knows no streaming", async () => {
    t.provider.chat({ status: 200, json: { id: "w", model: "m", choices: [{ message: { content: "whole" }, finish_reason: "length" }] } });
    const chunks = (await Array.fromAsync(await open())).map(chunkOf);
    expect(chunks).toMatchObject([{ delta: "whole" }, { completion: { content: "whole", finishReason: "LENGTH", promptTokens: 0 } }]);
  });

  it("ends the provider's request at once when the subscription ends, also while nothing comes", async () => {
    t.provider.chat({ text: "one two", between: new Promise(() => {}) });
    const source = await open();
    await source.next();
    const pending = source.next();
    await source.return?.();
    expect(await pending).toEqual({ done: true, value: undefined });
    await t.provider.requests[0]?.aborted;
  });

  it("asks nothing when it ends before its first event", async () => {
    const source = await open();
    await source.return?.();
    expect(await source.next()).toEqual({ done: true, value: undefined });
    expect(t.provider.requests).toEqual([]);
  });

  it.each<[string, object, object]>([
    [
      "429 with Retry-After",
      { status: 429, headers: { "retry-after": "3" } },
      { reason: "MODEL_PROVIDER_RATE_LIMITED", retryable: true, retryAfterMs: 3_000 },
    ],
    ["500", { status: 500 }, { reason: "MODEL_PROVIDER_FAILED", retryable: true }],
    ["a cut connection", { text: "a b c", cutAfter: 2 }, { reason: "MODEL_PROVIDER_UNREACHABLE", retryable: true, effectUnknown: false }],
    [
      "a stream that ends early",
      { text: "a b c", endAfter: 2 },
      { reason: "MODEL_PROVIDER_UNREACHABLE", retryable: true, problem: "the stream ended before the completion did" },
    ],
    [
      "an error within the stream",
      {
        status: 200,
        headers: { "content-type": "text/event-stream" },
        body: 'data: {"error":{"message":"overloaded for sk-configured-key"}}\n\n',
      },
      { reason: "MODEL_PROVIDER_FAILED", retryable: true, providerMessage: "overloaded for ***" },
    ],
    [
      "events that are none",
      { status: 200, headers: { "content-type": "text/event-stream" }, body: "data: {\n\n" },
      { reason: "MODEL_ANSWER_INVALID" },
    ],
  ])("tells %s as its last event", async (_, answer, error) => {
    t.provider.chat(answer);
    const events = await Array.fromAsync(await open());
    expect(events.at(-1)?.errors?.[0]?.extensions).toMatchObject(error);
    expect(events.slice(0, -1).every((event) => event.errors === undefined)).toBe(true);
    expect(t.provider.requests).toHaveLength(1);
  });

  it.each<[string, object, object, object]>([
    ["a slow first byte", { before: new Promise(() => {}) }, { firstByteMs: 1_500 }, { phase: "FIRST_BYTE", deadlineMs: 1_500 }],
    ["a stream that stops", { text: "a b", between: new Promise(() => {}) }, { idleMs: 1_500 }, { phase: "IDLE" }],
  ])("tells %s as its last event", async (_, answer, deadlines, facts) => {
    // Alone with their deadlines, by which the request, or the first byte, has come.
    const hasty = await openModelTest({}, deadlines);
    hasty.provider.chat(answer);
    const events = await Array.fromAsync(await open(hello, hasty));
    const told = { code: "TIMEOUT", reason: "MODEL_PROVIDER_TIMEOUT", retryable: true, ...facts };
    expect(events.at(-1)?.errors?.[0]?.extensions).toMatchObject(told);
    expect(events.slice(0, -1).every((event) => event.errors === undefined)).toBe(true);
    expect(hasty.provider.requests).toHaveLength(1);
    await hasty.close();
  });

  it("refuses what needs no provider to be refused before it starts", async () => {
    const result = await t.subgraph.subscribe({ query, variables: { input: { messages: [] } }, info: { tenantId: "t1", requestId: "r" } });
    expect(result).toMatchObject({ errors: [{ extensions: { reason: "MODEL_INPUT_INVALID", field: "messages" } }] });
  });

  it("uses the connection again", async () => {
    const ports = new Set<number | undefined>();
    // One that waits too long for its next use is closed.
    for (let round = 0; round < 6; round++) {
      await Array.fromAsync(await open());
      ports.add(t.provider.requests.at(-1)?.fromPort);
    }
    expect(ports.size).toBeLessThan(6);
  });
});
