/** Bodies of providers, and what is to be read of them: the table behind answers.test.ts. */
import type { Json, JsonObject } from "#shared/json.ts";

/** What is to be read of a body; what is not named is not looked at. */
export interface Expected {
  text?: string | null;
  reasoning?: string | null;
  /** [name, arguments] of each call. */
  calls?: [string, Json][];
  ids?: string[];
  finish?: string;
  provider?: string | null;
  /** Of the prompt and the completion. */
  tokens?: [number, number];
  cached?: number | null;
  thought?: number | null;
  model?: string;
  id?: string;
  /** The reason of the error that it ends with, after `before`. */
  error?: string;
  says?: string | RegExp;
  retryable?: boolean;
  before?: string;
}

/** A name, a body, and what is to be read of it. */
export type Script = [name: string, body: string, expected: Expected, contentType?: string];

const done = "data: [DONE]\n\n";
const event = (value: Json) => `data: ${JSON.stringify(value)}\n\n`;
const sse = (...values: Json[]) => values.map(event).join("");
const choice = (rest: JsonObject): JsonObject => ({ choices: [{ index: 0, ...rest }] });
const delta = (said: JsonObject, reason?: Json): JsonObject =>
  choice({ delta: said, ...(reason !== undefined && { finish_reason: reason }) });
const message = (said: JsonObject, reason: Json = "stop"): JsonObject => choice({ message: said, finish_reason: reason });
const stop = delta({}, "stop");
const ok = delta({ content: "ok" });
const json = (value: Json) => JSON.stringify(value);
const failed = (says: string | RegExp, retryable?: boolean): Expected => ({
  error: "MODEL_PROVIDER_FAILED",
  says,
  ...(retryable !== undefined && { retryable }),
});
const invalid = (says: string | RegExp, retryable = true): Expected => ({ error: "MODEL_ANSWER_INVALID", says, retryable });

/** One thing said twice: as a stream and whole. */
function both(
  name: string,
  said: JsonObject,
  expected: Expected,
  more: { reason?: Json; beside?: JsonObject; inChoice?: JsonObject } = {},
): Script[] {
  const { reason = "stop", beside = {}, inChoice = {} } = more;
  const piece = { ...choice({ delta: said, finish_reason: reason, ...inChoice }), ...beside };
  return [
    [`${name}, streamed`, sse(piece) + done, expected],
    [`${name}, whole`, json({ ...choice({ message: said, finish_reason: reason, ...inChoice }), ...beside }), expected],
  ];
}

const labels: Script[] = [
  [
    "a stream as it should be",
    sse(delta({ role: "assistant", content: "" }), ok, stop) + done,
    { text: "ok", finish: "STOP", provider: "stop" },
  ],
  [
    "a whole answer as it should be",
    json({ id: "i", model: "m2", ...message({ content: "ok" }) }),
    { text: "ok", finish: "STOP", id: "i", model: "m2" },
  ],
  ["a stream labelled as JSON", sse(ok, stop) + done, { text: "ok" }, "application/json"],
  ["a stream without a label", sse(ok, stop) + done, { text: "ok" }, ""],
  ["a stream labelled as a page", sse(ok, stop) + done, { text: "ok" }, "text/html"],
  ["a whole answer labelled as a stream", json(message({ content: "ok" })), { text: "ok", finish: "STOP" }, "text/event-stream"],
  ["a whole answer labelled as text", json(message({ content: "ok" })), { text: "ok" }, "text/plain"],
  ["a whole answer labelled as a page", json(message({ content: "ok" })), { text: "ok" }, "text/html"],
  ["a whole answer without a label", json(message({ content: "ok" })), { text: "ok" }, ""],
  ["a whole answer over many lines", JSON.stringify(message({ content: "ok" }), null, 2), { text: "ok" }],
  ["a whole answer behind blanks", `\n\n  ${json(message({ content: "ok" }))}\n`, { text: "ok" }],
  ["a whole answer with a BOM", `\ufeff${json(message({ content: "ok" }))}`, { text: "ok" }],
  ["a stream with a BOM", `\ufeff${sse(ok, stop)}${done}`, { text: "ok" }],
  ["a whole answer, then the mark", `${json(message({ content: "ok" }))}\n${done}`, { text: "ok", finish: "STOP" }],
  ["a whole answer as an event", event(message({ content: "ok" })) + done, { text: "ok", finish: "STOP" }],
  ["one JSON a line", [ok, stop].map(json).join("\n"), { text: "ok", finish: "STOP" }, "application/x-ndjson"],
  ["one JSON a line, then the mark", `${[ok, stop].map(json).join("\n")}\n[DONE]\n`, { text: "ok" }],
  ["one JSON a line, then the mark as an event", `${[ok, stop].map(json).join("\n")}\n\n${done}`, { text: "ok" }],
  ["one JSON a line with CRLF", `${[ok, stop].map(json).join("\r\n")}\r\n`, { text: "ok" }],
  ["JSON over several lines, one behind the other", [ok, stop].map((value) => JSON.stringify(value, null, 2)).join("\n"), { text: "ok" }],
  ["JSON without anything between", [ok, stop].map(json).join(""), { text: "ok" }],
  ["a list of pieces", json([ok, stop]), { text: "ok", finish: "STOP" }],
  ["a list of a whole answer", json([message({ content: "ok" })]), { text: "ok" }],
  ["a whole answer in an envelope", json({ code: 0, data: message({ content: "ok" }) }), { text: "ok" }],
  ["a whole answer in another envelope", json({ success: true, errors: [], result: message({ content: "ok" }) }), { text: "ok" }],
  ["choices as an object", json({ choices: { message: { content: "ok" }, finish_reason: "stop" } }), { text: "ok" }],
];

