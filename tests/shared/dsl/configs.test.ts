import * as configs from "#shared/dsl/configs.ts";
import { canonicalNodeType, nodeTypes } from "#shared/dsl/node-types.ts";
import { nodeSpecs, templateFields } from "#shared/dsl/node-specs.ts";
import { readDsl } from "#shared/dsl/read.ts";
import { renderConfig } from "#shared/dsl/render-config.ts";
import type { JsonObject } from "#shared/json.ts";
import type { TemplateScope } from "#shared/template/scope.ts";
import { sampleDocument, sampleNodes } from "./samples.ts";

const scope: TemplateScope = {
  input: { question: "Where?" },
  state: { score: 7, question: "Where?", lead: { name: "Ada" }, missing: null },
  nodes: {
    run: { output: { result_json: { total: 14 } }, text: "14\n" },
    "retrieve-docs": { output: { retrieved_documents: [{ title: "Refunds" }] }, text: null },
    ask: { output: {}, text: "Hello" },
    chat: { output: {}, text: "Bye" },
  },
  current: { node_id: "here" },
};
const render = (id: keyof typeof sampleNodes) => renderConfig(sampleNodes[id].type, sampleNodes[id].config, scope);

describe("node types", () => {
  it("are the eight and the others, with two aliases (S-17, S-18)", () => {
    const waits = ["human-input", "delay", "callback", "http-request"];
    const first = ["llm", "tool", "code", "answer", "if-else", "assigner", "knowledge-retrieval", "template-transform"];
    const more = ["switch", "list", "variable-aggregator", "iteration", "loop", "sub-workflow", "agent", "team", "memory", "skill"];
    expect(nodeTypes.toSorted()).toEqual([...first, ...more, ...waits].toSorted());
    expect([canonicalNodeType("condition"), canonicalNodeType("retriever"), canonicalNodeType("llm")]).toEqual([
      "if-else",
      "knowledge-retrieval",
      "llm",
    ]);
    expect([canonicalNodeType("while"), canonicalNodeType("toString"), canonicalNodeType("__proto__")]).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
  });

  it("name their template fields; the rest is taken literally", () => {
    const fields = Object.fromEntries(nodeTypes.map((type) => [type, templateFields(type).map(({ field, as }) => `${field}:${as}`)]));
    expect(fields).toEqual({
      llm: ["system_prompt:text", "prompt:text", "messages.*.content:text", "messages.*.tool_call_id:text", "messages.*.tool_calls:json"],
      tool: ["url:text", "base_url:text", "path:text", "body:json", "query:keys", "headers:keys", "arguments:keys", "assignees:json"],
      code: ["input_json:json"],
      answer: ["answer:text", "template:text"],
      "if-else": [],
      switch: [],
      assigner: ["assignments:json"],
      "knowledge-retrieval": ["query_template:text", "source_url:text"],
      memory: ["scope:text", "scope_id:text", "query:text", "content:text", "expires_at:text", "metadata:json"],
      "template-transform": ["template:json"],
      list: ["items:json"],
      "variable-aggregator": ["variables:json"],
      iteration: ["items:json", "output:json"],
      loop: ["variables:json", "output:json"],
      "sub-workflow": ["input:json"],
      skill: ["input:json"],
      team: ["input:text", "user_id:text", "session_id:text", "message_id:text", "input_json:json"],
      agent: ["input:text", "user_id:text", "session_id:text", "message_id:text", "team_id:text", "input_json:json"],
      "human-input": ["text:text", "form:json", "assignees:json"],
      delay: ["seconds:json", "until:text", "zone:text"],
      callback: ["text:text"],
      "http-request": ["method:text", "url:text", "body:json", "query:keys", "headers:keys"],
    });
    expect(templateFields("retriever")).toBe(nodeSpecs["knowledge-retrieval"].templates);
    expect(templateFields("nothing")).toEqual([]);
  });
});

describe("renderConfig", () => {
  it("renders the sample configs, types kept where they count (S-47 to S-59)", () => {
    expect(render("set-score")).toEqual({ assignments: { score: 7, question: "Where?" } });
    expect(render("transform")).toEqual({ template: "Score is 7" });
    expect(render("transform-json")).toEqual({ template: { score: 7, at: ["here"] } });
    expect(render("run")).toMatchObject({ input_json: { score: 7 }, code: sampleNodes.run.config.code });
    expect(render("call")).toMatchObject({
      path: "/products/7",
      query: { q: "Where?" },
      headers: { "x-score": 7 },
      body: { items: [{ total: 14 }] },
      tool_binding_id: "tb-1",
    });
    expect(render("chat")).toMatchObject({ messages: [{ role: "user", content: "Hello" }] });
    expect(render("say")).toEqual({ answer: "Refunds: Bye" });
    expect(render("retrieve-web")).toEqual({ query_template: "Where?", source_url: "http://127.0.0.1:9/7" });
  });

  it("makes text of lone expressions where text is asked for", () => {
    expect(renderConfig("llm", { prompt: "{{ state.lead }}" }, scope)).toEqual({ prompt: '{"name":"Ada"}' });
    expect(renderConfig("answer", { answer: "{{ state.missing }}" }, scope)).toEqual({ answer: "" });
  });

  it("takes literally what is no template field", () => {
    const code = { code: "result = '{{ state.score }}'", input_json: "{{ state.lead }}" };
    expect(renderConfig("code", code, scope)).toEqual({ code: code.code, input_json: { name: "Ada" } });
    const query = { query: "{{ state.score }}", documents: [{ text: "{{ state.score }}" }] };
    expect(renderConfig("retriever", query, scope)).toEqual(query);
    expect(renderConfig("if-else", { expression: "state.score >= 5" }, scope)).toEqual({ expression: "state.score >= 5" });
  });

  it("leaves the config it is given alone", () => {
    const before = JSON.stringify(sampleNodes);
    (Object.keys(sampleNodes) as (keyof typeof sampleNodes)[]).forEach(render);
    expect(JSON.stringify(sampleNodes)).toBe(before);
  });
});

