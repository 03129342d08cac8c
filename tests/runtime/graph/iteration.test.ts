import DataLoader from "dataloader";
import type { Db, Tx } from "#shared/db/database.ts";
import type { Json } from "#shared/json.ts";
import { nodeRunPageLoader } from "../../../subgraphs/runtime/graph/node-runs/node-run.loaders.ts";
import { query } from "../../testkit/admin-query.ts";
import { setup, type TestDsl } from "./setup.ts";

const executeNext = `mutation($id: ID!) { executeNextNode(runId: $id, input: { workerKey: "w" }) { path status } }`;
const executeNode = `mutation($id: ID!) { executeNodeRun(id: $id, input: { workerKey: "w" }) { path status outputText outputJson } }`;
const executeRun = `mutation($id: ID!) { executeRun(id: $id, input: { workerKey: "w", maxSteps: 50 }) { stopReason run { status outputJson errorCode } } }`;
const report = `mutation($id: ID!, $input: UpdateNodeRunStatusInput!) { updateNodeRunStatus(id: $id, input: $input) { path status } }`;
const list = `query($id: ID!) { run(id: $id) { status nodeRuns { edges { node { path nodeId nodeType status input parent { path } } } } } }`;
const tree = `query($id: ID!) { nodeRun(id: $id) { status parent { path } children { edges { node { path nodeType status input outputJson
  children { edges { node { path nodeId outputText input } } } } } } } }`;

interface Listed {
  run: {
    status: string;
    nodeRuns: { edges: { node: { path: string; status: string; input: object; parent: { path: string } | null } }[] };
  };
}

/** Greets each name, and says how many there are. */
const greetings: TestDsl = {
  nodes: [
    { id: "greeting", type: "template-transform", config: { template: "Hello" } },
    {
      id: "each",
      type: "iteration",
      config: {
        items: "{{ input.names }}",
        body: {
          nodes: [
            { id: "trim", type: "template-transform", config: { template: "{{ item | strip }}" } },
            {
              id: "greet",
              type: "template-transform",
              config: { template: "{{ nodes.greeting.text }} {{ nodes.trim.text }}, number {{ index }}" },
            },
          ],
          edges: [{ source: "trim", target: "greet" }],
        },
      },
    },
    { id: "say", type: "answer", config: { answer: "{{ nodes.each.output | join: '; ' }}" } },
  ],
  edges: [
    { source: "greeting", target: "each" },
    { source: "each", target: "say" },
  ],
};

interface Beneath {
  path: string;
  parent: { path: string } | null;
  children: { nodes: { path: string }[] };
}

interface PlanNode {
  "Actual Rows": number;
  "Actual Loops": number;
  "Rows Removed by Filter"?: number;
  "Relation Name"?: string;
  Plans?: PlanNode[];
}

/** Rows of node runs that a plan has looked at. */
function rowsLookedAt({ Plans = [], "Rows Removed by Filter": removed = 0, ...plan }: PlanNode): number {
  const own = plan["Relation Name"] === "node_run" ? (plan["Actual Rows"] + removed) * plan["Actual Loops"] : 0;
  return Plans.reduce((sum, part) => sum + rowsLookedAt(part), own);
}

/** A database that tells how many node runs each of its statements looks at. */
function readCounter(db: Db): { db: Db; read: number[] } {
  const read: number[] = [];
  const counting = (tx: Tx): Tx => ({
    ...{ tenantId: tx.tenantId, em: tx.em },
    async sql<Row extends object>(text: string, values?: readonly unknown[]) {
      const [explained] = await tx.sql<{ "QUERY PLAN": [{ Plan: PlanNode }] }>(`explain (analyze, format json) ${text}`, values);
      read.push(rowsLookedAt(explained!["QUERY PLAN"][0].Plan));
      return tx.sql<Row>(text, values);
    },
  });
  return { db: { ...db, read: (work) => db.read((tx) => work(counting(tx))) }, read };
}