const lines: Script[] = [
  ["an empty data line", `${sse(ok)}data:\n\n${sse(stop)}`, { text: "ok" }],
  ["an empty data line with a blank", `${sse(ok)}data: \n\n${sse(stop)}${done}`, { text: "ok" }],
  ["two empty data lines in one event", `${sse(ok)}data:\ndata:\n\n${sse(stop)}`, { text: "ok" }],
  ["comments", `: OPENROUTER PROCESSING\n\n${sse(ok)}:\n\n: x\n${sse(stop)}${done}`, { text: "ok" }],
  ["a comment first, without a blank line", `: hello\n${sse(ok, stop)}${done}`, { text: "ok" }],
  ["retry and id", `retry: 3000\nid: 7\n${sse(ok)}id: 8\n${sse(stop)}${done}`, { text: "ok" }],
  ["an event name alone", `event: message\n\n${sse(ok, stop)}${done}`, { text: "ok" }],
  ["named events", `event: completion\n${sse(ok)}event: completion\n${sse(stop)}event: done\n${done}`, { text: "ok" }],
  ["a ping with an object", `event: ping\ndata: {}\n\n${sse(ok, stop)}${done}`, { text: "ok" }],
  ["a ping with words", `event: ping\ndata: 2026-11-28 12:00\n\n${sse(ok, stop)}${done}`, { text: "ok" }],
  ["a ping that is data", `data: ping\n\n${sse(ok)}data: keep-alive\n\ndata: : heartbeat\n\n${sse(stop)}${done}`, { text: "ok" }],
  ["null, a number and an empty object as data", `data: null\n\ndata: 0\n\ndata: {}\n\n${sse(ok, stop)}${done}`, { text: "ok" }],
  ["unknown fields", `${sse(ok)}foo: bar\nx\n\n${sse(stop)}${done}`, { text: "ok" }],
  ["data without a blank behind the colon", `data:${json(ok)}\n\ndata:${json(stop)}\n\ndata:[DONE]\n\n`, { text: "ok" }],
  ["data behind blanks", `  data: ${json(ok)}\n\n  data: ${json(stop)}\n\n`, { text: "ok" }],
  ["CRLF", (sse(ok, stop) + done).replaceAll("\n", "\r\n"), { text: "ok" }],
  ["CR", (sse(ok, stop) + done).replaceAll("\n", "\r"), { text: "ok" }],
  ["events without blank lines between them", `data: ${json(ok)}\ndata: ${json(stop)}\ndata: [DONE]\n`, { text: "ok", finish: "STOP" }],
  [
    "JSON over several data lines",
    `data: {"choices":\ndata: [{"delta":{"content":"ok"},\ndata: "finish_reason":"stop"}]}\n\n`,
    { text: "ok" },
  ],
  ["JSON over several lines with one data", `data: ${JSON.stringify(delta({ content: "ok" }, "stop"), null, 2)}\n\n`, { text: "ok" }],
  ["JSON lines among events", `${sse(ok)}${json(stop)}\n\n${done}`, { text: "ok", finish: "STOP" }],
  ["the last event without a blank line", sse(ok, stop).slice(0, -1), { text: "ok", finish: "STOP" }],
  ["the last event without a line end", sse(ok, stop).slice(0, -2), { text: "ok", finish: "STOP" }],
  ["the last event without a line end has text", sse(delta({ content: "ok" }, "stop")).slice(0, -2), { text: "ok" }],
  ["the mark without a blank line", `${sse(ok, stop)}data: [DONE]`, { text: "ok" }],
  ["the mark in small letters", `${sse(ok, stop)}data: [done]\n\n`, { text: "ok" }],
  ["the mark in quotes", `${sse(ok)}data: "[DONE]"\n\n`, { text: "ok", finish: "OTHER" }],
  ["the mark with blanks", `${sse(ok)}data:   [DONE]  \n\n`, { text: "ok", finish: "OTHER" }],
  ["more behind the mark", `${sse(ok, stop)}${done}data: {"error":"late"}\n\n${sse(delta({ content: "!" }))}`, { text: "ok" }],
  ["words behind the mark", `${sse(ok, stop)}${done}bye`, { text: "ok" }],
  ["no mark", sse(ok, stop), { text: "ok", finish: "STOP" }],
];

const unwrapping: Script[] = [
  [
    "a message instead of a delta",
    sse(choice({ message: { content: "the answer" }, finish_reason: "stop" })) + done,
    { text: "the answer" },
  ],
  [
    "messages instead of deltas",
    sse(choice({ message: { content: "the " } }), choice({ message: { content: "answer" }, finish_reason: "stop" })) + done,
    { text: "the answer" },
  ],
  [
    "a message without data:",
    `${json(choice({ message: { content: "the answer" }, finish_reason: "stop" }))}\n\n${done}`,
    { text: "the answer" },
  ],
  ["a text instead of a delta", sse(choice({ text: "the answer", finish_reason: "stop" })) + done, { text: "the answer" }],
  [
    "texts instead of deltas",
    sse(choice({ text: "the " }), choice({ text: "answer", finish_reason: "stop" })) + done,
    { text: "the answer" },
  ],
  ["a text, whole", json(choice({ text: "the answer", finish_reason: "stop" })), { text: "the answer", finish: "STOP" }],
  ["a delta, whole", json(delta({ content: "the answer" }, "stop")), { text: "the answer" }],
  ["a delta that is a text", sse(choice({ delta: "ok" }), stop) + done, { text: "ok" }],
  ["an empty delta beside a message", sse(choice({ delta: {}, message: { content: "ok" }, finish_reason: "stop" })) + done, { text: "ok" }],
  [
    "the message once more at the end",
    sse(delta({ content: "the " }), delta({ content: "answer" }), message({ content: "the answer" })) + done,
    { text: "the answer", finish: "STOP" },
  ],
  [
    "the message with an end that had not come",
    sse(delta({ content: "the " }), message({ content: "the answer" })) + done,
    { text: "the answer" },
  ],
  ["a null delta at the end", sse(ok, choice({ delta: null, finish_reason: "stop" })) + done, { text: "ok" }],
  ["no delta at the end", sse(ok, choice({ finish_reason: "stop" })) + done, { text: "ok" }],
  ["the reason within the delta", sse(delta({ content: "ok", finish_reason: "length" })) + done, { text: "ok", finish: "LENGTH" }],
  ["other choices before it", sse({ choices: [{ index: 1, delta: { content: "zz" } }] }, ok, stop) + done, { text: "ok" }],
  [
    "other choices in one piece",
    sse(
      {
        choices: [
          { index: 1, delta: { content: "zz" } },
          { index: 0, delta: { content: "ok" } },
        ],
      },
      stop,
    ),
    { text: "ok" },
  ],
  [
    "the end of another choice",
    sse(ok, { choices: [{ index: 1, delta: {}, finish_reason: "length" }] }, stop) + done,
    { text: "ok", finish: "STOP" },
  ],
  [
    "other choices, whole",
    json({
      choices: [
        { index: 1, message: { content: "zz" }, finish_reason: "length" },
        { index: 0, message: { content: "ok" }, finish_reason: "stop" },
      ],
    }),
    { text: "ok", finish: "STOP" },
  ],
  [
    "choices without an index",
    json({ choices: [{ message: { content: "ok" }, finish_reason: "stop" }, { message: { content: "zz" } }] }),
    { text: "ok" },
  ],
  [
    "an index that is a text",
    sse({ choices: [{ index: "0", delta: { content: "ok" } }] }, { choices: [{ index: "1", delta: { content: "zz" } }] }, stop),
    { text: "ok" },
  ],
  ["no choices in the first piece", sse({ id: "x", choices: [], prompt_filter_results: [] }, ok, stop) + done, { text: "ok", id: "x" }],
  [
    "no choices in the last piece",
    sse(ok, stop, { choices: [], usage: { prompt_tokens: 1, completion_tokens: 2 } }) + done,
    { tokens: [1, 2] },
  ],
];

