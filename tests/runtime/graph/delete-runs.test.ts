import { eventually } from "../../testkit/eventually.ts";
import type { NodeExecutor } from "../../../subgraphs/runtime/nodes/executor.ts";
import { chain, rows, setup, type TestRuntime } from "./setup.ts";

const deleteRun = `mutation($id: ID!) { deleteRun(id: $id) { id status } }`;
const deleteRuns = `mutation($filter: DeleteRunsFilter!, $after: ID) { deleteRuns(filter: $filter, after: $after) { deleted cursor } }`;
const seen = `query($id: ID!, $node: ID!, $artifact: ID!, $span: ID!) {
  run(id: $id) { id } nodeRun(id: $node) { id } nodeArtifact(id: $artifact) { id } traceSpan(id: $span) { id }
  runs(first: 50) { edges { node { id } } } }`;

/** More than what lies in the row itself. */
const long = "long ".repeat(2_000);

async function ended(t: TestRuntime, id: string, status = "COMPLETED"): Promise<void> {
  const look = () => t.ask<{ run: { status: string } }>(`query($id: ID!) { run(id: $id) { status } }`, { id });
  await eventually(look, ({ run }) => run.status === status);
}

/** How many rows of a run are left, by table: whatever table has a column run_id. */
async function left(t: TestRuntime, id: string): Promise<Record<string, number>> {
  const tables = await rows(
    t,
    `select c.table_name as name from information_schema.columns c join information_schema.tables b using (table_schema, table_name)
     where c.table_schema = 'runtime' and c.column_name = 'run_id' and b.table_type = 'BASE TABLE'`,
  );
  const counts = tables.map(async ({ name }) => {
    const [row] = await rows(t, `select count(*)::int as n from runtime.${String(name)} where run_id = $1`, [id]);
    return [String(name), Number(row?.["n"])] as const;
  });
  return Object.fromEntries((await Promise.all(counts)).filter(([, n]) => n > 0));
}

