import type { DslIssue } from "#shared/dsl/issue.ts";
import { readDsl } from "#shared/dsl/read.ts";
import { validateDsl } from "#shared/dsl/validate.ts";
import type { Json, JsonObject } from "#shared/json.ts";

const answer = (id: string, more: JsonObject = {}): JsonObject => ({ id, type: "answer", config: { answer: "hi" }, ...more });
const says = (id: string, text: string): JsonObject => ({ id, type: "answer", config: { answer: text } });
const edge = (source: string, target: string, condition?: Json): JsonObject =>
  condition === undefined ? { source, target } : { source, target, condition };
const one = (more: JsonObject): JsonObject => ({ nodes: [answer("a", more)], edges: [] });
const brief = (issues: DslIssue[]) => issues.map(({ severity, code, path }) => `${severity} ${code} ${path}`);
const branching = { id: "a", type: "if-else", config: { expression: "input.n > 1" } };
const switching = (cases: Json, more: JsonObject = {}): JsonObject => ({ id: "a", type: "switch", config: { cases }, ...more });
const vip = { id: "vip", expression: "input.vip" };

describe("on_error, retry.when and timeout_seconds in a document", () => {
  it.each<[string, JsonObject]>([
    ["a failure that fails", one({ on_error: "fail" })],
    ["one that has a branch", { nodes: [answer("a", { on_error: "branch" }), answer("b")], edges: [edge("a", "b", "error")] }],
    [
      "one branch for both",
      { nodes: [answer("a", { on_error: "branch" }), answer("b")], edges: [edge("a", "b"), edge("a", "b", "error")] },
    ],
    [
      "a branching node with a branch of its failure",
      {
        nodes: [{ ...branching, on_error: "branch" }, answer("b")],
        edges: [edge("a", "b", "true"), edge("a", "b", "false"), edge("a", "b", "error")],
      },
    ],
    ["a default", one({ on_error: { default: { output_text: "Sorry.", output_json: { ok: false } } } })],
    ["a default that is nothing", one({ on_error: { default: {} } })],
    [
      "a default that says where to go on",
      {
        nodes: [{ ...branching, on_error: { default: { output_json: { route: "false" } } } }, answer("b")],
        edges: [edge("a", "b", "true"), edge("a", "b", "false")],
      },
    ],
    [
      "the error in templates and expressions",
      {
        nodes: [
          answer("a", { on_error: "branch" }),
          says("b", "{{ nodes.a.error.code }}: {{ nodes.a.error.message }}"),
          { id: "c", type: "if-else", config: { expression: "has(nodes.a.error)" } },
        ],
        edges: [edge("a", "b", "error"), edge("b", "c")],
      },
    ],
    ["a condition of the retry", one({ retry: { max_attempts: 3, when: 'text == "" || output.score < 3 || input.strict' } })],
    ["a time for the run", { ...one({ timeout_seconds: 5 }), timeout_seconds: 60 }],
    ["a time of a second's part", { ...one({}), timeout_seconds: 0.5 }],
  ])("accepts %s", (_, document) => {
    const issues = brief(validateDsl(document)).filter((issue) => !issue.includes("ROUTE_MISSING /nodes/2"));
    expect(issues).toEqual([]);
  });

  it.each<[string, JsonObject, string[]]>([
    ["a word that it does not know", one({ on_error: "continue" }), ["ERROR NODE_INVALID /nodes/0/on_error"]],
    ["a default that is none", one({ on_error: { default: "Sorry." } }), ["ERROR NODE_INVALID /nodes/0/on_error/default"]],
    ["an object without one", one({ on_error: {} }), ["ERROR NODE_INVALID /nodes/0/on_error/default"]],
    ["a default's key with a slip", one({ on_error: { default: { text: "Sorry." } } }), ["ERROR NODE_INVALID /nodes/0/on_error/default"]],
    [
      "a default that is no text",
      one({ on_error: { default: { output_text: 5 } } }),
      ["ERROR NODE_INVALID /nodes/0/on_error/default/output_text"],
    ],
    [
      "a default as long as a document",
      one({ on_error: { default: { output_text: "x".repeat(20_000) } } }),
      ["ERROR NODE_INVALID /nodes/0/on_error/default"],
    ],
    [
      "an edge that nothing takes",
      { nodes: [answer("a"), answer("b")], edges: [edge("a", "b", "error")] },
      ["ERROR ERROR_EDGE_UNHANDLED /edges/0/condition"],
    ],
    [
      "an edge beside a default",
      { nodes: [answer("a", { on_error: { default: {} } }), answer("b")], edges: [edge("a", "b", "error")] },
      ["ERROR ERROR_EDGE_UNHANDLED /edges/0/condition"],
    ],
    [
      "an edge out of a node that branches and does not handle",
      { nodes: [branching, answer("b")], edges: [edge("a", "b", "true"), edge("a", "b", "false"), edge("a", "b", "error")] },
      ["ERROR ERROR_EDGE_UNHANDLED /edges/2/condition"],
    ],
    ["a branch that is not there", one({ on_error: "branch" }), ["WARNING ROUTE_MISSING /nodes/0/on_error"]],
    [
      "a default that does not say where to go on",
      {
        nodes: [{ ...branching, on_error: { default: { output_text: "x" } } }, answer("b")],
        edges: [edge("a", "b", "true"), edge("a", "b", "false")],
      },
      ["ERROR NODE_INVALID /nodes/0/on_error/default/output_json/route"],
    ],
    [
      "a default that goes on where there is nothing",
      {
        nodes: [switching([vip], { on_error: { default: { output_json: { route: "vp" } } } }), answer("b")],
        edges: [edge("a", "b", "vip"), edge("a", "b", "default")],
      },
      ["ERROR NODE_INVALID /nodes/0/on_error/default/output_json/route"],
    ],
    [
      "the error of a node that handles none",
      { nodes: [answer("a"), says("b", "{{ nodes.a.error.code }}")], edges: [edge("a", "b")] },
      ["WARNING REFERENCE_UNKNOWN_FIELD /nodes/1/config/answer"],
    ],
    [
      "a condition that is no expression",
      one({ retry: { max_attempts: 2, when: "output.score <" } }),
      ["ERROR EXPRESSION_INVALID /nodes/0/retry/when"],
    ],
    ["a condition that is no text", one({ retry: { max_attempts: 2, when: true } }), ["ERROR NODE_INVALID /nodes/0/retry/when"]],
    [
      "a condition that names what is not there",
      one({ retry: { max_attempts: 2, when: "result.score < 3" } }),
      ["ERROR EXPRESSION_INVALID /nodes/0/retry/when"],
    ],
    [
      "a condition that reads a node that is not there",
      one({ retry: { max_attempts: 2, when: 'nodes.z.text == ""' } }),
      ["ERROR REFERENCE_UNKNOWN_NODE /nodes/0/retry/when"],
    ],
    [
      "a call that is made once and again",
      one({ at_most_once: true, retry: { max_attempts: 2, when: 'text == ""' } }),
      ["ERROR NODE_INVALID /nodes/0/retry/when"],
    ],
    ["the failure of nothing", { ...one({}), on_failure: "" }, ["ERROR ON_FAILURE_INVALID /on_failure"]],
    [
      "two workflows at once",
      { ...one({}), on_failure: { workflow_id: "a", workflow_code: "b" } },
      ["ERROR ON_FAILURE_INVALID /on_failure"],
    ],
    ["a number as a workflow", { ...one({}), on_failure: 7 }, ["ERROR ON_FAILURE_INVALID /on_failure"]],
    ["a workflow by its code", { ...one({}), on_failure: { workflow_code: "tell" } }, []],
    ["a time that is none", { ...one({}), timeout_seconds: "60" }, ["ERROR TIMEOUT_INVALID /timeout_seconds"]],
    ["no time at all", { ...one({}), timeout_seconds: 0 }, ["ERROR TIMEOUT_INVALID /timeout_seconds"]],
    ["null as a time", { ...one({}), timeout_seconds: null }, ["ERROR TIMEOUT_INVALID /timeout_seconds"]],
    ["more than a year", { ...one({}), timeout_seconds: 1e9 }, ["ERROR TIMEOUT_INVALID /timeout_seconds"]],
    [
      "a node that may take longer than its run",
      { ...one({ timeout_seconds: 61 }), timeout_seconds: 60 },
      ["WARNING TIMEOUT_CAPPED /nodes/0/timeout_seconds"],
    ],
  ])("reports %s", (_, document, expected) => {
    expect(brief(validateDsl(document))).toEqual(expected);
  });

  it.each<[JsonObject, string[]]>([
    [
      { nodes: [answer("a"), answer("b")], edges: [edge("a", "b", "error")] },
      ["Edge 0", "node a", '"on_error": "branch"', "or remove the edge"],
    ],
    [one({ on_error: "branch" }), ["node a", "COMPLETED", "Add one, or remove on_error"]],
    [one({ on_error: "continue" }), ["on_error of node a", '"fail", "branch" or { "default"', 'It is "continue"']],
    [one({ on_error: { default: { text: "x" } } }), ["on_error.default of node a", '"text"']],
    [{ ...one({}), timeout_seconds: -1 }, ["timeout_seconds", "more than 0", "It is -1"]],
  ])("names the thing, its value and the next step (%#)", (document, parts) => {
    const text = validateDsl(document)
      .map(({ message }) => message)
      .join("\n");
    for (const part of parts) expect(text).toContain(part);
  });

  it("is read with them", () => {
    const onError = { default: { output_text: "Sorry." } };
    const document = readDsl({
      nodes: [answer("a", { on_error: onError, retry: { max_attempts: 2, when: "false" } })],
      timeout_seconds: 9,
    });
    expect(document.timeout_seconds).toBe(9);
    expect(document.nodes[0]).toMatchObject({ on_error: onError, retry: { max_attempts: 2, when: "false" } });
  });
});

