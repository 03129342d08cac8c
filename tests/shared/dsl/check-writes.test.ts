import fc from "fast-check";
import { validateDsl } from "#shared/dsl/validate.ts";
import type { Json, JsonObject } from "#shared/json.ts";

const assign = (id: string, ...keys: string[]): JsonObject => ({
  id,
  type: "assigner",
  config: { assignments: Object.fromEntries(keys.map((key) => [key, 1])) },
});
const branch = (id: string): JsonObject => ({ id, type: "if-else", config: { expression: "input.n > 1" } });
/** With the cases a and b. */
const choose = (id: string): JsonObject => ({
  id,
  type: "switch",
  config: { cases: ["a", "b"].map((name) => ({ id: name, expression: "input.n > 1" })) },
});
/** Handles its failure by a branch. */
const risky = (node: JsonObject): JsonObject => ({ ...node, on_error: "branch" });
const answer = (id: string): JsonObject => ({ id, type: "answer", config: { answer: "hi" } });
/** `a>b`, `a>b:true`. */
const edges = (...written: string[]) =>
  written.map((text): Json => {
    const [, source, target, condition] = /^(\w+)>(\w+)(?::(\w+))?$/.exec(text) ?? [];
    return { source: source ?? "", target: target ?? "", ...(condition !== undefined && { condition }) };
  });
const contested = (nodes: Json[], written: string[]) =>
  validateDsl({ nodes, edges: edges(...written) })
    .filter(({ code }) => code === "STATE_KEY_CONTESTED")
    .map(({ severity, path, message }) => `${severity} ${path} ${/^Nodes (\w+) and (\w+)/.exec(message)?.slice(1).join("+")}`);