const contents: Script[] = [
  ...both(
    "parts",
    {
      content: [
        { type: "text", text: "o" },
        { type: "text", text: "k" },
      ],
    },
    { text: "ok" },
  ),
  ...both(
    "parts with a null text",
    {
      content: [
        { type: "text", text: null },
        { type: "text", text: "ok" },
      ],
    },
    { text: "ok" },
  ),
  ...both("parts that are texts", { content: ["o", "k"] }, { text: "ok" }),
  ...both("a part that is no list", { content: { type: "text", text: "ok" } }, { text: "ok" }),
  ...both(
    "parts of unknown kinds",
    { content: [{ type: "image", url: "x" }, null, 7, { type: "output_text", text: "ok" }] },
    { text: "ok" },
  ),
  ...both("a nested text", { content: [{ type: "text", text: { value: "ok", annotations: [] } }] }, { text: "ok" }),
  ...both("a number", { content: 42 }, { text: "42" }),
  ...both("a truth", { content: false }, { text: "false" }),
  ...both("JSON that the server has parsed", { content: { a: [1] } }, { text: '{"a":[1]}' }),
  ...both("an empty object", { content: {} }, { text: null, finish: "STOP" }),
  ...both("a refusal", { content: null, refusal: "I cannot." }, { text: "I cannot.", finish: "STOP" }),
  ...both("a refusal beside an empty text", { content: "", refusal: "I cannot." }, { text: "I cannot." }),
  ...both("a null refusal", { content: "ok", refusal: null }, { text: "ok" }),
  ...both("an empty answer with a reason", { content: "" }, { text: null, finish: "STOP" }),
  ...both("null and a reason", { content: null }, { text: null, finish: "LENGTH" }, { reason: "length" }),
  [
    "a refusal in pieces",
    sse(delta({ content: "", refusal: null }), delta({ refusal: "I " }), delta({ refusal: "cannot." }), stop) + done,
    { text: "I cannot." },
  ],
  [
    "unknown fields everywhere",
    json({
      foo: 1,
      choices: [{ bar: 2, message: { content: "ok", annotations: [], audio: null }, logprobs: null, finish_reason: "stop" }],
    }),
    { text: "ok" },
  ],
];

const thoughts: Script[] = [
  ...both("reasoning_content", { reasoning_content: "hm", content: "ok" }, { text: "ok", reasoning: "hm" }),
  ...both("reasoning", { reasoning: "hm", content: "ok" }, { text: "ok", reasoning: "hm" }),
  ...both(
    "reasoning and its details",
    { reasoning: "hm", reasoning_details: [{ type: "reasoning.text", text: "hm" }], content: "ok" },
    { reasoning: "hm" },
  ),
  ...both(
    "reasoning_details alone",
    {
      reasoning_details: [
        { type: "reasoning.summary", summary: "h" },
        { type: "reasoning.text", text: "m" },
      ],
      content: "ok",
    },
    { reasoning: "hm" },
  ),
  ...both("an object of reasoning", { reasoning: { content: "hm" }, content: "ok" }, { reasoning: "hm" }),
  ...both(
    "parts that think",
    {
      content: [
        { type: "thinking", thinking: [{ type: "text", text: "hm" }] },
        { type: "text", text: "ok" },
      ],
    },
    { text: "ok", reasoning: "hm" },
  ),
  ...both(
    "parts that think in a text",
    {
      content: [
        { type: "thinking", thinking: "hm" },
        { type: "text", text: "ok" },
      ],
    },
    { text: "ok", reasoning: "hm" },
  ),
  ...both(
    "parts of reasoning",
    {
      content: [
        { type: "reasoning", text: "hm" },
        { type: "text", text: "ok" },
      ],
    },
    { text: "ok", reasoning: "hm" },
  ),
  ...both("no reasoning", { reasoning_content: null, content: "ok" }, { text: "ok", reasoning: null }),
  ...both(
    "reasoning without an answer",
    { reasoning_content: "hm", content: "" },
    { text: null, reasoning: "hm", finish: "LENGTH" },
    { reason: "length" },
  ),
  [
    "reasoning, then the answer",
    sse(delta({ reasoning_content: "h" }), delta({ reasoning_content: "m", content: null }), ok, stop) + done,
    { text: "ok", reasoning: "hm" },
  ],
  ["reasoning alone, then the mark", sse(delta({ reasoning: "hm" })) + done, { text: null, reasoning: "hm", finish: "OTHER" }],
];

