/** Teams at work: the exact conversation of each mode, with a model that answers by script. */
import type { JsonObject } from "#shared/json.ts";
import { calls, makeAgent, makeTool } from "../testkit/agents.ts";
import { ask, finishRun, makeWorkflow, refusal, startRun, type Dsl } from "../testkit/graph.ts";
import { eventually } from "../testkit/eventually.ts";
import { startHttpServer, type TestHttpServer } from "../testkit/http-server.ts";
import { startTestPlatform, type TestPlatform } from "../testkit/platform.ts";
import { startScriptedProvider, type ScriptedCompletion, type ScriptedProvider } from "../testkit/scripted-provider.ts";
import { makeSkill } from "../testkit/skills.ts";
import { askTeam, byMember, makeTeam, memberAsking, type MadeMember } from "../testkit/teams.ts";

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

type FinishedRun = Awaited<ReturnType<typeof finishRun>>;

const pathOf = (id: string) => id.slice(id.indexOf(":") + 1);
const paths = (run: FinishedRun) => Object.fromEntries(run.nodeRuns.edges.map(({ node }) => [pathOf(node.id), node.status]));
/** What the models were sent behind the system message, by who was asked, in order. */
const asked = () =>
  model.requests.map(({ json }) => {
    const [, ...messages] = json["messages"] as JsonObject[];
    return [memberAsking(json), ...messages.map(({ role, content }) => `${String(role)}: ${String(content)}`)];
  });
const functionsOf = (place: number) =>
  ((model.requests[place]?.json["tools"] ?? []) as { function: { name: string; parameters: JsonObject } }[]).map((one) => one.function);
const delegate = (...tasks: [member: string, task: string][]) =>
  calls(...tasks.map(([member, task]): [string, JsonObject] => ["delegate", { member, task }]));

/** So many bindings of one tool. */
async function manyBindings(count: number): Promise<string[]> {
  const create = `mutation ($code: String!) { createTool(input: { code: $code, name: "T", toolType: HTTP }) { id } }`;
  const { createTool } = await ask<{ createTool: { id: string } }>(platform, create, { code: `many-${count}` });
  const version = `mutation ($input: CreateToolVersionInput!) { createToolVersion(input: $input) { id } }`;
  await ask(platform, version, { input: { toolId: createTool.id, invokeConfig: { url: `${shop.url}/do` } } });
  const bind = `mutation ($input: CreateToolBindingInput!) { createToolBinding(input: $input) { id } }`;
  const one = () => ask<{ createToolBinding: { id: string } }>(platform, bind, { input: { toolId: createTool.id, name: "B" } });
  return (await Promise.all(Array.from({ length: count }, one))).map(({ createToolBinding }) => createToolBinding.id);
}

const lead = { memberKey: "lead", role: "supervisor" };
const a = { memberKey: "a", role: "writer", responsibility: "words" };
const b = { memberKey: "b", role: "critic" };

