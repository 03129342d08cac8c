import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Json } from "#shared/json.ts";
import { prepareAgents } from "../../cli/client/agents/prepare-agents.ts";
import { makeTeam, readTeamFile } from "../../cli/client/agents/team-file.ts";
import { prepareWorkflow } from "../../cli/client/prepare.ts";
import { readWorkflowFile, type WorkflowFile } from "../../cli/client/workflow-file.ts";
import { sayInShop } from "../../cli/demo/shop.ts";
import type { Conversation } from "../../cli/smoke/scripted-model.ts";
import { runCli } from "../cli/cli-process.ts";
import { describeWithJail } from "../runtime/sandbox/jail.ts";
import { calls } from "../testkit/agents.ts";
import { query } from "../testkit/admin-query.ts";
import { startHttpServer, type TestHttpServer } from "../testkit/http-server.ts";
import { eventually } from "../testkit/eventually.ts";
import { ask, finishRun, makeWorkflow, runDsl, startRun, type Dsl } from "../testkit/graph.ts";
import { askTeam, byMember } from "../testkit/teams.ts";
import { startTestPlatform, type TestPlatform } from "../testkit/platform.ts";
import { startScriptedProvider, type ScriptedProvider } from "../testkit/scripted-provider.ts";

let platform: TestPlatform;
let shop: TestHttpServer;
let provider: ScriptedProvider;
beforeAll(async () => {
  shop = await startHttpServer();
  provider = await startScriptedProvider();
  platform = await startTestPlatform({
    env: { egressAllow: [shop.hostPort], providerBaseUrl: provider.baseUrl, providerApiKey: "key", defaultModel: "scripted-model" },
  });
});
afterAll(async () => {
  await platform.stop();
  await provider.close();
  await shop.close();
});

async function runExample(name: string, input?: object) {
  const file = await readWorkflowFile(fileURLToPath(new URL(`../../examples/${name}.json`, import.meta.url)));
  return runDsl(platform, file.dsl as unknown as Dsl, input ?? file.input);
}

/** An example with its agents made; the model says what the one of the demo does. */
async function withAgents(name: string): Promise<WorkflowFile> {
  const file = await readWorkflowFile(fileURLToPath(new URL(`../../examples/${name}.json`, import.meta.url)));
  const client = platform.client();
  await prepareAgents(client, file.agents, { toolsUrl: shop.url });
  await client.close();
  provider.respond((request) => {
    const said = sayInShop(request as unknown as Conversation);
    return "text" in said ? said : calls(...said.calls.map(({ name: tool, arguments: args }): [string, Json] => [tool, args as Json]));
  });
  return file;
}

