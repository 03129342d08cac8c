/** The tables of docs/run-states.md: what executors outside may set, of each state, and nothing else. */
import { chain, setup, type TestRuntime } from "./setup.ts";

const setNode = `mutation($id: ID!, $status: NodeRunStatus!) { updateNodeRunStatus(id: $id, input: { status: $status, workerKey: "outside" }) { status workerKey } }`;
const setRun = `mutation($id: ID!, $status: RunStatus!) { updateRunStatus(id: $id, status: $status) { status } }`;
const cancel = `mutation($id: ID!) { cancelRun(id: $id) { status } }`;
const execute = `mutation($id: ID!) { executeRun(id: $id, input: { workerKey: "w" }) { stopReason } }`;
const read = `query($id: ID!) { nodeRun(id: $id) { status } }`;

type Execution = "MANUAL" | "WORKERS";
interface Made {
  runId: string;
  nodeRunId: string;
}

const waiting = { nodes: [{ id: "w", type: "wait" }, ...chain("z").nodes], edges: [{ source: "w", target: "z" }] };

/** A run whose first node is in the state. A WORKERS run has no RUNNING node without a worker; tests/runtime/graph/execute.test.ts has one. */
const states: Record<string, (t: TestRuntime, execution: Execution) => Promise<Made>> = {
  QUEUED: async (t, execution) => made(await t.create(chain("a", "z"), { execution }), "a"),
  WAITING: async (t, execution) => {
    const runId = await t.create(waiting, { execution });
    await t.ask(execute, { id: runId });
    return made(runId, "w");
  },
  COMPLETED: async (t, execution) => ended(t, execution, "COMPLETED"),
  FAILED: async (t, execution) => ended(t, execution, "FAILED"),
  SKIPPED: async (t, execution) => ended(t, execution, "SKIPPED"),
  CANCELLED: async (t, execution) => {
    const { runId } = await states["WAITING"]!(t, execution);
    await t.ask(cancel, { id: runId });
    return made(runId, "w");
  },
};

const made = (runId: string, path: string): Made => ({ runId, nodeRunId: `${runId}:${path}` });

async function ended(t: TestRuntime, execution: Execution, status: string): Promise<Made> {
  const run = await states["WAITING"]!(t, execution);
  await t.ask(setNode, { id: run.nodeRunId, status });
  return run;
}

/** What became of it: the new status, or why it was refused. */
async function outcome(t: TestRuntime, query: string, variables: { id: string; status: string }): Promise<string> {
  const { data, errors } = await t.subgraph.execute({ query, variables, info: { tenantId: "t1", requestId: "r" } });
  const [error] = errors ?? [];
  if (error) return `${String(error.extensions["code"])} ${String(error.extensions["reason"])}`;
  return (Object.values(data as Record<string, { status: string }>)[0] as { status: string }).status;
}

const conflict = "CONFLICT NODE_RUN_NOT_SETTABLE";
const never = "BAD_USER_INPUT STATUS_NOT_SETTABLE";

describe("what may be set from outside", () => {
  it("S-28 S-30: a node run, by the table", async () => {
    const t = await setup();
    const open = ["COMPLETED", "FAILED", "SKIPPED"];
    const allowed: Record<string, string[]> = {
      "QUEUED MANUAL": ["RUNNING", ...open],
      "RUNNING MANUAL": open,
      "WAITING MANUAL": open,
      "WAITING WORKERS": open,
    };
    const rows: [state: string, execution: Execution, make: (t: TestRuntime, execution: Execution) => Promise<Made>][] = [];
    for (const execution of ["MANUAL", "WORKERS"] as const)
      for (const [state, make] of Object.entries(states)) rows.push([state, execution, make]);
    rows.push([
      "RUNNING",
      "MANUAL",
      async () => {
        const run = await states["QUEUED"]!(t, "MANUAL");
        await t.ask(setNode, { id: run.nodeRunId, status: "RUNNING" });
        return run;
      },
    ]);
    const seen: string[] = [];
    const expected: string[] = [];
    for (const [state, execution, make] of rows) {
      for (const status of ["QUEUED", "RUNNING", "WAITING", "COMPLETED", "FAILED", "SKIPPED", "CANCELLED"]) {
        const { nodeRunId } = await make(t, execution);
        expect([state, await t.ask(read, { id: nodeRunId })]).toEqual([state, { nodeRun: { status: state } }]);
        const line = `${state} of a ${execution} run to ${status}:`;
        seen.push(`${line} ${await outcome(t, setNode, { id: nodeRunId, status })}`);
        const isNever = ["QUEUED", "WAITING", "CANCELLED"].includes(status);
        const isAllowed = allowed[`${state} ${execution}`]?.includes(status) === true;
        expected.push(`${line} ${isNever ? never : isAllowed ? status : conflict}`);
      }
    }
    expect(seen).toEqual(expected);
  });

  it("S-29 S-30: a run, by the table", async () => {
    const t = await setup();
    const settable = ["RUNNING", "COMPLETED", "FAILED", "CANCELLED"];
    const make: Record<string, (execution: Execution) => Promise<string>> = {
      QUEUED: async (execution) => (await states["QUEUED"]!(t, execution)).runId,
      WAITING: async (execution) => (await states["WAITING"]!(t, execution)).runId,
      COMPLETED: (execution) => t.create({ nodes: [], edges: [] }, { execution }),
      FAILED: async (execution) => (await states["FAILED"]!(t, execution)).runId,
      CANCELLED: async (execution) => (await states["CANCELLED"]!(t, execution)).runId,
    };
    const seen: string[] = [];
    const expected: string[] = [];
    for (const execution of ["MANUAL", "WORKERS"] as const) {
      for (const [state, of] of Object.entries(make)) {
        for (const status of ["QUEUED", "WAITING", ...settable]) {
          const line = `${state} ${execution} run to ${status}:`;
          seen.push(`${line} ${await outcome(t, setRun, { id: await of(execution), status })}`);
          const isOver = ["COMPLETED", "FAILED", "CANCELLED"].includes(state);
          const refused = isOver ? "CONFLICT RUN_FINISHED" : execution === "WORKERS" ? "CONFLICT RUN_NOT_MANUAL" : undefined;
          expected.push(`${line} ${settable.includes(status) ? (refused ?? status) : never}`);
        }
      }
    }
    expect(seen).toEqual(expected);
  });

  it("S-29: a run that is ended from outside ends its open node runs, and says why", async () => {
    const t = await setup();
    const { runId, nodeRunId } = await states["WAITING"]!(t, "MANUAL");
    await t.ask(setRun, { id: runId, status: "FAILED" });
    const query = `query($id: ID!, $node: ID!) { run(id: $id) { status errorCode errorMessage endedAt } nodeRun(id: $node) { status errorCode endedAt } }`;
    expect(await t.ask(query, { id: runId, node: nodeRunId })).toEqual({
      run: { status: "FAILED", errorCode: "FAILED_OUTSIDE", errorMessage: expect.stringMatching(/outside/), endedAt: expect.any(String) },
      nodeRun: { status: "CANCELLED", errorCode: "RUN_ENDED", endedAt: expect.any(String) },
    });
  });
});
