import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { makeWorkflow, startRun, finishRun, type Dsl } from "../../testkit/graph.ts";
import { startHttpServer, type TestHttpServer } from "../../testkit/http-server.ts";
import { startTestPlatform, type TestPlatform } from "../../testkit/platform.ts";
import { startScriptedProvider, type ScriptedProvider } from "../../testkit/scripted-provider.ts";
import { runCli, type CliProcess } from "../cli-process.ts";

let provider: ScriptedProvider;
let shop: TestHttpServer;
let platform: TestPlatform;
beforeAll(async () => {
  provider = await startScriptedProvider();
  shop = await startHttpServer();
  platform = await startTestPlatform({ env: { providerBaseUrl: provider.baseUrl, providerApiKey: "key", egressAllow: [shop.hostPort] } });
}, 60_000);
afterAll(async () => {
  await platform.stop();
  await shop.close();
  await provider.close();
});

const llm: Dsl = { nodes: [{ id: "ask", type: "llm", config: { prompt: "Hi" } }], edges: [] };
const tool = (retry: object, more: object = {}): Dsl => ({
  nodes: [{ id: "call", type: "tool", config: { method: "GET", url: `${shop.url}/x` }, retry: { ...retry }, ...more }],
  edges: [],
});

async function started(dsl: Dsl): Promise<string> {
  const { workflowId } = await makeWorkflow(platform, dsl);
  return startRun(platform, workflowId);
}

function follow(runId: string, ...more: string[]): CliProcess {
  return runCli("real", ["follow", runId, "--url", platform.url, "--tenant", "t1", ...more]);
}

describe("follow", () => {
  it("shows what a model says while it says it, then the answer", async () => {
    const [begin, goOn] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    provider.chat({ text: "One\ntwo \u001b[2Jthree.", before: begin.promise, between: goOn.promise });
    const cli = follow(await started(llm));
    await cli.says("running");
    begin.resolve();
    await cli.says("ask │ One");
    goOn.resolve();
    const { code, output } = await cli.ended;
    // Without the character that would clear the screen.
    expect(output).toContain("    ask │ One\n    ask │ two [2Jthree.\n  ✓ ask");
    expect(output).toMatch(/✓ run completed\n\nOne\ntwo \[2Jthree\.\n$/);
    expect(code).toBe(0);
  });

  it("with --json prints deltas as events, an object a line, and the run last", async () => {
    const begin = Promise.withResolvers<void>();
    provider.chat({ text: "One two.", before: begin.promise });
    const cli = follow(await started(llm), "--json");
    await cli.says(`"nodeStatus":"RUNNING"`);
    begin.resolve();
    const { code, output } = await cli.ended;
    const lines = output
      .split("\n")
      .filter(Boolean)
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(lines.flatMap(({ delta }) => delta ?? []).join("")).toBe("One two.");
    expect(lines.at(-1)).toMatchObject({ status: "COMPLETED", outputText: "One two." });
    expect(code).toBe(0);
  });

  it("shows a run that has ended from its beginning, its rests too, and ends by how it ended", async () => {
    shop.on("GET /x", [{ status: 503 }, { json: {} }]);
    const runId = await started(tool({ max_attempts: 2, backoff_seconds: 0.01 }));
    await finishRun(platform, runId);
    const { code, output } = await follow(runId).ended;
    expect(output).toMatch(/run waiting[^]*run completed/);
    expect(code).toBe(0);
    shop.on("GET /x", { status: 404 });
    const failed = await follow(await started(tool({ max_attempts: 1 }))).ended;
    expect(failed.output).toContain("is FAILED. ");
    expect(failed.code).toBe(1);
  });

  it("goes on where the run waits for its next attempt", async () => {
    shop.on("GET /x", [{ status: 503 }, { json: {} }]);
    const { code, output } = await follow(await started(tool({ max_attempts: 2, backoff_seconds: 2 }))).ended;
    expect(output).toMatch(/run waiting[^]*run completed/);
    expect(code).toBe(0);
  });

  it("ends where the run waits for somebody, and says of an unknown one that there is none", async () => {
    shop.on("GET /x", (_request, response) => response.destroy());
    const { code, output } = await follow(await started(tool({ max_attempts: 2 }, { at_most_once: true }))).ended;
    expect(output).toMatch(/… run waiting\n/);
    expect(code).toBe(0);
    expect(await follow("nope").ended).toMatchObject({ code: 1, output: "No run nope.\n" });
  });
});

describe("run", () => {
  it("without --follow says how to go on, and that works", async () => {
    const folder = await mkdtemp(join(tmpdir(), "agent-platform-follow-"));
    const path = join(folder, "flow.json");
    await writeFile(path, JSON.stringify({ nodes: [{ id: "say", type: "answer", config: { answer: "Hello." } }], edges: [] }));
    const { code, output } = await runCli("real", ["run", path, "--url", platform.url, "--tenant", "t1"]).ended;
    await rm(folder, { recursive: true });
    expect(code).toBe(0);
    const [, line = ""] = /^Follow it: node cli\/bin\.mjs (.*)$/m.exec(output) ?? [];
    const followed = await runCli("real", line.split(" ")).ended;
    expect(followed.output).toMatch(/✓ run completed\n\nHello\.\n$/);
    expect(followed.code).toBe(0);
  });
});
