import { AppError } from "#shared/errors.ts";
import { openPool } from "#shared/db/pool.ts";
import { outboxAnswer, outboxOfSession } from "../../../subgraphs/runtime/queue/outbox.sql.ts";
import { eventually } from "../../testkit/eventually.ts";
import { chain, rows, setup, type TestRuntime } from "./setup.ts";

const execute = `mutation($id: ID!) { executeRun(id: $id, input: { workerKey: "w" }) { run { status } } }`;
const left = (t: TestRuntime) => rows(t, "select attempts from runtime.outbox");
const delivered = (t: TestRuntime) =>
  eventually(
    () => left(t),
    (rows) => rows.length === 0,
  );

describe("the answer of a run", () => {
  it("is told to its session once, in its tenant", async () => {
    const t = await setup();
    const id = await t.create(chain("a"), { sessionId: "s1" });
    await t.ask(execute, { id });
    await delivered(t);
    expect(t.graph.messages).toEqual([{ runId: id, sessionId: "s1", content: "text of a", tenantId: "t1" }]);
  });

  it("waits while the session does not answer, and comes later", async () => {
    const t = await setup();
    t.graph.refuseMessage = new AppError("DOWNSTREAM_UNAVAILABLE", "DOWN", "The session subgraph is down.");
    const id = await t.create(chain("a"), { sessionId: "s1" });
    await t.ask(execute, { id });
    await eventually(
      () => left(t),
      ([row]) => Number(row?.["attempts"]) >= 1,
    );
    t.graph.refuseMessage = undefined;
    await delivered(t);
    expect(t.graph.messages).toMatchObject([{ runId: id }]);
  });

  it("does not come with the others of its batch where it is long, and is told whole, one after another", async () => {
    const t = await setup();
    let atOnce = 0;
    let most = 0;
    t.graph.beforeMessage = async ({ content }) => {
      if (content.length < 100_000) return;
      most = Math.max(most, ++atOnce);
      await new Promise((resolve) => setImmediate(resolve));
      atOnce -= 1;
    };
    await rows(
      t,
      `insert into runtime.outbox (run_id, tenant_id, session_id, output_text, visible_at)
       select 'r' || n, 't1', 's1', repeat('é', case when n % 2 = 0 then 200000 else 3 end), now() + interval '1 hour' from generate_series(1, 8) n`,
    );
    const pool = openPool({ url: t.databaseUrl, scope: "engine", max: 1 });
    const messages = await outboxOfSession(pool, { tenantId: "t1", sessionId: "s1" });
    expect(messages.map(({ outputText, isLong }) => [outputText, isLong])).toEqual(
      Array.from({ length: 8 }, (_, index) => (index % 2 === 0 ? ["ééé", false] : [null, true])),
    );
    expect(await outboxAnswer(pool, messages[1]!)).toBe("é".repeat(200_000));
    await pool.query("update runtime.outbox set visible_at = now()");
    await pool.end();
    await delivered(t);
    expect(t.graph.messages.map(({ runId, content }) => [runId, content.length]).toSorted()).toEqual(
      Array.from({ length: 8 }, (_, index) => [`r${index + 1}`, index % 2 === 0 ? 3 : 200_000]),
    );
    expect(most).toBe(1);
  });

  it("waits for no long one of another tenant, and where it is short for none", async () => {
    const t = await setup();
    const begun: string[] = [];
    let goOn = (): void => {};
    const held = new Promise<void>((resolve) => (goOn = resolve));
    t.graph.beforeMessage = async ({ runId }) => {
      begun.push(runId);
      if (runId.startsWith("slow")) await held;
    };
    const insert = (values: string) =>
      rows(
        t,
        `insert into runtime.outbox (run_id, tenant_id, session_id, output_text)
         select id, tenant, 's1', repeat('x', size) from (values ${values}) as v(id, tenant, size)`,
      );
    const told = (runId: string) =>
      eventually(
        () => t.graph.messages.map((message) => message.runId),
        (all) => all.includes(runId),
      );
    await insert("('slow1', 't1', 100000), ('slow2', 't1', 100000)");
    await eventually(
      () => begun,
      ([first]) => first !== undefined,
    );
    await insert("('short', 't1', 3), ('theirs', 't2', 100000)");
    await told("short");
    await told("theirs");
    expect(begun.filter((runId) => runId.startsWith("slow"))).toHaveLength(1);
    goOn();
    await delivered(t);
    expect(t.graph.messages.map(({ runId }) => runId).toSorted()).toEqual(["short", "slow1", "slow2", "theirs"]);
  });

  it("is given up when there is no such session", async () => {
    const t = await setup();
    t.graph.refuseMessage = new AppError("NOT_FOUND", "SESSION_NOT_FOUND", "No session s1.");
    const id = await t.create(chain("a"), { sessionId: "s1" });
    await t.ask(execute, { id });
    await delivered(t);
    expect(t.graph.messages).toEqual([]);
  });
});
