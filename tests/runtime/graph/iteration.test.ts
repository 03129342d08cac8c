import { setup, type TestDsl } from "./setup.ts";

const executeNext = `mutation($id: ID!) { executeNextNode(runId: $id, input: { workerKey: "w" }) { path status } }`;
const executeNode = `mutation($id: ID!) { executeNodeRun(id: $id, input: { workerKey: "w" }) { path status outputText } }`;
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
