import type { ClaimedRun } from "../../../subgraphs/runtime/queue/claim.sql.ts";
import { runClaim } from "../../../subgraphs/runtime/queue/claim.sql.ts";
import {
  flushBatch,
  FlushRows,
  isPlainEnd,
  runsFlush,
  type FlushAnswer,
  type FlushForm,
  type FlushRun,
} from "../../../subgraphs/runtime/queue/flush.sql.ts";
import {
  arraysOf,
  eventColumns,
  nodeRunColumns,
  type EventRow,
  type NodeRunRow,
  type SpanRow,
} from "../../../subgraphs/runtime/queue/rows.ts";
import { query } from "../../testkit/admin-query.ts";
import { EngineFixture } from "../../testkit/engine/fixture.ts";
import { node, plan } from "../../testkit/engine/plan.ts";

const formsOfEnds: FlushForm[] = ["end", "traced", "full"];
const atMs = 1_795_000_000_123.456;

/** What one run puts into a flush. */
interface Draft {
  run: Omit<FlushRun, "id" | "lease">;
  nodes: NodeRunRow[];
  events: EventRow[];
  spans?: SpanRow[];
}

/** A run's row as an owner that has read everything writes it. */
function runRow(more: Partial<FlushRun> & { e1: number }): Draft["run"] {
  return { e0: 1, seen: 0, calm: true, rest: "end", status: 3, workerKey: "w", clear: false, ...more };
}

/** A node run whose first event is its last. */
function ended(path: string, seq: number, more: Partial<NodeRunRow> = {}): NodeRunRow {
  return { path, nodeType: "pure", status: 3, attempt: 1, seq, doneSeq: seq, createdMs: atMs + seq, endedMs: atMs + seq + 0.5, ...more };
}

const started: EventRow = { seq: 2, type: 0, status: 1, atMs };
const finished = (seq: number): EventRow => ({ seq, type: 0, status: 3, atMs: atMs + 60 });

const texts = `quote " backslash \\ tab \t line \n, {braces} NULL null '' ü \u{1F600}`;
const drafts: Record<string, Draft> = {
  "a chain with all that a plain end may have": {
    run: runRow({
      e1: 7,
      startedMs: atMs,
      endedMs: atMs + 60,
      state: '{"zeta":1,"alpha":{"2":[],"b":null}}',
      outputText: texts,
      outputJson: JSON.stringify({ z: texts, a: [1e308, 5e-324, -0.5, 2 ** 53] }),
    }),
    nodes: [
      ended("a", 3, { startedMs: atMs + 2.25, outputText: texts, route: "true" }),
      ended("__proto__", 4, { outputJson: '{"zeta":1,"alpha":2,"":"\\"\\\\\\n"}', stateUpdates: '{"zeta":1,"alpha":2}' }),
      ended("ü", 5, { status: 6 }),
      ended("NULL", 6, { outputText: "", outputJson: "null", attempt: 3 }),
    ],
    events: [started, finished(7)],
  },
  "a run without node runs": { run: runRow({ e1: 3, startedMs: atMs, endedMs: atMs }), nodes: [], events: [started, finished(3)] },
  "a run that is kept": {
    run: runRow({ e1: 3, calm: false, rest: "keep", status: 1, startedMs: atMs }),
    nodes: [ended("a", 3, { outputText: "x" })],
    events: [started],
  },
};

interface Claimed {
  t: EngineFixture;
  claims: ClaimedRun[];
}

/** Runs that the test owns. */
async function claimed(count: number): Promise<Claimed> {
  const t = await EngineFixture.open({ madeUp: true });
  const claims: ClaimedRun[] = [];
  for (let k = 0; k < count; k++) {
    const runId = await t.create(plan([node("a", "pure")]));
    const claim = await runClaim(t.pool, { runId, tenantId: "acme", worker: "w", leaseMs: 30_000, orphansAllowed: true });
    claims.push(claim!);
  }
  return { t, claims };
}

