/** The sample workflows of the smoke test: each node type once, without any model key, and what must come out. */
import { isDeepStrictEqual } from "node:util";
import type { Json, JsonObject } from "#shared/json.ts";

/** What a run looks like to a check. */
export interface SmokeRun {
  outputText: string | null;
  state: Record<string, unknown>;
  nodes: Record<string, { status: string; outputText: string | null; outputJson: unknown; errorCode: string | null }>;
}

/** One sample. */
export interface Sample {
  name: string;
  input?: JsonObject;
  dsl: { nodes: Json[]; edges: Json[] };
  /** What is answered to a node that waits for somebody, by path. */
  answers?: Record<string, { action?: string; outputJson?: Json; decision?: "APPROVE" | "REJECT" }>;
  /** The output text of the run, which is also the session's answer message. */
  answer: string;
  /** Further expectations: what is wrong, in words; empty: nothing. */
  check?: (run: SmokeRun) => string[];
  /** Codes of failures of the host, not of the platform; the sample is then skipped with the reason. */
  hostFailures?: string[];
}

const chain = (...ids: string[]): Json[] => ids.slice(1).map((target, index) => ({ source: ids[index]!, target }));
const answer = (template: string): Json => ({ id: "reply", type: "answer", config: { answer: template } });
const expect = (what: string, actual: unknown, wanted: unknown): string[] =>
  isDeepStrictEqual(actual, wanted) ? [] : [`${what} is ${JSON.stringify(actual)}, not ${JSON.stringify(wanted)}`];

const branching = (score: number, word: string): Sample => ({
  name: `if-else, ${score >= 5}`,
  dsl: {
    nodes: [
      { id: "set", type: "assigner", config: { assignments: { score } } },
      { id: "check-score", type: "if-else", config: { expression: "state.score >= 5" } },
      { id: "high", type: "template-transform", config: { template: "high" } },
      { id: "low", type: "template-transform", config: { template: "low" } },
      answer("{{ nodes.high.text }}{{ nodes.low.text }}"),
    ],
    edges: [
      ...chain("set", "check-score"),
      { source: "check-score", target: "high", condition: "true" },
      { source: "check-score", target: "low", condition: "false" },
      ...chain("high", "reply"),
      ...chain("low", "reply"),
    ],
  },
  answer: word,
  check: ({ nodes }) => [
    ...expect("route", (nodes["check-score"]?.outputJson as JsonObject | undefined)?.["route"], String(score >= 5)),
    ...expect("the other branch", nodes[word === "high" ? "low" : "high"]?.status, "SKIPPED"),
  ],
});

/** Another workflow runs it as a part of itself. */
export const greeting: Sample["dsl"] = { nodes: [answer("Hello {{ input.who }}")], edges: [] };

/** A program that prints how many numbers it adds, and gives back their sum. */
function program(name: string, language: string, code: string): Sample {
  const config = { language, timeout_seconds: 5, input_json: { numbers: "{{ input.numbers }}" }, code };
  return {
    name,
    input: { numbers: [3, 4] },
    dsl: {
      nodes: [{ id: "sum", type: "code", config }, answer("{{ nodes.sum.output.result_json.sum }}")],
      edges: chain("sum", "reply"),
    },
    answer: "7",
    check: ({ nodes }) => expect("printed", nodes["sum"]?.outputText?.trim(), "adding 2"),
  };
}

/** What the samples need: host:port of the test's HTTP server, a binding of the weather tool, a version of the {@link greeting}. */
export interface SmokeParts {
  local: string;
  toolBindingId: string;
  greetingVersionId: string;
}