const reasonTable: [string, string[]][] = [
  ["STOP", ["stop", "STOP", "Stop", "end_turn", "stop_sequence", "eos", "eos_token", "COMPLETE", "complete", "FINISH_REASON_STOP"]],
  [
    "LENGTH",
    [
      "length",
      "LENGTH",
      "max_tokens",
      "MAX_TOKENS",
      "maxTokens",
      "max-tokens",
      "model_length",
      "max_output_tokens",
      "model_context_window_exceeded",
    ],
  ],
  [
    "CONTENT_FILTER",
    [
      "content_filter",
      "content_filtered",
      "SAFETY",
      "safety",
      "RECITATION",
      "PROHIBITED_CONTENT",
      "BLOCKLIST",
      "sensitive",
      "guardrail_intervened",
      "refusal",
    ],
  ],
  ["OTHER", ["abort", "MALFORMED_FUNCTION_CALL", "insufficient_system_resource", "whatever", "tool_calls", "OTHER", "pause_turn"]],
];
const reasons: Script[] = [
  ...reasonTable.flatMap(([finish, words]) =>
    words.flatMap((reason) => both(`finish_reason ${reason}`, { content: "ok" }, { text: "ok", finish, provider: reason }, { reason })),
  ),
  ...both("finish_reason as an object", { content: "ok" }, { text: "ok", finish: "STOP", provider: "stop" }, { reason: { type: "stop" } }),
  ...both("finish_reason as a number", { content: "ok" }, { text: "ok", finish: "OTHER", provider: "1" }, { reason: 1 }),
  ["the word null until the end", sse(delta({ content: "ok" }, "null"), delta({}, "stop")) + done, { text: "ok", finish: "STOP" }],
  ["an empty reason until the end", sse(delta({ content: "ok" }, ""), delta({}, "length")) + done, { text: "ok", finish: "LENGTH" }],
  ["the word null only", sse(delta({ content: "ok" }, "null")) + done, { text: "ok", finish: "OTHER", provider: null }],
  ["text and no reason, then the mark", sse(ok) + done, { text: "ok", finish: "OTHER", provider: null }],
  ["text and no reason, whole", json(choice({ message: { content: "ok" } })), { text: "ok", finish: "OTHER", provider: null }],
  ["a null reason, whole", json(choice({ message: { content: "ok" }, finish_reason: null })), { text: "ok", finish: "OTHER" }],
  ["a cut, then stop", sse(delta({ content: "ok" }, "length"), stop) + done, { text: "ok", finish: "LENGTH", provider: "length" }],
  ["withheld, then stop", sse(delta({ content: "ok" }, "SAFETY"), delta({}, "STOP")) + done, { finish: "CONTENT_FILTER" }],
  ["stop in each piece, then a cut", sse(delta({ content: "o" }, "stop"), delta({ content: "k" }, "length")), { finish: "LENGTH" }],
  ["a word for going on, then stop", sse(delta({ content: "ok" }, "continue"), stop) + done, { finish: "STOP", provider: "stop" }],
  ["the name of an enum", sse(delta({ content: "ok" }, "FinishReason.MAX_TOKENS")) + done, { finish: "LENGTH" }],
  ...["abort", "ABORTED", "cancelled", "FinishReason.CANCELED"].flatMap((reason) => [
    ...both(`${reason} after text`, { content: "ok" }, { text: "ok", finish: "OTHER", provider: reason }, { reason }),
    ...both(`${reason} and nothing`, { content: "" }, failed(new RegExp(`broke off \\(finish_reason ${reason}\\)`), true), { reason }),
    ...both(`${reason} after a thought`, { reasoning: "hm" }, { text: null, reasoning: "hm", finish: "OTHER" }, { reason }),
  ]),
  ...both(
    "stop as an object with an empty message",
    { content: "ok" },
    { text: "ok", finish: "STOP" },
    { reason: { type: "stop", message: "" } },
  ),
  ["a reason alone", sse(stop) + done, { text: null, finish: "STOP" }],
];

const call = (index: number | undefined, id: string | undefined, name: string | null | undefined, args?: Json): JsonObject => ({
  ...(index !== undefined && { index }),
  ...(id !== undefined && { id }),
  type: "function",
  function: { ...(name !== undefined && { name }), ...(args !== undefined && { arguments: args }) },
});
const callStream = (...pieces: JsonObject[][]) => sse(...pieces.map((tool_calls) => delta({ tool_calls })), delta({}, "tool_calls")) + done;
const called = (...calls: [string, Json][]): Expected => ({ calls, finish: "TOOL_CALLS" });
const x1 = '{"x":1}';
const y2 = '{"y":2}';
const fg = called(["f", { x: 1 }], ["g", { y: 2 }]);

