import { tooLong } from "../../../subgraphs/runtime/nodes/agent/agent-context.ts";
import type { FrozenAgent } from "../../../subgraphs/runtime/nodes/agent/agent-frozen.ts";
import type { ModelRequest } from "../../../subgraphs/runtime/nodes/ports/model.port.ts";

const agent = (context?: number) =>
  ({ limits: { prompt_bytes: 3_800_000, prompt_messages: 1_000, context_tokens: context } }) as unknown as FrozenAgent;
const said = (...contents: string[]): ModelRequest => ({ messages: contents.map((content) => ({ role: "USER", content })) });

describe("a request of an agent", () => {
  it.each<[string, ModelRequest, { context?: number; tokensBefore?: number }, RegExp | undefined]>([
    ["is short", said("Hello"), {}, undefined],
    ["has as many messages as the model subgraph takes", said(...Array<string>(1_000).fill("x")), {}, undefined],
    ["has one more", said(...Array<string>(1_001).fill("x")), {}, /1001 messages/],
    ["has many letters", said("x".repeat(3_700_000)), {}, undefined],
    ["has as many letters of three bytes each", said("語".repeat(1_400_000)), {}, /bytes/],
    ["has letters that JSON escapes", said('"'.repeat(2_000_000)), {}, /bytes/],
    ["has large tools", { ...said("Hello"), tools: [{ name: "t", parameters: { description: "x".repeat(4_000_000) } }] }, {}, /bytes/],
    ["is longer than its context", said("x".repeat(5_000)), { context: 1_000 }, /1250 tokens/],
    ["is as long as it", said("x".repeat(4_000)), { context: 1_000 }, undefined],
    ["was longer than it as the provider counts", said("語"), { context: 1_000, tokensBefore: 1_001 }, /1001 tokens/],
  ])("%s", async (_name, request, { context, tokensBefore = 0 }, problem) => {
    const found = await tooLong(request, { agent: agent(context), tokensBefore });
    if (problem === undefined) expect(found).toBeUndefined();
    else expect(found).toMatch(problem);
  });

  it("has the bytes of its JSON, whether its messages were measured before or not", async () => {
    const quotes = (count: number) => ({ role: "USER" as const, content: '"'.repeat(count) });
    const long = quotes(700_000);
    const tools = [{ name: "t", parameters: { description: "語" } }];
    const bytesOf = (request: ModelRequest) => Buffer.byteLength(JSON.stringify(request));
    const exceeds = async (request: ModelRequest, bytes: number) => {
      const limits = { ...agent().limits, prompt_bytes: bytes };
      return (await tooLong(request, { agent: { limits } as FrozenAgent, tokensBefore: 0 })) !== undefined;
    };
    for (const messages of [[long], [quotes(2), long], [long, quotes(3), { role: "TOOL" as const, toolCallId: "c", content: "ü" }]]) {
      const request = { model: "m", messages, tools };
      expect([await exceeds(request, bytesOf(request)), await exceeds(request, bytesOf(request) - 1)]).toEqual([false, true]);
    }
  });

  it("has messages that are written once to be measured, however many requests have them", async () => {
    let reads = 0;
    const message = {
      role: "TOOL" as const,
      content: "x".repeat(700_000),
      get toolCallId() {
        reads++;
        return "c";
      },
    };
    const readsAfter = async (...more: string[]) => {
      expect(await tooLong({ messages: [message, ...said(...more).messages] }, { agent: agent(), tokensBefore: 0 })).toBeUndefined();
      return reads;
    };
    const once = await readsAfter();
    expect(once).toBeGreaterThan(0);
    expect([await readsAfter("one"), await readsAfter("one", "two")]).toEqual([once, once]);
  });
});