describe("deleteRun", () => {
  it("takes a finished run from everybody's sight at once, and its rows from every table soon", async () => {
    const t = await setup();
    t.startWorker();
    const dsl = { nodes: [{ id: "a", type: "template-transform", config: { template: long } }], edges: [] };
    const id = await t.create(dsl, { execution: "WORKERS", idempotencyKey: "once" });
    await ended(t, id);
    const [artifact] = await rows(t, "select id from runtime.artifact where run_id = $1", [id]);
    const [span] = await rows(t, "select id from runtime.span where run_id = $1 and path = 'a'", [id]);
    const ids = { id, node: `${id}:a`, artifact: artifact!["id"], span: span!["id"] };
    expect(await t.ask(seen, ids)).toMatchObject({ run: { id }, nodeRun: {}, nodeArtifact: {}, traceSpan: {}, runs: { edges: [{}] } });
    expect(Object.keys(await left(t, id)).sort()).toEqual(["artifact", "node_run", "run_story"]);
    expect(await t.ask(deleteRun, { id })).toEqual({ deleteRun: { id, status: "COMPLETED" } });
    expect(await t.ask(seen, ids)).toEqual({ run: null, nodeRun: null, nodeArtifact: null, traceSpan: null, runs: { edges: [] } });
    expect(await t.refusal(deleteRun, { id })).toMatchObject({ code: "NOT_FOUND", reason: "RUN_NOT_FOUND" });
    await eventually(
      () => left(t, id),
      (counts) => Object.keys(counts).length === 0,
    );
    // Its key begins another.
    expect(await t.create(dsl, { execution: "WORKERS", idempotencyKey: "once" })).not.toBe(id);
  });

  it.each([
    ["QUEUED", chain("a"), "MANUAL"],
    ["WAITING", { nodes: [{ id: "a", type: "wait" }], edges: [] }, "WORKERS"],
  ] as const)("refuses one that is %s, and says what to do first", async (status, dsl, execution) => {
    const t = await setup();
    t.startWorker();
    const id = await t.create(dsl as never, { execution });
    await ended(t, id, status);
    expect(await t.refusal(deleteRun, { id })).toMatchObject({
      code: "CONFLICT",
      reason: "RUN_NOT_FINISHED",
      message: `Run ${id} is ${status}; only finished runs are deleted. cancelRun ends it first.`,
    });
    await t.ask(`mutation($id: ID!) { cancelRun(id: $id) { id } }`, { id });
    expect(await t.ask(deleteRun, { id })).toEqual({ deleteRun: { id, status: "CANCELLED" } });
  });

  it("knows no run of another tenant, and none with an id that cannot be", async () => {
    const t = await setup();
    t.startWorker();
    const id = await t.create(chain("a"), { execution: "WORKERS" });
    await ended(t, id);
    expect(await t.refusal(deleteRun, { id }, { tenantId: "t2" })).toMatchObject({ code: "NOT_FOUND" });
    for (const odd of ["\u0000", ""]) expect(await t.refusal(deleteRun, { id: odd })).toMatchObject({ code: "NOT_FOUND" });
    expect(await t.ask(`query($id: ID!) { run(id: $id) { id } }`, { id })).toEqual({ run: { id } });
  });

  it("leaves to a run that was made of it what that has of it, and takes it with that one", async () => {
    let calls = 0;
    const failsOnce: NodeExecutor = {
      effect: "pure",
      run: () =>
        calls++ === 0 ? { kind: "failed", code: "TEST", message: "Once.", retryable: false } : { kind: "completed", outputText: "done" },
    };
    const t = await setup({ once: failsOnce });
    t.startWorker();
    const items = Array.from({ length: 60 }, (_, index) => `${index} ${"x".repeat(100)}`);
    const dsl = {
      nodes: [
        { id: "text", type: "template-transform", config: { template: long } },
        {
          id: "each",
          type: "iteration",
          config: {
            items: "{{ input.items }}",
            body: { nodes: [{ id: "it", type: "template-transform", config: { template: "{{ item }}" } }], edges: [] },
          },
        },
        { id: "once", type: "once" },
      ],
      edges: [
        { source: "text", target: "each" },
        { source: "each", target: "once" },
      ],
    };
    const first = await t.create(dsl, { execution: "WORKERS", input: { items } });
    await ended(t, first, "FAILED");
    const retried = await t.ask<{ retryRun: { id: string } }>(`mutation($id: ID!) { retryRun(id: $id) { id } }`, { id: first });
    const second = retried.retryRun.id;
    await ended(t, second);
    const artifacts = async () =>
      (await rows(t, "select id from runtime.artifact where run_id = $1 order by 1", [first])).map(({ id }) => id);
    // A text, the iteration's items, and what it put out.
    const before = await artifacts();
    expect(before).toHaveLength(3);
    await t.ask(deleteRun, { id: first });
    await eventually(
      () => left(t, first),
      (counts) => Object.keys(counts).every((table) => table === "artifact"),
    );
    await eventually(
      () => rows(t, "select run_id from runtime.removal"),
      (found) => found.length === 0,
    );
    const outputs = `query($id: ID!) { run(id: $id) { originRun { id } nodeRuns(first: 3) { edges { node { outputText } } } } }`;
    const { run } = await t.ask<{ run: { originRun: unknown; nodeRuns: { edges: { node: { outputText: string } }[] } } }>(outputs, {
      id: second,
    });
    expect(run.originRun).toBeNull();
    expect(run.nodeRuns.edges.map(({ node }) => node.outputText)).toContain(long);
    expect(await artifacts()).toEqual(before);
    const item = `query($id: ID!) { nodeRun(id: $id) { outputText input } }`;
    const { nodeRun } = await t.ask<{ nodeRun: { outputText: string; input: unknown } }>(item, { id: `${second}:each#59/it` });
    expect(nodeRun.outputText).toBe(items[59]);
    expect(JSON.stringify(nodeRun.input)).toContain(items[59]);
    await t.ask(deleteRun, { id: second });
    await eventually(artifacts, (found) => found.length === 0);
  });
});