const toolCalls: Script[] = [
  [
    "calls as they should be",
    callStream(
      [call(0, "a", "f", "")],
      [call(0, undefined, undefined, '{"x"')],
      [call(0, undefined, undefined, ":1}")],
      [call(1, "b", "g", "")],
      [call(1, undefined, undefined, y2)],
    ),
    { ...fg, ids: ["a", "b"] },
  ],
  [
    "the pieces of two calls mixed",
    callStream(
      [call(0, "a", "f", ""), call(1, "b", "g", "")],
      [call(0, undefined, undefined, '{"x"')],
      [call(1, undefined, undefined, '{"y"')],
      [call(0, undefined, undefined, ":1}")],
      [call(1, undefined, undefined, ":2}")],
    ),
    fg,
  ],
  [
    "name and id with each piece",
    callStream([call(0, "a", "search", "")], [call(0, "a", "search", '{"q":')], [call(0, "a", "search", '"x"}')]),
    called(["search", { q: "x" }]),
  ],
  [
    "the name with each piece, no id",
    callStream([call(0, "", "search", "")], [call(0, "", "search", '{"q":')], [call(0, "", "search", '"x"}')]),
    called(["search", { q: "x" }]),
  ],
  [
    "name and id once more at the end",
    callStream([call(0, "a", "search", '{"q":1}')], [call(0, "a", "search", "")]),
    called(["search", { q: 1 }]),
  ],
  [
    "the whole call once more at the end",
    callStream([call(0, "a", "search", '{"q":1}')], [call(0, "a", "search", '{"q":1}')]),
    called(["search", { q: 1 }]),
  ],
  [
    "two calls of one function without arguments, and all of index 0",
    callStream([call(0, "a", "now", "")], [call(0, "b", "now", "")]),
    { ...called(["now", {}], ["now", {}]), ids: ["a", "b"] },
  ],
  [
    "a new id and the name with each piece, the first without arguments",
    callStream([call(0, "t1", "f", "")], [call(0, "t2", "f", '{"x":')], [call(0, "t3", "f", "1}")]),
    called(["f", { x: 1 }]),
  ],
  ["index 0 for all, empty ids", callStream([call(0, "", "f", x1)], [call(0, "", "g", y2)]), { ...fg, ids: ["call_0", "call_1"] }],
  ["index 0 for all, no ids", callStream([call(0, undefined, "f", x1)], [call(0, undefined, "g", y2)]), fg],
  ["index 0 for all, in one piece", callStream([call(0, "", "f", x1), call(0, "", "g", y2)]), fg],
  ["index 0 for all, with ids", callStream([call(0, "a", "f", x1)], [call(0, "b", "g", y2)]), { ...fg, ids: ["a", "b"] }],
  [
    "index 0 for all, ids, arguments behind",
    callStream([call(0, "a", "f", "")], [call(0, undefined, undefined, x1)], [call(0, "b", "g", "")], [call(0, undefined, undefined, y2)]),
    fg,
  ],
  ["neither index nor id", callStream([call(undefined, undefined, "f", x1)], [call(undefined, undefined, "g", y2)]), fg],
  ["neither index nor id, in one piece", callStream([call(undefined, undefined, "f", x1), call(undefined, undefined, "g", y2)]), fg],
  [
    "neither index nor id, arguments behind",
    callStream(
      [call(undefined, undefined, "f", "")],
      [call(undefined, undefined, undefined, x1)],
      [call(undefined, undefined, "g", "")],
      [call(undefined, undefined, undefined, y2)],
    ),
    fg,
  ],
  [
    "ids without an index",
    callStream([call(undefined, "a", "f", '{"x"')], [call(undefined, "a", undefined, ":1}")], [call(undefined, "b", "g", y2)]),
    fg,
  ],
  [
    "one function twice, empty ids",
    callStream([call(0, "", "f", x1)], [call(0, "", "f", '{"x":2}')]),
    called(["f", { x: 1 }], ["f", { x: 2 }]),
  ],
  [
    "one function twice, no index",
    callStream([call(undefined, undefined, "f", x1), call(undefined, undefined, "f", '{"x":2}')]),
    called(["f", { x: 1 }], ["f", { x: 2 }]),
  ],
  [
    "one function twice, arguments behind",
    callStream([call(0, "", "f", "")], [call(0, "", null, x1)], [call(0, "", "f", "")], [call(0, "", null, '{"x":2}')]),
    called(["f", { x: 1 }], ["f", { x: 2 }]),
  ],
  [
    "one function twice with one id",
    callStream([call(0, "a", "f", x1)], [call(1, "a", "f", '{"x":2}')]),
    { ...called(["f", { x: 1 }], ["f", { x: 2 }]), ids: ["a", "a_1"] },
  ],
  [
    "one function twice with one id, arguments behind",
    callStream(
      [call(0, "a", "f", "")],
      [call(0, undefined, undefined, x1)],
      [call(1, "a", "f", "")],
      [call(1, undefined, undefined, '{"x"')],
      [call(1, undefined, undefined, ":2}")],
    ),
    { ...called(["f", { x: 1 }], ["f", { x: 2 }]), ids: ["a", "call_1"] },
  ],
  [
    "one function twice with one id in each piece, arguments behind",
    callStream(
      [call(0, "a", "f", "")],
      [call(0, "a", "", x1)],
      [call(1, "a", "f", "")],
      [call(1, "a", "", '{"x"')],
      [call(1, "a", "", ":2}")],
    ),
    { ...called(["f", { x: 1 }], ["f", { x: 2 }]), ids: ["a", "a_1"] },
  ],
  [
    "a call without a name before one that has one",
    callStream([call(0, "a", "", "")], [call(0, undefined, undefined, "{}")], [call(1, "b", "f", "")], [call(1, undefined, undefined, x1)]),
    { ...called(["", {}], ["f", { x: 1 }]), ids: ["a", "b"] },
  ],
  [
    "a new id with each piece",
    callStream([call(0, "tool-1", "f", '{"x"')], [call(0, "tool-2", null, ":1}")]),
    { ...called(["f", { x: 1 }]), ids: ["tool-1"] },
  ],
  [
    "a new id with each piece, no name",
    callStream([call(0, "t1", "f", "")], [call(0, "t2", undefined, '{"x"')], [call(0, "t3", "", ":1}")]),
    called(["f", { x: 1 }]),
  ],
  ["a new id and the name with each piece", callStream([call(0, "t1", "f", '{"x"')], [call(0, "t2", "f", ":1}")]), called(["f", { x: 1 }])],
  [
    "the id behind the name",
    callStream([call(0, undefined, "f", "")], [call(0, "a", undefined, x1)]),
    { ...called(["f", { x: 1 }]), ids: ["a"] },
  ],
  ["the name behind the id", callStream([call(0, "a", undefined, "")], [call(0, undefined, "f", x1)]), called(["f", { x: 1 }])],
  [
    "a name in pieces",
    callStream([call(0, "a", "sea", "")], [call(0, undefined, "rch", "")], [call(0, undefined, undefined, x1)]),
    called(["search", { x: 1 }]),
  ],
  [
    "the index of a call that is a text",
    sse(
      delta({ tool_calls: [{ index: "0", id: "a", function: { name: "f", arguments: '{"x"' } }] }),
      delta({ tool_calls: [{ index: "0", function: { arguments: ":1}" } }] }),
      delta({}, "tool_calls"),
    ),
    called(["f", { x: 1 }]),
  ],
  ["indexes that begin at 1", callStream([call(1, "a", "f", x1)], [call(2, "b", "g", y2)]), fg],
  [
    "an empty object, then the arguments",
    callStream([call(0, "a", "f", "{}")], [call(0, undefined, undefined, '{"x"')], [call(0, undefined, undefined, ":1}")]),
    called(["f", { x: 1 }]),
  ],
  ["no arguments", callStream([call(0, "a", "f", "")]), called(["f", {}])],
  ["two without arguments", callStream([call(0, "a", "f", "")], [call(1, "b", "g", "")]), called(["f", {}], ["g", {}])],
  ["null arguments", callStream([call(0, "a", "f", null)]), called(["f", {}])],
  ["arguments as an object", callStream([call(0, "a", "f", { x: 1 })]), called(["f", { x: 1 }])],
  ["arguments as a list", callStream([call(0, "a", "f", [1])]), called(["f", [1]])],
  ["JSON in the text of JSON", callStream([call(0, "a", "f", '"{\\"x\\":1}"')]), called(["f", { x: 1 }])],
  [
    "braces within texts",
    callStream([call(0, "", "f", '{"x":"}{\\"}')], [call(0, "", "f", '"}')], [call(0, "", "g", y2)]),
    called(["f", { x: '}{"}' }], ["g", { y: 2 }]),
  ],
  ["arguments that are no JSON", callStream([call(0, "a", "f", '{"x":')]), called(["f", '{"x":'])],
  [
    "a call that is no list",
    sse(delta({ tool_calls: { index: 0, id: "a", function: { name: "f", arguments: x1 } } }), delta({}, "tool_calls")) + done,
    called(["f", { x: 1 }]),
  ],
  [
    "a call without function, streamed",
    sse(delta({ content: "ok", tool_calls: [{ index: 0, id: "a" }] }), stop) + done,
    { text: "ok", calls: [], finish: "STOP" },
  ],
  [
    "a call without function, whole",
    json(message({ content: "ok", tool_calls: [{ id: "a" }] })),
    { text: "ok", calls: [], finish: "STOP" },
  ],
  ["a flat call", json(message({ tool_calls: [{ id: "a", name: "f", arguments: { x: 1 } }] })), called(["f", { x: 1 }])],
  ["null calls", json(message({ content: "ok", tool_calls: null })), { text: "ok", calls: [] }],
  [
    "calls, whole",
    json(message({ content: null, tool_calls: [call(undefined, "a", "f", x1), call(undefined, "b", "g", y2)] }, "tool_calls")),
    fg,
  ],
  [
    "calls without ids, whole",
    json(message({ tool_calls: [call(undefined, undefined, "f", x1), call(undefined, "", "f", x1)] }, "tool_calls")),
    called(["f", { x: 1 }], ["f", { x: 1 }]),
  ],
  [
    "one function twice without arguments, whole",
    json(message({ tool_calls: [call(undefined, "a", "f", ""), call(undefined, "b", "f", "")] })),
    called(["f", {}], ["f", {}]),
  ],
  ["calls as a message in a stream", sse(message({ tool_calls: [call(0, "a", "f", x1), call(1, "b", "g", y2)] }, "tool_calls")) + done, fg],
  [
    "the calls once more as a message",
    sse(
      delta({ tool_calls: [call(0, "a", "f", x1)] }),
      message({ content: "", tool_calls: [call(undefined, "a", "f", x1)] }, "tool_calls"),
    ) + done,
    called(["f", { x: 1 }]),
  ],
  ["calls, and stop", callStream([call(0, "a", "f", x1)]).replace('"tool_calls"}', '"stop"}'), called(["f", { x: 1 }])],
  ["calls, and no reason", sse(delta({ tool_calls: [call(0, "a", "f", x1)] })) + done, called(["f", { x: 1 }])],
  [
    "half a call, and no reason",
    sse(delta({ tool_calls: [call(0, "a", "f", '{"x"')] })) + done,
    { calls: [["f", '{"x"']], finish: "OTHER" },
  ],
  [
    "calls cut off",
    callStream([call(0, "a", "f", '{"x"')]).replace('"finish_reason":"tool_calls"', '"finish_reason":"length"'),
    { calls: [["f", '{"x"']], finish: "LENGTH" },
  ],
  [
    "calls and tool_use",
    callStream([call(0, "a", "f", x1)]).replace('"finish_reason":"tool_calls"', '"finish_reason":"tool_use"'),
    called(["f", { x: 1 }]),
  ],
  [
    "the old form, whole",
    json(message({ content: null, function_call: { name: "f", arguments: x1 } }, "function_call")),
    called(["f", { x: 1 }]),
  ],
  [
    "the old form, streamed",
    sse(
      delta({ function_call: { name: "f", arguments: "" } }),
      delta({ function_call: { arguments: '{"x"' } }),
      delta({ function_call: { arguments: ":1}" } }),
      delta({}, "function_call"),
    ) + done,
    called(["f", { x: 1 }]),
  ],
  [
    "both forms",
    json(message({ function_call: { name: "f", arguments: x1 }, tool_calls: [call(0, "a", "f", x1)] }, "tool_calls")),
    called(["f", { x: 1 }]),
  ],
  [
    "text and calls",
    sse(delta({ content: "Let me see." }), delta({ tool_calls: [call(0, "a", "f", x1)] }), delta({}, "tool_calls")) + done,
    { text: "Let me see.", ...called(["f", { x: 1 }]) },
  ],
];