describe("a SUPERVISOR team", () => {
  it("is led by a model that asks the others by a typed tool, several at once, and concludes", async () => {
    model.chat(
      byMember({
        lead: [delegate(["a", "Write."], ["b", "Judge."]), delegate(["a", "Again."]), { text: "Here it is." }],
        a: [{ text: "A text." }, { text: "A better text." }],
        b: [{ text: "Not bad." }],
      }),
    );
    const { teamId, versionId, agents } = await makeTeam(platform, "SUPERVISOR", [lead, a, b]);
    const runId = await askTeam(platform, teamId, "Make a text.");
    const run = await finishRun(platform, runId);
    expect(run).toMatchObject({
      status: "COMPLETED",
      outputText: "Here it is.",
      outputJson: { mode: "SUPERVISOR", answered_by: "lead", steps: 6, members: 3, usage: { prompt_tokens: 42 } },
    });
    expect(paths(run)).toEqual({
      team: "COMPLETED",
      "team/model#1": "COMPLETED",
      "team/member#1.0": "COMPLETED",
      "team/member#1.0/model#1": "COMPLETED",
      "team/member#1.1": "COMPLETED",
      "team/member#1.1/model#1": "COMPLETED",
      "team/model#2": "COMPLETED",
      "team/member#2.0": "COMPLETED",
      "team/member#2.0/model#1": "COMPLETED",
      "team/model#3": "COMPLETED",
    });
    const [first, ...others] = asked();
    expect(first).toEqual(["lead", "user: Make a text."]);
    expect(others.slice(0, 2).toSorted()).toEqual([
      ["a", "user: Write."],
      ["b", "user: Judge."],
    ]);
    expect(others.slice(2)).toEqual([
      ["lead", "user: Make a text.", "assistant: null", "tool: A text.", "tool: Not bad."],
      ["a", "user: Again."],
      ["lead", "user: Make a text.", "assistant: null", "tool: A text.", "tool: Not bad.", "assistant: null", "tool: A better text."],
    ]);
    expect(functionsOf(0)).toMatchObject([{ name: "delegate", parameters: { properties: { member: { enum: ["a", "b"] } } } }]);
    expect(functionsOf(1)).toEqual([]);
    const [system] = model.requests[0]!.json["messages"] as JsonObject[];
    expect(system!["content"]).toContain("What the team is there for: Test.");
    expect(system!["content"]).toContain("- a (writer): words\n- b (critic)");
    const seen = await ask<{ teamRun: JsonObject }>(
      platform,
      `query ($id: ID!) {
        teamRun(id: $id) {
          id inputText team { id runs { nodes { id } } } teamVersion { id } session { id }
          run { id kind teamRun { id } agentRun { id } usage { modelCalls promptTokens } workflow { id } }
        }
      }`,
      { id: runId },
    );
    expect(seen.teamRun).toEqual({
      id: runId,
      inputText: "Make a text.",
      team: { id: teamId, runs: { nodes: [{ id: runId }] } },
      teamVersion: { id: versionId },
      session: null,
      run: { id: runId, kind: "TEAM", teamRun: { id: runId }, agentRun: null, usage: { modelCalls: 6, promptTokens: 42 }, workflow: null },
    });
    const trace = await ask<{ run: { nodeRuns: { nodes: { id: string; nodeId: string; nodeType: string; input: JsonObject | null }[] } } }>(
      platform,
      "query ($id: ID!) { run(id: $id) { nodeRuns { nodes { id nodeId nodeType input } } } }",
      { id: runId },
    );
    const second = trace.run.nodeRuns.nodes.find(({ id }) => id.endsWith("team/member#1.1"));
    expect(second).toMatchObject({ nodeId: "b", nodeType: "agent", input: { member: "b", asked_by: "lead", input: "Judge." } });
    expect(Object.keys(agents)).toEqual(["lead", "a", "b"]);
  });

  it("goes on when a member fails, or when its model asks for what there is not", async () => {
    model.chat(
      byMember({
        lead: [delegate(["a", "Fail."], ["nobody", "Work."]), { text: "Alone then." }],
        a: [calls(["no_such_tool", {}])],
      }),
    );
    const { teamId } = await makeTeam(platform, "SUPERVISOR", [lead, { ...a, agent: { maxSteps: 1 } }]);
    const run = await finishRun(platform, await askTeam(platform, teamId, "Go."));
    expect(run).toMatchObject({ status: "COMPLETED", outputText: "Alone then.", outputJson: { steps: 3 } });
    expect(paths(run)).toMatchObject({ "team/member#1.0": "FAILED", "team/tool#1.1": "FAILED", "team/model#2": "COMPLETED" });
    const told = asked().at(-1)!;
    expect(told[3]).toContain("AGENT_MAX_STEPS");
    expect(told[4]).toContain("one of a, and task");
  });

  it("is nobody whom its supervisor can ask, who is told so; and ends with max_rounds where it asks others for ever", async () => {
    let task = 0;
    model.chat((request) => {
      if (memberAsking(request) === "a") return { text: "Done." };
      return task++ === 0 ? delegate(["lead", "Do it yourself."], ["a", ""]) : delegate(["a", `Task ${task}.`]);
    });
    const { teamId } = await makeTeam(platform, "SUPERVISOR", [lead, a], { config: { max_rounds: 3 } });
    const run = await finishRun(platform, await askTeam(platform, teamId, "Go."));
    expect(run).toMatchObject({ status: "FAILED", errorCode: "AGENT_MAX_STEPS" });
    expect(run.errorMessage).toContain(
      ": max_rounds of its team's version allows no more. The call that the last one asks for was not made.",
    );
    expect(asked().map(([who]) => who)).toEqual(["lead", "lead", "a", "lead"]);
    const told = asked()[1]!.slice(-2);
    expect(told).toEqual(Array(2).fill(expect.stringMatching(/TOOL_ARGUMENTS_INVALID.*one of a, and task/)));
  });

  it("fails where it asks the same of the same member a third time, whatever comes between", async () => {
    model.chat(
      byMember({
        // Spaces ask for nothing, nor does what delegate does not take.
        lead: [
          delegate(["a", "Go again."]),
          delegate(["a", "Other."]),
          delegate(["a", " Go \n again. "]),
          calls(["delegate", { task: "Go again.", attempt: 3, member: "a" }]),
        ],
        a: [{ text: "No." }],
      }),
    );
    const { teamId } = await makeTeam(platform, "SUPERVISOR", [lead, a]);
    const run = await finishRun(platform, await askTeam(platform, teamId, "Go."));
    expect(run).toMatchObject({ status: "FAILED", errorCode: "TEAM_LOOP_DETECTED" });
    expect(run.errorMessage).toContain("asked the same of a 3 times");
    expect(model.requests).toHaveLength(7);
  });

  it("keeps the limits of all its members together, of those that failed too", async () => {
    const loop = calls(["no_such_tool", {}]);
    model.chat(byMember({ lead: [delegate(["a", "1"], ["a", "2"]), delegate(["a", "3"]), { text: "late" }], a: [loop] }));
    const { teamId } = await makeTeam(platform, "SUPERVISOR", [lead, { ...a, agent: { maxSteps: 2 } }], { config: { max_turns: 5 } });
    const run = await finishRun(platform, await askTeam(platform, teamId, "Go."));
    expect(run).toMatchObject({ status: "FAILED", errorCode: "TEAM_MAX_TURNS" });
    expect(model.requests).toHaveLength(5);

    model.reset();
    model.chat(
      byMember({
        lead: [delegate(["a", "1"]), { text: "late" }],
        a: [{ text: "dear", usage: { prompt_tokens: 900, completion_tokens: 100 } }],
      }),
    );
    const dear = await makeTeam(platform, "SUPERVISOR", [lead, a], { config: { max_total_tokens: 1_000 } });
    const over = await finishRun(platform, await askTeam(platform, dear.teamId, "Go."));
    expect(over).toMatchObject({ status: "FAILED", errorCode: "TEAM_BUDGET_EXCEEDED" });
    expect(model.requests).toHaveLength(2);
  });

  it("counts the tokens of the call that a member fails by", async () => {
    const dear = { ...calls(["no_such_tool", {}]), usage: { prompt_tokens: 900, completion_tokens: 100 } };
    const free = { usage: { prompt_tokens: 0, completion_tokens: 0 } };
    const script = () =>
      byMember({
        lead: [
          { ...delegate(["a", "1"]), ...free },
          { text: "Alone then.", ...free },
        ],
        a: [dear],
      });
    for (const [most, expected] of [
      [1_001, { status: "COMPLETED", outputJson: { steps: 3, usage: { prompt_tokens: 900, completion_tokens: 100 } } }],
      [1_000, { status: "FAILED", errorCode: "TEAM_BUDGET_EXCEEDED" }],
    ] as const) {
      model.reset();
      model.chat(script());
      const members = [lead, { ...a, agent: { maxSteps: 1 } }];
      const { teamId } = await makeTeam(platform, "SUPERVISOR", members, { config: { max_total_tokens: most } });
      const run = await finishRun(platform, await askTeam(platform, teamId, "Go."));
      expect(run).toMatchObject(expected);
      expect(paths(run)).toMatchObject({ "team/member#1.0": "FAILED", "team/member#1.0/model#1": "FAILED" });
    }
  });

  it("counts what makes a member's conversation shorter, and makes it no shorter where that could not be used", async () => {
    const tooLong = { status: 400, json: { error: { message: "too long", code: "context_length_exceeded" } } };
    const loop = calls(["no_such_tool", {}]);
    model.chat(loop, tooLong, { text: "In short.", usage: { prompt_tokens: 900, completion_tokens: 100 } }, { text: "late" });
    const { teamId } = await makeTeam(platform, "SEQUENTIAL", [a, b], { config: { max_total_tokens: 1_000 } });
    const run = await finishRun(platform, await askTeam(platform, teamId, "Go."));
    expect(run).toMatchObject({ status: "FAILED", errorCode: "TEAM_BUDGET_EXCEEDED" });
    expect(paths(run)).toMatchObject({ "team/member#1.0/compact#2": "COMPLETED" });
    expect(model.requests).toHaveLength(3);

    model.reset();
    model.chat(loop, tooLong, { text: "In short." });
    const short = await makeTeam(platform, "SEQUENTIAL", [a, b], { config: { max_turns: 2 } });
    const over = await finishRun(platform, await askTeam(platform, short.teamId, "Go."));
    expect(over).toMatchObject({ status: "FAILED", errorCode: "TEAM_MAX_TURNS" });
    expect(model.requests).toHaveLength(2);
  });

  it.each<[string, string, string, JsonObject]>([
    ["a member", "a", "SEQUENTIAL", {}],
    ["a member, though it fails", "a", "SEQUENTIAL", { outputSchema: { type: "object", required: ["words"] } }],
    ["the supervisor", "lead", "SUPERVISOR", {}],
    ["the supervisor, though it fails", "lead", "SUPERVISOR", { outputSchema: { type: "object", required: ["words"] } }],
  ])("counts what the model is asked by a skill of %s", async (_whose, key, mode, version) => {
    const { skillId, code } = await makeSkill(platform, "PROMPT", { implementation: { prompt: "$x" }, ...version });
    const answer = { text: "{}", usage: { prompt_tokens: 900, completion_tokens: 100 } };
    model.chat(byMember({ [key]: [calls([code, { x: "1" }]), { text: "late" }], "": [answer] }));
    const members = [lead, a].map((member) => ({ ...member, ...(member.memberKey === key && { agent: { skillIds: [skillId] } }) }));
    const needed = mode === "SEQUENTIAL" ? members.slice(1) : members;
    const { teamId } = await makeTeam(platform, mode, needed, { config: { max_total_tokens: 1_000, max_turns: 2 } });
    const run = await finishRun(platform, await askTeam(platform, teamId, "Go."));
    expect(run).toMatchObject({ status: "FAILED", errorCode: "TEAM_BUDGET_EXCEEDED" });
    expect(model.requests).toHaveLength(2);
  });

  it("has members with tools, and a supervisor that calls its own beside them", async () => {
    shop.on("POST /stock", (_request, response) => response.end(JSON.stringify({ stock: 7 })));
    const tool = await makeTool(platform, { url: `${shop.url}/stock` });
    const both = calls([tool.name, { n: 1 }], ["delegate", { member: "a", task: "Count." }]);
    model.chat(byMember({ lead: [both, { text: "Seven." }], a: [calls([tool.name, { n: 2 }]), { text: "7" }] }));
    const agent = { toolBindingIds: [tool.bindingId] };
    const { teamId } = await makeTeam(platform, "SUPERVISOR", [
      { ...lead, agent },
      { ...a, agent },
    ]);
    const run = await finishRun(platform, await askTeam(platform, teamId, "How many?"));
    expect(run).toMatchObject({ status: "COMPLETED", outputText: "Seven." });
    expect(paths(run)).toMatchObject({
      "team/tool#1.0": "COMPLETED",
      "team/member#1.1": "COMPLETED",
      "team/member#1.1/tool#1.0": "COMPLETED",
    });
    expect(shop.requests.map(({ body }) => body).toSorted()).toEqual(['{"n":1}', '{"n":2}']);
  });
});

