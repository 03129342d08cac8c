/** One tenant's agents, teams, runs of runs, triggers, forks, sessions and lists, each at the size of what it may have, and another tenant beside them. */
import { query } from "../testkit/admin-query.ts";
import { askAgent, makeAgent, makeTool } from "../testkit/agents.ts";
import { bystander, type Bystander } from "../testkit/bystander.ts";
import { eventually } from "../testkit/eventually.ts";
import { ask, chain, makeWorkflow, runEnd, startRun, type Dsl } from "../testkit/graph.ts";
import { startHttpServer, type TestHttpServer } from "../testkit/http-server.ts";
import { startPlatformProcesses, type PlatformProcesses } from "../testkit/platform-processes.ts";
import { askTeam, makeTeam } from "../testkit/teams.ts";
import { expectUnharmed } from "../testkit/unharmed.ts";
import { shareOf, tell } from "./settings.ts";

let http: TestHttpServer;
let platform: PlatformProcesses;
let other: Bystander;

beforeAll(async () => {
  http = await startHttpServer();
  platform = await startPlatformProcesses({
    EGRESS_ALLOW: http.hostPort,
    PROVIDER_BASE_URL: `${http.url}/v1`,
    PROVIDER_API_KEY: "sk-abcdefghijklmnop",
    DEFAULT_MODEL: "m",
  });
  other = await bystander(platform);
}, 600_000);

afterAll(async () => {
  await platform.stop();
  await http.close();
});

/** Does it beside another tenant, tells what that one saw, and expects that it was not harmed. */
async function beside<T>(what: string, work: () => Promise<T>): Promise<T> {
  const { outcome, beside: seen } = await other.beside(work);
  tell(what, seen);
  expectUnharmed(seen);
  return outcome;
}

const many = <T>(count: number, make: (index: number) => T): T[] => Array.from({ length: count }, (_, index) => make(index));
const one = (type: string, config: object): Dsl => ({ nodes: [{ id: "n", type, config: config as never }], edges: [] });
const numbers = (count: number) => many(count, (n) => n);

async function ends(dsl: Dsl, count = 1, input: object = {}): Promise<string[]> {
  const { workflowId } = await makeWorkflow(platform, dsl);
  const ids = await Promise.all(many(count, () => startRun(platform, workflowId, input)));
  return [...new Set(await Promise.all(ids.map((id) => runEnd(platform, id))))];
}

/** How many rows there are, when they are as many as expected. */
const counted = (from: string, expected: number) =>
  eventually(
    async () => ((await query(platform.adminUrl, `select count(*)::int as n from ${from}`))[0] as { n: number }).n,
    (n) => n >= expected,
  );

const event = (delta: object) => `data: ${JSON.stringify({ choices: [{ delta }] })}\n\n`;
const end = (reason: string) => `data: {"choices":[{"delta":{},"finish_reason":"${reason}"}]}\n\ndata: [DONE]\n\n`;
const text = (content: string, pieces = 1) => event({ content }).repeat(pieces) + end("stop");
const toolCalls = (count: number, name: string, args: (index: number) => string) =>
  many(count, (index) =>
    event({ tool_calls: [{ index, id: `c${index}`, type: "function", function: { name, arguments: args(index) } }] }),
  ).join("") + end("tool_calls");

/** What the model answers, and what it answers once its tools have. */
function model(first: string, then = first): void {
  http.on("POST /v1/chat/completions", ({ body }, response) => {
    response.writeHead(200, { "content-type": "text/event-stream" });
    response.end(body.includes('"role":"tool"') ? then : first);
  });
}

/** An agent with a tool, and what its runs end with, so many at once. */
async function agentWithTool(): Promise<{ name: string; asked: (count?: number) => Promise<string[]> }> {
  const { bindingId, name } = await makeTool(platform, { url: `${http.url}/tool` });
  const { agentId } = await makeAgent(platform, { toolBindingIds: [bindingId] });
  const run = async () => runEnd(platform, await askAgent(platform, agentId, "go"));
  return { name, asked: async (count = 1) => [...new Set(await Promise.all(many(count, run)))] };
}

