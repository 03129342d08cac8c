/** Agents, their skills, and teams of them, whose worker is killed: what was answered is not asked again. */
import pg from "pg";
import type { JsonObject } from "#shared/json.ts";
import { signalProcess } from "#shared/signal-process.ts";
import { query } from "../testkit/admin-query.ts";
import { ask, makeWorkflow, readRun, refusal, startRun } from "../testkit/graph.ts";
import { askAgent, calls, makeAgent, makeTool } from "../testkit/agents.ts";
import { eventually } from "../testkit/eventually.ts";
import { startHttpServer, type TestHttpServer } from "../testkit/http-server.ts";
import { startPlatformProcesses, type PlatformProcesses } from "../testkit/platform-processes.ts";
import { startScriptedProvider, type ScriptedCompletion, type ScriptedProvider } from "../testkit/scripted-provider.ts";
import { makeFolder, makeSkill, useSkill } from "../testkit/skills.ts";
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
/** The worker, or the one that comes in its place. */
const kill = async () => {
  const worker = await eventually(
    () => Promise.resolve(platform.part("worker")),
    (pid) => pid > 0,
  );
  signalProcess(worker, "SIGKILL");
};

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
    await kill();
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

  it("has used what it had used before, and its budget ends it", async () => {
    shop.on("POST /next", { json: {} });
    const tool = await makeTool(platform, { url: `${shop.url}/next` });
    const usage = { prompt_tokens: 70, completion_tokens: 10 };
    const never = new Promise<void>(() => {});
    const [first, second] = [1, 2].map((n) => ({ ...calls([tool.name, { n }]), usage }));
    model.chat(first!, { text: "lost", before: never }, second!, { text: "one too many" });
    const { agentId } = await makeAgent(platform, { toolBindingIds: [tool.bindingId], modelConfig: { maxTotalTokens: 150 } });
    const id = await askAgent(platform, agentId, "Go on.");
    await model.seen(2);
    await kill();
    expect(await finished(id)).toMatchObject({ status: "FAILED", errorCode: "AGENT_BUDGET_EXCEEDED" });
    expect(model.requests).toHaveLength(3);
    expect(shop.requests).toHaveLength(1);
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
    await kill();
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

describe("a skill whose worker is killed in the call of its tool", () => {
  it("calls it again with the same key, in a run of its own and for an agent, and what the agent's folder has done is not repeated", async () => {
    const held = Promise.withResolvers<void>();
    shop.on("POST /price", (_request, response) => {
      if (shop.requests.length === 2) held.resolve();
      if (shop.requests.length > 2) response.setHeader("content-type", "application/json").end('{"price":7}');
    });
    const { bindingId } = await makeTool(platform, { url: `${shop.url}/price` });
    const implementation = { tool_binding_id: bindingId, arguments: { item: "{{ input.what }}" } };
    const { skillId, code } = await makeSkill(platform, "HTTP", { implementation });
    const skillMd = "---\nname: tally\ndescription: Adds numbers.\n---\n# Tally\n";
    const folder = await makeFolder(platform, { "SKILL.md": skillMd, "sum.py": "result = sum(payload['numbers'])" });
    const { agentId } = await makeAgent(platform, { skillIds: [skillId, folder.skillId] });
    const script = calls(["run_skill_script", { skill: "tally", path: "sum.py", input: { numbers: [4, 5] } }]);
    model.chat(script, calls([code, { what: "tea" }]), { text: "Seven." });
    const [agents, own] = [await askAgent(platform, agentId, "What is tea?"), await useSkill(platform, skillId, { what: "milk" })];
    await held.promise;
    await kill();
    const done = { status: "COMPLETED", outputText: "Seven.", outputJson: { steps: 3, tool_calls: 2 } };
    expect(await finished(agents)).toMatchObject(done);
    expect(await finished(own)).toMatchObject({ status: "COMPLETED", outputJson: { price: 7 } });
    expect(model.requests).toHaveLength(3);
    const made = shop.requests.map(({ body, headers }) => `${body} ${String(headers["idempotency-key"])}`);
    expect(made).toHaveLength(4);
    expect(new Set(made).size).toBe(2);
  });
});

describe("a folder whose worker is killed", () => {
  const skillMd = "---\nname: clock\ndescription: Waits.\n---\n# Clock\n";
  // It takes until then, whoever runs it.
  const script = "import time\ntime.sleep(max(0, payload['until'] - time.time()))\nresult = payload['until']";
  /** Less than the 5 s that a script has. */
  const scriptSeconds = 4;
  /** A machine may be so slow that the scripts have ended when the worker is killed: then once more. */
  const tries = 5;

  /** @returns whether the worker was killed before the scripts could end. */
  async function killed(skillId: string, agentId: string): Promise<boolean> {
    model.reset();
    const until = Date.now() / 1_000 + scriptSeconds;
    const input = { path: "wait.py", input: { until } };
    const scripts: Record<string, ScriptedCompletion[]> = {
      "Wait.": [calls(["run_skill_script", { skill: "clock", ...input }]), { text: "Waited." }],
      "Read.": [calls(["read_skill", { skill: "clock", path: "notes.md" }]), { text: "Read it." }],
    };
    const asked = (request: JsonObject) => (request["messages"] as { content: string }[])[1]!.content;
    model.chat((request) => scripts[asked(request)]?.shift() ?? { text: "asked too often" });
    const [waits, own] = [await askAgent(platform, agentId, "Wait."), await useSkill(platform, skillId, input)];
    const begun = (id: string, path: string) =>
      eventually(
        () => readRun(platform, id),
        ({ nodeRuns }) => nodeRuns.edges.some(({ node }) => node.id === `${id}:${path}` && node.status !== "QUEUED"),
      );
    await Promise.all([begun(waits, "agent/tool#1.0"), begun(own, "skill")]);
    const holder = new pg.Client({ connectionString: platform.adminUrl });
    await holder.connect();
    let isInTime = false;
    try {
      await holder.query("begin; lock table skill.skill_file in access exclusive mode");
      const reads = await askAgent(platform, agentId, "Read.");
      await begun(reads, "agent/tool#1.0");
      await eventually(
        () => query(platform.adminUrl, "select from pg_stat_activity where wait_event_type = 'Lock' and query like '%skill_file%'"),
        (rows) => rows.length > 0,
      );
      await kill();
      isInTime = Date.now() / 1_000 < until;
      await holder.query("rollback");
      // Too late, a second call of the model may have been made twice.
      if (!isInTime) {
        await Promise.all([reads, waits, own].map(finished));
        return false;
      }
      const output = { status: "COMPLETED", outputJson: { steps: 2, tool_calls: 1 } };
      expect(await finished(reads)).toMatchObject({ ...output, outputText: "Read it." });
      expect(await finished(waits)).toMatchObject({ ...output, outputText: "Waited." });
    } finally {
      await holder.end();
    }
    expect(await finished(own)).toMatchObject({ status: "COMPLETED", outputJson: { result: until } });
    const answers = model.requests.flatMap(({ json }) =>
      (json["messages"] as { role: string; content: string }[]).filter(({ role }) => role === "tool"),
    );
    expect(answers.map(({ content }) => content).toSorted()).toEqual(["Milk.", JSON.stringify({ result: until })].toSorted());
    expect(model.requests).toHaveLength(4);
    return true;
  }

  it("while its file is read, and while its script runs, goes on there, for agents and in a run of its own, and nothing is done twice", async () => {
    const { skillId } = await makeFolder(platform, { "SKILL.md": skillMd, "wait.py": script, "notes.md": "Milk." });
    const { agentId } = await makeAgent(platform, { skillIds: [skillId] });
    let isInTime = false;
    for (let n = 0; n < tries && !isInTime; n++) isInTime = await killed(skillId, agentId);
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
    await kill();
    // b and c again, one after the other, as their run has had a crash; then the supervisor.
    await model.seen(7);
    await kill();
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

describe("a team whose members' calls wait for a person", () => {
  interface Waiting {
    id: string;
    run: { id: string };
    waiting: { reason: string; toolName: string; arguments: { n: number } };
  }
  const inbox = async (runIds: readonly string[]): Promise<Waiting[]> => {
    const query = `{ waitingNodeRuns(first: 100) { nodes { id run { id } waiting { reason toolName arguments } } } }`;
    const { waitingNodeRuns } = await ask<{ waitingNodeRuns: { nodes: Waiting[] } }>(platform, query);
    return waitingNodeRuns.nodes.filter(({ run }) => runIds.includes(run.id));
  };
  const childOf = async (id: string) => {
    const query = `query ($id: ID!) { run(id: $id) { childRuns { nodes { id } } } }`;
    const { run } = await ask<{ run: { childRuns: { nodes: { id: string }[] } } }>(platform, query, { id });
    return run.childRuns.nodes[0]?.id;
  };
  const decide = (id: string, input: JsonObject) =>
    ask(platform, "mutation ($id: ID!, $input: ResumeNodeRunInput!) { resumeNodeRun(id: $id, input: $input) { id } }", { id, input });

  it("asks for each, in every mode, in a workflow and as a run of its own; the worker is killed before and between the answers", async () => {
    shop.on("POST /pay", (_request, response) => void response.end("{}"));
    const tool = await makeTool(platform, { url: `${shop.url}/pay`, config: { requires_approval: true } });
    model.chat((request) => {
      const messages = request["messages"] as { role: string; content: string | null }[];
      const isTold = messages.some(({ role }) => role === "tool");
      if (memberAsking(request) === "lead") return isTold ? { text: "led" } : calls(["delegate", { member: "payer", task: "Pay." }]);
      if (memberAsking(request) === "payer" && !isTold && !JSON.stringify(messages).includes("Make one answer"))
        return calls([tool.name, { n: 1 }], [tool.name, { n: 2 }]);
      return { text: isTold ? "paid" : "seen" };
    });
    const payer = { memberKey: "payer", agent: { toolBindingIds: [tool.bindingId] } };
    const other = { memberKey: "other" };
    const lead = { memberKey: "lead", role: "supervisor" };
    const team = async (mode: string, members: { memberKey: string }[], config = {}) => makeTeam(platform, mode, members, { config });
    const teams = [
      await team("SUPERVISOR", [lead, payer, other]),
      await team("SEQUENTIAL", [payer, other]),
      await team("PARALLEL", [payer, other]),
      await team("ROUND_ROBIN", [other, payer], { max_rounds: 1 }),
    ];
    const runs = await Promise.all(teams.map(({ teamId }) => askTeam(platform, teamId, "Pay both.")));
    const cancelled = await askTeam(platform, teams[0]!.teamId, "Pay, or not.");
    const inWorkflow = async (more: JsonObject) => {
      const config = { team_code: teams[1]!.code, input: "Pay both.", ...more };
      const { workflowId } = await makeWorkflow(platform, { nodes: [{ id: "talk", type: "team", config }], edges: [] });
      return startRun(platform, workflowId);
    };
    const [inline, parent] = [await inWorkflow({}), await inWorkflow({ mode: "run" })];
    const child = (await eventually(
      () => childOf(parent),
      (id) => id !== undefined,
    ))!;
    const waitingRuns = [...runs, inline, child];
    const asked = await eventually(
      () => inbox([...waitingRuns, cancelled]),
      ({ length }) => length === 2 * (waitingRuns.length + 1),
    );
    expect(asked.every(({ waiting }) => waiting.reason === "APPROVAL" && waiting.toolName === tool.name)).toBe(true);
    expect(shop.requests).toEqual([]);
    const update = `mutation ($id: ID!) { updateNodeRunStatus(id: $id, input: { status: COMPLETED, outputText: "Paid." }) { id } }`;
    const settable = await refusal(platform, update, { id: asked[0]!.id });
    expect([settable["reason"], settable["message"]]).toEqual([
      "NODE_RUN_NOT_SETTABLE",
      expect.stringContaining("Give resumeNodeRun a decision"),
    ]);
    await kill();
    await ask(platform, "mutation ($id: ID!) { cancelRun(id: $id) { id } }", { id: cancelled });
    const of = (run: string, n: number) => asked.find((one) => one.run.id === run && one.waiting.arguments.n === n)!.id;
    for (const run of waitingRuns) await decide(of(run, 2), { decision: "REJECT", reason: "once is enough" });
    await kill();
    for (const run of waitingRuns) await decide(of(run, 1), { decision: "APPROVE", arguments: { n: 10 } });
    const ended = await Promise.all([...runs, inline, parent].map(finished));
    expect(ended.map(({ status, outputText }) => `${status} ${String(outputText)}`)).toEqual([
      ...["COMPLETED led", "COMPLETED seen", "COMPLETED seen", "COMPLETED paid", "COMPLETED seen", "COMPLETED seen"],
    ]);
    expect(shop.requests.map(({ body }) => body)).toEqual(waitingRuns.map(() => '{"n":10}'));
    expect(await readRun(platform, cancelled)).toMatchObject({ status: "CANCELLED" });
    expect(await inbox([...waitingRuns, cancelled])).toEqual([]);
    // What the payer was told, in each of them the same.
    const told = model.requests.flatMap(({ json }) => {
      const results = (json["messages"] as { role: string; content: string }[]).filter(({ role }) => role === "tool");
      return memberAsking(json) === "payer" && results.length > 0 ? [results.map(({ content }) => content)] : [];
    });
    expect(told).toHaveLength(waitingRuns.length);
    for (const [first, second] of told) {
      expect(first).toBe('A person had it called with other arguments: {"n":10}\n{}');
      expect(second).toContain("once is enough");
    }
    // Who asked whom for what, and what it has used.
    const seen = `query ($id: ID!) {
      run(id: $id) { usage { modelCalls } nodeRuns(first: 50) { nodes { path answeredBy errorCode parent { nodeId input } } } }
      modelUsage(runId: $id) { calls }
    }`;
    for (const id of [...runs, inline, child]) {
      const { run, modelUsage } = await ask<{
        run: { usage: { modelCalls: number }; nodeRuns: { nodes: JsonObject[] } };
        modelUsage: { calls: number }[];
      }>(platform, seen, { id });
      expect(modelUsage.reduce((sum, { calls }) => sum + calls, 0)).toBe(run.usage.modelCalls);
      const answered = run.nodeRuns.nodes.filter(({ answeredBy }) => answeredBy !== null);
      expect(answered.map(({ errorCode }) => errorCode).toSorted()).toEqual(["APPROVAL_REJECTED", null]);
      const task = id === runs[0] ? { input: "Pay.", asked_by: "lead" } : { input: expect.stringContaining("Pay both.") as string };
      for (const { parent } of answered) expect(parent).toMatchObject({ nodeId: "payer", input: { member: "payer", ...task } });
    }
  });
});
