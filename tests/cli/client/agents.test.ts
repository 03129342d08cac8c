import { spawn } from "node:child_process";
import { once } from "node:events";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import type { JsonObject } from "#shared/json.ts";
import { calls, makeAgent, makeTool } from "../../testkit/agents.ts";
import { eventually } from "../../testkit/eventually.ts";
import { ask, finishRun } from "../../testkit/graph.ts";
import { startTestPlatform, type TestPlatform } from "../../testkit/platform.ts";
import { startScriptedProvider, type ScriptedProvider } from "../../testkit/scripted-provider.ts";
import { makeSkill, useSkill } from "../../testkit/skills.ts";
import { askTeam, makeTeam } from "../../testkit/teams.ts";
import { runCli } from "../cli-process.ts";

let model: ScriptedProvider;
let platform: TestPlatform;
beforeAll(async () => {
  model = await startScriptedProvider();
  platform = await startTestPlatform({ env: { providerBaseUrl: model.baseUrl, defaultModel: "scripted-model" } });
});
afterAll(async () => {
  await platform.stop();
  await model.close();
});

const there = () => ["--url", platform.url, "--tenant", "t1"];

describe("skills", () => {
  it("import makes a folder a skill, and of one that is there the next version", async () => {
    const folder = fileURLToPath(new URL("../../../examples/skills/unit-converter", import.meta.url));
    const made = await runCli("real", ["skills", "import", folder, ...there()]).ended;
    expect(made).toMatchObject({ code: 0, output: expect.stringContaining("Version 1 of the skill unit-converter is PUBLISHED.") });
    const again = await runCli("real", ["skills", "import", folder, "--draft", ...there()]).ended;
    expect(again.output).toContain("Version 2 of the skill unit-converter is DRAFT.");
    const { skillByCode } = await ask<{ skillByCode: { id: string; publishedVersion: JsonObject } }>(
      platform,
      `{ skillByCode(code: "unit-converter") { id publishedVersion { version implementation } } }`,
    );
    expect(skillByCode.publishedVersion).toMatchObject({
      version: 1,
      implementation: {
        name: "unit-converter",
        files: expect.arrayContaining([expect.objectContaining({ path: "scripts/convert.py", script: true })]),
      },
    });
    const runId = await useSkill(platform, skillByCode.id, { path: "scripts/convert.py", input: { value: 12.5, from: "km", to: "mi" } });
    expect(await finishRun(platform, runId)).toMatchObject({ outputJson: { result: { value: 7.767, unit: "mi" } } });
    const missing = await runCli("real", ["skills", "import", `${folder}/nothing`, ...there()]).ended;
    expect(missing).toMatchObject({ code: 1, output: expect.stringContaining("cannot be read") });
  });
});

describe("skills run", () => {
  it("shows a skill's work, and what it gave last", async () => {
    const { code } = await makeSkill(platform, "TEMPLATE", { implementation: { template: "Hello $name" } });
    const ran = await runCli("real", ["skills", "run", code, "--input", '{"name":"Ada"}', ...there()]).ended;
    expect(ran).toMatchObject({ code: 0, output: expect.stringMatching(/skill[^]*\n\nHello Ada\n$/) });
    const program = { language: "javascript", code: "console.log('seen'); result = { sum: payload.a + 1 };" };
    const sum = await makeSkill(platform, "CODE", { implementation: program });
    const summed = await runCli("real", ["skills", "run", sum.code, "--input", '{"a":1}', ...there()]).ended;
    expect(summed).toMatchObject({ code: 0, output: expect.stringMatching(/\n\nseen\n\{\n {2}"sum": 2\n\}\n$/) });
    const dry = await makeSkill(platform, "PROMPT", { implementation: { prompt: "Say $word" } });
    const args = ["skills", "run", dry.code, "--input", '{"word":"ahoy"}', "--dry-run", "--json", ...there()];
    const said = (await runCli("real", args).ended).output.trim().split("\n").at(-1)!;
    expect(JSON.parse(said)).toMatchObject({ status: "COMPLETED", outputJson: { dry_run: true } });
  });

  it.each<[what: string, given: string[], exit: number, told: RegExp]>([
    [
      "says all that is wrong with the input, and what the skill takes",
      ["--input", '{"age":-1}'],
      1,
      /\/name: .*\n\s+\/age: [^]*takes name \(string\), age/,
    ],
    ["of an input that is no object says so", ["--input", "[1]"], 2, /no JSON object/],
  ])("%s", async (_what, given, exit, told) => {
    const properties = { name: { type: "string" }, age: { type: "integer", minimum: 0 } };
    const parameterSchema = { type: "object", properties, required: ["name"] };
    const { code } = await makeSkill(platform, "TEMPLATE", { implementation: { template: "$name" }, parameterSchema });
    expect(await runCli("real", ["skills", "run", code, ...given, ...there()]).ended).toMatchObject({
      code: exit,
      output: expect.stringMatching(told),
    });
  });

  it("fails where the run does, and says which skill there is not", async () => {
    const { code } = await makeSkill(platform, "TEMPLATE", { implementation: { template: "$name" } });
    const failed = await runCli("real", ["skills", "run", code, ...there()]).ended;
    expect(failed).toMatchObject({ code: 1, output: expect.stringContaining("needs name") });
    const unknown = await runCli("real", ["skills", "run", "nothing", ...there()]).ended;
    expect(unknown).toMatchObject({ code: 1, output: expect.stringContaining("no skill nothing") });
  });
});