describe("an agent, beside another tenant", () => {
  it("makes 128 calls in a turn, whose answers have 1 MB each", async () => {
    http.on("POST /tool", { json: { text: "word ".repeat(200_000) } });
    const { name, asked } = await agentWithTool();
    model(
      toolCalls(128, name, (index) => `{"n":${index}}`),
      text("done"),
    );
    expect(await beside("128 calls of 1 MB", asked)).toEqual(["AGENT_CONTEXT_TOO_LARGE"]);
  });

  it.each([
    ["4 MiB in four pieces", "COMPLETED", text("x".repeat(1 << 20), 4)],
    ["1 MiB in 262,144 pieces", "COMPLETED", text("abc ", 1 << 18)],
    ["4 MiB in a million pieces", "MODEL_ANSWER_TOO_LARGE", text("abc ", 1 << 20)],
  ])("is answered with %s, four at once", async (what, outcome, answer) => {
    const { asked } = await agentWithTool();
    model(answer);
    expect(await beside(what, () => asked(4))).toEqual([outcome]);
  });

  it.each<[string, number, (index: number) => string, string]>([
    ["1.5 million values", 1, () => `{"n":[${"0,".repeat(1_500_000)}0]}`, "COMPLETED"],
    ["30,000 values in each of 64", 64, (index) => `{"n":[${"0,".repeat(30_000)}${index}]}`, "AGENT_CONTEXT_TOO_LARGE"],
    ["100,000 keys", 1, () => `{${many(100_000, (key) => `"k${key}":1`).join(",")}}`, "COMPLETED"],
    ["500,000 lists in lists", 1, () => `{"n":${"[".repeat(500_000)}${"]".repeat(500_000)}}`, "COMPLETED"],
  ])("calls its tool with arguments of %s", async (what, count, args, outcome) => {
    http.on("POST /tool", { json: { ok: true } });
    const { name, asked } = await agentWithTool();
    model(toolCalls(count, name, args), text("done"));
    expect(await beside(`arguments of ${what}`, asked)).toEqual([outcome]);
  });

  it("is asked for a list of unique items, and gives 300,000", async () => {
    const responseFormat = { type: "object", properties: { a: { type: "array", uniqueItems: true } } };
    const { agentId } = await makeAgent(platform, { modelConfig: { responseFormat } });
    model(text(`{"a":[${numbers(300_000).join(",")}]}`));
    expect(await beside("300,000 unique items", async () => runEnd(platform, await askAgent(platform, agentId, "go")))).toBe(
      "OUTPUT_INVALID",
    );
  });
});

