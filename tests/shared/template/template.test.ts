import { AppError } from "#shared/errors.ts";
import type { Json } from "#shared/json.ts";
import type { TemplateScope } from "#shared/template/scope.ts";
import { compileTemplate } from "#shared/template/template.ts";
import { ends } from "../../testkit/ends.ts";

const scope: TemplateScope = {
  input: { question: "Where is my parcel?" },
  state: {
    score: 5,
    done: true,
    nothing: null,
    lead: { name: "Ada", tags: ["a", "b"] },
    size: "own",
    text: "hi",
    umlaut: "Größe",
    empty: "",
  },
  nodes: {
    "retrieve-docs": { output: { retrieved_documents: [{ id: "d1", title: "Refunds", text: "Within 30 days." }] }, text: null },
    "1st": { output: { ok: true }, text: "first" },
    "12": { output: [], text: "twelve" },
  },
  current: { node_id: "here" },
};

const render = (source: string): Json => compileTemplate(source).render(scope);

function reasonOf(call: () => unknown): string {
  try {
    call();
  } catch (error) {
    if (error instanceof AppError) return error.reason;
    throw error;
  }
  return "none";
}

describe("template", () => {
  it.each<[string, Json]>([
    // S-47: the four roots
    ["Score {{ state.score }}", "Score 5"],
    ["{{ nodes.1st.output.ok }}!", "true!"],
    ["{{nodes.1st.text}} at {{ current.node_id }}", "first at here"],
    ["Q: {{input.question}}", "Q: Where is my parcel?"],
    // S-48: through arrays by index, ids with hyphens and digits
    ["{{nodes.retrieve-docs.output.retrieved_documents.0.title}}", "Refunds"],
    ['{{ nodes["retrieve-docs"].output.retrieved_documents[0].title }}', "Refunds"],
    ["{{ nodes.retrieve-docs.output.retrieved_documents[-1].id }} {{ nodes.12.text }}", "d1 twelve"],
    // objects inside text are JSON
    ["Lead: {{ state.lead }}", 'Lead: {"name":"Ada","tags":["a","b"]}'],
    ["{{ state.lead.tags }}{{ state.score }}", '["a","b"]5'],
    ["{% capture x %}<{{ state.lead.tags }}>{% endcapture %}{{ x }}{{ x | size }}", '<["a","b"]>11'],
    // missing is empty text
    ["[{{ state.missing.deep }}{{ nodes.unknown.text }}{{ state.nothing }}]", "[]"],
    // Liquid at work
    ["{% for d in nodes.retrieve-docs.output.retrieved_documents %}{{ d.title }}: {{ d.text }}{% endfor %}", "Refunds: Within 30 days."],
    ["{% if state.score >= 5 and state.done %}hot{% else %}cold{% endif %}", "hot"],
    ["{{ state.text | upcase | append: '!' }} ", "HI! "],
    ["{{ state.lead | json }}.", '{"name":"Ada","tags":["a","b"]}.'],
    ["{{ state.missing | default: 'none' }} {{ state.lead.tags | join: '/' }}", "none a/b"],
    ["{{ 0 | date: '%Y-%m-%d %H:%M' }}.", "1970-01-01 00:00."],
    ["{% raw %}{{ kept }}{% endraw %}", "{{ kept }}"],
    ["{%- assign n = state.score | plus: 1 -%} {{ n }}", "6"],
    ["no tags at all", "no tags at all"],
    ["", ""],
  ])("renders %j to text", (source, expected) => {
    expect(render(source)).toEqual(expected);
  });

  it.each<[string, Json]>([
    ["{{ state.score }}", 5],
    ["{{state.done}}", true],
    ["{{ state.nothing }}", null],
    ["{{ state.lead }}", { name: "Ada", tags: ["a", "b"] }],
    [" {{ state.lead }}\n", { name: "Ada", tags: ["a", "b"] }],
    ["{{ state.lead.tags | concat: state.lead.tags }}", ["a", "b", "a", "b"]],
    ["{{ state.score | times: 2 }}", 10],
    ["{{ nodes.retrieve-docs.output }}", scope.nodes["retrieve-docs"]?.output ?? null],
    ["{{ state.score > 4 }}", true],
    ["{{ state.text }}", "hi"],
    ["{{ state.text }}\n", "hi\n"],
    ["{{ state.missing }}", null],
    ["{{ nodes.none.output.x }}", null],
    [" {{ state.missing.deep }}\n", null],
    ["{{ state.lead.tags[7] }}", null],
    ["{{ state.empty }}", ""],
  ])("keeps the type of the lone expression %j", (source, expected) => {
    expect(render(source)).toEqual(expected);
    expect(compileTemplate(source).lone).toBe(true);
  });

  it("gives text from renderText even for a lone object", () => {
    expect(compileTemplate("{{ state.lead }}").renderText(scope)).toBe('{"name":"Ada","tags":["a","b"]}');
    expect(compileTemplate("{{ state.missing }}").renderText(scope)).toBe("");
  });

  it("reads an own key named size before the length", () => {
    expect(render("{{ state.size }} {{ state.lead.size }} {{ state.text.size }} {{ state.lead.tags.last }}")).toBe("own 2 2 b");
  });

  it.each([
    ["{{ state.a", 1, 1],
    ["line\n  {{ state.a | nofilter }}", 2, 3],
    ["{% if state.a %}", 1, 1],
    ["{% include 'x' %}", 1, 1],
    ["{% render 'x' %}", 1, 1],
    ["{% increment state %}", 1, 1],
    ["{{ state.a state.b }}", 1, 1],
    ["{{ state.score + 1 }}", 1, 17],
    ["{{ }}", 1, 4],
    ["ok {% endfor %}", 1, 4],
  ])("refuses %j with its position", (source, line, column) => {
    try {
      compileTemplate(source);
    } catch (error) {
      expect(error).toMatchObject({ reason: "TEMPLATE_INVALID", code: "BAD_USER_INPUT", facts: { line, column } });
      return;
    }
    throw new Error("it was accepted");
  });

  it("refuses tags nested beyond the stack instead of falling over", () => {
    expect(reasonOf(() => compileTemplate("{% if a %}".repeat(1_000) + "{% endif %}".repeat(999)))).toBe("TEMPLATE_INVALID");
  });

  it("names what it reads, with positions, and not its own variables", () => {
    const source =
      "{{ nodes.a.text }}\n{% for d in nodes.b-c.output.docs %}{{ d.title }}{{ forloop.index }}{% endfor %}" +
      "{% assign x = state.k %}{{ x }}{{ score }}{{ nodes[state.which].text }}{{ 'v' | default: nodes.d.text }}{% if input.q contains nodes.e.text %}{% endif %}";
    const references = compileTemplate(source).references;
    expect(references.map((reference) => reference.path.join("."))).toEqual([
      "nodes.a.text",
      "nodes.b-c.output.docs",
      "state.k",
      "score",
      "state.which",
      "nodes",
      "nodes.d.text",
      "input.q",
      "nodes.e.text",
    ]);
    expect(references[1]).toMatchObject({ line: 2, column: 13 });
  });

  it("fails, naming the expression, when the value is no JSON number", () => {
    expect(() => render("{{ state.score | divided_by: 0 }}")).toThrow("gives Infinity");
  });

  it("gives the same compiled template for the same source", () => {
    expect(compileTemplate("{{ state.memo }}")).toBe(compileTemplate("{{ state.memo }}"));
  });
});

