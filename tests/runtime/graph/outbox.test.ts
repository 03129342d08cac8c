import { AppError } from "#shared/errors.ts";
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

  it("is given up when there is no such session", async () => {
    const t = await setup();
    t.graph.refuseMessage = new AppError("NOT_FOUND", "SESSION_NOT_FOUND", "No session s1.");
    const id = await t.create(chain("a"), { sessionId: "s1" });
    await t.ask(execute, { id });
    await delivered(t);
    expect(t.graph.messages).toEqual([]);
  });
});
