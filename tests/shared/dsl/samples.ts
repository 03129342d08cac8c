/** Documents made of the sample configs of the checklist, S-47 to S-59 and S-88 to S-95. */
import { nodeSpecs } from "#shared/dsl/node-specs.ts";
import { canonicalNodeType } from "#shared/dsl/node-types.ts";
import type { JsonObject } from "#shared/json.ts";

/** One node of every type, each with its sample config, in an order in which they may refer to each other. */
export const sampleNodes = {
  "set-score": { type: "assigner", config: { assignments: { score: 7, question: "{{ input.question }}" } } },
  "check-score": { type: "if-else", config: { expression: "state.score >= 5" } },
  "check-again": { type: "condition", config: { expression: 'state.score >= 5 and not has(nodes["set-score"].output.no)' } },
  "by-score": {
    type: "switch",
    config: {
      cases: [
        { id: "high", expression: "state.score > 8" },
        { id: "low", expression: 'nodes["check-score"].output.route == "false"' },
      ],
    },
  },
  "retrieve-docs": {
    type: "knowledge-retrieval",
    config: { query: "refund policy", top_k: 3, documents: [{ id: "d1", title: "Refunds", text: "Refunds within 30 days." }] },
  },
  "retrieve-web": {
    type: "retriever",
    config: { query_template: "{{ state.question }}", source_url: "http://127.0.0.1:9/{{ state.score }}" },
  },
  recall: { type: "memory", config: { action: "search", scope: "USER", scope_id: "u{{ state.score }}", query: "{{ state.question }}" } },
  transform: { type: "template-transform", config: { template: "Score is {{ state.score }}" } },
  "transform-json": { type: "template-transform", config: { template: { score: "{{ state.score }}", at: ["{{ current.node_id }}"] } } },
  best: {
    type: "list",
    config: {
      items: "{{ nodes.retrieve-docs.output.retrieved_documents }}",
      filter: "item.score > 0 && index < 50",
      sort: { by: "item.score", order: "desc" },
      unique: "item.title",
      first: 2,
    },
  },
  "either-text": { type: "variable-aggregator", config: { variables: ["{{ nodes.transform.text }}", "none"], output_type: "string" } },
  run: {
    type: "code",
    config: {
      language: "python",
      timeout_seconds: 5,
      input_json: { score: "{{ state.score }}" },
      code: "result = payload['score'] * 2\nprint(result)",
    },
  },
  call: {
    type: "tool",
    config: {
      tool_binding_id: "tb-1",
      base_url: "http://127.0.0.1:9",
      path: "/products/{{ state.score }}",
      query: { q: "{{ state.question }}" },
      headers: { "x-score": "{{ state.score }}" },
      body: { items: ["{{ nodes.run.output.result_json }}"] },
    },
  },
  ask: {
    type: "llm",
    config: { model: "gpt-4o-mini", system_prompt: "You help.", prompt: "{{ state.question }}", temperature: 0.2, max_tokens: 200 },
  },
  chat: { type: "llm", config: { messages: [{ role: "user", content: "{{ nodes.ask.text }}" }], provider_code: "local" } },
  say: { type: "answer", config: { answer: "{{nodes.retrieve-docs.output.retrieved_documents.0.title}}: {{ nodes.chat.text }}" } },
  "say-too": { type: "answer", config: { template: "Run at {{ current.node_id }}" } },
} satisfies Record<string, JsonObject>;

/** All of {@link sampleNodes} in a chain; both routes of branching nodes lead on. */
export function sampleDocument(): { nodes: JsonObject[]; edges: JsonObject[] } {
  const ids = Object.keys(sampleNodes);
  const nodes = Object.entries(sampleNodes).map(([id, node]) => ({ id, ...node }));
  const edges = nodes.slice(1).flatMap((node, i) => {
    const edge = { source: ids[i] ?? "", target: node.id };
    const source = nodes[i];
    const routes = source === undefined ? [] : nodeSpecs[canonicalNodeType(source.type) ?? "answer"].routes(source.config);
    return routes.length > 0 ? routes.map((condition) => ({ ...edge, condition })) : [edge];
  });
  return { nodes, edges };
}
