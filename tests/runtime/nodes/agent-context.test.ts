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
});