describe("agent-platform test", () => {
  const folder = mkdtempSync(join(tmpdir(), "workflow-tests-"));
  afterAll(() => rmSync(folder, { recursive: true }));
  const test = (path: string, ...more: string[]) => runCli("real", ["test", path, "--url", platform.url, "--tenant", "t1", ...more]).ended;

  it("passes for the examples that have tests, and writes a report", async () => {
    const junit = join(folder, "report.xml");
    for (const name of ["lead-scoring", "refund-approval"]) {
      const ran = await test(`examples/${name}.json`, "--junit", junit);
      expect(ran).toMatchObject({ code: 0, output: expect.stringContaining("2 of 2 tests passed.") });
      expect(readFileSync(junit, "utf8")).toMatch(/<testsuite name="[A-Z][a-z ]+" tests="2" failures="0"/);
    }
  });

  it("makes the app and the workflow once, however many ask for them at once", async () => {
    const client = platform.client({ tenantId: "t-new" });
    const dsl = { nodes: [], edges: [] };
    const file = { code: "new", name: "New", input: {}, dsl };
    const prepared = await Promise.all(Array.from({ length: 4 }, () => prepareWorkflow(client, file)));
    expect(new Set(prepared.map(({ workflowId }) => workflowId)).size).toBe(1);
    await client.close();
  });

  it("says what does not hold, in its report too, and fails", async () => {
    const path = join(folder, "wrong.json");
    const nodes = [
      { id: "ask", type: "human-input", config: { text: "?" } },
      { id: "say", type: "answer", config: { answer: "{{ input.a }}" } },
    ];
    const tests = [
      { name: "holds", input: { a: "x" }, mocks: { ask: {} }, expect: ["run.output_text == 'x'", "nodes.ask.mocked"] },
      { name: "a <b>", input: { a: "x" }, mocks: { ask: {} }, expect: ["run.output_text == 'y'", "size(nodes) + 1"] },
      { name: "waits", input: { a: "x" }, expect: ["run.status == 'COMPLETED'"] },
      { name: "misfit", input: {}, expect: ["true"] },
      { name: "unknown", input: { a: "x" }, mocks: { "ask/x": 1 }, expect: ["true"] },
    ];
    const input_schema = { type: "object", required: ["a"] };
    writeFileSync(path, JSON.stringify({ nodes, edges: [{ source: "ask", target: "say" }], input_schema, tests }));
    const junit = join(folder, "wrong.xml");
    const { code, output } = await test(path, "--junit", junit);
    expect(code).toBe(1);
    expect(output.replaceAll(/\([\d.]+ s\)|run [0-9a-f-]{36}/g, "")).toContain("✓ holds");
    for (const line of [
      "run.output_text == 'y' is false",
      "size(nodes) + 1 is 3",
      "run.status == 'COMPLETED' is false",
      "ask waits",
      "/a",
      "no nodes of its own",
    ])
      expect(output).toContain(line);
    expect(output).toContain("1 of 5 tests passed.");
    const report = readFileSync(junit, "utf8");
    expect(report).toContain('failures="4"');
    expect(report).toContain('name="a &lt;b&gt;"');
  });

  it("leaves no run open, neither one that its own waits for nor one that it does not", async () => {
    const { workflowId } = await makeWorkflow(platform, { nodes: [{ id: "ask", type: "human-input", config: { text: "?" } }], edges: [] });
    const made = (id: string, more: object) => ({ id, type: "sub-workflow", config: { workflow_id: workflowId, mode: "run", ...more } });
    const nodes = [made("alone", { detached: true }), made("awaited", {})];
    const tests = [
      { name: "waits", expect: ["run.status == 'WAITING'"] },
      { name: "ends", mocks: { awaited: "given" }, expect: ["run.status == 'COMPLETED'"] },
    ];
    const path = join(folder, "children.json");
    writeFileSync(path, JSON.stringify({ nodes, edges: [], tests }));
    expect(await test(path)).toMatchObject({ code: 0, output: expect.stringContaining("2 of 2 tests passed.") });
    const status = "select status, count(*)::int as runs from runtime.run where workflow_id = $1 group by status";
    // Two that nobody waits for, and one that was waited for, which is cancelled by a message.
    const ended = await eventually(
      () => query(platform.database.adminUrl, status, [workflowId]),
      (rows) => rows.length === 1 && (rows[0] as { runs: number }).runs === 3,
    );
    expect(ended).toEqual([{ status: 5, runs: 3 }]);
  });

  it("refuses what is no test, and a file without any", async () => {
    const path = join(folder, "none.json");
    writeFileSync(path, JSON.stringify({ nodes: [], edges: [], tests: [{ name: "x", expect: ["run.status ="] }] }));
    expect(await test(path)).toMatchObject({ code: 1, output: expect.stringContaining("/tests/0/expect/0") });
    writeFileSync(path, JSON.stringify({ nodes: [], edges: [] }));
    expect(await test(path)).toMatchObject({ code: 2, output: expect.stringContaining("has no tests") });
  });
});

