import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { makeWorkflow, startRun, finishRun, type Dsl } from "../../testkit/graph.ts";
import { startRelay } from "../../testkit/relay.ts";
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
});
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

  it("says of a run that waits for others of its key behind how many, and for whom", async () => {
    const begin = Promise.withResolvers<void>();
    provider.chat({ text: "First.", before: begin.promise }, { text: "Second." }, { text: "Third." });
    const { workflowId } = await makeWorkflow(platform, { ...llm, concurrency: { limit: 1 } } as Dsl);
    const before = provider.requests.length;
    const first = await startRun(platform, workflowId);
    await provider.seen(before + 1);
    await startRun(platform, workflowId);
    const cli = follow(await startRun(platform, workflowId));
    await cli.says(`  waits for others of its key: 1 before it, 1 of 1 places taken, one by run ${first}`);
    begin.resolve();
    const { code, output } = await cli.ended;
    expect(output).toContain("Third.");
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
    // Why stands at the node, and nowhere else.
    expect(failed.output.match(/404/g)).toHaveLength(1);
    expect(failed.output).toMatch(/✗ call .*404.*\n.*✗ run failed\nRun [\w-]+ is FAILED\.\n$/);
    expect(failed.code).toBe(1);
  });

  it("says that the connection is lost, and goes on when the platform is there again", async () => {
    await using relay = await startRelay(platform.url);
    const [begin, goOn] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    provider.chat({ text: "One two.", before: begin.promise, between: goOn.promise });
    const cli = runCli("real", ["follow", await started(llm), "--url", relay.url, "--tenant", "t1"]);
    await cli.says("running");
    begin.resolve();
    await cli.says("ask │ One");
    relay.cut();
    // On a line of its own, although the model's has begun.
    await cli.says("\n  connection lost, trying again for 60 s …\n");
    await relay.mend();
    await cli.says("\n  connected again\n");
    goOn.resolve();
    const { code, output } = await cli.ended;
    expect(output).toMatch(/✓ run completed\n\nOne two\.\n$/);
    expect(code).toBe(0);
  });

  it("says what it gives up after, and how to go on", async () => {
    await using relay = await startRelay(platform.url);
    const end = Promise.withResolvers<void>();
    provider.chat({ text: "One.", before: end.promise });
    const runId = await started(llm);
    const argv = ["follow", runId, "--url", relay.url, "--tenant", "t1", "--give-up-after", "1.5"];
    const [cli, json] = [runCli("real", argv), runCli("real", [...argv, "--json"])];
    await Promise.all([cli.says("running"), json.says("RUNNING")]);
    relay.cut();
    const { code, output } = await cli.ended;
    expect(output).toMatch(/connection lost, trying again for 1\.5 s …\nNo connection to the platform for 1\.5 s: given up\. Run /);
    expect(output).toContain(`To see it again: node cli/bin.mjs follow ${runId} --url ${relay.url} --tenant t1\n`);
    expect(code).toBe(1);
    const told = (await json.ended).output.trim().split("\n").slice(-2);
    expect(told.map((line) => JSON.parse(line) as object)).toMatchObject([
      { event: "notice", text: expect.stringContaining("connection lost") },
      { error: { reason: "RUN_OUT_OF_SIGHT", runId, seconds: 1.5 } },
    ]);
    end.resolve();
    await finishRun(platform, runId);
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
  /** Runs a file with this content. */
  async function runContent(content: object, ...more: string[]) {
    const folder = await mkdtemp(join(tmpdir(), "agent-platform-run-"));
    const path = join(folder, "flow.json");
    await writeFile(path, JSON.stringify(content));
    const ended = await runCli("real", ["run", path, "--url", platform.url, "--tenant", "t1", ...more]).ended;
    await rm(folder, { recursive: true });
    return { path, ...ended };
  }

  const broken = { nodes: [{ id: "say", type: "anwser", config: {} }], edges: [{ source: "say", target: "nobody" }] };

  it.each([
    { what: "a document by itself", content: broken, at: "" },
    { what: "a document beside a name", content: { name: "Broken", dsl: broken }, at: "/dsl" },
  ])("lists the problems of $what with their places in the file, in a shell's words", async ({ content, at }) => {
    const { code, output, path } = await runContent(content);
    expect(output).toContain(`The workflow of ${path} has 2 problems:\n  ${at}/nodes/0/type: Node say is of type "anwser"`);
    expect(output).toContain(`\n  ${at}/edges/0/target: The target of edge 0 is "nobody"`);
    expect(output).not.toMatch(/extensions|validateDsl/);
    expect(code).toBe(1);
    const { error } = JSON.parse((await runContent(content, "--json")).output) as { error: { issues: object[] } };
    expect(error).toMatchObject({ code: "BAD_USER_INPUT", reason: "DSL_INVALID" });
    expect(error.issues[0]).toMatchObject({ code: "NODE_TYPE_UNKNOWN", path: `${at}/nodes/0/type` });
  });

  it("says what a file needs when its run has failed", async () => {
    const example = ["run", "examples/product-search.json", "--url", platform.url, "--tenant", "t1", "--follow"];
    const { code, output } = await runCli("real", example).ended;
    expect(output).toMatch(
      /is FAILED\. examples\/product-search\.json needs http\. Asks a catalogue's HTTP API .*npm run demo -- product-search/,
    );
    expect(output.match(/is not a public address/g)).toHaveLength(1);
    expect(code).toBe(1);
    shop.on("GET /x", { status: 404 });
    const own = { ...tool({ max_attempts: 1 }) };
    expect((await runContent({ needs: ["a shop", "a key"], dsl: own }, "--follow")).output).toMatch(
      /is FAILED\. \S+ needs a shop, a key\.\n$/,
    );
  });

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