describe("template limits", () => {
  const big: TemplateScope = {
    ...scope,
    state: { list: Array.from({ length: 50_000 }, (_, i) => i), long: "a".repeat(600_000), huge: Array.from({ length: 120_000 }, () => 1) },
  };
  it.each([
    ["TEMPLATE_TOO_LARGE", "{% for i in (1..1000000000) %}x{% endfor %}"],
    ["TEMPLATE_TOO_LARGE", "{{ state.long }}{{ state.long }}"],
    ["TEMPLATE_TOO_LARGE", "{% for i in state.list %}{{ state.long }}{% endfor %}"],
    ["TEMPLATE_TOO_LARGE", "{% assign s = state.long %}{% for i in (1..40) %}{% assign s = s | append: s %}{% endfor %}{{ s }}"],
    ["TEMPLATE_TOO_LARGE", "{{ state.long | replace: 'a', state.long }}"],
    ["TEMPLATE_TOO_LARGE", "{% capture c %}{% for i in state.list %}{{ state.long }}{% endfor %}{% endcapture %}"],
    ["TEMPLATE_TOO_SLOW", "{% for i in state.list %}{% for j in state.list %}{% endfor %}{% endfor %}"],
    [
      "TEMPLATE_TOO_SLOW",
      "{% for i in state.list %}{% for j in state.list %}{% if state.long contains 'b' %}x{% endif %}{% endfor %}{% endfor %}",
    ],
    ["TEMPLATE_FAILED", "{{ state.huge | where: 'x', 1 }}"],
  ])("stops with %s: %s", (reason, source) => {
    expect(ends(() => reasonOf(() => compileTemplate(source).render(big)))).toBe(reason);
  });

  it("refuses a template with more tags than the limit, naming the limit", () => {
    expect(() => compileTemplate("{{ state.a }}".repeat(2_001))).toThrow("more than 2000 tags");
  });
});

describe("template safety", () => {
  it.each([
    "{{ constructor }}",
    "{{ __proto__ }}",
    "{{ state.constructor }}",
    "{{ state.__proto__ }}",
    "{{ state.constructor.constructor }}",
    "{{ state['__proto__']['toString'] }}",
    "{{ state.text.constructor }}",
    "{{ state.lead.tags.constructor }}",
    "{{ state.lead.tags.map }}",
    "{{ state.text.toUpperCase }}",
    "{{ toString }}",
    "{{ nodes.constructor.text }}",
    "{{ state.lead.hasOwnProperty }}",
    "{{ state | map: 'constructor' | join }}",
    "{{ globalThis }}{{ process }}{{ require }}",
  ])("finds nothing behind %s", (source) => {
    expect(compileTemplate(`${source}.`).render(scope)).toBe(".");
  });

  it("never writes to the scope", () => {
    const frozen = JSON.stringify(scope);
    render("{% assign state = 1 %}{% assign nodes = 2 %}{% capture input %}x{% endcapture %}{{ state }}{{ nodes }}");
    expect(JSON.stringify(scope)).toBe(frozen);
    expect(render("{{ state.score }}")).toBe(5);
  });
});