describe("a SEQUENTIAL team", () => {
  it("lets each work on what the one before has made", async () => {
    model.chat(byMember({ a: [{ text: "draft" }], b: [{ text: "better draft" }], c: [{ text: "final" }] }));
    const { teamId } = await makeTeam(platform, "SEQUENTIAL", [a, b, { memberKey: "c" }]);
    const run = await finishRun(platform, await askTeam(platform, teamId, "Write."));
    expect(run).toMatchObject({ status: "COMPLETED", outputText: "final", outputJson: { answered_by: "c", steps: 3, members: 3 } });
    expect(asked()).toEqual([
      ["a", "user: Write."],
      ["b", "user: The task:\nWrite.\n\na:\ndraft\n\nGo on from that."],
      ["c", "user: The task:\nWrite.\n\nb:\nbetter draft\n\nGo on from that."],
    ]);
    expect(Object.keys(paths(run))).toEqual([
      "team",
      "team/member#1.0",
      "team/member#1.0/model#1",
      "team/member#1.1",
      "team/member#1.1/model#1",
      "team/member#1.2",
      "team/member#1.2/model#1",
    ]);
  });

  it("fails with the member that fails", async () => {
    model.chat(byMember({ a: [calls(["no_such_tool", {}])] }));
    const { teamId } = await makeTeam(platform, "SEQUENTIAL", [{ ...a, agent: { maxSteps: 1 } }, b]);
    const run = await finishRun(platform, await askTeam(platform, teamId, "Write."));
    expect(run).toMatchObject({ status: "FAILED", errorCode: "AGENT_MAX_STEPS" });
    expect(run.errorMessage).toContain(
      "The member a failed: The agent has made a model call and given no answer: maxSteps of its version allows no more.",
    );
    expect(asked()).toHaveLength(1);
  });
});