function flush(t: EngineFixture, form: FlushForm, parts: readonly [ClaimedRun, Draft][], isOrdered = false): Promise<FlushAnswer[]> {
  const rows = new FlushRows();
  for (const [k, [{ runId, lease }, { run, nodes, events, spans = [] }]] of parts.entries()) {
    rows.runs.add(k, [{ id: runId, lease, ...run }]);
    rows.nodes.add(k, nodes);
    rows.events.add(k, events);
    rows.spans.add(k, spans);
  }
  return runsFlush(t.pool, flushBatch(rows, form), isOrdered);
}

/** All that the database has of a run, but for what no two runs share. JSON as its text: order and all. */
async function storedRows(t: EngineFixture, runId: string): Promise<Record<string, string[]>> {
  const stored: Record<string, string[]> = {};
  for (const table of ["run", "node_run", "run_event", "work", "inbox", "outbox", "trace_span", "artifact"]) {
    const key = table === "run" ? "id" : "run_id";
    const { rows } = await t.pool.query<{ row: string }>(
      `select x::text as row from runtime.${table} x where ${key} = $1 order by x::text`,
      [runId],
    );
    stored[table] = rows.map(({ row }) => row.replaceAll(runId, "RUN"));
  }
  return stored;
}

const plainDraft = drafts["a chain with all that a plain end may have"]!;

describe("the statement for plain ends", () => {
  it.each(Object.entries(drafts))("stores %s as the full one does, column by column", async (_name, draft) => {
    const { t, claims } = await claimed(formsOfEnds.length);
    for (const [k, form] of formsOfEnds.entries())
      expect(await flush(t, form, [[claims[k]!, draft]])).toEqual([{ k: 0, mail: 0, why: "ok" }]);
    // Times of their creation and trace ids are each run's own.
    await query(t.adminUrl, "alter table runtime.run disable trigger user");
    await t.pool.query("update runtime.run set trace_id = 't', created_at = to_timestamp(0), lease = null");
    await t.pool.query("update runtime.run_story set at = to_timestamp(0) where seq = 1");
    await t.pool.query("update runtime.work set visible_at = to_timestamp(0), lease = null");
    const [end, traced, full] = await Promise.all(claims.map(({ runId }) => storedRows(t, runId)));
    expect([end, traced]).toEqual([full, full]);
    expect(end!["node_run"]).toHaveLength(draft.nodes.length);
    expect(end!["work"]).toHaveLength(draft.run.rest === "keep" ? 1 : 0);
    await t.pool.query("delete from runtime.work");
  });

  it("keeps texts and JSON as they were", async () => {
    const { t, claims } = await claimed(1);
    await flush(t, "end", [[claims[0]!, plainDraft]]);
    const { rows } = await t.pool.query(
      "select output_text, output_json::text as json, state::text, ended_at from runtime.run where id = $1",
      [claims[0]!.runId],
    );
    expect(rows).toEqual([
      { output_text: texts, json: plainDraft.run.outputJson, state: plainDraft.run.state, ended_at: new Date(Math.floor(atMs + 60)) },
    ]);
  });

  it.each<[string, Partial<NodeRunRow>]>([
    ["has a row already", { seq: 2 }],
    ["is open", { doneSeq: undefined }],
    ["failed", { errorCode: "X" }],
    ["used a model", { modelCalls: 1 }],
    ["put out much", { outputArtifactId: "a" }],
    ["was executed elsewhere", { workerKey: "w2" }],
    ["opened", { opened: "{}" }],
  ])("is not for a node run that %s", (_what, more) => {
    expect([isPlainEnd(ended("a", 3)), isPlainEnd(ended("a", 3, more))]).toEqual([true, false]);
  });

  // The columns of the statement for plain ends; it stores nothing else of a row.
  const ofPlainEnds =
    "path nodeId nodeType parentPath status attempt seq doneSeq createdMs startedMs endedMs route outputText outputJson stateUpdates";
  it.each(Object.keys(nodeRunColumns).filter((field) => !ofPlainEnds.split(" ").includes(field)))("is not for a row with %s", (field) => {
    expect(isPlainEnd(ended("a", 3, { [field]: "x" }))).toBe(false);
  });

  it("is for a node run that lies beneath another too: the items of an iteration are many", () => {
    expect(isPlainEnd(ended("each#1/line", 3, { nodeId: "line", parentPath: "each#1" }))).toBe(true);
  });

  it("takes the runs of a chain and of an executed one; a started and a failed one take that with spans, a session's and a large one the full one", async () => {
    const t = await EngineFixture.open({ madeUp: true });
    const names: string[] = [];
    const query = t.pool.query.bind(t.pool) as (...call: unknown[]) => Promise<unknown>;
    Object.assign(t.pool, {
      query(...call: [{ name?: string }]) {
        if (call[0].name?.startsWith("flush") === true) names.push(call[0].name);
        return query(...call);
      },
    });
    const flushesOf = async (document: ReturnType<typeof plan>, more = {}): Promise<string[]> => {
      names.length = 0;
      const runId = await t.create(document, { execution: "MANUAL", ...more });
      await t.control.ownRun({ tenantId: "acme", runId, workerKey: "w", mode: { kind: "steps", max: 16 } });
      return [...names];
    };
    const answer = plan([node("a", "answer", { answer: "hi" })]);
    expect(await flushesOf(plan([node("a", "pure"), node("b", "assign", { updates: { x: 1 } })], ["a>b"]))).toEqual(["flush_end"]);
    expect(await flushesOf(answer)).toEqual(["flush_end"]);
    expect(await flushesOf(answer, { sessionId: "s1" })).toEqual(["flush_full"]);
    expect(await flushesOf(plan([node("a", "call")]))).toEqual(["flush_short", "flush_traced"]);
    expect(await flushesOf(plan([node("a", "pure", { output: "x".repeat(3_000) })]))).toEqual(["flush_full"]);
    expect(await flushesOf(plan([node("a", "fail")]))).toEqual(["flush_traced"]);
  });
});