const besides = (name: string, beside: JsonObject, expected: Expected = {}) =>
  both(name, { content: "ok" }, { text: "ok", ...expected }, { beside });
const sideFields: Script[] = [
  ...besides("usage", { usage: { prompt_tokens: 7, completion_tokens: 3 } }, { tokens: [7, 3], cached: null, thought: null }),
  ...besides("usage as texts", { usage: { prompt_tokens: "7", completion_tokens: "3" } }, { tokens: [7, 3] }),
  ...besides("a negative count", { usage: { prompt_tokens: 7, completion_tokens: -1 } }, { tokens: [7, 0] }),
  ...besides("a null count", { usage: { prompt_tokens: null, completion_tokens: 3 } }, { tokens: [0, 3] }),
  ...besides("a count that is a list", { usage: { prompt_tokens: [7], completion_tokens: 3 } }, { tokens: [0, 3] }),
  ...besides("a count that is a word", { usage: { prompt_tokens: "many", completion_tokens: "" } }, { tokens: [0, 0] }),
  ...besides("counts with halves", { usage: { prompt_tokens: 7.4, completion_tokens: 2.5 } }, { tokens: [7, 3] }),
  ...besides("a count beyond 2^31", { usage: { prompt_tokens: 3_000_000_000, completion_tokens: 3 } }, { tokens: [3_000_000_000, 3] }),
  ...besides("a count beyond reason", { usage: { prompt_tokens: 1e300, completion_tokens: 3 } }, { tokens: [0, 3] }),
  ...besides("usage as a text", { usage: "" }, { tokens: [0, 0] }),
  ...besides("usage as a list", { usage: [] }, { tokens: [0, 0] }),
  ...besides("null usage", { usage: null }, { tokens: [0, 0] }),
  ...besides(
    "cached and reasoning tokens",
    {
      usage: {
        prompt_tokens: 7,
        completion_tokens: 9,
        prompt_tokens_details: { cached_tokens: 5 },
        completion_tokens_details: { reasoning_tokens: 4 },
      },
    },
    { tokens: [7, 9], cached: 5, thought: 4 },
  ),
  ...besides(
    "usage by other names",
    {
      usage: {
        input_tokens: 7,
        output_tokens: 9,
        input_tokens_details: { cached_tokens: 5 },
        output_tokens_details: { reasoning_tokens: 4 },
      },
    },
    { tokens: [7, 9], cached: 5, thought: 4 },
  ),
  ...besides("a cache by another name", { usage: { prompt_tokens: 7, completion_tokens: 9, prompt_cache_hit_tokens: 6 } }, { cached: 6 }),
  ...besides(
    "details that are none",
    { usage: { prompt_tokens: 7, completion_tokens: 9, prompt_tokens_details: null, completion_tokens_details: "x" } },
    { cached: null, thought: null },
  ),
  ...besides("usage beside the choice", { x_groq: { usage: { prompt_tokens: 7, completion_tokens: 3 } } }, { tokens: [7, 3] }),
  ...both(
    "usage within the choice",
    { content: "ok" },
    { tokens: [7, 3] },
    { inChoice: { usage: { prompt_tokens: 7, completion_tokens: 3 } } },
  ),
  ...besides("an id that is a number", { id: 123 }, { id: "123" }),
  ...besides("an id that is an object", { id: {}, model: [] }, { id: "unknown", model: "asked" }),
  ...besides("null id and model", { id: null, model: null }, { id: "unknown", model: "asked" }),
  ...besides("odd created, object, fingerprint", { created: "yesterday", object: 7, system_fingerprint: [] }),
  ...besides("an empty error", { error: null }),
  ...besides("an empty error of another kind", { error: {} }),
  ...besides("an error that says no error", { error: { code: 0, message: "" } }),
  ...besides("code and message of success", { code: 0, message: "Success", sid: "s" }),
  ...besides("base_resp of success", { base_resp: { status_code: 0, status_msg: "success" } }),
  [
    "an empty model in the first piece",
    sse({ id: "", model: "", choices: [] }, { id: "i", model: "m2", ...ok }, { id: "i", model: "m2", ...stop }) + done,
    { id: "i", model: "m2" },
  ],
  [
    "usage that grows",
    sse({ ...ok, usage: { prompt_tokens: 7, completion_tokens: 1 } }, { ...stop, usage: { prompt_tokens: 7, completion_tokens: 2 } }) +
      done,
    { tokens: [7, 2] },
  ],
  [
    "usage that is null at the end",
    sse({ ...ok, usage: { prompt_tokens: 7, completion_tokens: 1 } }, { ...stop, usage: null }) + done,
    { tokens: [7, 1] },
  ],
];

