/** What was accepted for a run whose owner was killed, with no worker left that could take it. */
import { fork, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import type { ExecutionResult } from "graphql";
import type { NodeExecutor } from "../../../subgraphs/runtime/nodes/executor.ts";
import { EngineFixture } from "../../testkit/engine/fixture.ts";
import { node, plan } from "../../testkit/engine/plan.ts";
import { loader } from "../../testkit/loader.ts";
import { setup } from "./setup.ts";

/** Long enough for the cancel to come before its end, and to be answered. */
const leaseMs = 8_000;
/** Ends in the process that is killed, if at all. */
const hold: NodeExecutor = { effect: "outside", run: () => new Promise(() => {}) };

interface RunEvent {
  runStatus: string | null;
  nodeStatus: string | null;
  nodeRun: { errorCode: string | null } | null;
}

/** A worker process that is in the middle of a call. */
async function holdingWorker(databaseUrl: string): Promise<ChildProcess> {
  const file = fileURLToPath(new URL("../holding-worker.ts", import.meta.url));
  const child = fork(file, [databaseUrl, String(leaseMs)], { execArgv: loader });
  const [message] = await Promise.race([once(child, "message"), once(child, "exit")]);
  expect(message).toBe("holding");
  return child;
}

async function kill(child: ChildProcess): Promise<void> {
  const exit = once(child, "exit");
  child.kill("SIGKILL");
  await exit;
}

async function story(events: AsyncIterable<ExecutionResult>): Promise<RunEvent[]> {
  const told: RunEvent[] = [];
  for await (const { data } of events) told.push(data!["runEvents"] as RunEvent);
  return told;
}

describe("a cancel of a run whose only worker was killed", () => {
  it("is accepted, applied when the lease is over without another call, and seen by whoever watches the run", async () => {
    const t = await setup({ hold }, { applyWaitMs: 0 });
    const id = await t.create({ nodes: [{ id: "h", type: "hold" }], edges: [] }, { execution: "WORKERS" });
    await kill(await holdingWorker(t.databaseUrl));
    const events = await t.subgraph.subscribe({
      query: `subscription($id: ID!) { runEvents(runId: $id) { runStatus nodeStatus nodeRun { errorCode } } }`,
      variables: { id },
      info: { tenantId: "t1", requestId: "stream" },
    });
    const told = story(events as AsyncIterable<ExecutionResult>);
    const { cancelRun } = await t.ask<{ cancelRun: object }>(`mutation($id: ID!) { cancelRun(id: $id, reason: "enough") { status } }`, {
      id,
    });
    expect(cancelRun).toEqual({ status: "RUNNING" });
    expect((await told).slice(-2)).toEqual([
      { runStatus: null, nodeStatus: "CANCELLED", nodeRun: { errorCode: "RUN_CANCELLED" } },
      { runStatus: "CANCELLED", nodeStatus: null, nodeRun: null },
    ]);
    expect(await t.ask(`query($id: ID!) { run(id: $id) { status cancelReason } }`, { id })).toEqual({
      run: { status: "CANCELLED", cancelReason: "enough" },
    });
  });

  it("is applied by the next process of the subgraph, where that which accepted it has ended as well", async () => {
    const t = await EngineFixture.open({ applyWaitMs: 0 });
    const worker = t.worker();
    const runId = await t.create(plan([node("h", "hold")]));
    await t.calls.heldNode("h");
    await worker.kill();
    expect(await t.control.cancel({ tenantId: "acme", runId })).toBe("accepted");
    await t.control.close();
    await t.leasesEnd(runId);
    t.newControl().start();
    expect(await t.finished(runId)).toMatchObject({ status: "CANCELLED", nodes: { h: "CANCELLED" } });
  });
});