describe("the statement for what is traced", () => {
  it("stores spans, node runs that had a row and ends as the full one does, and leaves no offer of a run that ends", async () => {
    const forms: FlushForm[] = ["traced", "full"];
    const { t, claims } = await claimed(forms.length);
    const opened = { path: "a", nodeType: "call", status: 1, attempt: 1, seq: 2, createdMs: atMs };
    const failed = {
      ...opened,
      status: 4,
      doneSeq: 4,
      endedMs: atMs + 9,
      errorCode: "X",
      errorMessage: "It broke.",
      effectKey: "k",
      promptTokens: 3,
    };
    const span: SpanRow = {
      ...{ spanId: "s", parentSpanId: "p", path: "a", spanType: "MODEL", name: "chat", status: 2, startedMs: atMs, endedMs: atMs + 5 },
      ...{ attributes: '{"a":1}', errorCode: "X", errorMessage: "It broke." },
    };
    for (const [k, form] of forms.entries()) {
      const kept = runRow({ e1: 2, rest: "keep", status: 1, calm: false });
      await flush(t, "short", [
        [claims[k]!, { run: kept, nodes: [opened], events: [{ seq: 2, type: 1, atMs, status: 1, attempt: 1, path: "a" }] }],
      ]);
      const { runId } = claims[k]!;
      await t.pool.query(
        "insert into runtime.work (key, run_id, tenant_id, path, node_type) values ($1 || ':a', $1, 'acme', 'a', 'call')",
        [runId],
      );
      const ends = runRow({ e0: 2, e1: 5, status: 4, endedMs: atMs + 10, errorCode: "X", errorMessage: "The node a failed: It broke." });
      const told = { seq: 3, type: 2, atMs, path: "a", spanId: "s" };
      const draft = { run: ends, nodes: [failed], events: [told, { seq: 5, type: 0, atMs, status: 4 }], spans: [span] };
      expect(await flush(t, form, [[claims[k]!, draft]])).toEqual([{ k: 0, mail: 0, why: "ok" }]);
    }
    await query(t.adminUrl, "alter table runtime.run disable trigger user");
    await t.pool.query("update runtime.run set trace_id = 't', created_at = to_timestamp(0), lease = null");
    await t.pool.query("update runtime.run_story set at = to_timestamp(0) where seq = 1");
    const [traced, full] = await Promise.all(claims.map(({ runId }) => storedRows(t, runId)));
    expect(traced).toEqual(full);
    expect([traced!["trace_span"], traced!["work"]]).toEqual([[expect.stringContaining("chat")], []]);
  });
});

