import fc from "fast-check";
import type { Json } from "#shared/json.ts";
import { charactersOf } from "../../../subgraphs/runtime/nodes/agent/agent-context.ts";
import type { FrozenAgent } from "../../../subgraphs/runtime/nodes/agent/agent-frozen.ts";
import { promptAhead, promptOf, type PromptParts } from "../../../subgraphs/runtime/nodes/agent/agent-prompt.ts";
import { turnsBefore, type AgentOutputs } from "../../../subgraphs/runtime/nodes/agent/agent-turn.ts";

type Row = AgentOutputs[string];
const most = 60;
const agent = { role: "helper", limits: { result_characters: most } } as unknown as FrozenAgent;

/** What one turn adds, and what of it comes only after the next prompt was made. */
interface Added {
  rows: AgentOutputs;
  late: AgentOutputs;
}

const answered = fc.oneof(
  fc.record({ output: fc.record({ result: fc.jsonValue() }), text: fc.constant(null) }),
  fc.record({ output: fc.record({ result: fc.string({ maxLength: 3 * most }) }), text: fc.constant(null) }),
  fc.record({ output: fc.jsonValue(), text: fc.option(fc.string()), error: fc.constant({ code: "E", message: "failed" }) }),
  fc.record({ output: fc.record({ result: fc.string(), approved_arguments: fc.constant({ a: 1 }) }), text: fc.constant(null) }),
) as fc.Arbitrary<Row>;
const called = fc.record({ name: fc.string(), args: fc.jsonValue(), answer: answered, comes: fc.constantFrom("now", "late", "never") });
const turned = fc.record({
  text: fc.string(),
  calls: fc.array(called, { maxLength: 3 }),
  problem: fc.option(fc.string(), { nil: undefined }),
  isTooLong: fc.boolean(),
  inputs: fc.nat({ max: 3 }),
});

const added = fc.array(turned, { maxLength: 6 }).map((turns) => turns.map((turn, index) => addedBy(turn, index + 1)));

function addedBy({ text, calls, problem, isTooLong, inputs }: FcValue<typeof turned>, turn: number): Added {
  const model = `model#${turn}`;
  if (isTooLong) {
    const rows = { [model]: { output: { compaction: { characters: 9 }, inputs }, text: "" }, [`compact#${turn}`]: { output: null, text } };
    return { rows, late: {} };
  }
  const made = calls.map(({ name, args }, call) => ({ id: `c${turn}.${call}`, name, arguments: args }));
  const rowsThat = (when: string): AgentOutputs =>
    Object.fromEntries(calls.flatMap(({ answer, comes }, call) => (comes === when ? [[`tool#${turn}.${call}`, answer]] : [])));
  const output = { tool_calls: made, inputs, ...(problem !== undefined && { problem }) } as unknown as Json;
  return { rows: { [model]: { output, text }, ...rowsThat("now") }, late: rowsThat("late") };
}

type FcValue<A> = A extends fc.Arbitrary<infer V> ? V : never;

const partsOf = (outputs: AgentOutputs, turn: number): PromptParts => {
  const inputs = ["one", "two", "three"];
  return { agent, opening: { input: "Go on." }, outputs, turns: turnsBefore(outputs, turn), inputs, agentRunId: "run:agent" };
};

describe("the prompt of an agent", () => {
  it("is the same bytes whether its turns were told before or are read from their rows anew", async () => {
    await fc.assert(
      fc.asyncProperty(added, async (turns) => {
        const outputs: AgentOutputs = {};
        for (const [index, { rows, late }] of turns.entries()) {
          Object.assign(outputs, rows);
          for (const more of [{}, late]) {
            Object.assign(outputs, more);
            const parts = partsOf(outputs, index + 2);
            await promptAhead(parts);
            const grown = promptOf(parts);
            const anew = promptOf(partsOf(structuredClone(outputs), index + 2));
            expect(JSON.stringify(grown)).toBe(JSON.stringify(anew));
            expect(charactersOf(grown.messages)).toBe(charactersOf(anew.messages));
          }
        }
      }),
    );
  });

  it("has the very messages of the one before, and those of one turn more", () => {
    const outputs: AgentOutputs = {};
    const messagesAfter = (turn: number) => {
      const output = { tool_calls: [{ id: `c${turn}`, name: "t", arguments: { turn } }] } as unknown as Json;
      outputs[`model#${turn}`] = { output, text: "" };
      outputs[`tool#${turn}.0`] = { output: { result: { turn } }, text: null };
      return promptOf(partsOf(outputs, turn + 1)).messages.filter(({ role }) => role === "ASSISTANT" || role === "TOOL");
    };
    const first = messagesAfter(1);
    const second = messagesAfter(2);
    expect(second.map(({ role }) => role)).toEqual(["ASSISTANT", "TOOL", "ASSISTANT", "TOOL"]);
    expect(second.slice(0, 2).every((message, index) => message === first[index])).toBe(true);
  });

  it("keeps no messages of turns that a summary stands for, nor looks through them again", () => {
    const outputs: AgentOutputs = {
      "model#1": { output: { tool_calls: [{ id: "c", name: "t", arguments: {} }] }, text: "" },
      "tool#1.0": { output: { result: 1 }, text: null },
    };
    const [turn] = turnsBefore(outputs, 2);
    promptOf(partsOf(outputs, 2));
    expect(turn?.told).toHaveLength(2);
    outputs["model#2"] = { output: { compaction: { characters: 9 } }, text: "" };
    outputs["compact#2"] = { output: null, text: "In short." };
    const parts = partsOf(outputs, 3);
    promptOf(parts);
    expect(turn?.told).toBeUndefined();
    Object.defineProperty(outputs, "tool#1.0", {
      get() {
        throw new Error("it was looked at");
      },
    });
    expect(promptAhead(parts)).toBeUndefined();
  });

  it("has what a row says that stands in the place of another", () => {
    const outputs: AgentOutputs = { "model#1": { output: {}, text: "One." } };
    const said = () => promptOf(partsOf(outputs, 2)).messages.find(({ role }) => role === "ASSISTANT")?.content;
    expect(said()).toBe("One.");
    outputs["model#1"] = { output: {}, text: "Another." };
    expect(said()).toBe("Another.");
  });
});