describe("an iteration in the graph", () => {
  it("is executed step by step: opening it and ending an item cost none, and what is queued is told", async () => {
    const t = await setup();
    const id = await t.create(greetings, { execution: "MANUAL", input: { names: [" Ada", "Bob "] } });
    const queued = async (): Promise<string[]> => {
      const { run } = await t.ask<Listed>(list, { id });
      return run.nodeRuns.edges.filter(({ node }) => node.status === "QUEUED").map(({ node }) => node.path);
    };
    const steps: string[] = [];
    for (;;) {
      const before = await queued();
      const { executeNextNode: step } = await t.ask<{ executeNextNode: { path: string } | null }>(executeNext, { id });
      if (step === null) break;
      steps.push(`${before.join()} > ${step.path}`);
    }
    expect(steps).toEqual([
      "greeting > greeting",
      "each > each#0/trim",
      "each#0/greet > each#0/greet",
      "each#1/trim > each#1/trim",
      "each#1/greet > each#1/greet",
      "say > say",
    ]);
    const { run } = await t.ask<{ run: { status: string; outputText: string } }>(`query($id: ID!) { run(id: $id) { status outputText } }`, {
      id,
    });
    expect(run).toEqual({ status: "COMPLETED", outputText: "Hello Ada, number 0; Hello Bob, number 1" });
  });

  it("opens when it, or a node beneath it, is asked for", async () => {
    const t = await setup();
    const id = await t.create(greetings, { execution: "MANUAL", input: { names: ["Ada"] } });
    await t.ask(executeNode, { id: `${id}:greeting` });
    expect(await t.ask(executeNode, { id: `${id}:each` })).toMatchObject({ executeNodeRun: { path: "each", status: "RUNNING" } });
    expect(await t.ask(executeNode, { id: `${id}:each#0/greet` })).toMatchObject({ executeNodeRun: { outputText: "Hello Ada, number 0" } });
    expect(await t.ask(executeRun, { id })).toMatchObject({ executeRun: { run: { status: "COMPLETED" } } });
  });

  it.each<[string, Json, object]>([
    ["without items", [], { status: "COMPLETED", outputJson: [] }],
    ["whose items are no list", "Ada", { status: "FAILED", outputJson: null }],
  ])("%s is executed by itself, though no node of it is", async (_, names, ended) => {
    const t = await setup();
    const id = await t.create(greetings, { execution: "MANUAL", input: { names } });
    await t.ask(executeNode, { id: `${id}:greeting` });
    expect(await t.ask(executeNode, { id: `${id}:each` })).toMatchObject({ executeNodeRun: { path: "each", ...ended } });
    expect(await t.refusal(executeNode, { id: `${id}:each` })).toMatchObject({ code: "CONFLICT" });
  });

  it("shows its items, what ran for them, and what each was given", async () => {
    const t = await setup();
    const id = await t.create(greetings, { execution: "MANUAL", input: { names: ["Ada", "Bob"] } });
    await t.ask(executeRun, { id });
    const { nodeRun } = await t.ask<{ nodeRun: object }>(tree, { id: `${id}:each` });
    expect(nodeRun).toMatchObject({
      status: "COMPLETED",
      parent: null,
      children: {
        edges: [
          {
            node: {
              path: "each#0",
              nodeType: "frame",
              status: "COMPLETED",
              input: { item: "Ada", index: 0 },
              children: {
                edges: [
                  { node: { path: "each#0/trim", nodeId: "trim", outputText: "Ada", input: { template: "Ada" } } },
                  { node: { path: "each#0/greet", input: { template: "Hello Ada, number 0" } } },
                ],
              },
            },
          },
          { node: { path: "each#1", input: { item: "Bob", index: 1 } } },
        ],
      },
    });
    const { run } = await t.ask<Listed>(list, { id });
    const found = Object.fromEntries(run.nodeRuns.edges.map(({ node }) => [node.path, node]));
    expect(found["each"]!.input).toEqual({ items: ["Ada", "Bob"] });
    expect(found["each#1/greet"]!.parent).toEqual({ path: "each#1" });
  });

  it("shows what is beneath each of its node runs, however deep, loops and iterations within it too", async () => {
    const t = await setup();
    const text = { id: "text", type: "template-transform", config: { template: "x" } };
    const body = { nodes: [text], edges: [] };
    const count = { id: "count", type: "assigner", config: { assignments: { "loop.n": "{{ loop.n | plus: 1 }}" } } };
    const rounds = { variables: { n: 0 }, until: "loop.n >= 2", body: { nodes: [text, count], edges: [] } };
    const inner = [
      { id: "inner1", type: "iteration", config: { items: [1, 2], body } },
      { id: "rounds", type: "loop", config: rounds },
    ];
    const id = await t.create(
      { nodes: [{ id: "each", type: "iteration", config: { items: [1, 2], body: { nodes: inner, edges: [] } } }], edges: [] },
      { execution: "MANUAL" },
    );
    await t.ask(executeRun, { id });
    const { run } = await t.ask<{ run: { nodeRuns: { nodes: Beneath[] } } }>(
      `query($id: ID!) { run(id: $id) { nodeRuns(first: 100) { nodes { path parent { path } children { nodes { path } } } } } }`,
      { id },
    );
    expect(run.nodeRuns.nodes).toHaveLength(27);
    for (const { path, children } of run.nodeRuns.nodes)
      expect([path, children.nodes]).toEqual([
        path,
        run.nodeRuns.nodes.filter(({ parent }) => parent?.path === path).map((part) => ({ path: part.path })),
      ]);
  });

  it("of a thousand items shows a page, and what ran for its items, without reading the others", async () => {
    const t = await setup();
    const id = await t.create(greetings, { execution: "MANUAL", input: { names: ["Ada"] } });
    await t.ask(executeRun, { id });
    await query(
      t.adminUrl,
      `insert into runtime.node_run select (jsonb_populate_record(n, jsonb_build_object('path', replace(path, '#0', '#' || i),
         'parent_path', replace(parent_path, '#0', '#' || i), 'seq', i * 10 + seq))).*
       from runtime.node_run n, generate_series(1, 1000) i where run_id = $1 and path like 'each#0%'`,
      [id],
    );
    const { db, read } = readCounter(t.subgraph.database.forTenant("t1"));
    const loader = nodeRunPageLoader(db, new DataLoader(() => Promise.reject(new Error("of runs alone"))));
    for (const tables of ["new", "analyzed"]) {
      if (tables === "analyzed") await query(t.adminUrl, "analyze runtime.node_run");
      loader.clearAll();
      const items = await loader.load({ runId: id, path: "each", page: { first: 20, after: null, last: null, before: null } });
      const paths = items.edges.map(({ node }) => node.path);
      const page = { first: 1, after: null, last: null, before: null };
      const parts = await loader.loadMany(paths.map((path) => ({ runId: id, path, page })));
      expect(parts).toMatchObject(paths.map((path) => ({ edges: [{ node: { path: `${path}/trim` } }], pageInfo: { hasNextPage: true } })));
      const [after] = parts.flatMap((part) => (part instanceof Error ? [] : (part.pageInfo.endCursor ?? [])));
      const next = await loader.load({ runId: id, path: "each#0", page: { ...page, after: after! } });
      expect(next.edges.map(({ node }) => node.path)).toEqual(["each#0/greet"]);
      // 21 items, 2 parts of each of 20, and those of one once more.
      expect(read.splice(0).reduce((sum, rows) => sum + rows, 0)).toBeLessThan(100);
    }
  });

  it("takes what executors outside report of its leaves, and of nothing that is the engine's own", async () => {
    const t = await setup();
    const id = await t.create(greetings, { execution: "MANUAL", input: { names: ["Ada"] } });
    await t.ask(executeNode, { id: `${id}:greeting` });
    await t.ask(executeNode, { id: `${id}:each` });
    await t.ask(report, { id: `${id}:each`, input: { status: "COMPLETED", outputJson: [] } }).catch(() => {});
    const { run } = await t.ask<Listed>(list, { id });
    expect(run.nodeRuns.edges.find(({ node }) => node.path === "each")!.node.status).toBe("RUNNING");
    expect(run.nodeRuns.edges.find(({ node }) => node.path === "each#0/greet")!.node).toMatchObject({
      status: "QUEUED",
      parent: { path: "each" },
      input: { template: "Hello Ada, number 0" },
    });
    await t.ask(report, { id: `${id}:each#0/greet`, input: { status: "COMPLETED", outputText: "from outside" } });
    expect(await t.ask(executeRun, { id })).toMatchObject({ executeRun: { run: { status: "COMPLETED" } } });
    const { nodeRun } = await t.ask<{ nodeRun: object }>(`query($id: ID!) { nodeRun(id: $id) { outputJson } }`, { id: `${id}:each` });
    expect(nodeRun).toEqual({ outputJson: ["from outside"] });
  });

  it("keeps its node runs from other tenants", async () => {
    const t = await setup();
    const id = await t.create(greetings, { execution: "MANUAL", input: { names: ["Ada"] } });
    await t.ask(executeRun, { id });
    for (const path of ["each", "each#0", "each#0/greet"]) {
      expect(await t.ask(`query($id: ID!) { nodeRun(id: $id) { path } }`, { id: `${id}:${path}` }, { tenantId: "t2" })).toEqual({
        nodeRun: null,
      });
    }
  });
});