describe("a PARALLEL team", () => {
  it("works side by side, and the first member makes one answer of all", async () => {
    let both = (): void => {};
    const before = new Promise<void>((resolve) => (both = resolve));
    const answers = byMember({ a: [{ text: "one", before }, { text: "merged" }], b: [{ text: "two", before }] });
    let open = 0;
    model.chat((request) => {
      if (++open === 2) both();
      return typeof answers === "function" ? answers(request) : answers;
    });
    const { teamId } = await makeTeam(platform, "PARALLEL", [a, b]);
    const run = await finishRun(platform, await askTeam(platform, teamId, "Think."));
    expect(run).toMatchObject({ status: "COMPLETED", outputText: "merged", outputJson: { answered_by: "a", steps: 3 } });
    expect(asked().slice(0, 2).toSorted()).toEqual([
      ["a", "user: Think."],
      ["b", "user: Think."],
    ]);
    expect(asked()[2]).toEqual(["a", "user: The task:\nThink.\n\na:\none\n\nb:\ntwo\n\nMake one answer of theirs."]);
    expect(paths(run)).toMatchObject({ "team/member#1.0": "COMPLETED", "team/member#1.1": "COMPLETED", "team/member#2.0": "COMPLETED" });
  });

  it("is merged by the supervisor, who is told who gave no answer", async () => {
    model.chat(byMember({ a: [calls(["no_such_tool", {}])], b: [{ text: "two" }], lead: [{ text: "merged" }] }));
    const { teamId } = await makeTeam(platform, "PARALLEL", [{ ...a, agent: { maxSteps: 1 } }, lead, b]);
    const run = await finishRun(platform, await askTeam(platform, teamId, "Think."));
    expect(run).toMatchObject({ status: "COMPLETED", outputText: "merged", outputJson: { answered_by: "lead" } });
    expect(asked()[2]).toEqual([
      "lead",
      "user: The task:\nThink.\n\na:\n(has given no answer: AGENT_MAX_STEPS)\n\nb:\ntwo\n\nMake one answer of theirs.",
    ]);
    expect(paths(run)).toMatchObject({ "team/member#2.1": "COMPLETED" });
  });

  it("fails where nobody has an answer", async () => {
    model.chat(calls(["no_such_tool", {}]));
    const agent = { maxSteps: 1 };
    const { teamId } = await makeTeam(platform, "PARALLEL", [
      { ...a, agent },
      { ...b, agent },
    ]);
    const run = await finishRun(platform, await askTeam(platform, teamId, "Think."));
    expect(run).toMatchObject({ status: "FAILED", errorCode: "TEAM_MEMBERS_FAILED" });
    expect(asked()).toHaveLength(2);
  });
});

