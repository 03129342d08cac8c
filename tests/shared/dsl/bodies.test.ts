import { readDsl } from "#shared/dsl/read.ts";
import { validateDsl } from "#shared/dsl/validate.ts";

type Node = Record<string, unknown>;

const template = (id: string, text: string): Node => ({ id, type: "template-transform", config: { template: text } });
const each = (id: string, nodes: Node[], config: object = {}, more: object = {}): Node => ({
  id,
  type: "iteration",
  config: { items: "{{ input.rows }}", body: { nodes, edges: [] }, ...config },
  ...more,
});

/** Iterations within iterations, the innermost with one node. */
function nested(levels: number, id: string, config: object = {}): Node {
  let inner: Node = template("leaf", "{{ item }}");
  for (let level = levels; level > 0; level--) inner = each(`${id}${level}`, [inner], config);
  return inner;
}

const found = (...nodes: Node[]): string[] => validateDsl({ nodes, edges: [] }).map(({ code, path }) => `${code} ${path}`);

const loop = (id: string, nodes: Node[], config: object = {}): Node => ({
  id,
  type: "loop",
  config: { body: { nodes, edges: [] }, until: "loop.n > 1", variables: { n: 0 }, ...config },
});
const set = (key: string, value: unknown = 1): Node => ({ id: "set", type: "assigner", config: { assignments: { [key]: value } } });
const skill = (config: object, more: object = {}): Node => ({
  id: "skill",
  type: "skill",
  config: { skill_code: "s", ...config },
  ...more,
});
const subWorkflow = (config: object, more: object = {}): Node => ({ id: "sub", type: "sub-workflow", config, ...more });

