import { setup, type TestDsl, type TestRuntime } from "./setup.ts";

const executeRun = (t: TestRuntime, id: string, maxSteps = 16) =>
  t.ask(`mutation($id: ID!, $maxSteps: Int!) { executeRun(id: $id, input: { workerKey: "w", maxSteps: $maxSteps }) { stopReason } }`, {
    id,
    maxSteps,
  });

async function inputsOf(t: TestRuntime, id: string): Promise<Record<string, unknown>> {
  const query = `query($id: ID!) { run(id: $id) { nodeRuns(first: 200) { edges { node { nodeId input } } } } }`;
  const { run } = await t.ask<{ run: { nodeRuns: { edges: { node: { nodeId: string; input: unknown } }[] } } }>(query, { id });
  return Object.fromEntries(run.nodeRuns.edges.map(({ node }) => [node.nodeId, node.input]));
}

/** A chain of the given nodes. */
function chainOf(nodes: TestDsl["nodes"]): TestDsl {
  return { nodes, edges: nodes.slice(1).map(({ id }, index) => ({ source: nodes[index]!.id, target: id })) };
}

describe("a node run's input", () => {
  it("is its config, rendered with what it saw", async () => {
    const t = await setup();
    const id = await t.create(
      chainOf([
        { id: "score", type: "assigner", config: { assignments: { score: "{{ input.score }}", note: "of {{ input.name }}" } } },
        { id: "rename", type: "assigner", config: { assignments: { note: "later" } } },
        { id: "check", type: "if-else", config: { expression: 'state.score >= 5 and nodes.score.output.state_updates.note != ""' } },
        { id: "say", type: "answer", config: { answer: "{{ state.note }}: {{ nodes.check.output.route }}" } },
      ]),
      { input: { score: 7, name: "Ada" } },
    );
    await executeRun(t, id);
    expect(await inputsOf(t, id)).toEqual({
      score: { assignments: { score: 7, note: "of Ada" } },
      rename: { assignments: { note: "later" } },
      check: {
        expression: 'state.score >= 5 and nodes.score.output.state_updates.note != ""',
        values: { "state.score": 7, "nodes.score.output.state_updates.note": "of Ada" },
      },
      say: { answer: "later: true" },
    });
  });

  it("shows the state as it stood when the node began, not as it became", async () => {
    const t = await setup();
    const assign = (id: string, value: string) => ({ id, type: "assigner", config: { assignments: { step: value } } });
    const id = await t.create(
      chainOf([
        assign("one", "first"),
        { id: "early", type: "answer", config: { answer: "{{ state.step }}" } },
        assign("two", "second"),
        { id: "late", type: "answer", config: { answer: "{{ state.step }}" } },
      ]),
    );
    await executeRun(t, id);
    expect(await inputsOf(t, id)).toMatchObject({ early: { answer: "first" }, late: { answer: "second" } });
  });

  it("is there before the node runs, for whoever executes it outside (S-28)", async () => {
    const t = await setup();
    const id = await t.create(
      chainOf([
        { id: "name", type: "assigner", config: { assignments: { name: "Ada" } } },
        { id: "ask", type: "llm", config: { model: "m", system_prompt: "Be kind to {{ state.name }}.", prompt: "{{ input.question }}" } },
      ]),
      { input: { question: "Why?" } },
    );
    await executeRun(t, id, 1);
    const { nodeRun } = await t.ask<{ nodeRun: object }>(`query($id: ID!) { nodeRun(id: $id) { status input } }`, { id: `${id}:ask` });
    expect(nodeRun).toEqual({ status: "QUEUED", input: { model: "m", system_prompt: "Be kind to Ada.", prompt: "Why?" } });
  });

  it("leaves out code and documents and hides credentials", async () => {
    const t = await setup();
    const id = await t.create(
      {
        nodes: [
          { id: "run", type: "code", config: { language: "python", code: "result = 1", input_json: { n: "{{ input.n }}" } } },
          { id: "find", type: "knowledge-retrieval", config: { query: "q", documents: [{ id: "d", text: "secret plans" }] } },
          {
            id: "call",
            type: "tool",
            config: {
              url: "http://x.test/{{ input.n }}",
              headers: { authorization: "Bearer {{ input.token }}", "x-shop": "{{ input.n }}" },
            },
          },
        ],
        edges: [],
      },
      { input: { n: 3, token: "hush" } },
    );
    expect(await inputsOf(t, id)).toEqual({
      run: { language: "python", input_json: { n: 3 } },
      find: { query: "q" },
      call: { url: "http://x.test/3", headers: { authorization: "***", "x-shop": 3 } },
    });
  });

  it("reads outputs that lie in artifacts, and is null where a template cannot be rendered", async () => {
    const t = await setup();
    const id = await t.create(
      chainOf([
        { id: "long", type: "answer", config: { answer: "{{ input.text }}" } },
        { id: "size", type: "template-transform", config: { template: "{{ nodes.long.text | size }}" } },
        { id: "bomb", type: "template-transform", config: { template: "{% for i in (1..100000000) %}{{ nodes.long.text }}{% endfor %}" } },
      ]),
      { input: { text: "x".repeat(5_000) } },
    );
    await executeRun(t, id);
    expect(await inputsOf(t, id)).toMatchObject({ size: { template: 5_000 }, bomb: null });
  });

  it("is nothing to another tenant", async () => {
    const t = await setup();
    const id = await t.create(chainOf([{ id: "say", type: "answer", config: { answer: "hi" } }]));
    await executeRun(t, id);
    const query = `query($id: ID!) { nodeRun(id: $id) { input } }`;
    expect(await t.ask(query, { id: `${id}:say` })).toEqual({ nodeRun: { input: { answer: "hi" } } });
    expect(await t.ask(query, { id: `${id}:say` }, { tenantId: "t2" })).toEqual({ nodeRun: null });
  });
});