describe("the examples", () => {
  it("support-answer answers from the article that fits", async () => {
    const run = await runExample("support-answer");
    expect(run.status).toBe("COMPLETED");
    expect(run.outputText).toContain("within five working days");
    expect(run.outputText).toContain("Source: Refunds");
  });

  it("remembered-orders knows what it was told before", async () => {
    expect((await runExample("remembered-orders")).outputText).toContain("Noted: Always ship to the back door.");
    const again = await runExample("remembered-orders", { customer: "grace", question: "Where do you ship?", note: "Call before noon." });
    expect(again.outputText).toContain("Always ship to the back door.");
  });

  it("lead-scoring takes either branch and joins them", async () => {
    expect((await runExample("lead-scoring")).outputText).toBe("Hooli goes to the enterprise team: call today.");
    const small = await runExample("lead-scoring", { lead: { company: "Pied Piper", employees: 5, visits: 1 } });
    expect(small.outputText).toBe("Pied Piper goes to the newsletter: send the monthly digest.");
  });

  it("product-search lists what the shop has", async () => {
    shop.on("GET /products", { json: { products: [{ name: "Desk lamp", price: 39 }] } });
    expect((await runExample("product-search", { query: "lamp", catalog_url: shop.url })).outputText?.trim()).toBe("- Desk lamp: 39 EUR");
    shop.on("GET /products", { json: { products: [] } });
    expect((await runExample("product-search", { query: "tent", catalog_url: shop.url })).outputText).toBe('Nothing fits "tent".');
  });

  it("order-totals adds up with JavaScript", async () => {
    const run = await runExample("order-totals");
    expect(run.outputText).toContain("3 orders of 2 customers");
    expect(run.outputText).toContain("- Ada: 15.50 EUR");
  });

  it("order-triage goes on without the rate, and sends the order the way that fits", async () => {
    // Nobody may ask that port: the failure has a branch of its own.
    const alone = await runExample("order-triage");
    expect(alone).toMatchObject({ status: "COMPLETED", handledErrors: 1 });
    expect(alone.outputText).toBe("The order of Hooli is checked by hand (rate of last week: EGRESS_DENIED): Desk lamp, Chair.");
    const order = { customer: { name: "Pied Piper", vip: false }, currency: "USD", items: [], total: 900 };
    const ask = (input: object) => runExample("order-triage", { order: { ...order, ...input }, rates_url: shop.url });
    shop.on("GET /rates", { json: { rate: 1 } });
    expect(await ask({})).toMatchObject({ handledErrors: 0, outputText: "The order of Pied Piper is sent at once: ." });
    expect((await ask({ customer: { name: "Ada", vip: true } })).outputText).toContain("Ada goes to their own contact: ");
    shop.on("GET /rates", { json: { rate: 2 } });
    expect((await ask({})).outputText).toContain("is checked by hand: ");
    shop.on("GET /rates", { json: {} });
    expect((await ask({})).outputText).toContain("is sent at once (rate of last week: OUTPUT_REJECTED)");
  });

  it("order-import works on each order and its lines, and leaves out what cannot be read", async () => {
    const run = await runExample("order-import");
    expect(run.outputText).toBe("2 of 3 orders imported. A-1: 318 EUR; A-3: 340 EUR, to be approved");
  });

  it("research-loop goes on until it has enough, or has asked often enough", async () => {
    const run = await runExample("research-loop");
    expect(run.outputText).toContain("A refund arrives within five working days");
    expect(run.outputText).toContain("Sources: Refunds, Returns, Limits (4 rounds, until).");
    const all = await runExample("research-loop", { question: "refund", queries: [], sources: 9 });
    expect(all.outputText).toContain("Sources: Refunds (5 rounds, max_rounds).");
  });

  it("refund-approval waits for a person, and goes the way that they take", async () => {
    const file = await readWorkflowFile(fileURLToPath(new URL("../../examples/refund-approval.json", import.meta.url)));
    const { workflowId } = await makeWorkflow(platform, file.dsl as unknown as Dsl);
    const runId = await startRun(platform, workflowId, file.input);
    const text = `query ($id: ID!) { run(id: $id) { status } }`;
    await eventually(
      async () => (await platform.post(text, { id: runId })).data as { run: { status: string } },
      ({ run }) => run.status === "WAITING",
    );
    const answer = `mutation ($id: ID!) { resumeNodeRun(id: $id, input: { action: "approve", outputJson: { amount: 80, note: "Sorry." } }) { id } }`;
    expect((await platform.post(answer, { id: `${runId}:ask` })).errors).toBeUndefined();
    expect((await finishRun(platform, runId)).outputText).toBe("Ada, 80 EUR are on their way back. Sorry.");
  });

  it("support-agent asks a person before it refunds, and remembers its customer", async () => {
    shop.on("GET /orders", { json: { number: 17, item: "Desk lamp", euros: 39 } });
    shop.on("POST /refunds", { json: { refunded: true } });
    const file = await withAgents("support-agent");
    const { workflowId } = await makeWorkflow(platform, file.dsl as unknown as Dsl);
    const runId = await startRun(platform, workflowId, file.input);
    const waits = `query ($id: ID!) { run(id: $id) { status nodeRuns(status: [WAITING], first: 5) { nodes { id } } } }`;
    const { run } = await eventually(
      async () => (await platform.post(waits, { id: runId })).data as { run: { status: string; nodeRuns: { nodes: { id: string }[] } } },
      ({ run: { status } }) => status === "WAITING",
    );
    expect(run.nodeRuns.nodes).toEqual([{ id: `${runId}:support/tool#2.0` }]);
    expect(shop.requests.filter(({ path }) => path === "/refunds")).toEqual([]);
    const approve = `mutation ($id: ID!) { resumeNodeRun(id: $id, input: { decision: APPROVE }) { id } }`;
    expect((await platform.post(approve, { id: run.nodeRuns.nodes[0]!.id })).errors).toBeUndefined();
    expect((await finishRun(platform, runId)).outputText).toBe(
      "I am sorry that your desk lamp came broken. 39 EUR are on their way back to you.",
    );
    const again = await startRun(platform, workflowId, { ...file.input, question: "What about my refund of order 17?" });
    expect((await finishRun(platform, again)).outputText).toContain("Your refund of order 17 is on its way");
  });

  it("research-agent makes one report of what its agent finds", async () => {
    shop.on("GET /products", (request, response) => {
      const word = new URL(request.path, "http://shop").searchParams.get("q");
      response.end(
        JSON.stringify({ products: word === "desk" ? [{ name: "Desk lamp", price: 39 }] : [{ name: "Floor lamp", price: 89 }] }),
      );
    });
    const file = await withAgents("research-agent");
    const run = await runDsl(platform, file.dsl as unknown as Dsl, file.input);
    expect(run).toMatchObject({ status: "COMPLETED" });
    expect(run.outputText?.trim()).toBe("- Desk lamp: 39 EUR (Desk lamp)\n- Floor lamp: 89 EUR (Floor lamp)");
    provider.respond(() => undefined);
  });

  it("draft-and-review hands the first model's text to the second", async () => {
    provider.chat({ text: "A long draft." }, { text: "A draft." });
    const run = await runExample("draft-and-review");
    expect(run.outputText).toBe("A draft.");
    expect(JSON.stringify(provider.requests.at(-1)?.json)).toContain("A long draft.");
  });
});