describe("a document with loops and sub-workflows", () => {
  it("is valid", () => {
    expect(found(loop("loop", [template("a", "{{ loop.n }} {{ index }}")]))).toEqual([]);
    expect(found(loop("loop", [set("loop.n", "{{ loop.n | plus: 1 }}")]))).toEqual([]);
    expect(found(loop("loop", [template("a", "x")], { until: undefined, max_rounds: 3 }))).toEqual([]);
    expect(
      found(loop("loop", [template("a", "x")], { until: "nodes.a.text == 'x' && index > 2", output: "{{ nodes.a.text }} {{ loop.n }}" })),
    ).toEqual([]);
    expect(found(each("each", [loop("loop", [set("loop.n")], { variables: { n: "{{ item }}" } })], { parallel: 4 }))).toEqual([]);
    expect(found(loop("loop", [each("each", [template("a", "{{ loop.n }} {{ item }}")])]))).toEqual([]);
    expect(found(subWorkflow({ workflow_id: "w", input: { a: "{{ input.a }}" } }))).toEqual([]);
    expect(found(subWorkflow({ workflow_version_id: "v", input: "{{ input }}" }))).toEqual([]);
  });

  it.each<[string, Node, string[]]>([
    ["a loop without an end", loop("loop", [template("a", "x")], { until: undefined }), ["CONFIG_MISSING /nodes/0/config"]],
    ["1,001 rounds", loop("loop", [template("a", "x")], { max_rounds: 1_001 }), ["CONFIG_INVALID /nodes/0/config/max_rounds"]],
    ["no rounds", loop("loop", [template("a", "x")], { max_rounds: 0 }), ["CONFIG_INVALID /nodes/0/config/max_rounds"]],
    [
      "a variable without a name",
      loop("loop", [template("a", "x")], { variables: { "n n": 1, n: 0 } }),
      ["CONFIG_INVALID /nodes/0/config/variables/n n"],
    ],
    ["a condition that is none", loop("loop", [template("a", "x")], { until: "loop.n >" }), ["EXPRESSION_INVALID /nodes/0/config/until"]],
    [
      "a condition that reads a node that is not there",
      loop("loop", [template("a", "x")], { until: "nodes.b.text == ''" }),
      ["REFERENCE_UNKNOWN_NODE /nodes/0/config/until"],
    ],
    [
      "a condition that reads an item",
      loop("loop", [template("a", "x")], { until: "item == 1" }),
      ["EXPRESSION_INVALID /nodes/0/config/until"],
    ],
    [
      "a variable that is not there",
      loop("loop", [template("a", "{{ loop.m }}")]),
      ["REFERENCE_UNKNOWN_NAME /nodes/0/config/body/nodes/0/config/template"],
    ],
    [
      "the loop in its own variables",
      loop("loop", [template("a", "x")], { variables: { n: "{{ loop.n }}" } }),
      ["REFERENCE_UNKNOWN_NAME /nodes/0/config/variables/n"],
    ],
    ["the loop outside of one", template("a", "{{ loop.n }}"), ["REFERENCE_UNKNOWN_NAME /nodes/0/config/template"]],
    [
      "the loop in an expression outside of one",
      { id: "a", type: "if-else", config: { expression: "loop.n == 1" } },
      ["EXPRESSION_INVALID /nodes/0/config/expression"],
    ],
    [
      "the item in a loop",
      loop("loop", [template("a", "{{ item }}")]),
      ["REFERENCE_UNKNOWN_NAME /nodes/0/config/body/nodes/0/config/template"],
    ],
    ["a variable that is set outside of a loop", set("loop.n"), ["CONFIG_INVALID /nodes/0/config/assignments/loop.n"]],
    [
      "a variable that is set and has no start",
      loop("loop", [set("loop.m")]),
      ["CONFIG_UNKNOWN_KEY /nodes/0/config/body/nodes/0/config/assignments/loop.m"],
    ],
    ["a key that is no variable", set("loop.n.m"), Array(2).fill("CONFIG_INVALID /nodes/0/config/assignments/loop.n.m")],
    [
      "a variable that items set side by side",
      loop("loop", [each("each", [set("loop.n")], { parallel: 2 })]),
      ["STATE_KEY_CONTESTED /nodes/0/config/body/nodes/0/config/body/nodes/0/config/assignments/loop.n"],
    ],
    ["a sub-workflow without a name", subWorkflow({}), ["CONFIG_MISSING /nodes/0/config"]],
    [
      "a sub-workflow with both names",
      subWorkflow({ workflow_id: "w", workflow_version_id: "v" }),
      ["CONFIG_IGNORED /nodes/0/config/workflow_id"],
    ],
    ["a sub-workflow whose input is no object", subWorkflow({ workflow_id: "w", input: [1] }), ["CONFIG_INVALID /nodes/0/config/input"]],
    ["a sub-workflow with a body", subWorkflow({ workflow_id: "w", body: { nodes: [] } }), ["CONFIG_UNKNOWN_KEY /nodes/0/config/body"]],
    ["retry of a sub-workflow", subWorkflow({ workflow_id: "w" }, { retry: { max_attempts: 2 } }), ["COMPOSITE_RETRY /nodes/0/retry"]],
    ["a mode that there is not", subWorkflow({ workflow_id: "w", mode: "away" }), ["CONFIG_INVALID /nodes/0/config/mode"]],
    [
      "what is detached as a part of the run",
      subWorkflow({ workflow_id: "w", detached: true }),
      ["CONFIG_INVALID /nodes/0/config/detached"],
    ],
    [
      "a run of its own that is called at most once",
      subWorkflow({ workflow_id: "w", mode: "run" }, { at_most_once: true }),
      ["NODE_INVALID /nodes/0/at_most_once"],
    ],
    [
      "the output of a run of its own that is asked for another attempt",
      subWorkflow({ workflow_id: "w", mode: "run" }, { retry: { max_attempts: 2, when: "text == ''" } }),
      ["NODE_INVALID /nodes/0/retry/when"],
    ],
    [
      "attempts of a run that nobody waits for",
      subWorkflow({ workflow_id: "w", mode: "run", detached: true }, { retry: { max_attempts: 2 }, timeout_seconds: 3 }),
      ["NODE_INVALID /nodes/0/retry", "NODE_INVALID /nodes/0/timeout_seconds"],
    ],
    [
      "a run of its own that is tried again in its time",
      subWorkflow({ workflow_id: "w", mode: "run" }, { retry: { max_attempts: 2 }, timeout_seconds: 3 }),
      [],
    ],
    [
      "an agent's own run that is tried again",
      {
        id: "agent",
        type: "agent",
        config: { agent_code: "a", input: "x", mode: "run" },
        retry: { max_attempts: 2 },
        timeout_seconds: 3,
      },
      [],
    ],
    ["a skill that is detached as a part of the run", skill({ detached: true }), ["CONFIG_INVALID /nodes/0/config/detached"]],
    ["a skill's own run that is tried again", skill({ mode: "run" }, { retry: { max_attempts: 2 }, timeout_seconds: 3 }), []],
    [
      "a skill's own run that is called at most once, and asked for another attempt",
      skill({ mode: "run" }, { at_most_once: true, retry: { max_attempts: 2, when: "text == ''" } }),
      ["NODE_INVALID /nodes/0/retry/when", "NODE_INVALID /nodes/0/retry/when", "NODE_INVALID /nodes/0/at_most_once"],
    ],
    ["attempts of a skill that is done in its place", skill({}, { at_most_once: true, timeout_seconds: 3 }), []],
    ["a time-out of a loop", { ...loop("loop", [template("a", "x")]), timeout_seconds: 3 }, ["NODE_INVALID /nodes/0/timeout_seconds"]],
  ])("is told of %s", (_, node, expected) => {
    expect(found(node)).toEqual(expected);
  });

  it.each<[string, (body: Node[], edges: object[]) => Node]>([
    ["the item of each", (nodes, edges) => each("each", [], { body: { nodes, edges } })],
    ["the round of loop", (nodes, edges) => loop("loop", [], { body: { nodes, edges } })],
  ])("says that %s ends where a route of its body leads nowhere", (whole, around) => {
    const check = { id: "check", type: "if-else", config: { expression: "index > 1" } };
    const node = around([check, { ...template("a", "x"), on_error: "branch" }], [{ source: "check", target: "a", condition: "true" }]);
    expect(validateDsl({ nodes: [node], edges: [] }).map(({ message }) => message)).toEqual([
      `No edge leaves node check on "false": there ${whole} ends.`,
      `No edge leaves node a on "error", which its on_error speaks of: where it fails, ${whole} ends there as COMPLETED. Add one, or remove on_error.`,
    ]);
  });

  it("is read for running it with what it says, and its bodies read", () => {
    const { nodes } = readDsl({
      nodes: [loop("loop", [{ id: "a", type: "condition", config: { expression: "true" } }]), subWorkflow({ workflow_id: "w" })],
      edges: [],
    });
    expect(nodes).toMatchObject([
      { config: { until: "loop.n > 1", body: { nodes: [{ type: "if-else" }] } } },
      { config: { workflow_id: "w" } },
    ]);
  });
});