describe("switch, list and variable-aggregator in a document", () => {
  const list = (config: JsonObject): JsonObject => ({
    nodes: [{ id: "a", type: "list", config: { items: "{{ input.rows }}", ...config } }],
  });
  const aggregator = (config: JsonObject): JsonObject => ({ nodes: [{ id: "a", type: "variable-aggregator", config }] });
  const switched = (cases: Json, ...conditions: Json[]): JsonObject => ({
    nodes: [switching(cases), answer("b")],
    edges: conditions.map((condition) => edge("a", "b", condition)),
  });

  it.each<[string, JsonObject, string[]]>([
    ["a switch of which every route leads on", switched([vip], "vip", "default"), []],
    ["a route that leads nowhere", switched([vip], "vip"), ["WARNING ROUTE_MISSING /nodes/0"]],
    ["an edge without a route", switched([vip], null, "vip", "default"), ["ERROR CONDITION_MISSING /edges/0"]],
    ["a route that is no case", switched([vip], "vlp", "vip", "default"), ["ERROR CONDITION_INVALID /edges/0/condition"]],
    ["a switch without cases", { nodes: [switching([])] }, ["ERROR CONFIG_INVALID /nodes/0/config/cases"]],
    ["cases that are no list", { nodes: [switching("vip")] }, ["ERROR CONFIG_INVALID /nodes/0/config/cases"]],
    [
      "a case that is called default",
      { nodes: [switching([{ ...vip, id: "default" }])] },
      ["ERROR CONFIG_INVALID /nodes/0/config/cases/0/id"],
    ],
    ["a case that is called error", { nodes: [switching([{ ...vip, id: "error" }])] }, ["ERROR CONFIG_INVALID /nodes/0/config/cases/0/id"]],
    ["a case that is there twice", { nodes: [switching([vip, vip])] }, ["ERROR CONFIG_INVALID /nodes/0/config/cases/1/id"]],
    ["a case without an expression", { nodes: [switching([{ id: "vip" }])] }, ["ERROR CONFIG_MISSING /nodes/0/config/cases/0/expression"]],
    [
      "a case whose expression cannot be read",
      { nodes: [switching([vip, { id: "late", expression: "input.days >" }])] },
      ["ERROR EXPRESSION_INVALID /nodes/0/config/cases/1/expression"],
    ],
    ["a list in all its parts", list({ filter: "item.n > index", sort: { by: "item.n" }, unique: true, first: 3 }), []],
    ["a list that stands there", list({ items: [1, 2] }), []],
    ["a text that gives no list", list({ items: "rows" }), ["ERROR CONFIG_INVALID /nodes/0/config/items"]],
    ["a filter that names what is not there", list({ filter: "row.n > 1" }), ["ERROR EXPRESSION_INVALID /nodes/0/config/filter"]],
    ["an order that is none", list({ sort: { by: "item", order: "up" } }), ["ERROR CONFIG_INVALID /nodes/0/config/sort/order"]],
    ["a sort that cannot be read", list({ sort: { by: "item." } }), ["ERROR EXPRESSION_INVALID /nodes/0/config/sort/by"]],
    ["a first of nothing", list({ first: 0 }), ["ERROR CONFIG_INVALID /nodes/0/config/first"]],
    ["an item outside of a list", { nodes: [says("a", "{{ item.n }}")] }, ["WARNING REFERENCE_UNKNOWN_NAME /nodes/0/config/answer"]],
    ["variables", aggregator({ variables: ["{{ input.a }}", 5], output_type: "number" }), []],
    ["no variables", aggregator({ variables: [] }), ["ERROR CONFIG_INVALID /nodes/0/config/variables"]],
    ["a type that is none", aggregator({ variables: [1], output_type: "text" }), ["ERROR CONFIG_INVALID /nodes/0/config/output_type"]],
    [
      "a variable that cannot be read",
      aggregator({ variables: ["ok", "{{ input."] }),
      ["ERROR TEMPLATE_INVALID /nodes/0/config/variables/1"],
    ],
  ])("%s: %#", (_, document, expected) => {
    expect(brief(validateDsl(document))).toEqual(expected);
  });

  it.each<[JsonObject, string[]]>([
    [switched([vip], "vlp"), ["vlp", '"vip" or "default"', 'Did you mean "vip"?']],
    [
      { nodes: [switching([vip, { id: "late", expression: "input.days >" }])] },
      ["config.cases.1.expression of node a", 'case "late"', "line 1"],
    ],
    [{ nodes: [switching([vip, vip])] }, ["case 0 has this id already; rename one", '"vip"']],
    [{ nodes: [{ ...switching([vip]), type: "swich" }] }, ["did you mean switch"]],
    [{ nodes: [{ id: "a", type: "Variable_Aggregator", config: {} }] }, ["did you mean variable-aggregator"]],
    [list({ filter: "row.n > 1" }), ["row is none of", "item, index"]],
  ])("names the thing, its value and the next step (%#)", (document, parts) => {
    const text = validateDsl(document)
      .map(({ message }) => message)
      .join("\n");
    for (const part of parts) expect(text).toContain(part);
  });
});