describe("config schemas", () => {
  it("read rendered sample configs", () => {
    expect(configs.knowledgeRetrievalConfig.parse(render("retrieve-web")).top_k).toBe(5);
    expect(configs.answerConfig.parse(render("say-too"))).toEqual({ answer: "Run at here" });
    expect(configs.codeConfig.parse({ language: "javascript", code: "result = 1" })).toMatchObject({ language: "javascript" });
    expect(configs.codeConfig.parse({ code: "result = 1" })).toEqual({ language: "python", code: "result = 1" });
    expect(configs.toolConfig.parse(render("call")).body).toEqual({ items: [{ total: 14 }] });
    expect(configs.llmConfig.parse(render("ask"))).toEqual(render("ask"));
    expect(configs.memoryConfig.parse(render("recall"))).toMatchObject({ scope: "USER", query: "Where?", top_k: 5 });
  });

  it.each<[JsonObject, string[]]>([
    [{ action: "search" }, ["query"]],
    [{ action: "write" }, ["content"]],
    [{ action: "search", query: "q", scope: "USER" }, ["scope_id"]],
    [{ action: "search", query: "q", scope: "EVERYBODY" }, ["scope"]],
    [{ action: "search", query: "q", scope: "{{ input.scope }}" }, []],
    [{ action: "write", content: "c", query: "q", importance: 101 }, ["importance", "query"]],
    [{ action: "write", content: "c", query: "q" }, ["query"]],
    [{ action: "search", query: "q", content: "c", expires_at: "2030-01-01T00:00:00Z" }, ["content", "expires_at"]],
    [{ action: "write", content: "c", expires_at: "soon" }, ["expires_at"]],
    [{ action: "write", content: "c", expires_at: "2030-01-01T00:00:00" }, ["expires_at"]],
    [{ action: "write", content: "c", expires_at: "2030-02-30T00:00:00Z" }, ["expires_at"]],
    [{ action: "write", content: "c", expires_at: "2030-01-01 00:00:00+0100" }, []],
    [{ action: "write", content: "c", expires_at: "{{ input.until }}" }, []],
    [{ action: "forget", query: "q" }, ["action"]],
  ])("say of memory nodes which key is wrong: %j", (config, keys) => {
    expect(configs.memoryConfig.safeParse(config).error?.issues.map(({ path }) => path.join(".")) ?? []).toEqual(keys);
  });
});

it.each<[JsonObject, string[]]>([
  [{ seed: 2_147_483_648 }, ["seed"]],
  [{ seed: -2_147_483_648, max_tokens: 10_000_000 }, []],
  [{ max_tokens: 3_000_000_000, max_completion_tokens: 0 }, ["max_tokens", "max_completion_tokens"]],
])("llm nodes have numbers that the model subgraph takes: %j", (config, keys) => {
  const { error } = configs.llmConfig.safeParse({ prompt: "x", ...config });
  expect(error?.issues.map(({ path }) => path.join(".")) ?? []).toEqual(keys);
});

describe("readDsl", () => {
  it("gives canonical types, defaults and no empty conditions", () => {
    const document = readDsl({
      nodes: [
        { id: "a", type: "retriever", config: { query: "q", documents: [] }, retry: { max_attempts: 3 }, position: { x: 1 } },
        { id: "b", type: "answer", config: { answer: "x" }, at_most_once: true },
      ],
      edges: [{ source: "a", target: "b", condition: null, id: "e1" }],
    });
    expect(document).toEqual({
      nodes: [
        {
          id: "a",
          type: "knowledge-retrieval",
          config: { query: "q", documents: [] },
          retry: { max_attempts: 3, backoff_seconds: 1, backoff_factor: 2, max_backoff_seconds: 300 },
        },
        { id: "b", type: "answer", config: { answer: "x" }, at_most_once: true },
      ],
      edges: [{ source: "a", target: "b" }],
    });
    expect(readDsl(sampleDocument()).nodes.map(({ type }) => type)).toContain("if-else");
    expect(readDsl({ nodes: [] })).toEqual({ nodes: [], edges: [] });
  });

  it("refuses a document with errors, giving all its issues", () => {
    const failure = (() => {
      try {
        return readDsl({
          nodes: [
            { id: "a", type: "nope" },
            { id: "a", type: "answer", config: { answer: "x" } },
          ],
        });
      } catch (error) {
        return error;
      }
    })();
    expect(failure).toMatchObject({
      code: "BAD_USER_INPUT",
      reason: "DSL_INVALID",
      facts: { issues: [{ code: "NODE_TYPE_UNKNOWN" }, { code: "NODE_ID_DUPLICATE" }, {}, {}] },
    });
  });
});
