import type { JsonObject } from "#shared/json.ts";
import { saidOutcome, saidProblem } from "../../../subgraphs/runtime/nodes/agent/agent-said.ts";

/** An agent as a plan has it; in a team what it is there. */
const config = (team?: JsonObject): JsonObject => ({
  agent: {
    ...{ v: 1, id: "a", version_id: "v", role: "r", model: {}, tools: [], history: false },
    memory: { enabled: false, scope: "AGENT", read_top_k: 0, write_enabled: false, importance: 50 },
    limits: {
      ...{ max_steps: 8, model_attempts: 1, model_backoff_seconds: 1, history_characters: 1_000 },
      ...{ calls: 64, same_calls: 3, result_characters: 1_000 },
    },
    ...(team && { team: { key: "k", note: "n", same_asks: 3, ...team } }),
  },
});
const offered = { name: "delegate", description: "d", parameters: {} };
const lead = config({ ask: { ...offered, members: [{ key: "b", place: 1 }] } });
const debater = config({ conclude: { ...offered, name: "conclude" } });
const call = (name: string, args: JsonObject = {}) => ({ id: "c", name, arguments: args });

describe("what somebody says in the place of an agent's model", () => {
  it.each<
    [
      string,
      JsonObject,
      { seen?: number; text?: string; json?: JsonObject },
      { route: string; outputText?: string; outputJson?: JsonObject },
    ]
  >([
    ["is an answer", config(), { text: "Yes." }, { route: "answer", outputText: "Yes.", outputJson: { tool_calls: [] } }],
    ["has seen what it was told", config(), { seen: 2, text: "Yes." }, { route: "answer@2", outputJson: { inputs: 2 } }],
    ["calls tools", config(), { json: { tool_calls: [call("x"), call("y")] } }, { route: "calls:2" }],
    [
      "says nothing of routes, nor of the platform's own",
      config(),
      { json: { route: "dry", dry_run: true, compaction: {} } },
      { route: "answer", outputJson: { tool_calls: [] } },
    ],
    ["is no message, and then an answer", config(), { text: "Yes.", json: { tool_calls: [{}] } }, { route: "answer", outputText: "Yes." }],
    [
      "asks a member of its team",
      lead,
      { json: { tool_calls: [call("delegate", { member: "b", task: "t" })], usage: { prompt_tokens: 5 } } },
      { route: "calls:1~0=1+5.0/1" },
    ],
    [
      "asks nobody whom there is not",
      lead,
      { json: { tool_calls: [call("delegate", { member: "z", task: "t" })] } },
      { route: "calls:1+0.0/1" },
    ],
    [
      "ends its team's work",
      debater,
      { text: "So", json: { tool_calls: [call("conclude", { answer: "Done." })] } },
      { route: "answer+0.0/1", outputText: "Done.", outputJson: { concluded: true } },
    ],
    ["does not end it by a word", debater, { text: "So", json: { concluded: true } }, { route: "answer+0.0/1", outputText: "So" }],
  ])("%s", (_name, agent, { seen = 0, text, json }, expected) => {
    const outcome = saidOutcome({ config: agent, seen }, { outputText: text, outputJson: json });
    expect(outcome).toMatchObject(expected);
    expect(Object.keys(outcome.outputJson)).not.toEqual(expect.arrayContaining(["dry_run"]));
    if (expected.outputJson?.["concluded"] === undefined) expect(outcome.outputJson["concluded"]).toBeUndefined();
  });

  it.each<[unknown, string | undefined]>([
    [undefined, undefined],
    [null, undefined],
    [{}, undefined],
    [{ tool_calls: [], usage: {}, more: 1 }, undefined],
    [[], "outputJson"],
    ["text", "outputJson"],
    [{ tool_calls: [{ id: "", name: "x" }] }, "outputJson.tool_calls[0].id"],
    [{ tool_calls: Array.from({ length: 257 }, () => call("x")) }, "outputJson.tool_calls"],
    [{ usage: { completion_tokens: 1.5 } }, "outputJson.usage.completion_tokens"],
    [{ usage: { prompt_tokens: 1_000_000_000, completion_tokens: 0, price: 0.5 } }, undefined],
    [{ usage: { prompt_tokens: 1_000_000_001 } }, "outputJson.usage.prompt_tokens"],
    [{ usage: { completion_tokens: -1 } }, "outputJson.usage.completion_tokens"],
    [{ usage: { price: null } }, undefined],
    [{ usage: { price: -0.1 } }, "outputJson.usage.price"],
    [{ usage: { price: "1" } }, "outputJson.usage.price"],
  ])("is looked at, and its wrong field named: %#", (outputJson, field) => {
    expect(saidProblem(outputJson as JsonObject)?.field).toBe(field);
  });
});
