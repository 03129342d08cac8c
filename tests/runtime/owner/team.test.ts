/** Teams in their owners' hands: whose agent works in a call that another worker makes. */
import type { JsonObject } from "#shared/json.ts";
import { routeOfTurn } from "../../../subgraphs/runtime/engine/drivers/agent.driver.ts";
import { teamRoute } from "../../../subgraphs/runtime/engine/drivers/team-route.ts";
import { agentNode } from "../../../subgraphs/runtime/nodes/agent/agent.node.ts";
import type { NodeContext, NodeExecutor, NodeOutcome } from "../../../subgraphs/runtime/nodes/executor.ts";
import { teamNode } from "../../../subgraphs/runtime/nodes/team/team.node.ts";
import { nodesAt } from "../../../subgraphs/runtime/queue/nested-load.sql.ts";
import { EngineFixture } from "../../testkit/engine/fixture.ts";
import { node, plan } from "../../testkit/engine/plan.ts";

interface SeenCall {
  path: string;
  agent: string;
  worker: string;
}

/** A supervisor that asks three members at once, each by the place that is not its call's; they all wait for each other. */
function script(): { worker(key: string): (type: string) => NodeExecutor | undefined; calls: SeenCall[] } {
  const calls: SeenCall[] = [];
  let together = (): void => {};
  const all = new Promise<void>((resolve) => (together = resolve));
  const use = { turns: 1, promptTokens: 3, completionTokens: 2 };
  const model = (worker: string): NodeExecutor => ({
    effect: "outside",
    async run({ nodeRunId, config }: NodeContext): Promise<NodeOutcome> {
      const { id: agent } = config["agent"] as { id: string };
      const path = nodeRunId.slice(nodeRunId.indexOf(":") + 1);
      calls.push({ path, agent, worker });
      if (agent !== "lead") {
        if (calls.length === 4) together();
        await all;
        return { kind: "completed", outputText: `${agent} says`, route: teamRoute("answer", use) };
      }
      const asks = new Map([
        [0, 3],
        [1, 2],
        [2, 1],
      ]);
      const tool_calls = [0, 1, 2].map((call) => ({ id: `c${call}`, name: "delegate", arguments: { task: `task ${call}` } }));
      return path.endsWith("model#1")
        ? { kind: "completed", outputJson: { tool_calls }, route: teamRoute(routeOfTurn(3, 0), use, asks) }
        : { kind: "completed", outputText: "end", route: teamRoute("answer", use) };
    },
  });
  const types: Record<string, NodeExecutor> = { team: teamNode, agent: agentNode };
  return { worker: (key) => (type) => (type === "agent-model" ? model(key) : types[type]), calls };
}

const led = (): JsonObject => {
  const members = ["lead", "a", "b", "c"].map((key) => ({
    key,
    role: key === "lead" ? "supervisor" : "worker",
    agent: { id: key, limits: { max_steps: 5 } },
  }));
  return { team: { mode: "SUPERVISOR", members, limits: { max_rounds: 1, max_turns: 50 } }, input: "Do it." };
};

describe("a team on several workers", () => {
  it("has each member's calls made as that member, wherever they are made, also by workers that take teams alone", async () => {
    const t = await EngineFixture.open();
    const { worker, calls } = script();
    const runId = await t.create(plan([node("team", "team", led())]));
    for (const key of ["one", "two", "three"])
      t.worker({ executors: worker(key), slots: 1, workerKey: key, ...(key === "three" && { only: ["team"] }) });
    const view = await t.finished(runId);
    expect(view).toMatchObject({ status: "COMPLETED", outputText: "end" });
    const members = calls.filter(({ agent }) => agent !== "lead");
    expect(members.map(({ path, agent }) => [path, agent]).toSorted()).toEqual([
      ["team/member#1.0/model#1", "c"],
      ["team/member#1.1/model#1", "b"],
      ["team/member#1.2/model#1", "a"],
    ]);
    expect(new Set(members.map(({ worker: key }) => key)).size).toBe(3);
    expect(view.nodes).toMatchObject({ "team/member#1.0": "COMPLETED", "team/model#2": "COMPLETED" });
  });
});

describe("a member that fails by a model call that was answered", () => {
  it("has told its team what that has used, in the output and in what a takeover loads", async () => {
    const t = await EngineFixture.open();
    const usage = { modelCalls: 1, promptTokens: 300, completionTokens: 20 };
    const model: NodeExecutor = {
      effect: "outside",
      run: ({ config }): NodeOutcome => {
        const { id } = config["agent"] as { id: string };
        if (id === "b") return { kind: "failed", code: "AGENT_TOOL_LOOP", message: "No.", retryable: false, usage };
        return { kind: "completed", outputText: "end", route: teamRoute("answer", { turns: 1, promptTokens: 3, completionTokens: 2 }) };
      },
    };
    const types: Record<string, NodeExecutor> = { team: teamNode, agent: agentNode, "agent-model": model };
    const members = ["a", "b"].map((key) => ({ key, role: "worker", agent: { id: key, limits: { max_steps: 5 } } }));
    const team = { mode: "PARALLEL", members, limits: { max_rounds: 1, max_turns: 50 } };
    const runId = await t.create(plan([node("team", "team", { team, input: "Do it." })]));
    t.worker({ executors: (type) => types[type] });
    const view = await t.finished(runId);
    expect(view).toMatchObject({ status: "COMPLETED", nodes: { "team/member#1.1": "FAILED" } });
    const { rows } = await t.pool.query("select output_json as output from runtime.node_run where run_id = $1 and path = 'team'", [runId]);
    expect(rows).toMatchObject([{ output: { usage: { prompt_tokens: 306, completion_tokens: 24 } } }]);
    const found = await nodesAt(t.pool, runId, ["team/member#1.1/model#1", "team/member#1.1", "team/member#1.0/model#1"]);
    const used = Object.fromEntries(found.map(({ path, failedUsage }) => [path, failedUsage]));
    // A member's row says it in its route, and what has completed too.
    const none = { "team/member#1.1": null, "team/member#1.0/model#1": null };
    expect(used).toEqual({ "team/member#1.1/model#1": { promptTokens: 300, completionTokens: 20 }, ...none });
  });
});
