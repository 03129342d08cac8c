/**
 * What one tenant writes is evaluated beside the API's main loop: however much it is, others are answered meanwhile. Each case stands for its kind.
 */
import { setTimeout as pause } from "node:timers/promises";
import { workflowSubgraph } from "../../subgraphs/workflow/subgraph.ts";
import { setup, type TestDsl, type TestRuntime } from "../runtime/graph/setup.ts";
import { longestTurn } from "../testkit/longest-turn.ts";
import { openTestSubgraph, type TestSubgraph } from "../testkit/subgraph.ts";
import { longestTurnMs } from "../testkit/unharmed.ts";

/** As long as that nobody is answered. */
// Evaluated here it would be seconds.
const allowedMs = longestTurnMs;

/** Another tenant asks, one question after the other, until the work is done. */
async function besidePings<T>(
  t: TestSubgraph,
  ping: string,
  work: () => Promise<T>,
): Promise<{ outcome: T; longestMs: number; pings: number }> {
  const other = { tenantId: "other" };
  // Once before: what is compiled at the first time is not the work's.
  await t.ask(ping, {}, other);
  let isDone = false;
  let pings = 0;
  const asking = (async () => {
    while (!isDone) {
      await t.ask(ping, {}, other);
      pings += 1;
      await pause(1);
    }
  })();
  const { outcome, longestMs } = await longestTurn(work).finally(() => (isDone = true));
  await asking;
  return { outcome, longestMs, pings };
}

const oneNode = (type: string, config: object): TestDsl => ({ nodes: [{ id: "n", type, config }], edges: [] });
const runPing = "{ runs(first: 1) { edges { node { id } } } }";

/** Executes the run's one node in the API's process. */
async function executed(t: TestRuntime, id: string): Promise<{ status: string; errorCode: string | null; outputText: string | null }> {
  const mutation = `mutation($id: ID!) { executeNodeRun(id: $id, input: { workerKey: "w" }) { status errorCode outputText } }`;
  return (await t.ask<{ executeNodeRun: never }>(mutation, { id: `${id}:n` })).executeNodeRun;
}

async function inputOf(t: TestRuntime, id: string): Promise<unknown> {
  const { nodeRun } = await t.ask<{ nodeRun: { input: unknown } }>("query($id: ID!) { nodeRun(id: $id) { input } }", { id: `${id}:n` });
  return nodeRun.input;
}

const twice = (times: number, what: string) => what.repeat(times);
const list = Array.from({ length: 3_000 }, (_, index) => index);

describe("an expression of one tenant, executed by the API", () => {
  it.each([
    ["doubles a text", `size(['aaaaaaaa']${twice(24, ".map(x, x+x)")}[0]) > 1`, "EXPRESSION_TOO_LARGE"],
    ["doubles bytes", `size([b'aaaaaaaa']${twice(30, ".map(x, x+x)")}[0]) > 1`, "EXPRESSION_TOO_LARGE"],
    ["doubles a list", `size([[1]]${twice(40, ".map(x, x+x)")}[0]) > 1`, "EXPRESSION_TOO_LARGE"],
    ["gives a value that is large only when it is written out", `[1]${twice(30, ".map(x, [x,x])")}`, "EXPRESSION_TOO_LARGE"],
    ["loops in a loop in a loop", "input.list.all(a, input.list.all(b, input.list.all(c, a + b + c >= 0)))", "EXPRESSION_TOO_SLOW"],
    ["looks in a long list again and again", "input.list.all(a, input.list.all(b, !(-1 in input.list)))", "EXPRESSION_TOO_SLOW"],
  ])("fails when it %s, and others are answered meanwhile", async (_, expression, errorCode) => {
    const t = await setup();
    const id = await t.create(oneNode("if-else", { expression }), { input: { list } });
    const { outcome, longestMs } = await besidePings(t, runPing, () => executed(t, id));
    expect(outcome).toMatchObject({ status: "FAILED", errorCode });
    expect(longestMs).toBeLessThan(allowedMs);
  });
});