describe("a document with bodies", () => {
  it("is valid", () => {
    expect(
      found(
        each("each", [template("a", "{{ item.x }} {{ index }} {{ input.y }}")], { output: "{{ nodes.a.text }}{{ item }}", parallel: 3 }),
      ),
    ).toEqual([]);
    expect(found(nested(7, "n"))).toEqual([]);
  });

  it.each<[string, Node, string[]]>([
    ["no items", each("each", [template("a", "x")], { items: undefined }), ["CONFIG_MISSING /nodes/0/config/items"]],
    ["items that are plain text", each("each", [template("a", "x")], { items: "rows" }), ["CONFIG_INVALID /nodes/0/config/items"]],
    ["no body", each("each", [], { body: undefined }), ["CONFIG_MISSING /nodes/0/config/body"]],
    ["an empty body", each("each", []), ["NODES_MISSING /nodes/0/config/body/nodes"]],
    ["a body without nodes", each("each", [], { body: { edges: [] } }), ["NODES_MISSING /nodes/0/config/body/nodes"]],
    [
      "an unknown key of a body",
      each("each", [], { body: { nodes: [template("a", "x")], node: 1 } }),
      ["CONFIG_UNKNOWN_KEY /nodes/0/config/body/node"],
    ],
    ["parallel of 65", each("each", [template("a", "x")], { parallel: 65 }), ["CONFIG_INVALID /nodes/0/config/parallel"]],
    [
      "an unknown on_item_error",
      each("each", [template("a", "x")], { on_item_error: "ignore" }),
      ["CONFIG_INVALID /nodes/0/config/on_item_error"],
    ],
    ["retry beside a body", each("each", [template("a", "x")], {}, { retry: { max_attempts: 2 } }), ["COMPOSITE_RETRY /nodes/0/retry"]],
    ["a time-out beside a body", each("each", [template("a", "x")], {}, { timeout_seconds: 2 }), ["NODE_INVALID /nodes/0/timeout_seconds"]],
    [
      "an unknown node in a body",
      each("each", [template("a", "{{ nodes.b.text }}")]),
      ["REFERENCE_UNKNOWN_NODE /nodes/0/config/body/nodes/0/config/template"],
    ],
    [
      "its own iteration",
      each("each", [template("a", "{{ nodes.each.output }}")]),
      ["REFERENCE_NOT_UPSTREAM /nodes/0/config/body/nodes/0/config/template"],
    ],
    [
      "an unknown node in output",
      each("each", [template("a", "x")], { output: "{{ nodes.b.text }}" }),
      ["REFERENCE_UNKNOWN_NODE /nodes/0/config/output"],
    ],
    ["item outside of a body", template("a", "{{ item }}"), ["REFERENCE_UNKNOWN_NAME /nodes/0/config/template"]],
    ["item in items", each("each", [template("a", "x")], { items: "{{ item.rows }}" }), ["REFERENCE_UNKNOWN_NAME /nodes/0/config/items"]],
    [
      "item in an expression outside",
      { id: "a", type: "if-else", config: { expression: "item == 1" } },
      ["EXPRESSION_INVALID /nodes/0/config/expression"],
    ],
    [
      "a body in a body with an unknown type",
      each("each", [each("in", [{ id: "a", type: "iteratoin" }])]),
      ["NODE_TYPE_UNKNOWN /nodes/0/config/body/nodes/0/config/body/nodes/0/type"],
    ],
    ["an id that hides another", each("each", [each("each", [template("a", "x")])]), ["NODE_ID_SHADOWS /nodes/0/config/body/nodes/0/id"]],
    [
      "items that write one key side by side",
      each("each", [{ id: "a", type: "assigner", config: { assignments: { k: 1 } } }], { parallel: 2 }),
      ["STATE_KEY_CONTESTED /nodes/0/config/body/nodes/0/config/assignments/k"],
    ],
    [
      "a branch of its failure that leads nowhere",
      each("each", [template("a", "x")], {}, { on_error: "branch" }),
      ["ROUTE_MISSING /nodes/0/on_error"],
    ],
    [
      "a node in a body whose failure leads nowhere",
      each("each", [{ ...template("a", "x"), on_error: "branch" }]),
      ["ROUTE_MISSING /nodes/0/config/body/nodes/0/on_error"],
    ],
    [
      "an edge of an error in a body that nobody handles",
      each("each", [], {
        body: { nodes: [template("a", "x"), template("b", "y")], edges: [{ source: "a", target: "b", condition: "error" }] },
      }),
      ["ERROR_EDGE_UNHANDLED /nodes/0/config/body/edges/0/condition"],
    ],
    [
      "an error that nothing reads",
      each("each", [template("a", "x")], { output: "{{ nodes.a.error.code }}" }),
      ["REFERENCE_UNKNOWN_FIELD /nodes/0/config/output"],
    ],
    [
      "item in a retry outside of a body",
      { ...template("a", "x"), retry: { max_attempts: 2, when: "text == item" } },
      ["EXPRESSION_INVALID /nodes/0/retry/when"],
    ],
    ["graphs nine deep", nested(8, "n"), [`BODY_TOO_DEEP ${"/nodes/0/config/body".repeat(8)}`]],
    [
      "65 × 16 side by side",
      each("each", [each("in", [template("a", "x")], { parallel: 16 })], { parallel: 64 }),
      ["PARALLEL_TOO_LARGE /nodes/0/config/body/nodes/0/config/parallel"],
    ],
  ])("is told of %s", (_, node, expected) => {
    expect(found(node)).toEqual(expected);
  });

  it.each<[string, Node]>([
    [
      "a condition of a retry that reads the item",
      each("each", [{ ...template("a", "x"), retry: { max_attempts: 2, when: "text == item.name || output == null" } }]),
    ],
    [
      "a list of the item, whose own items hide it",
      each("each", [{ id: "a", type: "list", config: { items: "{{ item.lines }}", filter: "item.price > 1 && index < 3" } }]),
    ],
    ["a list outside of a body", { id: "a", type: "list", config: { items: "{{ input.rows }}", filter: "item.price > 1" } }],
    [
      "the error of a node that handles it",
      each("each", [{ ...template("a", "x"), on_error: { default: {} } }], { output: "{{ nodes.a.error.code }}" }),
    ],
    ["a default of an iteration", each("each", [template("a", "x")], {}, { on_error: { default: { output_json: [] } } })],
  ])("may have %s", (_, node) => {
    expect(found(node)).toEqual([]);
  });

  it("reads the error of a node around it, where that handles it", () => {
    const codes = (more: object): string[] =>
      validateDsl({
        nodes: [{ ...template("out", "x"), ...more }, each("each", [template("a", "{{ nodes.out.error.code }}")])],
        edges: [{ source: "out", target: "each" }],
      }).map(({ code, path }) => `${code} ${path}`);
    expect(codes({ on_error: { default: {} } })).toEqual([]);
    expect(codes({})).toEqual(["REFERENCE_UNKNOWN_FIELD /nodes/1/config/body/nodes/0/config/template"]);
  });

  it("is told once of a run's time, and of each node that may take longer, wherever it stands", () => {
    const codes = (seconds: unknown): string[] =>
      validateDsl({ nodes: [each("each", [{ ...template("a", "x"), timeout_seconds: 10 }])], edges: [], timeout_seconds: seconds }).map(
        ({ code, path }) => `${code} ${path}`,
      );
    expect(codes(20)).toEqual([]);
    expect(codes(5)).toEqual(["TIMEOUT_CAPPED /nodes/0/config/body/nodes/0/timeout_seconds"]);
    expect(codes(-1)).toEqual(["TIMEOUT_INVALID /timeout_seconds"]);
  });

  it("may have paths of 600 bytes", () => {
    const codes = (length: number): string[] => found(nested(7, "n".repeat(length))).map((one) => one.split(" ")[0]!);
    expect(codes(62)).toEqual([]);
    expect(validateDsl({ nodes: [nested(7, "n".repeat(63))], edges: [] })).toEqual([]);
  });

  it("counts the nodes of all its graphs together", () => {
    const many = Array.from({ length: 1_001 }, (_, index) => template(`n${index}`, "x"));
    const edges = many.slice(1).map(({ id }) => ({ source: "n0", target: id }));
    const graph = (id: string): Node => ({ id, type: "iteration", config: { items: [1], body: { nodes: many, edges } } });
    expect(found(graph("a"))).toEqual([]);
    expect(found(graph("a"), graph("b")).filter((one) => one.startsWith("TOO_MANY"))).toEqual([
      "TOO_MANY_NODES /nodes/1/config/body/nodes",
    ]);
  });

  it("sees what is upstream of the iteration, and what is not", () => {
    const nodes = [
      template("before", "x"),
      template("beside", "x"),
      each("each", [template("a", "{{ nodes.before.text }}{{ nodes.beside.text }}")]),
    ];
    const issues = validateDsl({ nodes, edges: [{ source: "before", target: "each" }] });
    expect(issues.filter(({ code }) => code !== "NODE_UNCONNECTED")).toMatchObject([
      {
        code: "REFERENCE_NOT_UPSTREAM",
        message: expect.stringContaining("no path of edges leads from beside to each, whose body this is") as string,
      },
    ]);
  });

  it("is read with its bodies: aliases resolved, defaults filled in", () => {
    const dsl = readDsl({
      nodes: [each("each", [{ id: "a", type: "condition", config: { expression: "item > 1" }, retry: { max_attempts: 2 } }])],
    });
    expect(dsl.nodes[0]!.config["body"]).toMatchObject({ nodes: [{ type: "if-else", retry: { backoff_seconds: 1 } }], edges: [] });
  });
});
