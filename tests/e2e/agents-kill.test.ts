/** Agents, and teams of them, whose worker is killed: what was answered is not asked again. */
import { ask, readRun } from "../testkit/graph.ts";
import { askAgent, calls, makeAgent, makeTool } from "../testkit/agents.ts";
import { eventually } from "../testkit/eventually.ts";
import { startHttpServer, type TestHttpServer } from "../testkit/http-server.ts";
import { startPlatformProcesses, type PlatformProcesses } from "../testkit/platform-processes.ts";
import { startScriptedProvider, type ScriptedCompletion, type ScriptedProvider } from "../testkit/scripted-provider.ts";
import { askTeam, makeTeam, memberAsking } from "../testkit/teams.ts";

let platform: PlatformProcesses;
let model: ScriptedProvider;
let shop: TestHttpServer;
beforeEach(() => {
  model.reset();
  shop.requests.length = 0;
});
beforeAll(async () => {
  [model, shop] = await Promise.all([startScriptedProvider(), startHttpServer()]);
  platform = await startPlatformProcesses({
    EGRESS_ALLOW: shop.hostPort,
    PROVIDER_BASE_URL: model.baseUrl,
    DEFAULT_MODEL: "scripted-model",
  });
}, 600_000);
afterAll(async () => {
  await platform.stop();
  await Promise.all([model.close(), shop.close()]);
});

const finished = (id: string) =>
  eventually(
    () => readRun(platform, id),
    ({ status }) => status === "COMPLETED" || status === "FAILED",
  );
const kill = () => void process.kill(platform.part("worker"), "SIGKILL");

const ledger = (id: string) =>
  ask<{ modelCalls: { nodes: { outcome: string; nodeRunId: string }[] }; modelUsage: object[] }>(
    platform,
    `query ($id: ID!) {
      modelCalls(runId: $id) { nodes { outcome nodeRunId } }
      modelUsage(runId: $id) { calls promptTokens completionTokens errors }
    }`,
    { id },
  );

describe("an agent whose worker is killed", () => {
  it("in its fifth model call goes on at the fifth, and calls nothing again", async () => {
    shop.on("POST /next", (request, response) => response.end(JSON.stringify({ after: JSON.parse(request.body).n })));
    const tool = await makeTool(platform, { url: `${shop.url}/next` });
    const turns = [1, 2, 3, 4].map((n) => calls([tool.name, { n }]));
    const never = new Promise<void>(() => {});
    model.chat(...turns, { text: "lost", before: never }, { text: "Done." });
    const { agentId } = await makeAgent(platform, { toolBindingIds: [tool.bindingId] });
    const id = await askAgent(platform, agentId, "Count to four.");
    await model.seen(5);
    kill();
    const run = await finished(id);
    expect(run).toMatchObject({ status: "COMPLETED", outputText: "Done.", outputJson: { steps: 5, tool_calls: 4 } });
    expect(model.requests).toHaveLength(6);
    expect(model.requests[5]!.json).toEqual(model.requests[4]!.json);
    expect(shop.requests.map(({ body }) => JSON.parse(body).n)).toEqual([1, 2, 3, 4]);
    const usage = await ask<{ run: { usage: object } }>(
      platform,
      "query ($id: ID!) { run(id: $id) { usage { modelCalls promptTokens completionTokens } } }",
      { id },
    );
    expect(usage.run.usage).toEqual({ modelCalls: 5, promptTokens: 35, completionTokens: 5 });
    const { modelCalls, modelUsage } = await ledger(id);
    expect(modelCalls.nodes.map(({ outcome }) => outcome).toSorted()).toEqual(["CANCELLED", ...Array<string>(5).fill("COMPLETED")]);
    const fifth = modelCalls.nodes.filter(({ nodeRunId }) => nodeRunId === `${id}:agent/model#5`);
    expect(fifth.map(({ outcome }) => outcome).toSorted()).toEqual(["CANCELLED", "COMPLETED"]);
    expect(modelUsage).toEqual([{ calls: 6, promptTokens: 35, completionTokens: 5, errors: 0 }]);
  });

  it("in the call that makes its conversation shorter goes on at that, with the same record and key", async () => {
    shop.on("POST /next", { json: { after: 1 } });
    const tool = await makeTool(platform, { url: `${shop.url}/next` });
    const tooLong = { status: 400, json: { error: { message: "too long", code: "context_length_exceeded" } } };
    const never = new Promise<void>(() => {});
    model.chat(calls([tool.name, { n: 1 }]), tooLong, { text: "lost", before: never }, { text: "One." }, { text: "Done." });
    const { agentId } = await makeAgent(platform, { toolBindingIds: [tool.bindingId] });
    const id = await askAgent(platform, agentId, "Count to one.");
    await model.seen(3);
    kill();
    const run = await finished(id);
    expect(run).toMatchObject({ status: "COMPLETED", outputText: "Done.", outputJson: { steps: 2, tool_calls: 1 } });
    expect(model.requests).toHaveLength(5);
    expect(model.requests[3]!.json).toEqual(model.requests[2]!.json);
    const keys = model.requests.map(({ headers }) => headers["idempotency-key"]);
    expect(keys).toEqual(["model#1", "model#2", "compact#2", "compact#2", "model#3"].map((part) => `${id}:agent/${part}`));
    expect(shop.requests).toHaveLength(1);
    const { modelCalls } = await ledger(id);
    const compact = modelCalls.nodes.filter(({ nodeRunId }) => nodeRunId.endsWith("compact#2"));
    expect(compact.map(({ outcome }) => outcome).toSorted()).toEqual(["CANCELLED", "COMPLETED"]);
  });
});

