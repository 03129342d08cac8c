import { spawn } from "node:child_process";
import { once } from "node:events";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import type { JsonObject } from "#shared/json.ts";
import { makeAgent } from "../../testkit/agents.ts";
import { eventually } from "../../testkit/eventually.ts";
import { ask } from "../../testkit/graph.ts";
import { startTestPlatform, type TestPlatform } from "../../testkit/platform.ts";
import { startScriptedProvider, type ScriptedProvider } from "../../testkit/scripted-provider.ts";
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

describe("agents", () => {
  it("run shows an agent's work, and its answer last", async () => {
    const { code } = await makeAgent(platform);
    const { code: exit, output } = await runCli("real", ["agents", "run", code, "Hello?", ...there()]).ended;
    expect(output).toContain("agent/model#1");
    expect(output).toMatch(/\n\nHello there, friend\.\n$/);
    expect(exit).toBe(0);
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
