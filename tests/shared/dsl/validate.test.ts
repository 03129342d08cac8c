import fc from "fast-check";
import * as z from "zod";
import { dslIssueCodes, type DslIssue } from "#shared/dsl/issue.ts";
import { defineNodeSpec } from "#shared/dsl/node-specs.ts";
import { validateDsl } from "#shared/dsl/validate.ts";
import type { Json, JsonObject } from "#shared/json.ts";
import { sampleDocument } from "./samples.ts";

const answer = (id: string, text = "hi"): JsonObject => ({ id, type: "answer", config: { answer: text } });
const branch = (id: string, expression = "state.n > 1"): JsonObject => ({ id, type: "if-else", config: { expression } });
const edge = (source: string, target: string, condition?: Json): JsonObject =>
  condition === undefined ? { source, target } : { source, target, condition };
const node = (type: string, config: Json, more: JsonObject = {}): JsonObject => ({
  nodes: [{ id: "a", type, config, ...more }],
  edges: [],
});
const brief = (issues: DslIssue[]) => issues.map(({ severity, code, path }) => `${severity} ${code} ${path}`);

describe("validateDsl", () => {
  it("finds nothing in a document of every sample config (S-47 to S-59, S-88 to S-95)", () => {
    expect(validateDsl(sampleDocument())).toEqual([]);
  });

  it.each<[string, unknown]>([
    ["an empty graph (S-12)", { nodes: [], edges: [] }],
    ["a document without edges", { nodes: [answer("a")] }],
    ["a single node", { nodes: [answer("a")], edges: [] }],
    ["null as no condition", { nodes: [answer("a"), answer("b")], edges: [edge("a", "b", null)] }],
    [
      "several edges of one route",
      { nodes: [branch("a"), answer("b"), answer("c")], edges: [edge("a", "b", "true"), edge("a", "c", "true"), edge("a", "c", "false")] },
    ],
    [
      "node options",
      node(
        "answer",
        { answer: "x" },
        { name: "Says x", retry: { max_attempts: 3, backoff_seconds: 0.5 }, at_most_once: true, timeout_seconds: 9 },
      ),
    ],
    ["what editors keep", node("answer", { answer: "x" }, { position: { x: 1, y: 2 }, description: "d", metadata: {} })],
    [
      "a join",
      { nodes: ["a", "b", "c", "d"].map((id) => answer(id)), edges: [edge("a", "b"), edge("a", "c"), edge("b", "d"), edge("c", "d")] },
    ],
    [
      "templates for whole objects",
      node("tool", { url: "http://x", query: "{{ state.q }}", headers: "{{ state.h }}", body: "{{ state.b }}" }),
    ],
  ])("accepts %s", (_, document) => {
    expect(validateDsl(document)).toEqual([]);
  });

  it.each<[string, unknown, string[]]>([
    ["null", null, ["ERROR DSL_NOT_OBJECT "]],
    ["a list", [], ["ERROR DSL_NOT_OBJECT "]],
    ["undefined", undefined, ["ERROR DSL_NOT_OBJECT "]],
    ["an object without nodes", {}, ["ERROR NODES_MISSING /nodes"]],
    ["nodes and edges that are no lists", { nodes: {}, edges: 1 }, ["ERROR NODES_MISSING /nodes", "ERROR EDGES_INVALID /edges"]],
    ["a node that is no object", { nodes: [1, null], edges: [] }, ["ERROR NODE_INVALID /nodes/0", "ERROR NODE_INVALID /nodes/1"]],
    ["a missing id", { nodes: [{ type: "answer", config: { answer: "" } }] }, ["ERROR NODE_ID_INVALID /nodes/0/id"]],
    ["a bad id", { nodes: [answer("a.b")] }, ["ERROR NODE_ID_INVALID /nodes/0/id"]],
    ["an id too long", { nodes: [answer("a".repeat(65))] }, ["ERROR NODE_ID_INVALID /nodes/0/id"]],
    [
      "a duplicate id",
      { nodes: [answer("a"), answer("b"), answer("a")], edges: [edge("a", "b")] },
      ["ERROR NODE_ID_DUPLICATE /nodes/2/id", "WARNING NODE_UNCONNECTED /nodes/2"],
    ],
    ["an unknown type", node("lllm", { prompt: "x" }), ["ERROR NODE_TYPE_UNKNOWN /nodes/0/type"]],
    ["a type that is a property of every object", node("constructor", {}), ["ERROR NODE_TYPE_UNKNOWN /nodes/0/type"]],
    ["a missing type", { nodes: [{ id: "a" }] }, ["ERROR NODE_TYPE_UNKNOWN /nodes/0/type"]],
    ["a config that is no object", node("llm", "x"), ["ERROR CONFIG_INVALID /nodes/0/config"]],
    ["a key that nodes do not have", node("answer", { answer: "x" }, { retries: 3 }), ["WARNING NODE_UNKNOWN_KEY /nodes/0/retries"]],
    [
      "a bad retry",
      node("answer", { answer: "x" }, { retry: { max_attempts: 0, pause: 1 } }),
      ["WARNING NODE_UNKNOWN_KEY /nodes/0/retry/pause", "ERROR NODE_INVALID /nodes/0/retry/max_attempts"],
    ],
    ["a bad timeout", node("answer", { answer: "x" }, { timeout_seconds: "5" }), ["ERROR NODE_INVALID /nodes/0/timeout_seconds"]],
    // configs
    ["llm without anything to say", node("llm", { model: "m" }), ["ERROR CONFIG_MISSING /nodes/0/config"]],
    [
      "llm with mistyped numbers",
      node("llm", { prompt: "x", temperature: "0.2", max_tokens: 1.5 }),
      ["ERROR CONFIG_INVALID /nodes/0/config/temperature", "ERROR CONFIG_INVALID /nodes/0/config/max_tokens"],
    ],
    [
      "llm with a bad message",
      node("llm", { messages: [{ role: "bot", content: "x" }, { role: "user" }] }),
      ["ERROR CONFIG_INVALID /nodes/0/config/messages/0/role", "ERROR CONFIG_MISSING /nodes/0/config/messages/1/content"],
    ],
    [
      "llm with a tool's answer to nobody",
      node("llm", { messages: [{ role: "tool", content: "12" }] }),
      ["ERROR CONFIG_MISSING /nodes/0/config/messages/0/tool_call_id"],
    ],
    [
      "llm with a tool's answer",
      node("llm", {
        messages: [
          { role: "assistant", tool_calls: [] },
          { role: "tool", tool_call_id: "c1", content: "12" },
        ],
      }),
      [],
    ],
    [
      "llm with parts that are none",
      node("llm", {
        messages: [
          { role: "user", content: [{ text: "x" }] },
          { role: "user", content: [] },
          { role: "user", content: 7 },
        ],
      }),
      [
        "ERROR CONFIG_INVALID /nodes/0/config/messages/0/content",
        "ERROR CONFIG_INVALID /nodes/0/config/messages/1/content",
        "ERROR CONFIG_INVALID /nodes/0/config/messages/2/content",
      ],
    ],
    [
      "llm with templates in parts and calls",
      node("llm", {
        messages: [
          { role: "user", content: [{ type: "text", text: "{{ nope.a }}" }] },
          { role: "assistant", tool_calls: "{{ nodes.nobody.output }}" },
        ],
      }),
      [
        "WARNING REFERENCE_UNKNOWN_NAME /nodes/0/config/messages/0/content/0/text",
        "ERROR REFERENCE_UNKNOWN_NODE /nodes/0/config/messages/1/tool_calls",
      ],
    ],
    [
      "llm with two limits of tokens",
      node("llm", { prompt: "x", max_tokens: 5, max_completion_tokens: 9 }),
      ["WARNING CONFIG_IGNORED /nodes/0/config/max_tokens"],
    ],
    ["an unknown config key", node("llm", { prompt: "x", temprature: 1 }), ["WARNING CONFIG_UNKNOWN_KEY /nodes/0/config/temprature"]],
    ["tool without a tool", node("tool", { path: "/x" }), ["ERROR CONFIG_MISSING /nodes/0/config"]],
    ["tool with a mistyped query", node("tool", { url: "http://x", query: "a=b" }), ["ERROR CONFIG_INVALID /nodes/0/config/query"]],
    ["code without code", node("code", { language: "python" }), ["ERROR CONFIG_MISSING /nodes/0/config/code"]],
    [
      "code that leaves nothing in result",
      node("code", { code: "def run(payload):\n    results = [1]\n    return results" }),
      ["WARNING CODE_WITHOUT_RESULT /nodes/0/config/code"],
    ],
    ["code that leaves its result by an import", node("code", { code: "from json import dumps as result" }), []],
    ["code that only prints", node("code", { code: "print(payload)" }), []],
    ["code that only prints, in JavaScript", node("code", { language: "javascript", code: "console.log(payload)" }), []],
    ["code with a main alone", node("code", { language: "javascript", code: "const main = () => 1" }), []],
    ["empty code", node("code", { code: "" }), ["ERROR CONFIG_INVALID /nodes/0/config/code"]],
    [
      "code in an unknown language",
      node("code", { language: "cobol", code: "result = 1" }),
      ["ERROR CONFIG_INVALID /nodes/0/config/language"],
    ],
    ["answer without text", node("answer", {}), ["ERROR CONFIG_MISSING /nodes/0/config"]],
    ["answer said twice", node("answer", { answer: "x", template: "y" }), ["WARNING CONFIG_IGNORED /nodes/0/config/template"]],
    ["if-else without expression", node("if-else", {}), ["ERROR CONFIG_MISSING /nodes/0/config/expression"]],
    ["assigner without assignments", node("assigner", { assignments: {} }), ["ERROR CONFIG_INVALID /nodes/0/config/assignments"]],
    [
      "assigner with a key that no path can name",
      node("assigner", { assignments: { "a.b": 1 } }),
      ["ERROR CONFIG_INVALID /nodes/0/config/assignments/a.b"],
    ],
    [
      "assigner with a key that would reach a prototype",
      node("assigner", JSON.parse('{"assignments": {"a": 1, "__proto__": 2}}') as Json),
      ["ERROR CONFIG_INVALID /nodes/0/config/assignments"],
    ],
    [
      "retrieval without query and source",
      node("retriever", { top_k: 0 }),
      ["ERROR CONFIG_INVALID /nodes/0/config/top_k", "ERROR CONFIG_MISSING /nodes/0/config", "ERROR CONFIG_MISSING /nodes/0/config"],
    ],
    ["retrieval without documents", node("retriever", { query: "x" }), ["ERROR CONFIG_MISSING /nodes/0/config"]],
    [
      "retrieval with a document without text",
      node("retriever", { query: "x", documents: [{ id: "d" }] }),
      ["ERROR CONFIG_MISSING /nodes/0/config/documents/0/text"],
    ],
    ["template-transform without template", node("template-transform", {}), ["ERROR CONFIG_MISSING /nodes/0/config/template"]],
    // templates and expressions
    [
      "a bad template",
      node("llm", { prompt: "{{ state.a", system_prompt: "{% nope %}" }),
      ["ERROR TEMPLATE_INVALID /nodes/0/config/system_prompt", "ERROR TEMPLATE_INVALID /nodes/0/config/prompt"],
    ],
    [
      "a bad template deep in a body",
      node("tool", { url: "http://x", body: { "a/b": [{ c: "{{ }}" }] } }),
      ["ERROR TEMPLATE_INVALID /nodes/0/config/body/a~1b/0/c"],
    ],
    [
      "a bad template in a message",
      node("llm", {
        messages: [
          { role: "user", content: "ok" },
          { role: "user", content: "{{ x | nope }}" },
        ],
      }),
      ["ERROR TEMPLATE_INVALID /nodes/0/config/messages/1/content"],
    ],
    ["braces in what is taken literally", node("code", { code: "result = '{{ unclosed'" }), []],
    ["a bad expression", { nodes: [branch("a", "state.n >")] }, ["ERROR EXPRESSION_INVALID /nodes/0/config/expression"]],
    ["a hyphen read as minus", { nodes: [branch("a", "nodes.b-c.text == 'x'")] }, ["ERROR EXPRESSION_INVALID /nodes/0/config/expression"]],
    // references
    [
      "a reference to an unknown node",
      { nodes: [answer("a", "{{ nodes.b.text }} {{ nodes.b.text }}")] },
      ["ERROR REFERENCE_UNKNOWN_NODE /nodes/0/config/answer"],
    ],
    [
      "one in an expression",
      { nodes: [branch("a", 'nodes["b-c"].text == "x"')] },
      ["ERROR REFERENCE_UNKNOWN_NODE /nodes/0/config/expression"],
    ],
    ["an unknown name", { nodes: [answer("a", "{{ score }}")] }, ["WARNING REFERENCE_UNKNOWN_NAME /nodes/0/config/answer"]],
    [
      "a node's field that does not exist",
      { nodes: [answer("a"), answer("b", "{{ nodes.a.outputs.x }}")], edges: [edge("a", "b")] },
      ["WARNING REFERENCE_UNKNOWN_FIELD /nodes/1/config/answer"],
    ],
    [
      "a reference downstream",
      { nodes: [answer("a", "{{ nodes.b.text }}"), answer("b")], edges: [edge("a", "b")] },
      ["WARNING REFERENCE_NOT_UPSTREAM /nodes/0/config/answer"],
    ],
    ["a reference to itself", { nodes: [answer("a", "{{ nodes.a.text }}")] }, ["WARNING REFERENCE_NOT_UPSTREAM /nodes/0/config/answer"]],
    [
      "a reference two steps upstream",
      { nodes: [answer("a"), answer("b"), answer("c", "{{ nodes.a.text }}")], edges: [edge("a", "b"), edge("b", "c")] },
      [],
    ],
    // edges
    ["an edge that is no object", { nodes: [answer("a")], edges: ["a"] }, ["ERROR EDGE_INVALID /edges/0"]],
    [
      "an edge without ends",
      { nodes: [answer("a")], edges: [{ source: 1 }] },
      ["ERROR EDGE_INVALID /edges/0/source", "ERROR EDGE_INVALID /edges/0/target"],
    ],
    [
      "a dangling edge",
      { nodes: [answer("a")], edges: [edge("a", "gone"), edge("lost", "a")] },
      ["ERROR EDGE_DANGLING /edges/0/target", "ERROR EDGE_DANGLING /edges/1/source"],
    ],
    [
      "an edge said twice",
      { nodes: [answer("a"), answer("b")], edges: [edge("a", "b"), edge("a", "b")] },
      ["WARNING EDGE_DUPLICATE /edges/1"],
    ],
    [
      "a branch's edge without condition",
      { nodes: [branch("a"), answer("b")], edges: [edge("a", "b")] },
      ["ERROR CONDITION_MISSING /edges/0", "WARNING ROUTE_MISSING /nodes/0", "WARNING ROUTE_MISSING /nodes/0"],
    ],
    [
      "a condition that is no route",
      {
        nodes: [branch("a"), answer("b")],
        edges: [edge("a", "b", "yes"), edge("a", "b", true), edge("a", "b", "true"), edge("a", "b", "false")],
      },
      ["ERROR CONDITION_INVALID /edges/0/condition", "ERROR CONDITION_INVALID /edges/1/condition"],
    ],
    [
      "a condition of a node that does not branch",
      { nodes: [answer("a"), answer("b")], edges: [edge("a", "b", "true")] },
      ["WARNING CONDITION_UNUSED /edges/0/condition"],
    ],
    [
      "a route that leads nowhere",
      { nodes: [branch("a"), answer("b")], edges: [edge("a", "b", "true")] },
      ["WARNING ROUTE_MISSING /nodes/0"],
    ],
    // the graph
    [
      "a node without edges among several",
      { nodes: [answer("a"), answer("b"), answer("c")], edges: [edge("a", "b")] },
      ["WARNING NODE_UNCONNECTED /nodes/2"],
    ],
    ["a cycle of itself", { nodes: [answer("a")], edges: [edge("a", "a")] }, ["ERROR CYCLE /edges/0"]],
    [
      "a cycle",
      { nodes: ["a", "b", "c", "d"].map((id) => answer(id)), edges: [edge("a", "b"), edge("b", "c"), edge("c", "b"), edge("c", "d")] },
      ["ERROR CYCLE /edges/2"],
    ],
    [
      "two cycles",
      { nodes: ["a", "b", "c", "d"].map((id) => answer(id)), edges: [edge("a", "b"), edge("b", "a"), edge("c", "d"), edge("d", "c")] },
      ["ERROR CYCLE /edges/1", "ERROR CYCLE /edges/3"],
    ],
  ])("reports %s", (_, document, expected) => {
    expect(brief(validateDsl(document)).sort()).toEqual([...expected].sort());
  });

  it("reports everything at once", () => {
    const document = {
      nodes: [answer("bad id"), branch("b", "1 >"), { id: "c", type: "nope" }, answer("d", "{{ nodes.z.text }}")],
      edges: [edge("b", "gone", "true"), edge("c", "d"), edge("d", "c")],
    };
    expect(new Set(validateDsl(document).map(({ code }) => code))).toEqual(
      new Set([
        "NODE_ID_INVALID",
        "EXPRESSION_INVALID",
        "NODE_TYPE_UNKNOWN",
        "REFERENCE_UNKNOWN_NODE",
        "EDGE_DANGLING",
        "CYCLE",
        "NODE_UNCONNECTED",
      ]),
    );
  });

  it.each<[unknown, string[]]>([
    [node("answer", { answer: "line\n {{ state.a | nope }}" }), ["line 2, column 2", "undefined filter: nope", "node a", "answer"]],
    [{ nodes: [branch("check", "state.n >\n")] }, ["line 1", "node check"]],
    [{ nodes: [branch("check", "nodes.retrieve-docs.text == 'x'")] }, ['nodes["retrieve-docs"].text', "subtraction"]],
    [
      { nodes: [answer("Ask-Me"), answer("b", "{{ nodes.ask_me.text }}")], edges: [edge("Ask-Me", "b")] },
      ["ask_me", "did you mean Ask-Me", "line 1, column 4"],
    ],
    [
      { nodes: [answer("retrieve"), answer("b", "{{ nodes.retreive.text }}")], edges: [edge("retrieve", "b")] },
      ["node retreive, which does not exist; did you mean retrieve."],
    ],
    [
      { nodes: [answer("retrieve"), answer("other")], edges: [edge("retrieve", "other"), edge("retreve", "other")] },
      ['The source of edge 1 is "retreve"; there is no such node; did you mean retrieve.'],
    ],
    [{ nodes: [answer("a"), answer("c")], edges: [edge("a", "c"), edge("a", "b")] }, ['is "b"; there is no such node.']],
    [node("anwser", { answer: "x" }), ['is of type "anwser", which does not exist; did you mean answer; types are llm']],
    [node("If_Else", {}), ["did you mean if-else;"]],
    [node("sing", {}), ['is of type "sing", which does not exist; types are']],
    [node("lllm", {}), ['"lllm"', "llm, tool, code"]],
    [node("llm", { prompt: "x", temperature: "hot" }), ["config.temperature", "expected number", '"hot"', "(llm)"]],
    [{ nodes: ["a", "b"].map((id) => answer(id)), edges: [edge("a", "b"), edge("b", "a")] }, ["→", "a → b → a"]],
    [{ nodes: [answer("a")], edges: [edge("a", "gone")] }, ['"gone"', "no such node"]],
    [{ nodes: [answer("a")], edges: [{ from: "a", to: "a" }] }, ["Edge 0 has no source", "Edge 0 has no target", "{ source, target"]],
    [node("answer", { answer: "x" }, { on_failure: "continue" }), ["has on_failure", "a node has id, type, config", "retry"]],
    [
      node("answer", { answer: "x" }, { retry: { maxAttempts: 3 } }),
      ["it has max_attempts, backoff_seconds", "retry.max_attempts", "it is missing"],
    ],
    [node("answer", { answer: "x" }, { timeout_seconds: "5s" }), ["timeout_seconds", 'It is "5s"']],
    ['{"nodes":[]}', ["Give the object itself, not its JSON as text"]],
    [{ nodes: Array.from({ length: 2_001 }, (_, i) => answer(`n${i}`)) }, ["2001", "2000"]],
    [{ nodes: [], edges: Array.from({ length: 5_001 }, () => edge("a", "b")) }, ["5001", "5000"]],
    [{ nodes: [answer("a", "x".repeat(1_048_576))] }, ["1048576"]],
  ])("names the thing, its value and the next step (%#)", (document, parts) => {
    const text = validateDsl(document)
      .map(({ message }) => message)
      .join("\n");
    for (const part of parts) expect(text).toContain(part);
  });

  it("stops at a document beyond the limits, naming the limit", () => {
    const codes = (document: unknown) => validateDsl(document).map(({ code }) => code);
    expect(codes({ nodes: Array.from({ length: 2_001 }, () => 1), edges: [] })).toEqual(["TOO_MANY_NODES"]);
    expect(codes({ nodes: [], edges: Array.from({ length: 5_001 }, () => 1) })).toEqual(["TOO_MANY_EDGES"]);
    expect(codes({ nodes: ["x".repeat(1_048_577)] })).toEqual(["DSL_TOO_LARGE"]);
    expect(codes({ nodes: JSON.parse("[".repeat(5_000) + "]".repeat(5_000)) as Json })).toEqual(["DSL_TOO_DEEP"]);
    const circular: { nodes: unknown[] } = { nodes: [] };
    circular.nodes.push(circular);
    expect(codes(circular)).toEqual(["DSL_TOO_DEEP"]);
    expect(codes({ nodes: [1n] })).toEqual(["DSL_NOT_JSON"]);
    expect(
      codes({ nodes: Array.from({ length: 30 }, (_, i) => branch(`b${i}`, `'${"x".repeat(9_000)}' == ''`)) }).filter(
        (code) => code === "EXPRESSION_INVALID",
      ),
    ).toHaveLength(8);
  });

  it("knows extra types only where they are given", () => {
    const wait = defineNodeSpec(z.object({ seconds: z.number(), note: z.string().optional() }), {
      templates: [{ field: "note", as: "text" }],
    });
    const document = node("wait", { seconds: "1", note: "{{ nodes.x.text }}" });
    expect(brief(validateDsl(document))).toEqual(["ERROR NODE_TYPE_UNKNOWN /nodes/0/type"]);
    expect(brief(validateDsl(document, { extraTypes: { wait } }))).toEqual([
      "ERROR CONFIG_INVALID /nodes/0/config/seconds",
      "ERROR REFERENCE_UNKNOWN_NODE /nodes/0/config/note",
    ]);
    expect(validateDsl(node("wait", { seconds: 1 }), { extraTypes: { wait } })).toEqual([]);
  });

  it("never throws and always answers with codes of the closed list, whatever JSON it is given", () => {
    const id = fc.constantFrom("a", "b", "c", "x.y", "", "__proto__");
    const text = fc.constantFrom(
      "{{ nodes.a.text }}",
      "{{ nodes.b",
      "{% for x in nodes.c.output %}{{ x }}{% endfor %}",
      "state.a > 1",
      "a-b",
      "{{ }}",
      "__proto__",
      "",
    );
    const anything = fc.oneof(fc.jsonValue({ maxDepth: 3 }), text, id);
    const config = fc.oneof(
      anything,
      fc.dictionary(
        fc.constantFrom(
          ...["prompt", "expression", "assignments", "template", "query", "messages", "documents", "body", "__proto__", "x"],
          ...["cases", "items", "filter", "sort", "unique", "variables"],
        ),
        fc.oneof(
          anything,
          fc.jsonValue({ maxDepth: 2 }).map((value) => [{ id: "a", expression: value }, value]),
        ),
      ),
    );
    const type = fc.oneof(
      fc.constantFrom("llm", "tool", "code", "answer", "if-else", "condition", "assigner", "retriever", "template-transform", "toString"),
      fc.constantFrom("switch", "list", "variable-aggregator"),
      anything,
    );
    const one = fc.record({ id: anything, expression: anything, default: anything, by: anything, when: anything }, { requiredKeys: [] });
    const someNode = fc.oneof(
      fc.record(
        { id: fc.oneof(id, anything), type, config, retry: fc.oneof(one, anything), on_error: fc.oneof(one, anything) },
        { requiredKeys: [] },
      ),
      anything,
    );
    const someEdge = fc.oneof(
      fc.record(
        {
          source: fc.oneof(id, anything),
          target: fc.oneof(id, anything),
          condition: fc.oneof(fc.constantFrom("true", "false", "error", "default"), anything),
        },
        { requiredKeys: [] },
      ),
      anything,
    );
    const document = fc.oneof(
      fc.record({ nodes: fc.array(someNode, { maxLength: 8 }), edges: fc.array(someEdge, { maxLength: 8 }) }),
      fc.record({ nodes: fc.array(someNode, { maxLength: 3 }), timeout_seconds: anything }),
      anything,
    );
    fc.assert(
      fc.property(document, (value) => {
        for (const issue of validateDsl(value)) {
          expect(dslIssueCodes).toContain(issue.code);
          expect(issue.message).toMatch(/\S/);
          expect(issue.path).toMatch(/^(\/.*)?$/s);
        }
      }),
      { numRuns: 500 },
    );
  });

  it("reads each part of a document a constant number of times however large it is", () => {
    const small = readsOf(layered(200));
    const large = readsOf(layered(2_000));
    // Ten times the nodes and edges: ten times the reads, with a tenth for chance.
    expect(large / small).toBeLessThan(11);
  });

  it("validates 2,000 nodes and 5,000 edges", () => {
    expect(validateDsl(layered(2_000))).toEqual([]);
  });
});

/** Nodes that depend on the two or three before them; 2.5 edges a node. */
function layered(size: number): { nodes: JsonObject[]; edges: JsonObject[] } {
  const nodes = Array.from({ length: size }, (_, i) =>
    answer(`n${i}`, i > 0 ? `{{ nodes.n${Math.floor(i / 2)}.text }} and {{ nodes.n0.output }}` : "start"),
  );
  const edges = [1, 2, 3].flatMap((step) => Array.from({ length: size - step }, (_, i) => edge(`n${i}`, `n${i + step}`)));
  edges.length = size * 2.5;
  return { nodes, edges };
}

/** How often validation reads a property of the document. */
function readsOf(document: JsonObject): number {
  let reads = 0;
  const watched = (value: unknown): unknown => {
    if (typeof value !== "object" || value === null) return value;
    const copy: unknown = Array.isArray(value)
      ? value.map(watched)
      : Object.fromEntries(Object.entries(value).map(([key, item]) => [key, watched(item)]));
    return new Proxy(copy as object, {
      get(target, key, receiver) {
        reads += 1;
        return Reflect.get(target, key, receiver) as unknown;
      },
    });
  };
  validateDsl(watched(document));
  return reads;
}