describe("agents", () => {
  it("run shows an agent's work, and its answer last", async () => {
    const { code } = await makeAgent(platform);
    const { code: exit, output } = await runCli("real", ["agents", "run", code, "Hello?", ...there()]).ended;
    expect(output).toContain("agent/model#1");
    expect(output).toMatch(/\n\nHello there, friend\.\n$/);
    expect(exit).toBe(0);
  });

  it("run --dry-run shows what it would have asked", async () => {
    const { code } = await makeAgent(platform, { role: "the clerk" });
    const { code: exit, output } = await runCli("real", ["agents", "run", code, "Where is it?", "--dry-run", ...there()]).ended;
    const [, request] = /\n\n\[dry run\] It would have asked:\n([^]*)$/.exec(output) ?? [];
    expect(JSON.parse(request ?? "null")).toEqual({
      messages: [
        { role: "SYSTEM", content: "Your role: the clerk" },
        { role: "USER", content: "Where is it?" },
      ],
    });
    expect(exit).toBe(0);
  });

  it("of a team are told apart by whom a call's approval is asked for", async () => {
    const tool = await makeTool(platform, { url: "http://127.0.0.1:1/refund", config: { requires_approval: true } });
    const members = ["ann", "bob"].map((memberKey) => ({ memberKey, agent: { toolBindingIds: [tool.bindingId] } }));
    const { teamId } = await makeTeam(platform, "PARALLEL", members);
    const isCalled = (request: JsonObject) => (request["messages"] as JsonObject[]).some(({ role }) => role === "tool");
    model.chat((request) => (isCalled(request) ? { text: "Done." } : calls([tool.name, { euros: 20 }])));
    const runId = await askTeam(platform, teamId, "Refund it.");
    const list = () => runCli("real", ["answer", ...there()]).ended;
    const { output } = await eventually(list, ({ output: said }) => said.trim().split("\n").length === 2);
    const asked = `APPROVAL  ·  call of ${tool.name} with {"euros":20}  ·  asked by`;
    expect(output.trim().split("\n").toSorted()).toEqual([
      `${runId}:team/member#1.0/tool#1.0  ${asked} ann`,
      `${runId}:team/member#1.1/tool#1.0  ${asked} bob`,
    ]);
    const shown = await runCli("real", ["answer", `${runId}:team/member#1.1/tool#1.0`, "--show", ...there()]).ended;
    expect(shown.output).toContain(`team/member#1.1/tool#1.0 waits: APPROVAL, asked by bob\n`);
    const address = `query ($id: ID!) { nodeRun(id: $id) { waiting { link(expiresInSeconds: 60) } } }`;
    const { nodeRun } = await ask<{ nodeRun: { waiting: { link: string } } }>(platform, address, {
      id: `${runId}:team/member#1.0/tool#1.0`,
    });
    expect(await (await fetch(new URL(nodeRun.waiting.link, platform.url))).text()).toContain("It is asked for by ann.");
    await ask(platform, `mutation ($id: ID!) { cancelRun(id: $id) { id } }`, { id: runId });
    model.reset();
  });

  it("run says which agent there is not", async () => {
    const { code, output } = await runCli("real", ["agents", "run", "nobody", "Hello?", ...there()]).ended;
    expect(output).toContain("no agent nobody");
    expect(code).toBe(1);
  });

  it("chat asks with each line, and the agent knows what was said before", async () => {
    const { code } = await makeAgent(platform);
    model.reset();
    const bin = fileURLToPath(new URL("../../../cli/bin.mjs", import.meta.url));
    const env = { PATH: process.env["PATH"], AGENT_PLATFORM_LOG_LEVEL: "warn" };
    const child = spawn(process.execPath, [bin, "agents", "chat", code, ...there()], { env, stdio: ["pipe", "pipe", "inherit"] });
    const ended = once(child, "close");
    const output = text(child.stdout);
    child.stdin.end("I am Ann.\n\nWho am I?\n");
    expect((await ended)[0]).toBe(0);
    expect((await output).match(/Hello there, friend\.\n/g)?.length).toBeGreaterThanOrEqual(2);
    expect(model.requests).toHaveLength(2);
    const said = (model.requests[1]!.json["messages"] as JsonObject[]).map(({ content }) => content);
    expect(said.slice(1)).toEqual(["I am Ann.", "Hello there, friend.", "Who am I?"]);
  });

  /** A chat that is typed, and what it has said so far. */
  const typed = (code: string, ...more: string[]) => {
    const bin = fileURLToPath(new URL("../../../cli/bin.mjs", import.meta.url));
    const env = { PATH: process.env["PATH"], AGENT_PLATFORM_LOG_LEVEL: "warn" };
    const child = spawn(process.execPath, [bin, "agents", "chat", code, ...more, ...there()], { env, stdio: ["pipe", "pipe", "inherit"] });
    let said = "";
    const watchers = new Set<() => void>();
    child.stdout.on("data", (chunk: Buffer) => {
      said += chunk.toString();
      for (const watcher of watchers) watcher();
    });
    /** Resolves when so much was said so often. */
    const heard = (words: string, times = 1) =>
      new Promise<void>((resolve) => {
        const check = () => said.split(words).length > times && (watchers.delete(check), resolve());
        watchers.add(check);
        check();
      });
    return { child, heard, ended: once(child, "close"), said: () => said };
  };

  it("chat tells the agent what is typed while it works, and the next model call sees it", async () => {
    const { code } = await makeAgent(platform);
    model.reset();
    const gate = Promise.withResolvers<void>();
    model.chat({ text: "First.", before: gate.promise }, { text: "In red, then." });
    const { child, ended } = typed(code, "--steer");
    child.stdin.write("Paint it.\n");
    await model.seen(1);
    child.stdin.write("In red, please.\n");
    await eventually(
      async () =>
        (await ask<{ agentRuns: { nodes: { run: { nodeRuns: { nodes: { nodeType: string }[] } } }[] } }>(platform, inputs)).agentRuns
          .nodes[0],
      (newest) => newest?.run.nodeRuns.nodes.some(({ nodeType }) => nodeType === "agent-input") === true,
    );
    gate.resolve();
    await model.seen(2);
    child.stdin.end();
    expect((await ended)[0]).toBe(0);
    const said = (model.requests[1]!.json["messages"] as JsonObject[]).map(({ content }) => content);
    expect(said.slice(1)).toEqual(["Paint it.", "First.", "In red, please."]);
  });

  it("chat stops what the agent does at Ctrl-C, and ends at the next one", async () => {
    const { code } = await makeAgent(platform);
    model.reset();
    const never = new Promise<void>(() => {});
    model.chat({ text: "lost", before: never });
    const { child, heard, ended, said } = typed(code);
    child.stdin.write("Take your time.\n");
    await model.seen(1);
    child.kill("SIGINT");
    await heard("> ", 2);
    expect(said()).toContain("CANCELLED");
    child.kill("SIGINT");
    expect((await ended)[0]).toBe(0);
  });
});

const inputs = `query { agentRuns(first: 1) { nodes { run { nodeRuns(first: 20) { nodes { nodeType } } } } } }`;
