import "reflect-metadata";
import { createEgressPolicy } from "#shared/fetch/egress.ts";
import { AppError } from "#shared/errors.ts";
import { readChat } from "../../../subgraphs/model/openai/chat-stream.ts";
import type { ReadCompletion } from "../../../subgraphs/model/openai/chat-answer.ts";
import { longestTurnAtBest } from "../../testkit/longest-turn.ts";
import { scripts, type Expected } from "./answers.ts";

const provider = {
  code: "p",
  baseUrl: "http://p.test/v1",
  apiKey: "sk-secret-key",
  apiKeyHeader: undefined,
  headers: {},
  query: {},
  egress: createEgressPolicy({ allow: [] }),
};

interface Read {
  text: string;
  reasoning: string;
  completion: ReadCompletion | undefined;
  error: AppError | undefined;
}

/** Reads a body that comes in packets of so many bytes. */
async function read(body: string, contentType: string, size: number): Promise<Read> {
  const bytes = Buffer.from(body);
  async function* packets() {
    for (let at = 0; at < bytes.length; at += size) yield { bytes: bytes.subarray(at, at + size), contentType };
  }
  const found: Read = { text: "", reasoning: "", completion: undefined, error: undefined };
  try {
    for await (const piece of readChat({ provider, model: "asked" }, packets())) {
      if ("text" in piece) found.text += piece.text;
      if ("reasoning" in piece) found.reasoning += piece.reasoning;
      if ("completion" in piece) found.completion = piece.completion;
    }
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    found.error = error;
  }
  return found;
}

function seen({ text, completion, error }: Read, expected: Expected): Expected {
  const all: Expected = error
    ? { error: error.reason, before: text, retryable: error.facts["retryable"] as boolean }
    : {
        text: completion!.content,
        reasoning: completion!.reasoning,
        calls: completion!.toolCalls.map((call) => [call.name, call.arguments]),
        ids: completion!.toolCalls.map(({ id }) => id),
        finish: completion!.finishReason,
        provider: completion!.providerFinishReason,
        tokens: [completion!.promptTokens, completion!.completionTokens],
        cached: completion!.cachedTokens,
        thought: completion!.reasoningTokens,
        model: completion!.model,
        id: completion!.id,
      };
  return Object.fromEntries(Object.entries(all).filter(([key]) => key in expected || key === "error"));
}

describe("an answer of a provider", () => {
  it("is looked at in more than 200 forms", () => {
    expect(scripts.length).toBeGreaterThan(200);
    expect(new Set(scripts.map(([name]) => name)).size).toBe(scripts.length);
  });

  it.each(scripts)("is read as what came: %s", async (_, body, { says, ...expected }, contentType = "application/json") => {
    for (const size of [Infinity, 1, 7]) {
      const found = await read(body, contentType, size === Infinity ? Math.max(1, Buffer.byteLength(body)) : size);
      expect({ size, ...seen(found, expected) }).toEqual({ size, ...expected });
      if (found.completion) {
        // The pieces are the whole.
        expect([found.text, found.reasoning]).toEqual([found.completion.content ?? "", found.completion.reasoning ?? ""]);
      } else {
        const told = String(found.error?.facts["providerMessage"] ?? found.error?.facts["problem"]);
        if (says instanceof RegExp) expect(told).toMatch(says);
        else expect(told).toContain(says);
      }
    }
  });

  it.each([
    ["words", "nonsense line\n"],
    ["a letter each", "x\r\n"],
    ["fields that are none", "retry: soon\n"],
    ["events that say nothing", "data: ok\n\n"],
    ["empty values", "{}"],
    ["empty lists", "[]"],
  ])("is read no further when most of it brings nothing: %s", async (_, line) => {
    const limit = Error.stackTraceLimit;
    const answer = `data: {"choices":[{"message":{"content":"hi"},"finish_reason":"stop"}]}\n\n`;
    const { error } = await read(line.repeat(110_000) + answer, "text/event-stream", 65_536);
    expect(error?.reason).toBe("MODEL_ANSWER_INVALID");
    expect(error?.facts["problem"]).toBe("it has more than 100000 pieces that bring nothing");
    const found = await read(line.repeat(1_000) + answer, "text/event-stream", 65_536);
    expect([found.error, found.completion?.content]).toEqual([undefined, "hi"]);
    expect(Error.stackTraceLimit).toBe(limit);
  });

  const text = "a".repeat(4_000_000);
  const called = (given: string) =>
    `data: ${JSON.stringify({ choices: [{ delta: { tool_calls: [{ index: 0, id: "a", function: { name: "f", arguments: given } }] } }] })}\n\n`;
  it.each([
    ["lists of 20,000 empty objects", `data: [${"{},".repeat(20_000)}{}]\n\n`.repeat(4), "!"],
    ["80,000 empty objects in one event", `data: ${"{}".repeat(80_000)}\n\n`, "!"],
    ["many values behind a long list", `data: [${"0,".repeat(200_000)}0]{}\n\n`, "MODEL_ANSWER_INVALID"],
    ["one event of a long text", `data: ${JSON.stringify({ choices: [{ delta: { content: text } }] })}\n\n`, `${text}!`],
    ["two values in one event, the first long", `data: ${JSON.stringify({ choices: [{ delta: { content: text } }] })}{}\n\n`, `${text}!`],
    ["a call of very many blanks", called(`{}${" ".repeat(7_500_000)}`), "!"],
  ])("is read in turns, each of them short: %s", async (_, body, expected) => {
    const end = `data: {"choices":[{"delta":{"content":"!"},"finish_reason":"stop"}]}\n\n`;
    const { outcome, longestMs } = await longestTurnAtBest(() => read(body + end, "text/event-stream", 65_536));
    expect(outcome.error?.reason ?? outcome.completion?.content).toBe(expected);
    expect(longestMs).toBeLessThan(100);
  });
});
