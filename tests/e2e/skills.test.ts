import type { JsonObject } from "#shared/json.ts";
import { askAgent, calls, makeAgent, makeTool } from "../testkit/agents.ts";
import { eventually } from "../testkit/eventually.ts";
import { ask, finishRun, makeWorkflow, refusal, startRun, type SeenRun } from "../testkit/graph.ts";
import { startHttpServer, type TestHttpServer } from "../testkit/http-server.ts";
import { startTestPlatform, type TestPlatform } from "../testkit/platform.ts";
import { startScriptedProvider, type ScriptedProvider } from "../testkit/scripted-provider.ts";
import { install, makeFolder, makeSkill, useSkill } from "../testkit/skills.ts";
import { makeTeam } from "../testkit/teams.ts";

let platform: TestPlatform;
let model: ScriptedProvider;
let shop: TestHttpServer;
beforeAll(async () => {
  [model, shop] = await Promise.all([startScriptedProvider(), startHttpServer()]);
  platform = await startTestPlatform({
    env: { egressAllow: [shop.hostPort], providerBaseUrl: model.baseUrl, defaultModel: "scripted-model" },
  });
});
beforeEach(() => {
  model.reset();
  shop.requests.length = 0;
});
afterAll(async () => {
  await platform.stop();
  await Promise.all([model.close(), shop.close()]);
});

const named = { type: "object", properties: { name: { type: "string" } }, required: ["name"] };
const greeting = { implementation: { template: "Hello $name, ${name}: $$5" }, parameterSchema: named, outputSchema: { type: "string" } };
const createRun = "mutation ($input: CreateSkillRunInput!) { createSkillRun(input: $input) { id } }";

const usedSkill = async (skillId: string, input: JsonObject, more: JsonObject = {}): Promise<SeenRun> =>
  finishRun(platform, await useSkill(platform, skillId, input, more));
const errorOf = ({ nodeRuns }: SeenRun) => nodeRuns.edges[0]!.node;
/** Names of the functions that the model was asked with, first of the requests. */
const offered = (at = 0): string[] =>
  ((model.requests[at]!.json["tools"] ?? []) as { function: { name: string } }[]).map((tool) => tool.function.name);
const promptOf = (at: number) => (model.requests[at]!.json["messages"] as { content: string }[]).map(({ content }) => content);

const decide = (id: string, input: JsonObject) =>
  ask(platform, "mutation ($id: ID!, $input: ResumeNodeRunInput!) { resumeNodeRun(id: $id, input: $input) { id } }", { id, input });
/** An HTTP skill whose binding was deleted since. */
const madeWithBindingGone = async () => {
  const { bindingId } = await makeTool(platform, { url: shop.url });
  const made = await makeSkill(platform, "HTTP", { implementation: { tool_binding_id: bindingId } });
  await ask(platform, "mutation ($id: ID!) { deleteToolBinding(id: $id) { id } }", { id: bindingId });
  return made;
};
const untilWaiting = (id: string) =>
  eventually(
    async () => (await ask<{ run: { status: string } }>(platform, "query ($id: ID!) { run(id: $id) { status } }", { id })).run.status,
    (status) => status === "WAITING",
  );