describe("the plan of a run with mocks", () => {
  it("goes with the last run that has it, and no other plan does", async () => {
    const t = await setup();
    t.startWorker();
    const plans = async () => (await rows(t, "select id from runtime.plan where id like 'mocked:%'")).length;
    const gone = async (id: string, left: number) => {
      await t.ask(deleteRun, { id });
      await eventually(
        () => rows(t, "select run_id from runtime.removal"),
        (found) => found.length === 0,
      );
      expect(await plans()).toBe(left);
    };
    const mocked = { execution: "WORKERS", mocks: { a: "given" } };
    const plain = await t.create(chain("a"), { execution: "WORKERS" });
    const [one, same] = [await t.create(chain("a"), mocked), await t.create(chain("a"), mocked)];
    for (const id of [plain, one, same]) await ended(t, id);
    expect(await plans()).toBe(2);
    t.graph.version("keyed", chain("a"));
    const keyed = { ...mocked, workflowVersionId: "keyed", idempotencyKey: "once" };
    const once = await t.create(chain("a"), keyed);
    expect(await t.create(chain("a"), keyed)).toBe(once);
    await ended(t, once);
    expect(await plans()).toBe(3);
    await gone(once, 2);
    const fork = `mutation($id: ID!) { forkRun(id: $id, fromNode: "a") { id nodeRuns(first: 2) { edges { node { isMocked } } } } }`;
    const { forkRun } = await t.ask<{ forkRun: { id: string } }>(fork, { id: one });
    await ended(t, forkRun.id);
    await gone(one, 2);
    await gone(same, 1);
    const look = `query($id: ID!) { run(id: $id) { outputText nodeRuns(first: 2) { edges { node { isMocked } } } } }`;
    expect(await t.ask(look, { id: forkRun.id })).toMatchObject({
      run: { outputText: "given", nodeRuns: { edges: [{ node: { isMocked: true } }] } },
    });
    await gone(forkRun.id, 0);
    await gone(plain, 0);
    expect(await rows(t, "select id from runtime.plan")).toHaveLength(1);
  });
});

describe("deleteRuns", () => {
  it("deletes what matches and has finished, and says how many", async () => {
    const t = await setup();
    t.startWorker();
    const ids = [await t.create(chain("a"), { execution: "WORKERS" }), await t.create(chain("a"), { execution: "WORKERS" })];
    const failed = await t.create({ nodes: [{ id: "f", type: "fail" }], edges: [] }, { execution: "WORKERS" });
    const open = await t.create(chain("a"));
    for (const id of ids) await ended(t, id);
    await ended(t, failed, "FAILED");
    expect(await t.ask(deleteRuns, { filter: { ids: [ids[0], open] } })).toEqual({ deleteRuns: { deleted: 1, cursor: null } });
    expect(await t.ask(deleteRuns, { filter: { status: ["FAILED"] } })).toEqual({ deleteRuns: { deleted: 1, cursor: null } });
    expect(await t.ask(deleteRuns, { filter: { all: true } }, { tenantId: "t2" })).toEqual({ deleteRuns: { deleted: 0, cursor: null } });
    expect(await t.ask(deleteRuns, { filter: { createdBefore: "2020-01-01T00:00:00Z" } })).toEqual({
      deleteRuns: { deleted: 0, cursor: null },
    });
    expect(await t.ask(deleteRuns, { filter: { all: true } })).toEqual({ deleteRuns: { deleted: 1, cursor: null } });
    expect(await t.ask(`{ runs(first: 9) { edges { node { id } } } }`)).toEqual({ runs: { edges: [{ node: { id: open } }] } });
    await eventually(
      () => rows(t, "select run_id from runtime.run_event where run_id <> $1 union select run_id from runtime.removal", [open]),
      (found) => found.length === 0,
    );
  });

  it("never means all by accident", async () => {
    const t = await setup();
    for (const filter of [{}, { all: false }, { appId: null, status: null, ids: null }])
      expect(await t.refusal(deleteRuns, { filter })).toMatchObject({ code: "BAD_USER_INPUT", reason: "RUNS_NOT_NAMED", field: "filter" });
    const ids = Array.from({ length: 1_001 }, (_, index) => `id-${index}`);
    expect(await t.refusal(deleteRuns, { filter: { ids } })).toMatchObject({ reason: "LIST_TOO_LONG", length: 1_001, max: 1_000 });
    for (const filter of [{ ids: ["\u0000"] }, { appId: "\u0000" }])
      expect(await t.ask(deleteRuns, { filter })).toEqual({ deleteRuns: { deleted: 0, cursor: null } });
  });
});