describe("a team whose worker is killed", () => {
  it("while its members work side by side, and while its supervisor concludes, loses no turn and repeats none", async () => {
    model.reset();
    const never = new Promise<void>(() => {});
    const ask = (member: string): [string, { member: string; task: string }] => ["delegate", { member, task: `Work, ${member}.` }];
    const scripts: Record<string, ScriptedCompletion[]> = {
      lead: [calls(ask("a"), ask("b"), ask("c")), { text: "lost", before: never }, { text: "Together." }],
      a: [{ text: "one" }],
      b: [{ text: "lost", before: never }, { text: "two" }],
      c: [{ text: "lost", before: never }, { text: "three" }],
    };
    model.chat((request) => scripts[memberAsking(request)]?.shift() ?? { text: "asked too often" });
    const members = ["a", "b", "c"].map((memberKey) => ({ memberKey }));
    const { teamId } = await makeTeam(platform, "SUPERVISOR", [{ memberKey: "lead", role: "supervisor" }, ...members]);
    const id = await askTeam(platform, teamId, "Work.");
    await model.seen(4);
    await eventually(
      () => readRun(platform, id),
      ({ nodeRuns }) => nodeRuns.edges.some(({ node }) => node.id.endsWith("team/member#1.0") && node.status === "COMPLETED"),
    );
    kill();
    // b and c again, one after the other, as their run has had a crash; then the supervisor.
    await model.seen(7);
    kill();
    const run = await finished(id);
    expect(run).toMatchObject({ status: "COMPLETED", outputText: "Together.", outputJson: { steps: 5, members: 3 } });
    const who = model.requests.map(({ json }) => memberAsking(json));
    expect(who.toSorted()).toEqual(["a", "b", "b", "c", "c", "lead", "lead", "lead"]);
    expect(model.requests.at(-1)!.json).toEqual(model.requests.at(-2)!.json);
    const results = (model.requests.at(-1)!.json["messages"] as { role: string; content: string }[]).filter(({ role }) => role === "tool");
    expect(results.map(({ content }) => content)).toEqual(["one", "two", "three"]);
    const { modelUsage } = await ledger(id);
    expect(modelUsage).toEqual([{ calls: 8, promptTokens: 35, completionTokens: 5, errors: 0 }]);
  });
});
