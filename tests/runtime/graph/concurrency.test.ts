/** Runs of a workflow of which so many of one key are executed at once. */
import { pino } from "pino";
import { EngineFixture } from "../../testkit/engine/fixture.ts";
import { LocalHints } from "../../testkit/engine/local-hints.ts";
import { openPool } from "#shared/db/pool.ts";
import type { NodeExecutor, NodeOutcome } from "../../../subgraphs/runtime/nodes/executor.ts";
import { Gates } from "../../../subgraphs/runtime/owner/gates.ts";
import { node, plan } from "../../testkit/engine/plan.ts";
import { eventually } from "../../testkit/eventually.ts";
import { assertInvariants } from "../../testkit/invariants.ts";
import { chain, rows, setup, type TestDsl, type TestRuntime } from "./setup.ts";

const createRun = `mutation($input: CreateRunInput!) { createRun(input: $input) { id } }`;
const cancelRun = `mutation($id: ID!) { cancelRun(id: $id) { id } }`;

/** A node that begins, and ends when it is told to. */
class Held {
  readonly began: string[] = [];
  #isOver = false;
  readonly #open = new Map<string, (outcome: NodeOutcome) => void>();
  readonly node: NodeExecutor = {
    effect: "outside",
    run: ({ nodeRunId, signal }) =>
      new Promise((resolve) => {
        const id = nodeRunId.split(":")[0]!;
        if (this.#isOver) return resolve({ kind: "completed", outputText: "over" });
        this.began.push(id);
        this.#open.set(id, resolve);
        signal.addEventListener("abort", () => resolve({ kind: "failed", code: "ABORTED", message: "aborted", retryable: false }));
      }),
  };
  get open(): string[] {
    return [...this.#open.keys()];
  }
  endAll(): void {
    this.#isOver = true;
    for (const id of this.open) this.end(id);
  }
  end(id: string, outcome: NodeOutcome = { kind: "completed", outputText: "done" }): void {
    this.#open.get(id)?.(outcome);
    this.#open.delete(id);
  }
}

const held = (concurrency: object, type = "held"): TestDsl => ({ nodes: [{ id: "a", type, config: {} }], edges: [], concurrency });
const byCustomer = held({ key: "input.customer", limit: 1 });

async function begun(
  dsl: TestDsl = byCustomer,
): Promise<{ t: TestRuntime; work: Held; create: (input?: object, more?: object) => Promise<string> }> {
  const work = new Held();
  const t = await setup({ held: work.node });
  t.graph.version("v", dsl);
  t.startWorker();
  // A worker that stops waits for what it has begun.
  t.atClose(async () => work.endAll());
  const create = async (input: object = { customer: "ada" }, more: object = {}): Promise<string> =>
    (await t.ask<{ createRun: { id: string } }>(createRun, { input: { workflowVersionId: "v", input, ...more } })).createRun.id;
  return { t, work, create };
}

const statusOf = async (t: TestRuntime, id: string): Promise<string> =>
  (await t.ask<{ run: { status: string } }>("query($id: ID!) { run(id: $id) { status } }", { id })).run.status;
const lineOf = async (t: TestRuntime, id: string): Promise<unknown> =>
  (await t.ask<{ run: { line: unknown } }>("query($id: ID!) { run(id: $id) { line { ahead places taken heldBy { id } } } }", { id })).run
    .line;
const became = (t: TestRuntime, id: string, status: string): Promise<string> =>
  eventually(
    () => statusOf(t, id),
    (now) => now === status,
  );
const working = (work: Held, ...ids: string[]): Promise<string[]> =>
  eventually(
    async () => work.open,
    (open) => open.length === ids.length && ids.every((id) => open.includes(id)),
  );
/** Nobody who waits in a line is opened by and by: what may begin has begun when a run behind it has. */
async function settled(t: TestRuntime, work: Held, create: (input: object, more: object) => Promise<string>): Promise<void> {
  t.graph.version("beside", { nodes: [{ id: "a", type: "held", config: {} }], edges: [] });
  const other = await create({}, { workflowVersionId: "beside" });
  await eventually(
    async () => work.began,
    (began) => began.includes(other),
  );
  work.end(other);
  await became(t, other, "COMPLETED");
}
async function sound(t: TestRuntime): Promise<void> {
  const pool = openPool({ url: t.databaseUrl, scope: "engine", max: 1 });
  await assertInvariants(pool, false);
  await pool.end();
}

describe("runs of one key", () => {
  it("are executed one after the other in the order of their making, those of other keys beside them", async () => {
    const { t, work, create } = await begun();
    const ada = [await create(), await create(), await create()];
    const bob = await create({ customer: "bob" });
    await working(work, ada[0]!, bob);
    await settled(t, work, create);
    expect(work.open).toEqual(expect.arrayContaining([ada[0]!, bob]));
    expect(await statusOf(t, ada[1]!)).toBe("QUEUED");
    for (const [index, id] of ada.entries()) {
      await working(work, id, bob);
      work.end(id, index === 1 ? { kind: "failed", code: "X", message: "as told", retryable: false } : undefined);
    }
    await became(t, ada[2]!, "COMPLETED");
    expect(work.began.filter((id) => ada.includes(id))).toEqual(ada);
    work.end(bob);
    await became(t, bob, "COMPLETED");
    expect(
      await eventually(
        () => rows(t, "select * from runtime.gate"),
        (left) => left.length === 0,
      ),
    ).toEqual([]);
    await sound(t);
  });

  it("say why they wait, behind how many, and for whom; others say nothing, and nobody else is counted", async () => {
    const { t, work, create } = await begun(held({ key: "input.customer", limit: 2 }));
    const ada = [await create(), await create(), await create(), await create()];
    const bob = await create({ customer: "bob" });
    const byHand = await create({ customer: "ada" }, { execution: "MANUAL" });
    await working(work, ada[0]!, ada[1]!, bob);
    const behind = (ahead: number, holder: string) => ({ ahead, places: 2, taken: 2, heldBy: { id: holder } });
    expect(await lineOf(t, ada[2]!)).toEqual(behind(0, ada[0]!));
    // The same key of another tenant, whose runs nobody sees.
    await rows(
      t,
      "insert into runtime.gate (run_id, tenant_id, key, places, state) select 'other', 'other', key, 9, 0 from runtime.gate where run_id = $1",
      [ada[3]!],
    );
    expect(await lineOf(t, ada[3]!)).toEqual(behind(1, ada[0]!));
    for (const id of [ada[0]!, bob, byHand]) expect(await lineOf(t, id)).toBeNull();
    const foreign = "query($id: ID!) { run(id: $id) { line { ahead } } }";
    expect(await t.ask(foreign, { id: "other" })).toEqual({ run: null });
    work.end(ada[0]!);
    await working(work, ada[1]!, ada[2]!, bob);
    expect(await lineOf(t, ada[3]!)).toEqual(behind(0, ada[1]!));
  });

  it("are told apart by what their key gives, or all alike where there is none", async () => {
    const t = await setup();
    const long = "ab".repeat(120_000);
    // Of runs with these inputs so many may be at work at once.
    const cases: [object, object[], number][] = [
      [{ limit: 2 }, [{}, { customer: "x" }, {}], 2],
      [{ key: "input.n", limit: 1 }, [{ n: 1 }, { n: "1" }, { n: 1 }], 2],
      [{ key: "input.n", limit: 1 }, [{ n: null }, { n: "null" }, { n: false }, { n: "" }], 4],
      [
        { key: "input.a + '/' + input.b", limit: 1 },
        [
          { a: "x", b: "y" },
          { a: "x/y", b: "" },
          { a: "x", b: "y" },
        ],
        2,
      ],
      [{ key: "session.id", limit: 1 }, [{}, {}], 1],
      [{ key: "input.text", limit: 1 }, [{ text: long }, { text: `${long}!` }, { text: long }], 2],
      [{ key: "input.list.map(x, x + 'y')[0]", limit: 1 }, [{ list: ["a"] }, { list: ["b"] }, { list: ["a"] }], 2],
    ];
    for (const [index, [concurrency, inputs, count]] of cases.entries()) {
      t.graph.version(`v${index}`, held(concurrency, "wait"));
      for (const input of inputs) await t.ask(createRun, { input: { workflowVersionId: `v${index}`, input } });
      const states = () =>
        rows(t, "select g.state from runtime.gate g join runtime.run r on r.id = g.run_id where r.workflow_version_id = $1", [`v${index}`]);
      const settledStates = await eventually(states, (found) => found.filter(({ state }) => state === 1).length >= count);
      expect([index, settledStates.filter(({ state }) => state === 1).length, settledStates.length]).toEqual([index, count, inputs.length]);
    }
    const tooMuch = Array.from({ length: 44 }, () => "input.text").join(" + ");
    const refused: [object, object, string, string?][] = [
      [{ key: "input.customer", limit: 1 }, {}, "EXPRESSION_FAILED"],
      [{ key: "input.customer", limit: 1 }, { customer: ["a"] }, "CONCURRENCY_KEY_INVALID"],
      [{ key: "input", limit: 1 }, { customer: "a" }, "CONCURRENCY_KEY_INVALID"],
      [{ key: tooMuch, limit: 1 }, { text: long }, "EXPRESSION_TOO_LARGE", "RESOURCE_EXHAUSTED"],
    ];
    for (const [index, [concurrency, input, reason, code = "BAD_USER_INPUT"]] of refused.entries()) {
      t.graph.version(`r${index}`, { ...chain("a"), concurrency });
      const variables = { input: { workflowVersionId: `r${index}`, input } };
      expect(await t.refusal(createRun, variables)).toMatchObject({ code, reason });
    }
    await sound(t);
  });

  it("hold their place while they wait, and give it on when they are cancelled; who waits is cancelled at once", async () => {
    const { t, work, create } = await begun({ ...held({ limit: 1 }, "wait") });
    const [first, second, third] = [await create(), await create(), await create()];
    await became(t, first, "WAITING");
    expect(await statusOf(t, second)).toBe("QUEUED");
    await t.ask(cancelRun, { id: second });
    expect(await statusOf(t, second)).toBe("CANCELLED");
    expect(await lineOf(t, second)).toBeNull();
    await settled(t, work, create);
    expect(await statusOf(t, third)).toBe("QUEUED");
    await t.ask(cancelRun, { id: first });
    await became(t, third, "WAITING");
    await sound(t);
  });

  it("give their place on when they are cancelled at work, and are deleted only when they are over", async () => {
    const { t, work, create } = await begun();
    const [first, second, third] = [await create(), await create(), await create()];
    await working(work, first);
    const deleteRun = `mutation($id: ID!) { deleteRun(id: $id) { id } }`;
    for (const id of [first, third]) expect(await t.refusal(deleteRun, { id })).toMatchObject({ reason: "RUN_NOT_FINISHED" });
    await t.ask(cancelRun, { id: third });
    await t.ask(deleteRun, { id: third });
    await t.ask(cancelRun, { id: first });
    await eventually(
      async () => work.began,
      (began) => began.includes(second),
    );
    expect(work.began).toEqual([first, second]);
    work.end(second);
    await became(t, second, "COMPLETED");
    await eventually(
      () => rows(t, "select run_id from runtime.gate"),
      (left) => left.length === 0,
    );
  });

  it("keep their place when whoever executes one is killed, and of two tenants with the same key each has its own", async () => {
    const f = await EngineFixture.open();
    const killed = f.worker();
    const document = { ...plan([node("a", "hold")]), concurrency: { limit: 1 } };
    const gate = { key: "same", places: 1 };
    const make = (tenantId: string) => f.create(document, { gate, tenantId });
    const [first, second, foreign] = [await make("acme"), await make("acme"), await make("other")];
    const heldOf = (id: string) => [...f.calls.held.values()].find(({ context }) => context.nodeRunId.startsWith(id));
    const held = (...ids: string[]) =>
      eventually(
        () => ids.map(heldOf),
        (calls) => calls.every((call) => call !== undefined),
      );
    await held(first, foreign);
    await killed.kill();
    f.calls.held.clear();
    await f.leasesEnd(first);
    await f.leasesEnd(foreign);
    f.worker();
    // Each begins again; who waits still does.
    const [again, other] = await held(first, foreign);
    expect((await f.view(second)).status).toBe("QUEUED");
    expect(heldOf(second)).toBeUndefined();
    again!.end();
    const [next] = await held(second);
    next!.end();
    other!.end();
    for (const id of [first, second, foreign]) expect((await f.finished(id)).status).toBe("COMPLETED");
  });

  it("follow the limit of the version that made the last of them", async () => {
    const { t, work, create } = await begun(held({ limit: 1 }));
    const [first, second] = [await create(), await create()];
    await working(work, first);
    t.graph.version("v2", held({ limit: 3 }));
    Object.assign(t.graph.versions.get("v2")!, { workflow: t.graph.versions.get("v")!.workflow });
    const third = await create({}, { workflowVersionId: "v2" });
    await working(work, first, second, third);
    t.graph.version("v3", held({ limit: 1 }));
    Object.assign(t.graph.versions.get("v3")!, { workflow: t.graph.versions.get("v")!.workflow });
    const last = await create({}, { workflowVersionId: "v3" });
    for (const id of [first, second]) {
      work.end(id);
      await became(t, id, "COMPLETED");
    }
    expect(await statusOf(t, last)).toBe("QUEUED");
    work.end(third);
    await working(work, last);
  });

  it("are none of another workflow's, or of another tenant's", async () => {
    const { t, work, create } = await begun(held({ limit: 1 }));
    const first = await create();
    t.graph.version("other", held({ limit: 1 }));
    const other = await create({}, { workflowVersionId: "other" });
    await working(work, first, other);
    // Another tenant's run has the one place of the same key there.
    t.graph.version("plain", { nodes: [{ id: "a", type: "held", config: {} }], edges: [] });
    const foreign = await create({}, { workflowVersionId: "plain" });
    const places =
      "insert into runtime.gate (run_id, tenant_id, key, places, state) select $1, 'other', key, 1, 1 from runtime.gate where run_id = $2";
    await rows(t, places, [foreign, first]);
    const second = await create();
    work.end(first);
    await working(work, second, other, foreign);
  });

  it("take a place when they are made of others, by the key of their own input", async () => {
    const { t, work, create } = await begun();
    const first = await create();
    await working(work, first);
    work.end(first, { kind: "failed", code: "X", message: "as told", retryable: false });
    await became(t, first, "FAILED");
    const second = await create();
    await working(work, second);
    const retry = await t.ask<{ retryRun: { id: string } }>("mutation($id: ID!) { retryRun(id: $id) { id } }", { id: first });
    const fork = `mutation($id: ID!, $patch: ForkPatchInput) { forkRun(id: $id, fromNode: "a", patch: $patch) { id } }`;
    const bob = await t.ask<{ forkRun: { id: string } }>(fork, { id: first, patch: { input: { customer: "bob" } } });
    await working(work, second, bob.forkRun.id);
    expect(await statusOf(t, retry.retryRun.id)).toBe("QUEUED");
    work.end(second);
    await working(work, retry.retryRun.id, bob.forkRun.id);
    await sound(t);
  });

  it("stand in one line whoever makes them: a schedule, and the failure of another run too", async () => {
    const { t, work, create } = await begun(held({ limit: 1 }));
    const first = await create();
    await working(work, first);
    const at = "date_trunc('minute', now()) - interval '1 minute'";
    await rows(
      t,
      `insert into runtime.schedule (id, tenant_id, name, workflow_id, cron, zone, missed, status, input, next_at, due_at, created_at, updated_at)
       values ('s', 't1', 'x', 'workflow-of-v', '0 0 1 1 *', 'UTC', 'ONCE', 'ACTIVE', '{}', ${at}, ${at}, now(), now())`,
    );
    t.graph.version("failing", { nodes: [{ id: "a", type: "fail", config: {} }], edges: [], on_failure: "workflow-of-v" });
    await became(t, await create({}, { workflowVersionId: "failing" }), "FAILED");
    const line = () => rows(t, "select run_id as id, state from runtime.gate order by seq");
    const three = await eventually(line, ({ length }) => length === 3);
    expect(three.map(({ state }) => state)).toEqual([1, 0, 0]);
    for (const { id } of three) {
      await working(work, String(id));
      work.end(String(id));
    }
    await became(t, String(three[2]!["id"]), "COMPLETED");
    await sound(t);
  });

  it("do not wait for themselves as a part of their own work; a run that is a part of another's waits for strangers", async () => {
    const { t, work, create } = await begun();
    t.graph.version("child", byCustomer);
    const sub = (customer: string): TestDsl => ({
      nodes: [{ id: "sub", type: "sub-workflow", config: { workflow_version_id: "child", mode: "run", input: { customer } } }],
      edges: [],
    });
    t.graph.version("same", { ...sub("{{ input.customer }}"), concurrency: { key: "input.customer", limit: 1 } });
    Object.assign(t.graph.versions.get("same")!, { workflow: t.graph.versions.get("child")!.workflow });
    const parent = await create({ customer: "ada" }, { workflowVersionId: "same" });
    await eventually(
      async () => work.open,
      (open) => open.length === 1,
    );
    const [child] = work.open;
    t.graph.version("stranger", sub("ada"));
    const stranger = await create({}, { workflowVersionId: "stranger" });
    await became(t, stranger, "WAITING");
    await settled(t, work, create);
    expect(work.open).toEqual([child]);
    work.end(child!);
    await became(t, parent, "COMPLETED");
    await eventually(
      async () => work.open,
      (open) => open.length === 1 && open[0] !== child,
    );
    work.end(work.open[0]!);
    await became(t, stranger, "COMPLETED");
    await sound(t);
  });

  it("that a node makes fail that node where their key cannot be computed", async () => {
    const { t, create } = await begun({
      nodes: [{ id: "sub", type: "sub-workflow", config: { workflow_version_id: "child", mode: "run", input: {} } }],
      edges: [],
    });
    t.graph.version("child", byCustomer);
    const id = await create();
    await became(t, id, "FAILED");
    expect(await rows(t, "select error_code from runtime.node_run where run_id = $1", [id])).toEqual([{ error_code: "EXPRESSION_FAILED" }]);
  });

  it("are not executed by hand before their turn, and one that is executed by hand only takes a place when it is", async () => {
    const { t, work, create } = await begun();
    const execute = `mutation($id: ID!) { executeRun(id: $id, input: { workerKey: "me" }) { stopReason } }`;
    const byHand = await create({ customer: "ada" }, { execution: "MANUAL" });
    const [first, second] = [await create(), await create()];
    await working(work, first);
    for (const id of [second, byHand])
      expect(await t.refusal(execute, { id })).toMatchObject({ code: "CONFLICT", reason: "RUN_IN_LINE", id });
    work.end(first);
    await working(work, second);
    work.end(second);
    await became(t, second, "COMPLETED");
    const executing = t.ask(execute, { id: byHand });
    await working(work, byHand);
    const third = await create();
    await settled(t, work, create);
    expect(await statusOf(t, third)).toBe("QUEUED");
    work.end(byHand);
    await executing;
    await working(work, third);
  });

  it("go on when whoever ended one died before it told so", async () => {
    const { t, work, create } = await begun();
    const [first, second] = [await create(), await create()];
    await working(work, first);
    // As its last flush leaves it.
    await rows(t, "alter table runtime.run disable trigger run_terminal", []).catch(() => {});
    await rows(t, "delete from runtime.work where key = $1", [first]);
    await rows(t, "update runtime.run set status = 5, lease = null where id = $1", [first]);
    await working(work, first, second);
  });

  it("opens each place once, however many look at once", async () => {
    const t = await setup();
    t.graph.version("v", held({ limit: 3 }, "wait"));
    for (let made = 0; made < 8; made++) await t.ask(createRun, { input: { workflowVersionId: "v" } });
    // In one statement: places that the process' own look opens between two would stay open, and their runs out of sight.
    await rows(t, "with closed as (update runtime.gate set state = 0) update runtime.work set visible_at = 'infinity'");
    const pools = [1, 2, 3, 4].map(() => openPool({ url: t.databaseUrl, scope: "engine", max: 1 }));
    await Promise.all(pools.map((db) => new Gates({ db, hints: new LocalHints(), log: pino({ level: "silent" }) }).look()));
    const open = "select g.state from runtime.gate g join runtime.work w on w.key = g.run_id and w.visible_at < 'infinity' order by g.seq";
    // The process' own look may have them in hand: then these pass them by.
    const opened = await eventually(
      () => rows(t, open),
      (found) => found.length > 0,
    );
    expect(opened.map(({ state }) => state)).toEqual([1, 1, 1]);
    const [last] = await rows(t, "select max(seq) as most from runtime.gate where state = 1");
    expect(await rows(t, "select run_id from runtime.gate where state = 0 and seq < $1", [last!["most"]])).toEqual([]);
    await Promise.all(pools.map((pool) => pool.end()));
  });

  it("leave nothing behind, executed by hand or not, whoever died before it told of their end", async () => {
    const { t, create } = await begun();
    const byHand = await create({ customer: "ada" }, { execution: "MANUAL" });
    expect(await rows(t, "select state from runtime.gate")).toEqual([{ state: 2 }]);
    await t.ask(cancelRun, { id: byHand });
    await rows(t, "insert into runtime.gate (run_id, tenant_id, key, places, state) values ('gone', 't1', 'of nobody', 1, 1)");
    const left = await eventually(
      () => rows(t, "select run_id from runtime.gate"),
      (found) => found.length === 0,
    );
    expect(left).toEqual([]);
  });

  it("are opened though others of the same moment, or before them, are not", async () => {
    const asked: unknown[] = [];
    // Statements that name a bad run or key come to no end.
    const query = ({ name, values: [some, key, count] }: { name: string; values: [string | string[], string, number] }) => {
      if (name === "gates_sweep") return { rows: [{ last: null }] };
      if (name === "gates_look") asked.push([key, count]);
      else asked.push(some);
      const isBad = name === "gates_look" ? key === "" && count > 0 : some.includes("bad");
      if (isBad) throw Object.assign(new Error("time-out"), { code: "57014" });
      return { rows: [{ opened: 1, tenantId: "t1", key: "bad" }] };
    };
    const gates = new Gates({ db: { query } as never, hints: new LocalHints(), log: pino({ level: "silent" }) });
    for (let looks = 0; looks < 13; looks++) await gates.look();
    const counts = [500, 250, 125, 62, 31, 15, 7, 3, 1, 0];
    expect(asked.splice(0)).toEqual([...counts.map((count) => ["", count]), ["bad", 1], ["bad", 2], ["bad", 4]]);
    gates.wanted(["a", "bad", "b"]);
    await eventually(
      async () => asked,
      ({ length }) => length === 4,
    );
    await gates.close();
    expect(asked).toEqual([["a", "bad", "b"], ["a"], ["bad"], ["b"]]);
  });
});
