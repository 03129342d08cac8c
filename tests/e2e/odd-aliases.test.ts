/** Names that clients give to fields, at the platform's own graph: whatever a plan asks for beside them, each name has the value of its field. */
import { ask, finishRun, makeWorkflow, startRun, type MadeWorkflow } from "../testkit/graph.ts";
import { startTestPlatform, type TestPlatform } from "../testkit/platform.ts";

let platform: TestPlatform;
let made: MadeWorkflow;
let runId: string;
beforeAll(async () => {
  platform = await startTestPlatform();
  made = await makeWorkflow(platform, { nodes: [{ id: "say", type: "answer", config: { answer: "hi" } }], edges: [] });
  runId = await startRun(platform, made.workflowId);
  await finishRun(platform, runId);
});
afterAll(() => platform.stop());

const runs = (fields: string) => `runs(first: 1) { nodes { ${fields} } }`;
const W = "Test workflow";
const A = "Test app";
const C = "COMPLETED";

describe("a field whose name is that of a key", () => {
  it.each<[query: string, expected: object]>([
    [`{ workflow(id: $w) { id: name ${runs("status")} } }`, { workflow: { id: W, runs: { nodes: [{ status: C }] } } }],
    [
      `{ workflow(id: $w) { ${runs("id: status workflow { id: code }")} id: code } }`,
      { workflow: { runs: { nodes: [{ id: C, workflow: { id: "main" } }] }, id: "main" } },
    ],
    [`{ app(id: $a) { id: name key: id ${runs("status")} } }`, { app: { id: A, key: "$a", runs: { nodes: [{ status: C }] } } }],
    [`{ apps { nodes { id: name ${runs("id: status")} } } }`, { apps: { nodes: [{ id: A, runs: { nodes: [{ id: C }] } }] } }],
    [
      `{ workflows(appId: $a) { nodes { id: name ${runs("status")} app { id: name ${runs("id")} } } } }`,
      { workflows: { nodes: [{ id: W, runs: { nodes: [{ status: C }] }, app: { id: A, runs: { nodes: [{ id: "$r" }] } } }] } },
    ],
    [
      `{ workflow(id: $w) { ...F } }  fragment F on Workflow { id: name ... { ${runs("status")} } }`,
      { workflow: { id: W, runs: { nodes: [{ status: C }] } } },
    ],
    [
      `{ node: workflow(id: $w) { ... on Workflow { id: name } ... on Node { ... on Workflow { ${runs("id: status")} } } } }`,
      { node: { id: W, runs: { nodes: [{ id: C }] } } },
    ],
    [`{ run(id: $r) { id: status workflow { id: name app { id: name } } } }`, { run: { id: C, workflow: { id: W, app: { id: A } } } }],
    [
      `{ run(id: $r) { workflow { __typename: name ${runs("__typename: status")} } } }`,
      { run: { workflow: { __typename: W, runs: { nodes: [{ __typename: C }] } } } },
    ],
    [`{ run(id: $r) { __typename: status } }`, { run: { __typename: C } }],
    [
      `{ run(id: $r) { __typename: id t: __typename workflow { t: __typename } } }`,
      { run: { __typename: "$r", t: "Run", workflow: { t: "Workflow" } } },
    ],
    [`{ constructor: run(id: $r) { toString: id } }`, { constructor: { toString: "$r" } }],
  ])("has its own value: %s", async (query, expected) => {
    const ids: Record<string, string> = { $w: made.workflowId, $a: made.appId, $r: runId };
    const text = query.replaceAll(/\$[war]\b/g, (name) => JSON.stringify(ids[name]));
    const answer = JSON.stringify(await ask(platform, text));
    expect(answer).toBe(JSON.stringify(expected).replaceAll(/\$[war]\b/g, (name) => ids[name]!));
  });
});