/** Errors with the words "no credit" or "overloaded", as providers put them into a 200. */
const errorBodies: [name: string, body: Json, says: string, retryable: boolean][] = [
  ["error as an object", { error: { message: "overloaded" } }, "overloaded", true],
  ["error as a text", { error: "overloaded" }, "overloaded", true],
  ["error as a list", { error: [{ message: "overloaded" }] }, "overloaded", true],
  ["error within error", { error: { error: { message: "overloaded" } } }, "overloaded", true],
  ["error beside null choices", { choices: null, error: { message: "insufficient balance", code: "1113" } }, "insufficient balance", true],
  ["error beside no choices", { choices: [], error: { message: "overloaded", code: 502 } }, "overloaded", true],
  ["error with a final code", { error: { message: "no credit", type: "insufficient_quota", code: 429 } }, "no credit", false],
  ["error of the key", { error: { message: "invalid api key", code: "invalid_api_key" } }, "invalid api key", false],
  ["error without words", { error: { code: 77 } }, '"code":77', true],
  ["errors", { success: false, errors: [{ code: 7003, message: "overloaded" }], result: null }, "overloaded", true],
  ["object error", { object: "error", message: "context length exceeded", code: 400 }, "context length exceeded", false],
  ["type error", { type: "error", error: { type: "overloaded_error", message: "overloaded" } }, "overloaded", true],
  ["detail as a text", { detail: "Model is not loaded" }, "Model is not loaded", true],
  [
    "detail as a list",
    { detail: [{ loc: ["body", "model"], msg: "field required", type: "missing" }] },
    "body.model: field required",
    true,
  ],
  ["detail as an object", { detail: { message: "overloaded" } }, "overloaded", true],
  ["code, msg and success", { code: 1301, msg: "not allowed here", success: false }, "not allowed here", true],
  ["code and msg", { code: 1301, msg: "overloaded" }, "overloaded", true],
  ["code and message as texts", { code: "InvalidApiKey", message: "bad key", request_id: "r" }, "bad key", false],
  ["success alone", { success: false, message: "overloaded" }, "overloaded", true],
  ["base_resp", { choices: null, base_resp: { status_code: 1008, status_msg: "insufficient balance" } }, "insufficient balance", true],
  ["error_code and error_msg", { error_code: 336_100, error_msg: "overloaded" }, "overloaded", true],
  ["a problem document", { type: "about:blank", title: "Unavailable", status: 503, detail: "overloaded" }, "overloaded", true],
  ["status and message", { status: "error", message: "overloaded" }, "overloaded", true],
  ["statusCode and message", { statusCode: 500, message: "overloaded" }, "overloaded", true],
  ["a fault", { fault: { faultstring: "overloaded" } }, "overloaded", true],
  ["a message alone", { message: "no Route matched" }, "no Route matched", true],
  ["an error in a list", [{ error: { code: 503, message: "overloaded" } }], "overloaded", true],
  [
    "an error in the choice",
    choice({ delta: { content: "" }, error: { code: 502, message: "Upstream went away" } }),
    "Upstream went away",
    true,
  ],
  ["an error in the message", choice({ message: { content: "", error: { message: "overloaded" } } }), "overloaded", true],
  [
    "finish_reason error",
    choice({ message: { content: "" }, finish_reason: "error", error: { message: "provider went away" } }),
    "provider went away",
    true,
  ],
  ["finish_reason error and no words", choice({ delta: {}, finish_reason: "error" }), "finish_reason", true],
  ["finish_reason in capitals", choice({ delta: { content: "" }, finish_reason: "ERROR" }), "finish_reason", true],
  [
    "finish_reason with words",
    choice({ delta: {}, finish_reason: { type: "abort", message: "overloaded", status_code: 503 } }),
    "overloaded",
    true,
  ],
  [
    "finish_reason with words and 400",
    choice({ message: { content: "" }, finish_reason: { type: "abort", message: "too long", status_code: 400 } }),
    "too long",
    false,
  ],
  ["finish_reason network_error", choice({ message: { content: "" }, finish_reason: "network_error" }), "network_error", true],
];
const errors: Script[] = [
  ...errorBodies.flatMap(([name, body, says, retryable]): Script[] => [
    [`${name}, alone`, json(body), failed(says, retryable)],
    [`${name}, alone, labelled as a stream`, json(body), failed(says, retryable), "text/event-stream"],
    [`${name}, as an event`, event(body) + done, failed(says, retryable)],
    [`${name}, as the last event`, event(body).slice(0, -2), failed(says, retryable)],
    [
      `${name}, named error, after text`,
      `${sse(delta({ content: "ha" }))}event: error\n${event(body)}${done}`,
      { ...failed(says, retryable), before: "ha" },
    ],
  ]),
  ...errorBodies
    .filter(([name]) => name !== "a message alone")
    .map(([name, body, says, retryable]): Script => [
      `${name}, after text`,
      sse(delta({ content: "ha" })) + event(body) + done,
      { ...failed(says, retryable), before: "ha" },
    ]),
  ["an event named error with words", `event: error\ndata: upstream connect error\n\n${done}`, failed("upstream connect error")],
  ["an event named error with a JSON text", `event: error\ndata: "quota used up"\n\n`, failed("quota used up")],
  [
    "an event named error with message and code",
    `event: error\n${event({ message: "quota used up", code: "429" })}${done}`,
    failed("quota used up", true),
  ],
  [
    "text and an error in one piece",
    sse(choice({ delta: { content: "ha" }, finish_reason: "error", error: { message: "went away" } })) + done,
    { ...failed("went away"), before: "ha" },
  ],
  ["a secret in an error", json({ error: { message: "bad key sk-secret-key" } }), failed(/bad key \*\*\*/)],
  ["a long error", json({ error: { message: "x".repeat(9_000) } }), failed("x".repeat(500))],
];