/** All samples. */
export function smokeSamples({ local, toolBindingId, greetingVersionId }: SmokeParts): Sample[] {
  const documents = [
    { id: "a", title: "Tea", text: "Green tea is brewed at eighty degrees." },
    { id: "b", title: "Coffee", text: "Coffee beans are roasted." },
  ];
  return [
    {
      name: "answer",
      input: { name: "Ada" },
      dsl: { nodes: [answer("Hello {{ input.name }}")], edges: [] },
      answer: "Hello Ada",
    },
    {
      name: "assigner",
      dsl: {
        nodes: [
          { id: "set", type: "assigner", config: { assignments: { score: 7, tags: ["a", "b"] } } },
          answer("{{ state.score }} {{ state.tags.1 }}"),
        ],
        edges: chain("set", "reply"),
      },
      answer: "7 b",
      check: ({ state, nodes }) => [
        ...expect("state.score", state["score"], 7),
        ...expect("state_updates", (nodes["set"]?.outputJson as JsonObject | undefined)?.["state_updates"], { score: 7, tags: ["a", "b"] }),
      ],
    },
    {
      name: "switch",
      input: { total: 50 },
      dsl: {
        nodes: [
          {
            id: "size",
            type: "switch",
            config: {
              cases: [
                { id: "large", expression: "input.total > 100" },
                { id: "small", expression: "input.total > 10" },
              ],
            },
          },
          ...["large", "small", "tiny"].map((id): Json => ({ id, type: "template-transform", config: { template: id } })),
          { id: "word", type: "variable-aggregator", config: { variables: ["{{ nodes.large.text }}", "{{ nodes.small.text }}", "tiny"] } },
          answer("{{ nodes.word.output.value }}"),
        ],
        edges: [
          ...["large", "small", "tiny"].map((target) => ({ source: "size", target, condition: target === "tiny" ? "default" : target })),
          ...["large", "small", "tiny"].flatMap((source) => chain(source, "word")),
          ...chain("word", "reply"),
        ],
      },
      answer: "small",
      check: ({ nodes }) => [
        ...expect("route", (nodes["size"]?.outputJson as JsonObject | undefined)?.["route"], "small"),
        ...expect("the other branch", nodes["large"]?.status, "SKIPPED"),
      ],
    },
    {
      name: "list",
      input: { rows: [{ n: 3 }, { n: 1 }, { n: 3 }, { n: 2 }] },
      dsl: {
        nodes: [
          {
            id: "best",
            type: "list",
            config: { items: "{{ input.rows }}", filter: "item.n > 1", sort: { by: "item.n", order: "desc" }, unique: "item.n", first: 5 },
          },
          answer("{{ nodes.best.output.items | map: 'n' | join: ',' }}"),
        ],
        edges: chain("best", "reply"),
      },
      answer: "3,2",
      check: ({ nodes }) => expect("count", (nodes["best"]?.outputJson as JsonObject | undefined)?.["count"], 2),
    },
    {
      name: "a failure with a branch of its own",
      dsl: {
        nodes: [
          { id: "broken", type: "if-else", config: { expression: "state.missing > 1" }, on_error: "branch" },
          { id: "never", type: "template-transform", config: { template: "never" } },
          answer("saved from {{ nodes.broken.error.code }}"),
        ],
        edges: [
          { source: "broken", target: "never", condition: "true" },
          { source: "broken", target: "never", condition: "false" },
          { source: "broken", target: "reply", condition: "error" },
        ],
      },
      answer: "saved from EXPRESSION_FAILED",
      check: ({ nodes }) => [
        ...expect("the failure", nodes["broken"]?.errorCode, "EXPRESSION_FAILED"),
        ...expect("what follows on success", nodes["never"]?.status, "SKIPPED"),
      ],
    },
    branching(7, "high"),
    branching(2, "low"),
    {
      name: "template-transform",
      input: { items: [1, 2, 3] },
      dsl: {
        nodes: [
          { id: "text", type: "template-transform", config: { template: "{% for item in input.items %}{{ item }};{% endfor %}" } },
          { id: "json", type: "template-transform", config: { template: { count: "{{ input.items.size }}", items: "{{ input.items }}" } } },
          answer("{{ nodes.text.text }} {{ nodes.json.output.count }}"),
        ],
        edges: chain("text", "json", "reply"),
      },
      answer: "1;2;3; 3",
      check: ({ nodes }) => expect("json", nodes["json"]?.outputJson, { count: 3, items: [1, 2, 3] }),
    },
    {
      name: "iteration",
      input: { items: [1, 2, 3] },
      dsl: {
        nodes: [
          {
            id: "each",
            type: "iteration",
            config: {
              items: "{{ input.items }}",
              parallel: 2,
              body: { nodes: [{ id: "line", type: "template-transform", config: { template: "{{ index }}:{{ item }}" } }], edges: [] },
            },
          },
          answer("{{ nodes.each.output | join: ' ' }}"),
        ],
        edges: chain("each", "reply"),
      },
      answer: "0:1 1:2 2:3",
      check: ({ nodes }) =>
        expect(
          "items",
          Object.keys(nodes)
            .filter((path) => path.startsWith("each#"))
            .toSorted(),
          ["each#0", "each#0/line", "each#1", "each#1/line", "each#2", "each#2/line"],
        ),
    },
    {
      name: "loop",
      input: { least: 3 },
      dsl: {
        nodes: [
          {
            id: "count",
            type: "loop",
            config: {
              variables: { n: 0 },
              until: "loop.n >= input.least",
              body: {
                nodes: [{ id: "add", type: "assigner", config: { assignments: { "loop.n": "{{ loop.n | plus: 1 }}" } } }],
                edges: [],
              },
              output: "round {{ index }}",
            },
          },
          answer("{{ nodes.count.output.result }}, {{ nodes.count.output.stopped }}"),
        ],
        edges: chain("count", "reply"),
      },
      answer: "round 2, until",
      check: ({ nodes }) =>
        expect("what it leaves", nodes["count"]?.outputJson, { result: "round 2", rounds: 3, stopped: "until", variables: { n: 3 } }),
    },
    {
      name: "sub-workflow",
      input: { name: "Ada" },
      dsl: {
        nodes: [
          { id: "greet", type: "sub-workflow", config: { workflow_version_id: greetingVersionId, input: { who: "{{ input.name }}" } } },
          answer("{{ nodes.greet.text }}"),
        ],
        edges: chain("greet", "reply"),
      },
      answer: "Hello Ada",
      check: ({ nodes }) => expect("the node in it", nodes["greet/reply"]?.status, "COMPLETED"),
    },
    {
      name: "sub-workflow, a run of its own",
      input: { name: "Ada" },
      dsl: {
        nodes: [
          {
            id: "greet",
            type: "sub-workflow",
            config: { workflow_version_id: greetingVersionId, mode: "run", input: { who: "{{ input.name }}" } },
          },
          answer("{{ nodes.greet.text }}"),
        ],
        edges: chain("greet", "reply"),
      },
      answer: "Hello Ada",
      check: ({ nodes }) => expect("no node of it here", nodes["greet/reply"]?.status, undefined),
    },
    {
      name: "retriever, inline",
      dsl: {
        nodes: [
          { id: "retrieve-docs", type: "retriever", config: { query: "green tea", top_k: 1, documents } },
          answer("{{nodes.retrieve-docs.output.retrieved_documents.0.title}}"),
        ],
        edges: chain("retrieve-docs", "reply"),
      },
      answer: "Tea",
    },
    {
      name: "memory, written and found",
      input: { user: "smoke", tea: "oolong" },
      dsl: {
        nodes: [
          {
            id: "remember",
            type: "memory",
            config: { action: "write", scope: "USER", scope_id: "{{ input.user }}", content: "Likes {{ input.tea }} tea." },
          },
          {
            id: "recall",
            type: "memory",
            config: { action: "search", scope: "USER", scope_id: "{{ input.user }}", query: "tea", top_k: 1 },
          },
          answer("{{ nodes.recall.text }}"),
        ],
        edges: chain("remember", "recall", "reply"),
      },
      answer: "Likes oolong tea.",
    },
    {
      name: "retriever, HTTP",
      input: { about: "roasted coffee" },
      dsl: {
        nodes: [
          {
            id: "retrieve-docs",
            type: "knowledge-retrieval",
            config: { query_template: "{{ input.about }}", source_url: `http://${local}/documents` },
          },
          answer("{{nodes.retrieve-docs.output.retrieved_documents.0.title}}"),
        ],
        edges: chain("retrieve-docs", "reply"),
      },
      answer: "Coffee",
      hostFailures: ["EGRESS_DENIED"],
    },
    program(
      "code in JavaScript",
      "javascript",
      "console.log('adding', payload.numbers.length);\nresult = { sum: payload.numbers.reduce((a, b) => a + b) };",
    ),
    {
      ...program("code", "python", "print('adding', len(payload['numbers']))\nresult = {'sum': sum(payload['numbers'])}"),
      hostFailures: ["SANDBOX_UNAVAILABLE"],
    },
    {
      name: "tool with binding",
      input: { city: "Bern" },
      dsl: {
        nodes: [
          { id: "weather", type: "tool", config: { tool_binding_id: toolBindingId, query: { city: "{{ input.city }}" } } },
          answer("{{ nodes.weather.output.body.city }}: {{ nodes.weather.output.body.degrees }} ({{ nodes.weather.output.body.client }})"),
        ],
        edges: chain("weather", "reply"),
      },
      answer: "Bern: 21 (smoke)",
      hostFailures: ["EGRESS_DENIED"],
    },
    {
      name: "person, approval, delay and http-request",
      input: { city: "Bern" },
      dsl: {
        nodes: [
          {
            id: "ask",
            type: "human-input",
            config: {
              text: "The weather of {{ input.city }}?",
              form: { type: "object", properties: { days: { type: "integer" } }, required: ["days"] },
              actions: [{ id: "yes" }, { id: "no" }],
              wait_seconds: 3_600,
            },
          },
          { id: "pause", type: "delay", config: { seconds: 0.05 } },
          {
            id: "weather",
            type: "tool",
            config: { tool_binding_id: toolBindingId, query: { city: "{{ input.city }}" }, requires_approval: true },
          },
          {
            id: "again",
            type: "http-request",
            config: { url: `http://${local}/weather`, query: { city: "{{ nodes.weather.output.body.city }}" } },
          },
          answer("{{ nodes.ask.output.days }} days of {{ nodes.again.output.body.degrees }}"),
        ],
        edges: [{ source: "ask", target: "pause", condition: "yes" }, ...chain("pause", "weather", "again", "reply")],
      },
      answers: { ask: { action: "yes", outputJson: { days: 3 } }, weather: { decision: "APPROVE" } },
      answer: "3 days of 21",
      hostFailures: ["EGRESS_DENIED"],
    },
    {
      name: "artifact",
      dsl: {
        nodes: [
          { id: "long", type: "template-transform", config: { template: "{% for i in (1..1000) %}long {% endfor %}" } },
          answer("{{ nodes.long.text.size }}"),
        ],
        edges: chain("long", "reply"),
      },
      answer: "5000",
      check: ({ nodes }) => expect("length", nodes["long"]?.outputText?.length, 5000),
    },
  ];
}