describe("a template of one tenant, executed and read by the API", () => {
  const objects = Array.from({ length: 15_000 }, () => ({ a: 1 }));
  const long = `${"a.".repeat(49_999)}a`;
  it.each([
    ["takes a text of 50,000 steps for a path", "{{ input.list | map: input.long | size }}", "TEMPLATE_FAILED"],
    ["sorts by such a text", "{{ input.list | sort: input.long | size }}", "TEMPLATE_FAILED"],
    ["makes a range of ten million", "{{ (1..9999999) | first }}", "TEMPLATE_TOO_LARGE"],
    ["makes such a range of a value", "{% assign n = input.n %}{% for i in (1..n) %}{% break %}{% endfor %}", "TEMPLATE_TOO_LARGE"],
    [
      "puts a list into itself",
      `{% assign a = "a,b" | split: "," %}${twice(40, "{% assign a = a | push: a %}")}{{ a | join }}`,
      "TEMPLATE_TOO_LARGE",
    ],
    ["loops for ever", "{% for a in (1..100000) %}{% for b in (1..100000) %}{% endfor %}{% endfor %}", "TEMPLATE_TOO_SLOW"],
  ])("fails when it %s, has no input to be read, and others are answered meanwhile", async (_, template, errorCode) => {
    const t = await setup();
    const id = await t.create(oneNode("template-transform", { template }), { input: { list: objects, long, n: 9_999_999 } });
    const { outcome, longestMs } = await besidePings(t, runPing, async () => ({
      before: await inputOf(t, id),
      run: await executed(t, id),
      after: await inputOf(t, id),
    }));
    expect(outcome).toMatchObject({ before: null, run: { status: "FAILED", errorCode }, after: null });
    expect(longestMs).toBeLessThan(allowedMs);
  });

  it("completes when it only reads much", async () => {
    const t = await setup();
    const template = '{{ input.list | map: "a" | sum }} {{ input.list | size }}';
    const id = await t.create(oneNode("template-transform", { template }), { input: { list: objects } });
    const { outcome, longestMs } = await besidePings(t, runPing, async () => [await executed(t, id), await inputOf(t, id)]);
    expect(outcome).toMatchObject([{ status: "COMPLETED", outputText: "15000 15000" }, { template: "15000 15000" }]);
    expect(longestMs).toBeLessThan(allowedMs);
  });
});

describe("documents of one tenant, validated by the API", () => {
  // No two templates are the same, so that none is read once for all.
  const template = (name: string, node: number) =>
    Array.from({ length: 8 }, (_, index) => `{{ nodes.m${node}.text | upcase | append: "${name} ${index}" }}`).join(" ");
  const document = (name: string) => ({
    nodes: Array.from({ length: 1_900 }, (_, node) => ({ id: `n${node}`, type: "answer", config: { answer: template(name, node) } })),
    edges: [],
  });

  it("may be 190 in one request, and others are answered meanwhile", async () => {
    const t = await openTestSubgraph(workflowSubgraph);
    const aliases = Array.from({ length: 190 }, (_, index) => `v${index}: validateDsl(dsl: $d${index % 4}) { code severity message path }`);
    const variables = Object.fromEntries(Array.from({ length: 4 }, (_, index) => [`d${index}`, document(`document ${index}`)]));
    const query = `query(${Object.keys(variables)
      .map((name) => `$${name}: JSON!`)
      .join(", ")}) { ${aliases.join(" ")} }`;
    const { outcome, longestMs } = await besidePings(t, "{ apps(first: 1) { edges { node { id } } } }", () =>
      t.ask<Record<string, { code: string; severity: string }[]>>(query, variables),
    );
    const answers = Object.values(outcome);
    expect(answers).toHaveLength(190);
    for (const issues of answers) {
      expect(issues).toHaveLength(201);
      expect(issues[0]).toMatchObject({ code: "REFERENCE_UNKNOWN_NODE", severity: "ERROR" });
      expect(issues.at(-1)).toMatchObject({ code: "MORE_ISSUES", severity: "ERROR" });
    }
    expect(longestMs).toBeLessThan(allowedMs);
  });
});