describe("a skill run", () => {
  it("is a run: of a TEMPLATE, whose parameters stand for what they are", async () => {
    const { skillId, versionId } = await makeSkill(platform, "TEMPLATE", greeting);
    const run = await usedSkill(skillId, { name: "$name {{ input.name }}" });
    const text = "Hello $name {{ input.name }}, $name {{ input.name }}: $5";
    expect(run).toMatchObject({ status: "COMPLETED", outputText: text, outputJson: text });
    const {
      skillRun,
      skillRuns,
      run: seen,
    } = await ask<JsonObject>(
      platform,
      `query ($id: ID!, $skillId: ID!) {
        skillRun(id: $id) { id input skill { id runs { nodes { id } } } skillVersion { id } run { id kind } }
        skillRuns(skillId: $skillId) { nodes { id } }
        run(id: $id) { skillRun { id } agentRun { id } }
      }`,
      { id: run.id, skillId },
    );
    expect(skillRun).toEqual({
      id: run.id,
      input: { name: "$name {{ input.name }}" },
      skill: { id: skillId, runs: { nodes: [{ id: run.id }] } },
      skillVersion: { id: versionId },
      run: { id: run.id, kind: "SKILL" },
    });
    expect(skillRuns).toEqual({ nodes: [{ id: run.id }] });
    expect(seen).toEqual({ skillRun: { id: run.id }, agentRun: null });
  });

  it.each([
    ["python", "print('seen')\nresult = {'sum': payload['a'] + payload['b']}"],
    ["javascript", "console.log('seen'); result = { sum: payload.a + payload.b };"],
  ])("of CODE in %s runs in the sandbox, and its result fits the outputSchema", async (language, code) => {
    const sum = { type: "object", properties: { sum: { type: "integer" } }, required: ["sum"] };
    const { skillId } = await makeSkill(platform, "CODE", { implementation: { language, code }, outputSchema: sum });
    const run = await usedSkill(skillId, { a: 1, b: 2 });
    expect(run).toMatchObject({ status: "COMPLETED", outputText: "seen\n", outputJson: { sum: 3 } });
    const misfit = await usedSkill(skillId, { a: 0.5, b: 0 });
    expect(misfit).toMatchObject({ status: "FAILED", errorCode: "SKILL_OUTPUT_INVALID" });
    expect(errorOf(misfit)).toMatchObject({ errorMessage: expect.stringMatching(/\/sum/) });
  });

  it("of HTTP calls the tool of its binding with its input, in the version that was current", async () => {
    shop.on("POST /price", (_request, response) => response.setHeader("content-type", "application/json").end('{"price":7}'));
    const { bindingId } = await makeTool(platform, { url: `${shop.url}/price` });
    const { skillId } = await makeSkill(platform, "HTTP", { implementation: { tool_binding_id: bindingId } });
    const run = await usedSkill(skillId, { item: "{{ tea }}" });
    expect(run).toMatchObject({ status: "COMPLETED", outputJson: { price: 7 } });
    expect(shop.requests.map(({ body }) => body)).toEqual(['{"item":"{{ tea }}"}']);
  });

  it("of HTTP waits for a person where the binding says so", async () => {
    shop.on("POST /pay", (_request, response) => response.end('{"paid":true}'));
    const outputSchema = { type: "object" };
    const { bindingId } = await makeTool(platform, { url: `${shop.url}/pay`, config: { requires_approval: "arguments.sum > 10" } });
    const { skillId } = await makeSkill(platform, "HTTP", { implementation: { tool_binding_id: bindingId }, outputSchema });
    expect(await usedSkill(skillId, { sum: 5 })).toMatchObject({ status: "COMPLETED", outputJson: { paid: true } });
    const runId = await useSkill(platform, skillId, { sum: 50 });
    await finishRun(platform, runId, { untilRest: true });
    expect(shop.requests).toHaveLength(1);
    await decide(`${runId}:skill`, { decision: "APPROVE", arguments: { sum: 40 } });
    expect(await finishRun(platform, runId)).toMatchObject({ status: "COMPLETED", outputJson: { paid: true } });
    expect(shop.requests.map(({ body }) => body)).toEqual(['{"sum":5}', '{"sum":40}']);
  });

  it("of HTTP waits for a person where its own implementation says so, whatever the binding says besides", async () => {
    shop.on("POST /pay", (_request, response) => response.end('{"paid":true}'));
    const { bindingId } = await makeTool(platform, { url: `${shop.url}/pay`, config: { requires_approval: "arguments.cents > 1000" } });
    const implementation = {
      ...{ tool_binding_id: bindingId, requires_approval: "arguments.cents > 100" },
      arguments: { cents: "{{ input.sum | times: 100 }}" },
    };
    const { skillId } = await makeSkill(platform, "HTTP", { implementation });
    const runId = await useSkill(platform, skillId, { sum: 5 });
    await untilWaiting(runId);
    const shown = "query ($id: ID!) { nodeRun(id: $id) { waiting { arguments } } }";
    // They are those of the tool, whoever changes them changes those.
    expect(await ask(platform, shown, { id: `${runId}:skill` })).toEqual({ nodeRun: { waiting: { arguments: { cents: 500 } } } });
    await decide(`${runId}:skill`, { decision: "APPROVE" });
    expect(await finishRun(platform, runId)).toMatchObject({ status: "COMPLETED" });
    expect(shop.requests.map(({ body }) => body)).toEqual(['{"cents":500}']);
  });

  it("of PROMPT is one model call, of which JSON is asked where the outputSchema wants it", async () => {
    model.chat({ text: "Short." }, { text: '{"words":2}' });
    const prompt = { prompt: "Sum up $text for {{ input.who }}.", system_prompt: "Be ${how}.", model: null, temperature: 0.5 };
    const { skillId } = await makeSkill(platform, "PROMPT", { implementation: prompt });
    const run = await usedSkill(skillId, { text: "{{ x }} $who", who: "Ada", how: "brief" });
    expect(run).toMatchObject({ status: "COMPLETED", outputText: "Short.", outputJson: "Short." });
    expect(promptOf(0)).toEqual(["Be brief.", "Sum up {{ x }} $who for Ada."]);
    expect(model.requests[0]!.json).toMatchObject({ temperature: 0.5, model: "scripted-model" });
    const words = { type: "object", properties: { words: { type: "integer" } } };
    const counting = await makeSkill(platform, "PROMPT", { implementation: { prompt: "Count $text" }, outputSchema: words });
    expect(await usedSkill(counting.skillId, { text: "a b" })).toMatchObject({ status: "COMPLETED", outputJson: { words: 2 } });
    expect(model.requests[1]!.json["response_format"]).toMatchObject({ type: "json_schema", json_schema: { schema: words } });
    const dry = await usedSkill(skillId, { text: "x", who: "y", how: "z" }, { dryRun: true });
    expect(dry).toMatchObject({ status: "COMPLETED", outputJson: { dry_run: true } });
    expect(model.requests).toHaveLength(2);
  });

  it("of PROMPT is paid for, though the model said what does not fit the outputSchema", async () => {
    model.chat({ text: '{"words":"two"}', usage: { prompt_tokens: 30, completion_tokens: 4 } });
    const outputSchema = { type: "object", properties: { words: { type: "integer" } } };
    const { skillId } = await makeSkill(platform, "PROMPT", { implementation: { prompt: "Count $text" }, outputSchema });
    const { id } = await usedSkill(skillId, { text: "a b" });
    const usage = "usage { modelCalls promptTokens completionTokens }";
    const query = `query ($id: ID!) { run(id: $id) { ${usage} nodeRuns { nodes { errorCode outputJson ${usage} } } } }`;
    const used = { modelCalls: 1, promptTokens: 30, completionTokens: 4 };
    expect((await ask<JsonObject>(platform, query, { id }))["run"]).toMatchObject({
      usage: used,
      nodeRuns: { nodes: [{ errorCode: "SKILL_OUTPUT_INVALID", outputJson: { output: { words: "two" } }, usage: used }] },
    });
  });

  it("of a FOLDER reads its files, and runs its scripts", async () => {
    const { skillId } = await makeFolder(platform, tally);
    expect(await usedSkill(skillId, {})).toMatchObject({
      status: "COMPLETED",
      outputText: expect.stringMatching(/^# Tally[^]*scripts\/sum.py/),
    });
    const script = await usedSkill(skillId, { path: "scripts/sum.py", input: { numbers: [1, 2, 3] } });
    expect(script).toMatchObject({ status: "COMPLETED", outputJson: { result: 6 } });
    expect(await usedSkill(skillId, { path: "../x" })).toMatchObject({ status: "FAILED", errorCode: "SKILL_FILE_UNKNOWN" });
  });

  it("is refused with all that is wrong with its input, before there is a run", async () => {
    const properties = { name: { type: "string" }, age: { type: "integer", minimum: 0 } };
    const parameterSchema = { type: "object", properties, required: ["name"] };
    const { skillId } = await makeSkill(platform, "TEMPLATE", { implementation: { template: "$name" }, parameterSchema });
    expect(await refusal(platform, createRun, { input: { skillId, input: { age: -1, name: 5 } } })).toMatchObject({
      code: "BAD_USER_INPUT",
      reason: "SKILL_INPUT_INVALID",
      problems: [{ field: "/name" }, { field: "/age" }],
    });
    const { skillRuns } = await ask<{ skillRuns: JsonObject }>(platform, "query ($id: ID!) { skillRuns(skillId: $id) { nodes { id } } }", {
      id: skillId,
    });
    expect(skillRuns).toEqual({ nodes: [] });
  });

  it.each([
    ["names what is missing, all of it", "$first and ${last-name}", { middle: "x" }, "first, last-name"],
    ["does not take what every object has", "$constructor", {}, "constructor"],
  ])("of a template %s", async (_what, template, input, names) => {
    const { skillId } = await makeSkill(platform, "TEMPLATE", { implementation: { template } });
    const run = await usedSkill(skillId, input);
    expect(run).toMatchObject({ status: "FAILED", errorCode: "SKILL_PARAMETER_MISSING" });
    expect(errorOf(run)).toMatchObject({ errorMessage: expect.stringContaining(names) });
  });

  it("of a template that would make more than a MiB is refused before it is made", async () => {
    const { skillId } = await makeSkill(platform, "TEMPLATE", { implementation: { template: "$x".repeat(50_000) } });
    const run = await usedSkill(skillId, { x: "y".repeat(200_000) });
    expect(run).toMatchObject({ status: "FAILED", errorCode: "TEMPLATE_TOO_LARGE" });
  });

  it("is made once by its key, and is executed by whoever asks, or claims", async () => {
    const { skillId } = await makeSkill(platform, "TEMPLATE", greeting);
    const more = { idempotencyKey: "one", execution: "MANUAL" };
    const id = await useSkill(platform, skillId, { name: "Ada" }, more);
    expect(await useSkill(platform, skillId, { name: "Ada" }, more)).toBe(id);
    expect(await refusal(platform, createRun, { input: { skillId, input: { name: "Bo" }, ...more } })).toMatchObject({
      reason: "IDEMPOTENCY_KEY_REUSED",
    });
    const execute = `mutation ($id: ID!) { executeSkillRun(id: $id, input: { workerKey: "me" }) { id run { status outputText } } }`;
    expect(await ask(platform, execute, { id })).toEqual({
      executeSkillRun: { id, run: { status: "COMPLETED", outputText: "Hello Ada, Ada: $5" } },
    });
    const next = `mutation { executeNextSkillRun(input: { workerKey: "me" }) { id run { status } } }`;
    expect(await ask(platform, next)).toEqual({ executeNextSkillRun: null });
    expect(await refusal(platform, execute, { id: "none" })).toMatchObject({ code: "NOT_FOUND" });
  });

  it.each([
    ["an unknown skill", async () => ({ skillId: "none" }), "SKILL_NOT_FOUND"],
    [
      "another skill's version",
      async () => ({ skillVersionId: (await makeSkill(platform, "TEMPLATE", greeting)).versionId }),
      "SKILL_VERSION_OF_OTHER_SKILL",
    ],
    [
      "a skill without a published version",
      async () => ({ skillId: (await makeSkill(platform, "TEMPLATE", { ...greeting, status: "DRAFT" })).skillId }),
      "SKILL_VERSION_NOT_PUBLISHED",
    ],
    ["a binding that is gone", async () => ({ skillId: (await madeWithBindingGone()).skillId }), "TOOL_BINDING_NOT_FOUND"],
  ])("of %s is refused", async (_what, made, reason) => {
    const { skillId } = await makeSkill(platform, "TEMPLATE", greeting);
    const input = { skillId, input: { name: "x" }, ...(await made()) };
    expect(await refusal(platform, createRun, { input })).toMatchObject({ reason });
  });
});

describe("a node of type skill that is a run of its own", () => {
  const childRuns = `query ($id: ID!) { run(id: $id) { usage { modelCalls } nodeRuns { nodes { path waitReason usage { modelCalls } } }
    childRuns { nodes { id kind status detached errorCode skillRun { input skill { code } } usage { modelCalls } } } } }`;

  it("gives what its skill gives, and its calls count as the node's", async () => {
    model.chat({ text: "Short." });
    const { code } = await makeSkill(platform, "PROMPT", { implementation: { prompt: "Sum up $text." } });
    const config = { skill_code: code, input: { text: "{{ input.about }}" }, mode: "run" };
    const dsl = {
      nodes: [
        { id: "sum", type: "skill", config, timeout_seconds: 600 },
        { id: "say", type: "answer", config: { answer: "{{ nodes.sum.text }} {{ nodes.sum.output }}" } },
      ],
      edges: [{ source: "sum", target: "say" }],
    };
    const { workflowId } = await makeWorkflow(platform, dsl);
    const run = await finishRun(platform, await startRun(platform, workflowId, { about: "$tea {{ x }}" }));
    expect(run).toMatchObject({ status: "COMPLETED", outputText: "Short. Short." });
    expect(promptOf(0)).toEqual(["Sum up $tea {{ x }}."]);
    const input = { text: "$tea {{ x }}" };
    expect(await ask(platform, childRuns, { id: run.id })).toMatchObject({
      run: {
        usage: { modelCalls: 1 },
        nodeRuns: { nodes: [{ path: "sum", usage: { modelCalls: 1 } }, { path: "say" }] },
        childRuns: { nodes: [{ kind: "SKILL", status: "COMPLETED", skillRun: { input, skill: { code } }, usage: { modelCalls: 1 } }] },
      },
    });
  });

  it("fails where its run does, of which each attempt is another one", async () => {
    const { code } = await makeSkill(platform, "TEMPLATE", greeting);
    const config = { skill_code: code, input: { name: 5 }, mode: "run" };
    const node = { id: "greet", type: "skill", config, retry: { max_attempts: 2, backoff_seconds: 0 } };
    const { workflowId } = await makeWorkflow(platform, { nodes: [node], edges: [] });
    const run = await finishRun(platform, await startRun(platform, workflowId));
    expect(run).toMatchObject({ status: "FAILED", errorCode: "CHILD_RUN_FAILED" });
    expect(errorOf(run)).toMatchObject({ errorMessage: expect.stringContaining("SKILL_INPUT_INVALID") });
    const made = { kind: "SKILL", status: "FAILED", errorCode: "SKILL_INPUT_INVALID" };
    expect(await ask(platform, childRuns, { id: run.id })).toMatchObject({ run: { childRuns: { nodes: [made, made] } } });
  });

  it("waits while a person is asked in its run, and of a detached one nobody waits", async () => {
    shop.on("POST /pay", (_request, response) => response.end('{"paid":true}'));
    const { bindingId } = await makeTool(platform, { url: `${shop.url}/pay`, config: { requires_approval: true } });
    const { code } = await makeSkill(platform, "HTTP", {
      implementation: { tool_binding_id: bindingId },
      outputSchema: { type: "object" },
    });
    const node = (id: string, more: JsonObject) => ({
      id,
      type: "skill",
      config: { skill_code: code, input: { id }, mode: "run", ...more },
    });
    const nodes = [node("awaited", {}), node("alone", { detached: true })];
    const { workflowId } = await makeWorkflow(platform, { nodes, edges: [] });
    const id = await startRun(platform, workflowId);
    const { run } = await eventually(
      () => ask<{ run: { childRuns: { nodes: { id: string; status: string; detached: boolean }[] } } }>(platform, childRuns, { id }),
      ({ run: { childRuns: made } }) => made.nodes.length === 2 && made.nodes.every(({ status }) => status === "WAITING"),
    );
    const [awaited, alone] = [false, true].map((is) => run.childRuns.nodes.find(({ detached }) => detached === is)!);
    expect(shop.requests).toHaveLength(0);
    await decide(`${awaited!.id}:skill`, { decision: "APPROVE" });
    expect(await finishRun(platform, id)).toMatchObject({ status: "COMPLETED" });
    expect(shop.requests.map(({ body }) => body)).toEqual(['{"id":"awaited"}']);
    await decide(`${alone!.id}:skill`, { decision: "REJECT" });
    expect(await finishRun(platform, alone!.id)).toMatchObject({ status: "FAILED" });
    expect(shop.requests).toHaveLength(1);
  });
});

describe("a node of type skill", () => {
  it("gives what its skill gives, by code, with an input that templates make", async () => {
    const { code } = await makeSkill(platform, "TEMPLATE", greeting);
    const dsl = {
      nodes: [
        { id: "greet", type: "skill", config: { skill_code: code, input: { name: "{{ input.who }}" } } },
        { id: "say", type: "answer", config: { answer: "{{ nodes.greet.text }} / {{ nodes.greet.output }}" } },
      ],
      edges: [{ source: "greet", target: "say" }],
    };
    const { workflowId } = await makeWorkflow(platform, dsl);
    const run = await finishRun(platform, await startRun(platform, workflowId, { who: "Bo" }));
    expect(run).toMatchObject({ status: "COMPLETED", outputText: "Hello Bo, Bo: $5 / Hello Bo, Bo: $5" });
    const shown = "query ($id: ID!) { nodeRun(id: $id) { input } }";
    // What the skill is made of is no input.
    expect(await ask(platform, shown, { id: `${run.id}:greet` })).toEqual({ nodeRun: { input: { input: { name: "Bo" } } } });
    const wrong = await finishRun(platform, await startRun(platform, workflowId, { who: 5 }));
    expect(wrong).toMatchObject({ status: "FAILED", errorCode: "SKILL_INPUT_INVALID" });
  });
});

const tally = {
  "SKILL.md": "---\nname: tally\ndescription: Adds numbers. Use it for sums.\n---\n# Tally\n\nRun scripts/sum.py.\n",
  "scripts/sum.py": "result = sum(payload['numbers'])",
  "references/units.md": "kg, m, s",
};

describe("an agent", () => {
  it("is offered its version's skills as functions, and calls them", async () => {
    const greet = await makeSkill(platform, "TEMPLATE", greeting, { description: "Greets somebody." });
    const { agentId } = await makeAgent(platform, { skillIds: [greet.skillId] });
    model.chat(calls([greet.code, { name: "Ada" }], [greet.code, {}]), { text: "Done." });
    const run = await finishRun(platform, await askAgent(platform, agentId, "Greet Ada."));
    expect(run).toMatchObject({ status: "COMPLETED", outputText: "Done." });
    expect(model.requests[0]!.json["tools"]).toEqual([
      { type: "function", function: { name: greet.code, description: "Greets somebody.", parameters: named } },
    ]);
    const [, , , first, second] = promptOf(1);
    expect(first).toBe("Hello Ada, Ada: $5");
    expect(JSON.parse(second!)).toMatchObject({ error: { code: "SKILL_INPUT_INVALID", message: expect.stringContaining("name") } });
  });

  it("is offered what is installed for it, its team, its user and the tenant, each once, in that order; and not what was uninstalled", async () => {
    const [own, ofAgent, ofTeam, ofUser, ofTenant] = await Promise.all(
      Array.from({ length: 5 }, () => makeSkill(platform, "TEMPLATE", greeting)),
    );
    const { agentId } = await makeAgent(platform, { skillIds: [own!.skillId] });
    const { teamId } = await makeTeam(platform, "SEQUENTIAL", [{ memberKey: "a" }]);
    const removed = await install(platform, ofTenant!.skillId, "TENANT");
    await install(platform, own!.skillId, "TENANT");
    await install(platform, ofUser!.skillId, "USER", "ada");
    await install(platform, ofTeam!.skillId, "TEAM", teamId);
    const kept = await install(platform, ofAgent!.skillId, "AGENT", agentId);
    await install(platform, ofAgent!.skillId, "USER", "ada");
    const asked = { userId: "ada", teamId };
    await finishRun(platform, await askAgent(platform, agentId, "Hello", asked));
    expect(offered()).toEqual([own, ofAgent, ofTeam, ofUser, ofTenant].map((skill) => skill!.code));
    // A run that was made before keeps them.
    const before = await askAgent(platform, agentId, "Hello", { ...asked, execution: "MANUAL" });
    const uninstall = "mutation ($id: ID!) { uninstallSkill(id: $id) { id } }";
    for (const id of [removed, kept]) await ask(platform, uninstall, { id });
    await ask(platform, `mutation ($id: ID!) { executeAgentRun(id: $id, input: { workerKey: "me" }) { id } }`, { id: before });
    expect(offered(1)).toHaveLength(5);
    await finishRun(platform, await askAgent(platform, agentId, "Hello"));
    expect(offered(2)).toEqual([own!.code]);
    // Nobody else's.
    const other = await makeAgent(platform);
    await finishRun(platform, await askAgent(platform, other.agentId, "Hello"));
    expect(offered(3)).toEqual([own!.code]);
  });

  it("of a team is offered what is installed for the team; of a workflow what is installed for its app", async () => {
    const [ofTeam, ofApp] = [await makeSkill(platform, "TEMPLATE", greeting), await makeSkill(platform, "TEMPLATE", greeting)];
    const team = await makeTeam(platform, "SEQUENTIAL", [{ memberKey: "one" }]);
    await install(platform, ofTeam.skillId, "TEAM", team.teamId);
    const query = "mutation ($input: CreateTeamRunInput!) { createTeamRun(input: $input) { id } }";
    const { createTeamRun } = await ask<{ createTeamRun: { id: string } }>(platform, query, {
      input: { teamId: team.teamId, inputText: "Work." },
    });
    await finishRun(platform, createTeamRun.id);
    expect(offered()).toContain(ofTeam.code);
    const { code } = await makeAgent(platform);
    const dsl = { nodes: [{ id: "ask", type: "agent", config: { agent_code: code, input: "Hi" } }], edges: [] };
    const { workflowId, appId } = await makeWorkflow(platform, dsl);
    await install(platform, ofApp.skillId, "APP", appId);
    await finishRun(platform, await startRun(platform, workflowId));
    expect(offered(1)).toContain(ofApp.code);
  });

  it("has 64 functions at most of the 128 skills that it may have; what is left out is said in a span", async () => {
    const template = () => makeSkill(platform, "TEMPLATE", { implementation: { template: "x" } });
    const skills: Awaited<ReturnType<typeof template>>[] = [];
    // Ten at a time: of many side by side a slow machine refuses some.
    while (skills.length < 101) skills.push(...(await Promise.all(Array.from({ length: Math.min(10, 101 - skills.length) }, template))));
    const { bindingId, name } = await makeTool(platform, { url: `${shop.url}/x` });
    const { agentId } = await makeAgent(platform, { toolBindingIds: [bindingId], skillIds: skills.map(({ skillId }) => skillId) });
    const run = await finishRun(platform, await askAgent(platform, agentId, "Hello"));
    expect(offered()).toEqual([name, ...skills.slice(0, 63).map(({ code }) => code)]);
    const { run: seen } = await ask<{ run: { traceSpans: { nodes: { name: string; attributes: JsonObject }[] } } }>(
      platform,
      "query ($id: ID!) { run(id: $id) { traceSpans(first: 50) { nodes { name attributes } } } }",
      { id: run.id },
    );
    const told = seen.traceSpans.nodes.find((span) => span.name === "skills left out");
    expect(told?.attributes["skills"]).toEqual(expect.arrayContaining([expect.stringContaining(skills[63]!.code)]));
  });

  it("knows of a folder its name and what it is for, reads the rest, and runs its scripts", async () => {
    const { skillId } = await makeFolder(platform, tally);
    const { agentId } = await makeAgent(platform, { skillIds: [skillId] });
    model.chat(
      calls(
        ["read_skill", { skill: "tally" }],
        ["read_skill", { skill: "tally", path: "references/units.md" }],
        ["read_skill", { skill: "x" }],
        ["run_skill_script", { skill: "tally", path: "scripts/sum.py", input: "4 5" }],
      ),
      calls(["run_skill_script", { skill: "tally", path: "scripts/sum.py", input: { numbers: [4, 5] } }]),
      { text: "Nine." },
    );
    const run = await finishRun(platform, await askAgent(platform, agentId, "4 and 5?"));
    expect(run).toMatchObject({ status: "COMPLETED", outputText: "Nine." });
    expect(offered().slice(-2)).toEqual(["read_skill", "run_skill_script"]);
    const [system] = promptOf(0);
    expect(system).toContain("- tally: Adds numbers. Use it for sums.");
    expect(system).not.toContain("# Tally");
    const [, , , body, file, unknown, misfit] = promptOf(1);
    expect(body).toMatch(/^# Tally[^]*references\/units\.md/);
    expect(body).not.toContain("description:");
    expect(file).toBe("kg, m, s");
    expect(unknown).toContain("TOOL_ARGUMENTS_INVALID");
    expect(misfit).toMatch(/TOOL_ARGUMENTS_INVALID.*give an object/);
    expect(JSON.parse(promptOf(2).at(-1)!)).toEqual({ result: 9 });
  });

  it("pays for what the model calls of its skills use", async () => {
    const { skillId, code } = await makeSkill(platform, "PROMPT", { implementation: { prompt: "$x" } });
    const { agentId } = await makeAgent(platform, { skillIds: [skillId], modelConfig: { maxTotalTokens: 15 } });
    model.chat(calls([code, { x: "1" }]), { text: "One." }, { text: "Never asked." });
    const run = await finishRun(platform, await askAgent(platform, agentId, "Go."));
    expect(run).toMatchObject({ status: "FAILED", errorCode: "AGENT_BUDGET_EXCEEDED" });
    expect(model.requests).toHaveLength(2);
  });

  it("is refused where its version names a skill that is deleted, and works without an installed one that cannot be used", async () => {
    const gone = await makeSkill(platform, "TEMPLATE", greeting);
    const broken = await madeWithBindingGone();
    const { agentId } = await makeAgent(platform, { skillIds: [gone.skillId] });
    await ask(platform, "mutation ($id: ID!) { deleteSkill(id: $id) { id } }", { id: gone.skillId });
    const create = "mutation ($input: CreateAgentRunInput!) { createAgentRun(input: $input) { id } }";
    expect(await refusal(platform, create, { input: { agentId, inputText: "x" } })).toMatchObject({ reason: "SKILL_NOT_FOUND" });
    const other = await makeAgent(platform);
    await install(platform, broken.skillId, "AGENT", other.agentId);
    const run = await finishRun(platform, await askAgent(platform, other.agentId, "Hello"));
    expect(run).toMatchObject({ status: "COMPLETED" });
    expect(offered()).not.toContain(broken.code);
  });

  it("asks a person before a skill calls a tool that wants it", async () => {
    shop.on("POST /refund", (_request, response) => response.end('{"refunded":true}'));
    const { bindingId } = await makeTool(platform, { url: `${shop.url}/refund`, config: { requires_approval: true } });
    const { skillId, code } = await makeSkill(platform, "HTTP", {
      implementation: { tool_binding_id: bindingId, arguments: { cents: "{{ input.sum }}" } },
    });
    const { agentId } = await makeAgent(platform, { skillIds: [skillId] });
    model.chat(calls([code, { sum: 5 }]), { text: "Done." });
    const runId = await askAgent(platform, agentId, "Refund 5.");
    await untilWaiting(runId);
    expect(shop.requests).toHaveLength(0);
    await decide(`${runId}:agent/tool#1.0`, { decision: "APPROVE", arguments: { sum: 4 } });
    expect(await finishRun(platform, runId)).toMatchObject({ status: "COMPLETED" });
    expect(shop.requests.map(({ body }) => body)).toEqual(['{"cents":4}']);
  });

  it.each<[what: string, edited: JsonObject | undefined, sum: number]>([
    ["whose skill's tool is called with what was seen", undefined, 500],
    ["whose skill's tool is called with what becomes of the arguments that a person changed", { sum: 4 }, 400],
  ])("%s, and of which a person is asked by what the tool gets", async (_what, edited, sum) => {
    shop.on("POST /refund", (_request, response) => response.end('{"refunded":true}'));
    const config = { requires_approval: "arguments.sum > 100" };
    const { bindingId } = await makeTool(platform, { url: `${shop.url}/refund`, config });
    const args = { sum: "{{ input.sum | times: 100 }}", at: "{{ 'now' | date: '%s.%L' }}" };
    const implementation = { tool_binding_id: bindingId, arguments: args };
    const { skillId, code } = await makeSkill(platform, "HTTP", { implementation });
    const { agentId } = await makeAgent(platform, { skillIds: [skillId] });
    model.chat(calls([code, { sum: 1 }], [code, { sum: 5 }]), { text: "Done." });
    const runId = await askAgent(platform, agentId, "Refund.");
    await untilWaiting(runId);
    const id = `${runId}:agent/tool#1.1`;
    const shown = "query ($id: ID!) { nodeRun(id: $id) { waiting { toolName arguments text } } }";
    const { nodeRun } = await ask<{ nodeRun: { waiting: { text: string } } }>(platform, shown, { id });
    const { waiting } = nodeRun;
    expect(waiting).toMatchObject({ toolName: code, arguments: { sum: 5 } });
    const seen = JSON.parse(/calls its tool with (.*)$/.exec(waiting.text)![1]!) as JsonObject;
    expect(seen).toMatchObject({ sum: 500 });
    await decide(id, { decision: "APPROVE", ...(edited !== undefined && { arguments: edited }) });
    expect(await finishRun(platform, runId)).toMatchObject({ status: "COMPLETED" });
    const [unasked, approved] = shop.requests.map(({ body }) => JSON.parse(body) as JsonObject);
    expect(unasked).toMatchObject({ sum: 100 });
    expect(approved).toEqual(edited === undefined ? seen : { sum, at: expect.anything() });
  });
});