describe("two assigners that write one key", () => {
  it("are told where neither is behind the other, once for each key and node", () => {
    expect(contested([assign("a", "x", "y"), assign("b", "y", "z"), assign("c", "x", "y")], [])).toEqual([
      "WARNING /nodes/2/config/assignments/x a+c",
      "WARNING /nodes/1/config/assignments/y a+b",
      "WARNING /nodes/2/config/assignments/y a+c",
    ]);
    const [issue] = validateDsl({ nodes: [assign("a", "x"), assign("b", "x")], edges: [] }).filter(
      ({ code }) => code === "STATE_KEY_CONTESTED",
    );
    expect(issue?.message).toContain("Nodes a and b both write state.x");
    expect(issue?.message).toContain("Put an edge between them");
  });

  it.each<[string, Json[], string[], string[]]>([
    ["in a row", [assign("a", "x"), assign("b", "x")], ["a>b"], []],
    ["in a row, whichever stands first", [assign("b", "x"), assign("a", "x")], ["a>b"], []],
    ["far behind each other", [assign("a", "x"), answer("m"), assign("b", "x")], ["a>m", "m>b"], []],
    [
      "side by side behind one node",
      [answer("s"), assign("a", "x"), assign("b", "x")],
      ["s>a", "s>b"],
      ["WARNING /nodes/2/config/assignments/x a+b"],
    ],
    ["on the two routes of one node", [branch("i"), assign("a", "x"), assign("b", "x")], ["i>a:true", "i>b:false"], []],
    [
      "on one route",
      [branch("i"), assign("a", "x"), assign("b", "x")],
      ["i>a:true", "i>b:true"],
      ["WARNING /nodes/2/config/assignments/x a+b"],
    ],
    [
      "one on a route, one beside",
      [branch("i"), assign("a", "x"), assign("b", "x")],
      ["i>a:true"],
      ["WARNING /nodes/2/config/assignments/x a+b"],
    ],
    [
      "deep within two routes",
      [branch("i"), answer("m"), branch("j"), assign("a", "x"), assign("b", "x")],
      ["i>m:true", "m>j", "j>a:true", "i>b:false"],
      [],
    ],
    [
      "where both routes lead to one of them",
      [branch("i"), assign("a", "x"), assign("b", "x")],
      ["i>a:true", "i>a:false", "i>b:false"],
      ["WARNING /nodes/2/config/assignments/x a+b"],
    ],
    [
      "where one of them can be reached another way",
      [branch("i"), answer("s"), assign("a", "x"), assign("b", "x")],
      ["i>a:true", "s>a", "i>b:false"],
      ["WARNING /nodes/3/config/assignments/x a+b"],
    ],
    [
      "on the same routes of two nodes",
      [branch("i"), branch("j"), assign("a", "x"), assign("b", "x")],
      ["i>a:true", "j>b:false"],
      ["WARNING /nodes/3/config/assignments/x a+b"],
    ],
    ["on two routes of a switch", [choose("s"), assign("a", "x"), assign("b", "x")], ["s>a:a", "s>b:default"], []],
    [
      "on one route of a switch",
      [choose("s"), assign("a", "x"), assign("b", "x")],
      ["s>a:b", "s>b:b"],
      ["WARNING /nodes/2/config/assignments/x a+b"],
    ],
    [
      "where one has two routes of a switch",
      [choose("s"), assign("a", "x"), assign("b", "x")],
      ["s>a:a", "s>a:b", "s>b:b"],
      ["WARNING /nodes/2/config/assignments/x a+b"],
    ],
    ["on success and on failure of a node", [risky(answer("r")), assign("a", "x"), assign("b", "x")], ["r>a", "r>b:error"], []],
    [
      "behind both of a node",
      [risky(answer("r")), assign("a", "x"), assign("b", "x")],
      ["r>a", "r>a:error", "r>b:error"],
      ["WARNING /nodes/2/config/assignments/x a+b"],
    ],
    [
      "on a route and on failure of a branching node",
      [risky(branch("i")), assign("a", "x"), assign("b", "x"), assign("c", "x")],
      ["i>a:true", "i>b:error", "i>c:false"],
      [],
    ],
    ["that do not, side by side", [assign("a", "x"), assign("b", "y")], [], []],
    ["in a circle, which is told instead", [assign("a", "x"), assign("b", "x"), assign("c", "x")], ["a>b", "b>a"], []],
  ])("%s: %#", (_where, nodes, written, expected) => {
    expect(contested(nodes, written)).toEqual(expected);
  });

  it("and are not told never run both, whatever the graph", () => {
    const size = 7;
    const graph = fc.record({
      types: fc.array(fc.constantFrom("assigner", "if-else", "answer"), { minLength: size, maxLength: size }),
      links: fc.uniqueArray(fc.tuple(fc.nat(size - 1), fc.nat(size - 1), fc.boolean()), {
        maxLength: 10,
        selector: ([a, b]) => `${a} ${b}`,
      }),
      routes: fc.array(fc.array(fc.boolean(), { minLength: size, maxLength: size }), { minLength: 16, maxLength: 16 }),
    });
    fc.assert(
      fc.property(graph, ({ types, links, routes }) => {
        const nodes = types.map((type, at) =>
          type === "assigner" ? assign(`n${at}`, "x") : type === "if-else" ? branch(`n${at}`) : answer(`n${at}`),
        );
        const forward = links.flatMap(([a, b, route]) =>
          a === b ? [] : [{ from: Math.min(a, b), to: Math.max(a, b), route: types[Math.min(a, b)] === "if-else" ? route : undefined }],
        );
        const told = contested(
          nodes,
          forward.map(({ from, to, route }) => `n${from}>n${to}${route === undefined ? "" : `:${route}`}`),
        );
        const writers = types.flatMap((type, at) => (type === "assigner" ? [at] : []));
        for (const taken of routes) {
          const runs: boolean[] = [];
          for (let at = 0; at < size; at += 1) {
            const into = forward.filter(({ to }) => to === at);
            runs[at] =
              into.length === 0 || into.some(({ from, route }) => runs[from] === true && (route === undefined || route === taken[from]));
          }
          const behind = (one: number, other: number): boolean =>
            forward.some(({ from, to }) => from === one && (to === other || behind(to, other)));
          for (const one of writers) {
            for (const other of writers) {
              if (one >= other || runs[one] !== true || runs[other] !== true || behind(one, other)) continue;
              expect(told.some((issue) => issue.includes(`/nodes/${other}/`))).toBe(true);
            }
          }
        }
      }),
      { numRuns: 300 },
    );
  });

  it("are looked at in a document at its limits", () => {
    const nodes = Array.from({ length: 2_000 }, (_, at) => (at % 2 === 0 ? branch(`n${at}`) : assign(`n${at}`, "x")));
    const chain = Array.from({ length: 999 }, (_, at) => [`n${2 * at}>n${2 * at + 1}:true`, `n${2 * at}>n${2 * at + 2}:false`]).flat();
    expect(contested(nodes, [...chain, "n1998>n1999:true"])).toEqual([]);
  });
});