describe("the example for a schedule", () => {
  it("nightly-digest sums up each article and tells all of them, by the time that was planned", async () => {
    provider.reset();
    provider.chat({ text: "First." }, { text: "Second." }, { text: "Third." }, { text: "The digest." });
    const schedule = { id: "s", name: "nightly", plannedAt: "2026-11-29T03:00:00.000Z" };
    const file = await readWorkflowFile(fileURLToPath(new URL("../../examples/nightly-digest.json", import.meta.url)));
    const run = await runDsl(platform, file.dsl as unknown as Dsl, { ...file.input, schedule });
    expect(run.outputText).toBe("Digest of 2026-11-29T03:00:00.000Z\n\nThe digest.");
    const asked = JSON.stringify(provider.requests.at(-1)?.json);
    for (const text of ["- Queues: ", "- Schedules: ", "- Webhooks: ", "First.", "Second.", "Third."]) expect(asked).toContain(text);
  });
});

describeWithJail("the example with a program", () => {
  it("data-clean-up cleans rows with Python", async () => {
    const run = await runExample("data-clean-up");
    expect(run.outputText).toContain("1 kept, 2 dropped");
    expect(run.outputText).toContain("- Ada Lovelace <ada@example.com>");
  });
});

describe("the teams of the examples", () => {
  async function askExample(name: string, input: string) {
    const file = await readTeamFile(fileURLToPath(new URL(`../../examples/teams/${name}.json`, import.meta.url)));
    const client = platform.client();
    const code = await makeTeam(client, file);
    // Made again it has next versions, and is no other team.
    expect(await makeTeam(client, file)).toBe(code);
    const found = await ask<{ teamByCode: { id: string; publishedVersion: { version: number } } }>(
      platform,
      "query ($code: String!) { teamByCode(code: $code) { id publishedVersion { version } } }",
      { code },
    );
    expect(found.teamByCode.publishedVersion.version).toBe(2);
    return finishRun(platform, await askTeam(platform, found.teamByCode.id, input));
  }

  it("research-team asks a researcher, has a checker look at it, and answers", async () => {
    const asks = (member: string, task: string) => calls(["delegate", { member, task }]);
    provider.chat(
      byMember({
        lead: [asks("researcher", "Why do cats purr?"), asks("checker", "They purr to heal."), { text: "Nobody is sure." }],
        researcher: [{ text: "They purr to heal." }],
        checker: [{ text: "That they heal by it is a guess." }],
      }),
    );
    const run = await askExample("research-team", "Why do cats purr?");
    expect(run).toMatchObject({ status: "COMPLETED", outputText: "Nobody is sure.", outputJson: { members: 2, steps: 5 } });
  });

  it("review-board debates for two rounds, and its chair decides", async () => {
    provider.chat(byMember({ for: [{ text: "Yes." }], against: [{ text: "No." }], chair: [{ text: "REJECT: too dear." }] }));
    const run = await askExample("review-board", "Let us move to the moon.");
    expect(run).toMatchObject({
      status: "COMPLETED",
      outputText: "REJECT: too dear.",
      outputJson: { answered_by: "chair", rounds: 2, steps: 5 },
    });
  });
});