const noErrors: Script[] = [
  { code: 0, message: "success" },
  { code: "0", type: "success", message: "" },
  { status: 200, message: "OK" },
].flatMap((error) => both(`no error: ${json(error)}`, { content: "ok" }, { text: "ok" }, { beside: { error }, inChoice: { error } }));

const noAnswers: Script[] = [
  ["nothing", "", invalid("answered nothing")],
  ["blanks", " \n\n ", invalid("answered nothing")],
  ["the mark alone", done, invalid(/no text, no call and no finish_reason/)],
  ["a role, then the mark", sse(delta({ role: "assistant" })) + done, invalid(/assistant/)],
  ["usage, then the mark", sse({ choices: [], usage: { prompt_tokens: 7 } }) + done, invalid(/prompt_tokens/)],
  ["an empty text, then the mark", sse(delta({ content: "" })) + done, invalid(/no text/)],
  ["comments alone", ": hello\n\n: world\n\n", invalid(/hello/)],
  ["no choices, whole", json({ id: "x", choices: [] }), invalid(/"id":"x"/)],
  ["null choices, whole", json({ choices: null }), invalid(/choices/)],
  ["choices of nothing, whole", json({ choices: [null, 7] }), invalid(/choices/)],
  ["an empty object", "{}", invalid(/\{\}/)],
  ["an empty message, whole", json(choice({ message: {} })), invalid(/message/)],
  ["words", "Internal Server Error", invalid("Internal Server Error")],
  ["a number", "42", invalid("42")],
  ["a page", "<html>Login</html>", invalid(/answered text\/html, not an event stream.*baseUrl.*Login/, false), "text/html; charset=utf-8"],
  ["a long page", `<html>${"x".repeat(9_000)}`, invalid(/text\/html.*x{100,200}$/, false), "text/html"],
  ["words, then JSON a line", `Warning: slow\n${json(ok)}\n${json(stop)}\n`, { text: "ok", finish: "STOP" }],
  ["a page behind blanks", "\n  <!DOCTYPE html><p>Login", invalid(/text\/html/, false), "text/html"],
  ["markup without a label", "<?xml version='1.0'?><Error/>", invalid(/baseUrl/, false), ""],
  ["JSON that is cut", '{"choices":[{"message":{"content":"o', invalid(/not JSON.*choices/)],
  ["JSON that is none", "{choices:1}", invalid(/not JSON/)],
  ["an event that is cut", `data: {\n\n`, invalid(/an event is not JSON/)],
  [
    "a broken event after text",
    `${sse(delta({ content: "ha" }))}data: {"choices":[{"del\n\n`,
    { ...invalid(/an event is not JSON/), before: "ha" },
  ],
  [
    "words as an event after text",
    `${sse(delta({ content: "ha" }))}data: upstream error\n\n${done}`,
    { ...invalid(/upstream error/), before: "ha" },
  ],
  ["a secret in what came", "sk-secret-key is wrong", invalid(/^(?!.*sk-secret-key).*\*\*\* is wrong/)],
  [
    "a stream that ends early",
    sse(delta({ content: "ha" })),
    { error: "MODEL_PROVIDER_UNREACHABLE", says: "the stream ended before the completion did", before: "ha", retryable: true },
  ],
  [
    "JSON lines that end early",
    `${json(delta({ content: "h" }))}\n${json(delta({ content: "a" }))}\n`,
    { error: "MODEL_PROVIDER_UNREACHABLE", says: /ended before/, before: "ha" },
  ],
  ["a stream that ends within an event", `${sse(delta({ content: "ha" }))}data: {"choi`, { ...invalid(/not JSON/), before: "ha" }],
  [
    "calls that end early",
    sse(delta({ tool_calls: [call(0, "a", "f", '{"x"')] })),
    { error: "MODEL_PROVIDER_UNREACHABLE", says: /ended before/ },
  ],
];

const halves = (a: string, b: string) =>
  `data: {"choices":[{"delta":{"content":"${a}"}}]}\n\ndata: {"choices":[{"delta":{"content":"${b}"}}]}\n\n`;
const characters: Script[] = [
  ["half an emoji in each of two pieces", halves("a\\ud83d", "\\ude00b") + sse(stop) + done, { text: "a😀b" }],
  [
    "half an emoji each, an event between",
    `${halves("a\\ud83d", "")}${sse({ choices: [] })}${halves("\\ude00", "b")}${sse(stop)}`,
    { text: "a😀b" },
  ],
  ["half an emoji that stays alone", halves("a\\ud83d", "b") + sse(stop) + done, { text: "a\ud83db" }],
  ["the second half alone", halves("a", "\\ude00b") + sse(stop) + done, { text: "a\ude00b" }],
  ["half an emoji at the end", halves("a", "\\ud83d") + sse(stop) + done, { text: "a\ud83d" }],
  ["half an emoji at the end, no mark", halves("a", "\\ud83d") + sse(stop), { text: "a\ud83d" }],
  [
    "half an emoji, whole",
    `{"choices":[{"message":{"content":"cut \\ud83d"},"finish_reason":"length"}]}`,
    { text: "cut \ud83d", finish: "LENGTH" },
  ],
  [
    "half an emoji in each of two thoughts",
    halves("\\ud83d", "\\ude00").replaceAll("content", "reasoning") + sse(stop),
    { reasoning: "😀" },
  ],
  [
    "half an emoji in each of two arguments",
    callStream([call(0, "a", "f", '{"x":"\ud83d')], [call(0, undefined, undefined, '\ude00"}')]),
    called(["f", { x: "😀" }]),
  ],
  ["emojis and umlauts", sse(delta({ content: "Grüße 😀" }), stop) + done, { text: "Grüße 😀" }],
];

/** All of it. */
export const scripts: Script[] = [
  ...labels,
  ...lines,
  ...unwrapping,
  ...contents,
  ...thoughts,
  ...reasons,
  ...toolCalls,
  ...sideFields,
  ...errors,
  ...noErrors,
  ...noAnswers,
  ...characters,
];