describe("a ROUND_ROBIN team", () => {
  it("takes turns on one conversation until one says that it is done", async () => {
    model.chat(byMember({ a: [{ text: "Hm." }, calls(["conclude", { answer: "Forty-two." }])], b: [{ text: "Well." }] }));
    const { teamId } = await makeTeam(platform, "ROUND_ROBIN", [a, b]);
    const run = await finishRun(platform, await askTeam(platform, teamId, "What?"));
    expect(run).toMatchObject({ status: "COMPLETED", outputText: "Forty-two.", outputJson: { answered_by: "a", rounds: 2, steps: 3 } });
    expect(asked()).toEqual([
      ["a", "user: The task:\nWhat?\n\nYou have the first word."],
      ["b", "user: The task:\nWhat?\n\na:\nHm.\n\nIt is your turn."],
      ["a", "user: The task:\nWhat?\n\na:\nHm.\n\nb:\nWell.\n\nIt is your turn."],
    ]);
    expect(functionsOf(0)).toMatchObject([{ name: "conclude" }]);
  });

  it("goes on where whoever concludes gives no answer, and tells them", async () => {
    const wrong = calls(["conclude", {}], ["conclude", { answer: 5 }], ["conclude", "done"]);
    const right = calls(["conclude", { answer: " " }], ["conclude", { answer: "Forty-two." }]);
    model.chat(byMember({ a: [wrong, right] }));
    const { teamId } = await makeTeam(platform, "ROUND_ROBIN", [a, b]);
    const run = await finishRun(platform, await askTeam(platform, teamId, "What?"));
    expect(run).toMatchObject({ status: "COMPLETED", outputText: "Forty-two.", outputJson: { answered_by: "a", rounds: 1, steps: 2 } });
    expect(paths(run)).toMatchObject({ "team/member#1.0/tool#1.0": "FAILED", "team/member#1.0/model#2": "COMPLETED" });
    const [, ...told] = (asked()[1] as string[]).slice(2);
    expect(told).toEqual(Array(3).fill(expect.stringMatching(/TOOL_ARGUMENTS_INVALID.*give answer, a text/)));
    // What is said beside a call without an answer is one.
    model.reset();
    model.chat(byMember({ a: [{ ...calls(["conclude", {}]), text: "In short: yes." }] }));
    const said = await finishRun(platform, await askTeam(platform, teamId, "What?"));
    expect(said).toMatchObject({ status: "COMPLETED", outputText: "In short: yes.", outputJson: { steps: 1 } });
  });

  it("ends after max_rounds with what was said last", async () => {
    model.chat({ text: "1" }, { text: "2" }, { text: "3" }, { text: "4" });
    const { teamId } = await makeTeam(platform, "ROUND_ROBIN", [a, b], { config: { max_rounds: 2 } });
    const run = await finishRun(platform, await askTeam(platform, teamId, "What?"));
    expect(run).toMatchObject({ status: "COMPLETED", outputText: "4", outputJson: { answered_by: "b", rounds: 2, steps: 4 } });
  });

  it("is a debate where somebody judges", async () => {
    model.chat(byMember({ a: [{ text: "Yes." }], b: [{ text: "No." }], judge: [{ text: "It depends." }] }));
    const members = [{ memberKey: "judge", role: "judge" }, a, b];
    const { teamId } = await makeTeam(platform, "ROUND_ROBIN", members, { config: { judge: "judge", max_rounds: 1 } });
    const run = await finishRun(platform, await askTeam(platform, teamId, "Is it?"));
    expect(run).toMatchObject({ status: "COMPLETED", outputText: "It depends.", outputJson: { answered_by: "judge", rounds: 1 } });
    expect(asked()).toEqual([
      ["a", "user: The task:\nIs it?\n\nYou have the first word."],
      ["b", "user: The task:\nIs it?\n\na:\nYes.\n\nIt is your turn."],
      ["judge", "user: The task:\nIs it?\n\na:\nYes.\n\nb:\nNo.\n\nYou are the judge: decide, and give the answer."],
    ]);
    expect(functionsOf(2)).toEqual([]);
    expect(paths(run)).toMatchObject({ "team/member#1.1": "COMPLETED", "team/member#1.2": "COMPLETED", "team/member#2.0": "COMPLETED" });
  });
});

describe("a debate", () => {
  const members = [{ memberKey: "judge", role: "judge", agent: { maxSteps: 2 } }, a, b];
  const config = { judge: "judge", max_rounds: 1 };

  it.each<[string, ScriptedCompletion[], JsonObject]>([
    ["calls what there is not, and then decides", [calls(["conclude", { answer: "x" }]), { text: "Yes." }], { outputText: "Yes." }],
    ["calls what there is not for ever", [calls(["delegate", { member: "a", task: "Go on." }])], { errorCode: "AGENT_MAX_STEPS" }],
    ["says nothing", [{ text: "" }], { status: "COMPLETED", outputText: "" }],
  ])("whose judge %s ends", async (_what, judge, expected) => {
    model.chat(byMember({ a: [{ text: "Yes." }], b: [{ text: "No." }], judge }));
    const { teamId } = await makeTeam(platform, "ROUND_ROBIN", members, { config });
    const run = await finishRun(platform, await askTeam(platform, teamId, "Is it?"));
    expect(run).toMatchObject(expected);
    if (run.status === "FAILED") expect(run.errorMessage).toContain("The member judge failed: ");
  });
});