describe("beside another tenant", () => {
  it("a team has fifty members that answer with 1 MB each", async () => {
    model(text("word ".repeat(20_000), 10));
    const members = many(50, (index) => ({ memberKey: `m${index}` }));
    const { teamId } = await makeTeam(platform, "PARALLEL", members);
    expect(await beside("a team of fifty", async () => runEnd(platform, await askTeam(platform, teamId, "go")))).toBe("COMPLETED");
  });

  it("a run makes ten thousand others", async () => {
    const inner = await makeWorkflow(platform, one("answer", { answer: "{{ input.item }}" }));
    const config = { workflow_id: inner.workflowId, mode: "run", input: { item: "{{ item }}" } };
    const body = { nodes: [{ id: "sub", type: "sub-workflow", config }], edges: [] };
    const dsl = one("iteration", { items: "{{ input.list }}", parallel: 64, body, output: "{{ nodes.sub.text }}" });
    expect(await beside("runs of a run", () => ends(dsl, 1, { list: numbers(shareOf(10_000)) }))).toEqual(["COMPLETED"]);
  });

  it("a thousand schedules are due at once", async () => {
    const { workflowId } = await makeWorkflow(platform, one("answer", { answer: "hi" }));
    const make = `mutation ($input: CreateScheduleInput!) { createSchedule(input: $input) { id } }`;
    const input = { name: "n", workflowId, cron: "0 3 * * *" };
    const { createSchedule } = await ask<{ createSchedule: { id: string } }>(platform, make, { input });
    const copies = `insert into runtime.schedule (id, tenant_id, name, workflow_id, cron, zone, missed, status, input, next_at, due_at, created_at, updated_at)
      select 'many-' || n, tenant_id, name, workflow_id, cron, zone, missed, status, input, now(), now(), now(), now()
      from runtime.schedule, generate_series(1, 1000) n where id = $1`;
    await beside("a thousand schedules", async () => {
      await query(platform.adminUrl, copies, [createSchedule.id]);
      await counted("runtime.run where input -> 'schedule' ->> 'id' like 'many-%' and status = 3", 1_000);
    });
  });

  it("a run of ten thousand items is forked ten times at once", async () => {
    const body = { nodes: [{ id: "t", type: "template-transform", config: { template: "{{ item }}" } }], edges: [] };
    const each = { id: "each", type: "iteration", config: { items: "{{ input.list }}", parallel: 64, body } };
    const last = { id: "last", type: "answer", config: { answer: "done" } };
    const { workflowId } = await makeWorkflow(platform, { nodes: [each, last], edges: chain("each", "last") });
    const id = await startRun(platform, workflowId, { list: numbers(shareOf(10_000)) });
    expect(await runEnd(platform, id)).toBe("COMPLETED");
    const fork = `mutation ($id: ID!) { forkRun(id: $id, fromNode: "last") { id } }`;
    const forked = async () => (await ask<{ forkRun: { id: string } }>(platform, fork, { id })).forkRun.id;
    const made = await beside("ten forks", async () => Promise.all(many(10, async () => runEnd(platform, await forked()))));
    expect(made).toEqual(many(10, () => "COMPLETED"));
  });

  it("mocks and what a node alone sees are many, large, or of paths that are not there", async () => {
    const nodes = many(1_000, (n) => ({ id: `n${n}`, type: "answer", config: { answer: "x" } }));
    const { workflowId, workflowVersionId } = await makeWorkflow(platform, { nodes, edges: [] });
    const create = `mutation ($input: CreateRunInput!) { createRun(input: $input) { id } }`;
    const execute = `mutation ($v: ID!, $s: NodeScopeInput!) { executeNode(workflowVersionId: $v, nodeId: "n1", scope: $s) { status } }`;
    const byNode = (count: number, value: string) => Object.fromEntries(many(count, (n) => [`n${n}`, value]));
    const asked: [string, string, Record<string, unknown>][] = [
      ["4 MB", create, { input: { workflowId, mocks: byNode(1_000, "y".repeat(4_000)) } }],
      ["200 kB", create, { input: { workflowId, mocks: byNode(1_000, "y".repeat(200)) } }],
      ["100,000 paths", create, { input: { workflowId, mocks: byNode(100_000, "y") } }],
      ["unknown paths", create, { input: { workflowId, mocks: Object.fromEntries(many(1_000, (n) => [`none-${n}/`.repeat(12), 1])) } }],
      ["a million values", create, { input: { workflowId, mocks: { n1: many(1_000_000, () => 0) } } }],
      ["4 MB seen", execute, { v: workflowVersionId, s: { nodes: byNode(1_000, "y".repeat(4_000)) } }],
      [
        "60,000 keys of state",
        execute,
        { v: workflowVersionId, s: { state: Object.fromEntries(numbers(60_000).map((n) => [`k${n}`, 1])) } },
      ],
    ];
    const told = await beside("mocks", () =>
      Promise.all(
        asked.map(async ([what, document, variables]) => {
          const answers = await Promise.all(many(4, () => platform.post(document, variables)));
          return [
            what,
            [...new Set(answers.map(({ errors }) => (errors?.[0]?.extensions?.["reason"] as string | undefined) ?? "made"))],
          ] as const;
        }),
      ),
    );
    expect(told.filter(([, reasons]) => reasons.some((reason) => /INTERNAL|UNAVAILABLE|TIMED_OUT/.test(reason)))).toEqual([]);
    expect(Object.fromEntries(told)["200 kB"]).toEqual(["made"]);
  });

  it("a hundred runs see two hundred messages of their session, of 100 kB each", async () => {
    const dsl = { ...one("answer", { answer: "{{ session.history | size }}" }), session_history: { messages: 200, tokens: 65_536 } };
    const { workflowId, appId } = await makeWorkflow(platform, dsl);
    const sessionId = await session(appId);
    const add = `mutation ($i: AddMessageInput!) { addMessage(input: $i) { id } }`;
    await beside("session.history", async () => {
      for (let n = 0; n < 200; n++) await ask(platform, add, { i: { sessionId, content: "m ".repeat(50_000) } });
      for (let n = 0; n < 25; n++) {
        const ids = await Promise.all(many(4, () => startRun(platform, workflowId, {}, { sessionId })));
        expect([...new Set(await Promise.all(ids.map((id) => runEnd(platform, id))))]).toEqual(["COMPLETED"]);
      }
    });
  });

  it("a session is told forty answers of 9 MB", async () => {
    http.on("GET /text", { body: "word ".repeat(1_800_000), headers: { "content-type": "text/plain" } });
    const { workflowId, appId } = await makeWorkflow(platform, one("tool", { url: `${http.url}/text` }));
    const sessionId = await session(appId);
    await beside("answers of 9 MB", async () => {
      const ids = await Promise.all(many(shareOf(40), () => startRun(platform, workflowId, {}, { sessionId })));
      expect([...new Set(await Promise.all(ids.map((id) => runEnd(platform, id))))]).toEqual(["COMPLETED"]);
      await counted(`session.message where session_id = '${sessionId}'`, ids.length);
    });
  });

  it.each<[string, object]>([
    ["filtered", { filter: "item > 5" }],
    ["sorted", { sort: { by: "-item" } }],
    ["made unique", { unique: "item % 1000" }],
    ["all of it", { filter: "item % 2 == 0", sort: { by: "item % 7" }, unique: true, first: 10 }],
  ])("lists of 100,000 values are %s, four at once", async (what, config) => {
    const code = "result = Array.from({ length: 100000 }, (_, index) => index)";
    const make = { id: "make", type: "code", config: { language: "javascript", code } };
    const list = { id: "list", type: "list", config: { items: "{{ nodes.make.output.result_json }}", ...config } };
    const dsl = { nodes: [make, list], edges: chain("make", "list") } as Dsl;
    expect(await beside(`lists ${what}`, () => ends(dsl, 4))).toEqual([expect.stringMatching(/^(COMPLETED|EXPRESSION_TOO_SLOW)$/)]);
  });

  it("three thousand runs wait for somebody, and are shown", async () => {
    const { workflowId } = await makeWorkflow(platform, one("human-input", { text: "x".repeat(3_000), form: { type: "object" } }));
    const count = shareOf(3_000);
    const read = `{ waitingNodeRuns(first: 200) { edges { node { id nodeId waitReason input run { id } } } } }`;
    await beside("who waits", async () => {
      for (let n = 0; n < count; n += 30) await Promise.all(many(30, () => startRun(platform, workflowId)));
      await counted("runtime.node_run where status = 2", count);
      for (let n = 0; n < 10; n++) await Promise.all(many(10, () => platform.post(read)));
    });
  });

  it("two hundred memories of 14,000 words each are written and searched", async () => {
    const add = `mutation ($i: CreateMemoryInput!) { createMemory(input: $i) { id } }`;
    const words = (seed: number) => many(14_000, (n) => `w${(n * 7_919 + seed * 104_729) % 30_000}`).join(" ");
    const search = `query ($q: String!) { searchMemories(input: { scopeType: TENANT, query: $q }) { score memory { id } } }`;
    await beside("memories", async () => {
      for (let n = 0; n < shareOf(200); n += 4)
        await Promise.all(many(4, (m) => ask(platform, add, { i: { scopeType: "TENANT", contentText: words(n + m) } })));
      for (let n = 0; n < 5; n++)
        await Promise.all(many(4, (m) => platform.post(search, { q: many(64, (w) => `w${w * 11 + m}`).join(" ") })));
    });
  });

  it("a hundred thousand audits are read, two hundred a page", async () => {
    const copies = `insert into access.request_audit
      select (jsonb_populate_record(null::access.request_audit, a.row || jsonb_build_object('id', gen_random_uuid(), 'tenant_id', 't1'))).*
      from (select to_jsonb(x) as row from access.request_audit x limit 1) a, generate_series(1, ${shareOf(100_000)}) n`;
    await query(platform.adminUrl, copies);
    const page = `query ($after: String) { requestAudits(first: 200, after: $after) { nodes { id rootFields variables details createdAt } pageInfo { endCursor } } }`;
    await beside("audits", () =>
      Promise.all(
        many(4, async () => {
          let after: string | null = null;
          for (let read = 0; read < 125; read++) {
            const { requestAudits }: { requestAudits: { pageInfo: { endCursor: string | null } } } = await ask(platform, page, { after });
            after = requestAudits.pageInfo.endCursor;
          }
        }),
      ),
    );
  });
});

async function session(appId: string): Promise<string> {
  const make = `mutation ($i: CreateSessionInput!) { createSession(input: $i) { id } }`;
  return (await ask<{ createSession: { id: string } }>(platform, make, { i: { appId, userId: "u" } })).createSession.id;
}
