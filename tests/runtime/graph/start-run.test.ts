import { execute, open, refusal, take, told, type Event } from "./event-stream.ts";
import { chain, rows, setup, type TestRuntime } from "./setup.ts";

const startRun = `subscription($input: CreateRunInput!) { startRun(input: $input) { cursor type nodeId runStatus nodeStatus run { id } } }`;
const createRun = `mutation($input: CreateRunInput!) { createRun(input: $input) { id } }`;

async function withVersion(): Promise<{ t: TestRuntime; input: Record<string, unknown> }> {
  const t = await setup();
  t.graph.version("v", chain("a", "b"));
  return { t, input: { workflowVersionId: "v", input: { q: 1 } } };
}

const runIds = async (t: TestRuntime) => (await rows(t, "select id from runtime.run order by id")).map(({ id }) => id);

describe("startRun", () => {
  it("creates a run and tells its events from the first on, each with the run's id, until it has finished", async () => {
    const { t, input } = await withVersion();
    t.startWorker();
    const events = await take(await open(t, startRun, { input }));
    const ids = await runIds(t);
    expect(new Set(events.map(({ run }) => run.id))).toEqual(new Set(ids));
    expect(events.map(told).filter((line) => !line.includes("RUNNING"))).toEqual([
      "RUN_STATUS QUEUED",
      "NODE_STATUS a COMPLETED",
      "NODE_STATUS b COMPLETED",
      "RUN_STATUS COMPLETED",
    ]);
  });

  it("makes the errors of createRun its own, and then there is no run", async () => {
    const { t, input } = await withVersion();
    expect(await refusal(t, startRun, { input: { ...input, workflowVersionId: "nope" } })).toBe("NOT_FOUND WORKFLOW_VERSION_NOT_FOUND");
    expect(await refusal(t, startRun, { input: { ...input, priority: 101 } })).toBe("BAD_USER_INPUT NUMBER_OUT_OF_RANGE");
    expect(await refusal(t, startRun, { input }, "t2")).toBe("NOT_FOUND WORKFLOW_VERSION_NOT_FOUND");
    expect(await runIds(t)).toEqual([]);
  });

  it("with the same idempotencyKey tells the same run's events from its first, whoever made it", async () => {
    const { t, input } = await withVersion();
    const keyed = { ...input, execution: "MANUAL", idempotencyKey: "k" };
    const first = await open(t, startRun, { input: keyed });
    const [queued] = await take(first, 1);
    await first.return!();
    await t.ask(execute, { id: queued!.run.id });
    const again = await take(await open(t, startRun, { input: keyed }));
    expect(again[0]).toEqual(queued);
    expect(told(again.at(-1)!)).toBe("RUN_STATUS COMPLETED");
    expect((await t.ask<{ createRun: { id: string } }>(createRun, { input: keyed })).createRun.id).toBe(queued!.run.id);
    expect(await refusal(t, startRun, { input: { ...keyed, priority: 1 } })).toBe("CONFLICT IDEMPOTENCY_KEY_REUSED");
    expect(await runIds(t)).toEqual([queued!.run.id]);
  });

  it("whose client leaves leaves the run, which runEvents goes on with behind the last cursor", async () => {
    const { t, input } = await withVersion();
    const stream = await open(t, startRun, { input });
    const [{ cursor, run }] = (await take(stream, 1)) as [Event];
    const pending = stream.next();
    await stream.return!();
    await pending;
    t.startWorker();
    const rest = `subscription($id: ID!, $after: String) { runEvents(runId: $id, after: $after) { type nodeId nodeStatus runStatus } }`;
    const events = await take(await open(t, rest, { id: run.id, after: cursor }));
    expect(events.map(told)).not.toContain("RUN_STATUS QUEUED");
    expect(told(events.at(-1)!)).toBe("RUN_STATUS COMPLETED");
  });
});
