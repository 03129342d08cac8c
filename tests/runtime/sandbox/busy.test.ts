import { codeNode } from "../../../subgraphs/runtime/nodes/code.node.ts";
import type { NodePorts } from "../../../subgraphs/runtime/nodes/executor.ts";
import { openSandbox } from "../../../subgraphs/runtime/sandbox/open-sandbox.ts";
import { EngineFixture } from "../../testkit/engine/fixture.ts";
import { node, plan } from "../../testkit/engine/plan.ts";
import { fakeNodeContext } from "../../testkit/node-context.ts";
import { describeWithJail } from "./jail.ts";

describeWithJail("a sandbox that has no room", () => {
  it("fails none of the nodes that come to it, though they have no retry, and runs each of them at last", async () => {
    const t = await EngineFixture.open();
    const sandbox = openSandbox({ pythonBin: "python3", maxTimeoutMs: 100_000, concurrency: 1, queue: 1 });
    await sandbox.unavailableReason("python");
    const busy: string[] = [];
    const counted: NodePorts["sandbox"] = {
      ...sandbox,
      run: async (request) => {
        const result = await sandbox.run(request);
        if (result.kind === "failed") busy.push(result.code);
        return result;
      },
    };
    const ports = { ...fakeNodeContext({ config: {} }).ports, sandbox: counted };
    t.worker({ ports, executors: (type) => (type === "code" ? codeNode : undefined) });
    const ids = ["a", "b", "c", "d", "e"];
    const code = { language: "python", code: "result = 1", timeout_seconds: 60 };
    const runId = await t.create(plan(ids.map((id) => node(id, "code", code))));
    const view = await t.finished(runId);
    expect(view).toMatchObject({ status: "COMPLETED", nodes: Object.fromEntries(ids.map((id) => [id, "COMPLETED"])) });
    // It had no room indeed.
    expect(new Set(busy)).toEqual(new Set(["SANDBOX_BUSY"]));
  });
});