describe.each(formsOfEnds)("the fences of a flush (%s)", (form) => {
  it("hold it back from a run with another lease, another event_seq, or unread mail, and let the others pass", async () => {
    const { t, claims } = await claimed(4);
    const [lost, moved, mail, good] = claims as [ClaimedRun, ClaimedRun, ClaimedRun, ClaimedRun];
    await t.pool.query("update runtime.run set mail = 1 where id = $1", [mail.runId]);
    const answers = await flush(t, form, [
      [{ ...lost, lease: "00000000-0000-7000-8000-000000000000" }, plainDraft],
      [moved, { ...plainDraft, run: { ...plainDraft.run, e0: 5 } }],
      [mail, plainDraft],
      [good, plainDraft],
    ]);
    expect(answers.toSorted((a, b) => a.k - b.k).map(({ why }) => why)).toEqual(["fenced", "fenced", "mail", "ok"]);
    const { rows } = await t.pool.query("select run_id, count(*)::int as n from runtime.node_run group by 1");
    expect(rows).toEqual([{ run_id: good.runId, n: 4 }]);
    const work = await t.pool.query("select key from runtime.work order by key");
    expect(work.rows.map(({ key }) => key)).toEqual([lost, moved, mail].map(({ runId }) => runId).toSorted());
  });

  it("tell a flush that is sent again that it was applied, and store nothing twice", async () => {
    const { t, claims } = await claimed(1);
    expect(await flush(t, form, [[claims[0]!, plainDraft]])).toMatchObject([{ why: "ok" }]);
    expect(await flush(t, form, [[claims[0]!, plainDraft]])).toMatchObject([{ why: "applied" }]);
    expect(await flush(t, form, [[claims[0]!, plainDraft]], true)).toMatchObject([{ why: "applied" }]);
  });

  it("wait for no locked run in the ordered form", async () => {
    const { t, claims } = await claimed(2);
    const locker = await t.pool.connect();
    await locker.query("begin");
    await locker.query("select from runtime.run where id = $1 for update", [claims[0]!.runId]);
    const both = claims.map((claim): [ClaimedRun, Draft] => [claim, plainDraft]);
    const answers = await flush(t, form, both, true);
    expect(answers.toSorted((a, b) => a.k - b.k).map(({ why }) => why)).toEqual(["busy", "ok"]);
    await locker.query("rollback");
    locker.release();
    expect(await flush(t, form, both.slice(0, 1), true)).toMatchObject([{ why: "ok" }]);
  });
});

it.each<[string, (number | undefined)[], string | null]>([
  ["to a microsecond", [atMs], "{1795000000123.456}"],
  ["rounded", [atMs + 0.0002, atMs + 0.5438], "{1795000000123.456,1795000000124}"],
  ["the same twice, and then others", [1.5, 1.5, 2, 1.25, undefined, 1.25], "{1.500,1.500,2.000,1.250,NULL,1.250}"],
  ["none", [undefined, undefined], null],
])("times travel as milliseconds: %s", (_what, times, text) => {
  const column = Object.keys(eventColumns).indexOf("atMs");
  expect(
    arraysOf(
      eventColumns,
      times.map((one) => ({ atMs: one })),
    )[column],
  ).toBe(text);
});