describe("a team", () => {
  it("works in a workflow, in an iteration, and hands its failure to on_error", async () => {
    model.chat((request) => ({ text: JSON.stringify(request["messages"]).includes("red") ? "RED" : "BLUE" }));
    const { code } = await makeTeam(platform, "SEQUENTIAL", [a]);
    const broken = await makeTeam(platform, "ROUND_ROBIN", [a, b], { config: { max_turns: 1 } });
    const { workflowId } = await makeWorkflow(platform, {
      nodes: [
        {
          id: "each",
          type: "iteration",
          config: {
            items: "{{ input.colours }}",
            output: "{{ nodes.ask.text }}",
            body: { nodes: [{ id: "ask", type: "team", config: { team_code: code, input: "Paint it {{ item }}." } }], edges: [] },
          },
        },
        { id: "talk", type: "team", config: { team_code: broken.code, input: "Talk." }, on_error: { default: { output_text: "silence" } } },
        { id: "say", type: "answer", config: { answer: "{{ nodes.each.output }} {{ nodes.talk.text }}" } },
      ],
      edges: [
        { source: "each", target: "talk" },
        { source: "talk", target: "say" },
      ],
    });
    const run = await finishRun(platform, await startRun(platform, workflowId, { colours: ["red", "blue"] }));
    expect(run).toMatchObject({ status: "COMPLETED" });
    expect(run.outputText).toBe('["RED","BLUE"] silence');
    expect(paths(run)).toMatchObject({ "each#0/ask/member#1.0/model#1": "COMPLETED", talk: "FAILED" });
  });

  it("in a workflow may be a run of its own, of its own kind, whose calls count as the node's", async () => {
    const { teamId, code } = await makeTeam(platform, "SEQUENTIAL", [a]);
    const config = { team_code: code, input: "About {{ input.topic }}?", mode: "run" };
    const { workflowId } = await makeWorkflow(platform, {
      nodes: [{ id: "talk", type: "team", config, timeout_seconds: 600 }],
      edges: [],
    });
    const runId = await startRun(platform, workflowId, { topic: "tea" });
    expect(await finishRun(platform, runId)).toMatchObject({ status: "COMPLETED", outputText: "Hello there, friend." });
    const { run } = await ask<{ run: unknown }>(
      platform,
      `query ($id: ID!) { run(id: $id) { usage { modelCalls } nodeRuns { edges { node { path usage { modelCalls } } } }
        childRuns { edges { node { kind teamRun { inputText team { id } } usage { modelCalls } } } } } }`,
      { id: runId },
    );
    expect(run).toEqual({
      usage: { modelCalls: 1 },
      nodeRuns: { edges: [{ node: { path: "talk", usage: { modelCalls: 1 } } }] },
      childRuns: {
        edges: [{ node: { kind: "TEAM", teamRun: { inputText: "About tea?", team: { id: teamId } }, usage: { modelCalls: 1 } } }],
      },
    });
  });

  it("counts with its members among what a run works on side by side", async () => {
    const { code } = await makeTeam(platform, "PARALLEL", [a, b]);
    const each = (parallel: number, node: Dsl["nodes"][number]): Dsl["nodes"][number] => ({
      id: `each${parallel}`,
      type: "iteration",
      config: { items: [1], parallel, body: { nodes: [node], edges: [] } },
    });
    const team = { id: "talk", type: "team", config: { team_code: code, input: "Talk." } };
    const { workflowId } = await makeWorkflow(platform, { nodes: [each(32, each(31, team))], edges: [] });
    const create = "mutation ($workflowId: ID!) { createRun(input: { workflowId: $workflowId }) { id } }";
    expect(await refusal(platform, create, { workflowId })).toMatchObject({ reason: "PARALLEL_TOO_LARGE", found: 1_984, limit: 1_000 });
  });

  it("is frozen with the versions of its members' agents, which work on when they are archived", async () => {
    const { teamId, versionId, agents } = await makeTeam(platform, "SEQUENTIAL", [a]);
    const archive = "mutation ($id: ID!) { archiveAgentVersion(id: $id) { status } }";
    await ask(platform, archive, { id: agents["a"]!.versionId });
    await ask(platform, `mutation ($id: ID!) { updateAgent(id: $id, input: { status: ARCHIVED }) { status } }`, {
      id: agents["a"]!.agentId,
    });
    const run = await finishRun(platform, await askTeam(platform, teamId, "Hello?"));
    expect(run).toMatchObject({ status: "COMPLETED", outputText: "Hello there, friend." });

    await ask(platform, `mutation ($id: ID!) { deleteAgent(id: $id) { id } }`, { id: agents["a"]!.agentId });
    const create = `mutation ($input: CreateTeamRunInput!) { createTeamRun(input: $input) { id } }`;
    const refused = await refusal(platform, create, { input: { teamId, inputText: "Hello?" } });
    expect(refused).toMatchObject({ code: "CONFLICT", reason: "TEAM_MEMBER_DELETED", memberKey: "a", versionId });
  });

  it("calls nothing in a dry run, and says what it would have asked", async () => {
    const { teamId } = await makeTeam(platform, "SEQUENTIAL", [a, b]);
    const run = await finishRun(platform, await askTeam(platform, teamId, "Hello?", { dryRun: true }));
    expect(run).toMatchObject({ status: "COMPLETED", outputJson: { dry_run: true, request: { messages: [{}, { content: "Hello?" }] } } });
    expect(model.requests).toHaveLength(0);
    const led = await makeTeam(platform, "SUPERVISOR", [lead, a]);
    const id = await askTeam(platform, led.teamId, "Hello?", { execution: "MANUAL" });
    const execute = `mutation ($id: ID!) { executeTeamRun(id: $id, input: { workerKey: "me", dryRun: true }) { run { status outputJson } } }`;
    const { executeTeamRun } = await ask<{ executeTeamRun: { run: JsonObject } }>(platform, execute, { id });
    expect(executeTeamRun.run).toMatchObject({
      status: "COMPLETED",
      outputJson: { dry_run: true, request: { tools: [{ name: "delegate" }] } },
    });
    expect(model.requests).toHaveLength(0);
  });

  it("knows what was said in its session, which gets question and answer", async () => {
    const { createApp } = await ask<{ createApp: { id: string } }>(
      platform,
      'mutation { createApp(input: { code: "teams", name: "Teams" }) { id } }',
    );
    const create = 'mutation ($id: ID!) { createSession(input: { appId: $id, userId: "u" }) { id } }';
    const { createSession } = await ask<{ createSession: { id: string } }>(platform, create, { id: createApp.id });
    const sessionId = createSession.id;
    const { teamId } = await makeTeam(platform, "SUPERVISOR", [lead, a]);
    model.chat({ text: "One." });
    await finishRun(platform, await askTeam(platform, teamId, "First?", { sessionId }));
    const messages = () =>
      ask<{ session: { messages: { nodes: { role: string; content: string }[] }; teamRuns: { nodes: object[] } } }>(
        platform,
        "query ($id: ID!) { session(id: $id) { messages { nodes { role content } } teamRuns { nodes { id } } } }",
        { id: sessionId },
      );
    await eventually(messages, ({ session }) => session.messages.nodes.length === 2);
    model.chat(byMember({ lead: [delegate(["a", "Work."]), { text: "Two." }], a: [{ text: "Done." }] }));
    await finishRun(platform, await askTeam(platform, teamId, "Second?", { sessionId }));
    expect(asked().slice(1, 3)).toEqual([
      ["lead", "user: First?", "assistant: One.", "user: Second?"],
      ["a", "user: Work."],
    ]);
    const { session } = await eventually(messages, (seen) => seen.session.messages.nodes.length === 4);
    expect(session.messages.nodes.map(({ content }) => content)).toEqual(expect.arrayContaining(["First?", "One.", "Second?", "Two."]));
    expect(session.teamRuns.nodes).toHaveLength(2);
  });

  it("has members that can be told something while they work", async () => {
    let go = (): void => {};
    const before = new Promise<void>((resolve) => (go = resolve));
    model.chat(byMember({ lead: [delegate(["a", "Paint."]), { text: "Red." }], a: [{ text: "Blue.", before }, { text: "Red." }] }));
    const { teamId } = await makeTeam(platform, "SUPERVISOR", [lead, a]);
    const runId = await askTeam(platform, teamId, "Paint it.");
    await model.seen(2);
    const input = { text: "In red.", nodeRunId: `${runId}:team/member#1.0` };
    await ask(platform, "mutation ($id: ID!, $input: SendAgentInputInput!) { sendAgentInput(runId: $id, input: $input) { id } }", {
      id: runId,
      input,
    });
    go();
    const run = await finishRun(platform, runId);
    expect(asked()[2]).toEqual(["a", "user: Paint.", "assistant: Blue.", "user: In red."]);
    expect(paths(run)).toMatchObject({ "team/member#1.0/input#1": "COMPLETED", "team/member#1.0/model#2": "COMPLETED" });
  });

  it("hears through its supervisor what its run is told, and through nobody where it has none", async () => {
    let go = (): void => {};
    const before = new Promise<void>((resolve) => (go = resolve));
    const send = "mutation ($id: ID!, $input: SendAgentInputInput!) { sendAgentInput(runId: $id, input: $input) { id } }";
    model.chat(byMember({ lead: [delegate(["a", "Paint."]), { text: "Red." }], a: [{ text: "Blue.", before }] }));
    const { teamId } = await makeTeam(platform, "SUPERVISOR", [lead, a]);
    const runId = await askTeam(platform, teamId, "Paint it.");
    await model.seen(2);
    await ask(platform, send, { id: runId, input: { text: "In red." } });
    go();
    const run = await finishRun(platform, runId);
    expect(asked()[2]).toEqual(["lead", "user: Paint it.", "assistant: null", "tool: Blue.", "user: In red."]);
    expect(paths(run)).toMatchObject({ "team/input#1": "COMPLETED", "team/model#2": "COMPLETED" });

    model.reset();
    let end = (): void => {};
    model.chat({ text: "Blue.", before: new Promise<void>((resolve) => (end = resolve)) });
    const line = await makeTeam(platform, "SEQUENTIAL", [a, b]);
    const lineId = await askTeam(platform, line.teamId, "Paint it.");
    await model.seen(1);
    expect(await refusal(platform, send, { id: lineId, input: { text: "In red." } })).toMatchObject({
      ...{ code: "BAD_USER_INPUT", reason: "TEAM_NOT_LED", field: "nodeRunId", mode: "SEQUENTIAL", id: `${lineId}:team` },
    });
    end();
    expect(await finishRun(platform, lineId)).toMatchObject({ status: "COMPLETED" });
  });

  it("goes on from where it failed when it is tried again", async () => {
    const { teamId } = await makeTeam(platform, "SEQUENTIAL", [a, b]);
    model.chat({ text: "draft" }, { status: 400, json: { error: { message: "no" } } }, { text: "final" });
    const failed = await finishRun(platform, await askTeam(platform, teamId, "Write."));
    expect(failed).toMatchObject({ status: "FAILED" });
    const { retryRun } = await ask<{ retryRun: { id: string } }>(platform, "mutation ($id: ID!) { retryRun(id: $id) { id } }", {
      id: failed.id,
    });
    const run = await finishRun(platform, retryRun.id);
    expect(run).toMatchObject({ status: "COMPLETED", outputText: "final" });
    expect(asked().map(([who]) => who)).toEqual(["a", "b", "b"]);

    model.reset();
    const refused = { status: 400, json: { error: { message: "no" } } };
    model.chat(delegate(["a", "Write."]), { text: "draft" }, refused, { text: "final" });
    const led = await makeTeam(platform, "SUPERVISOR", [lead, a]);
    const first = await finishRun(platform, await askTeam(platform, led.teamId, "Write."));
    expect(first).toMatchObject({ status: "FAILED" });
    const again = await ask<{ retryRun: { id: string } }>(platform, "mutation ($id: ID!) { retryRun(id: $id) { id } }", { id: first.id });
    expect(await finishRun(platform, again.retryRun.id)).toMatchObject({
      status: "COMPLETED",
      outputText: "final",
      outputJson: { steps: 3 },
    });
    expect(asked().map(([who]) => who)).toEqual(["lead", "a", "lead", "lead"]);
  });

  it("is refused by name and value where it cannot be as it is asked for", async () => {
    const { agentId } = await makeAgent(platform);
    const { teamId } = await makeTeam(platform, "SEQUENTIAL", [a]);
    const create = `mutation ($input: CreateTeamVersionInput!) { createTeamVersion(input: $input) { id } }`;
    const member = (memberKey: string) => ({ memberKey, agentId, role: "worker" });
    const version = { teamId, coordinationMode: "ROUND_ROBIN", objective: "Test.", members: [member("a"), member("b")] };
    const refused: [JsonObject, JsonObject][] = [
      [{ members: [member("model")] }, { reason: "MEMBER_KEY_RESERVED", field: "members[0].memberKey" }],
      [{ config: { max_rounds: 0 } }, { reason: "TEAM_CONFIG_INVALID", field: "config.max_rounds", value: "0" }],
      [{ config: { max_total_tokens: "many" } }, { reason: "TEAM_CONFIG_INVALID", field: "config.max_total_tokens", value: '"many"' }],
      [{ config: { judge: "c" } }, { reason: "TEAM_CONFIG_INVALID", field: "config.judge", value: '"c"' }],
      [
        { config: { judge: "a" }, coordinationMode: "PARALLEL" },
        { reason: "TEAM_CONFIG_INVALID", field: "config.judge" },
      ],
    ];
    for (const [change, facts] of refused)
      expect(await refusal(platform, create, { input: { ...version, ...change } })).toMatchObject({ code: "BAD_USER_INPUT", ...facts });
    const start = `mutation ($input: CreateTeamRunInput!) { createTeamRun(input: $input) { id } }`;
    expect(await refusal(platform, start, { input: { teamId: agentId, inputText: "x" } })).toMatchObject({ reason: "TEAM_NOT_FOUND" });
    const agent = { toolBindingIds: await manyBindings(128) };
    for (const [mode, functionName] of [
      ["SUPERVISOR", "delegate"],
      ["ROUND_ROBIN", "conclude"],
    ] as const) {
      const full = await makeTeam(platform, mode, [{ ...lead, agent }, a]);
      expect(await refusal(platform, start, { input: { teamId: full.teamId, inputText: "x" } })).toMatchObject({
        ...{ code: "CONFLICT", reason: "TEAM_MEMBER_TOOLS", memberKey: "lead", agentId: full.agents["lead"]!.agentId },
        ...{ tools: 128, most: 128, functionName },
      });
    }
    const draft = await makeTeam(platform, "SEQUENTIAL", [a], { status: "DRAFT" });
    expect(await refusal(platform, start, { input: { teamId: draft.teamId, inputText: "x" } })).toMatchObject({
      reason: "TEAM_VERSION_NOT_PUBLISHED",
    });
  });

  it("is refused with the member that cannot be used, and in a workflow with the node that names it", async () => {
    const create = `mutation ($input: CreateTeamRunInput!) { createTeamRun(input: $input) { id } }`;
    const member = (memberKey: string, agent: JsonObject = {}): MadeMember => ({ memberKey, agent });
    const { bindingId } = await makeTool(platform, { url: "http://127.0.0.1:1/" });
    const never = await makeTeam(platform, "SEQUENTIAL", [member("a"), member("b", { status: "DRAFT" })]);
    const toolless = await makeTeam(platform, "SEQUENTIAL", [member("a"), member("c", { toolBindingIds: [bindingId] })]);
    await ask(platform, `mutation ($id: ID!) { deleteToolBinding(id: $id) { id } }`, { id: bindingId });
    const { agentId, versionId: draftId } = await makeAgent(platform, { status: "DRAFT" });
    const cases: [asked: JsonObject | undefined, config: JsonObject, facts: JsonObject][] = [
      [
        { teamId: never.teamId },
        { team_id: never.teamId },
        {
          code: "CONFLICT",
          reason: "TEAM_MEMBER_NOT_PUBLISHED",
          memberKey: "b",
          agentId: never.agents["b"]!.agentId,
          versionId: never.versionId,
        },
      ],
      [
        { teamId: toolless.teamId },
        { team_code: toolless.code },
        { reason: "TOOL_BINDING_NOT_FOUND", memberKey: "c", id: bindingId, agentVersionId: toolless.agents["c"]!.versionId },
      ],
      [{ teamId: never.teamId, teamVersionId: draftId }, { team_version_id: draftId }, { reason: "TEAM_VERSION_NOT_FOUND", id: draftId }],
      [undefined, { team_code: "nobody" }, { reason: "TEAM_NOT_FOUND", id: "nobody" }],
      [undefined, { agent_id: agentId }, { reason: "AGENT_VERSION_NOT_PUBLISHED", id: agentId }],
      [undefined, { skill_code: "nothing" }, { reason: "SKILL_NOT_FOUND", id: "nothing" }],
    ];
    for (const [asked, config, facts] of cases) {
      if (asked !== undefined) {
        const refused = await refusal(platform, create, { input: { ...asked, inputText: "x" } });
        expect(refused).toMatchObject(facts);
        expect(refused).not.toHaveProperty("nodeId");
      }
      const type = Object.keys(config)[0]!.split("_")[0]!;
      const named = { id: "named", type, config: { ...config, input: type === "skill" ? {} : "x" } };
      const { workflowId } = await makeWorkflow(platform, { nodes: [named], edges: [] });
      const createRun = "mutation ($workflowId: ID!) { createRun(input: { workflowId: $workflowId }) { id } }";
      expect(await refusal(platform, createRun, { workflowId })).toMatchObject({ ...facts, nodeId: "named" });
    }
  });
});
