/**
 * The whole platform as `npm start` runs it, while one tenant asks what is large, long or wrong and another asks small things and runs small workflows
 * beside it. The numbers are those of the list of cases that it began with; each case stands for its kind.
 */
import { connect } from "node:net";
import { createClient } from "graphql-ws";
import WebSocket from "ws";
import { query as adminQuery } from "../testkit/admin-query.ts";
import { bystander, type Bystander } from "../testkit/bystander.ts";
import { eventually } from "../testkit/eventually.ts";
import { makeWorkflow, startRun } from "../testkit/graph.ts";
import type { GraphAnswer } from "../testkit/platform.ts";
import { startPlatformProcesses, type PlatformProcesses } from "../testkit/platform-processes.ts";
import { expectUnharmed } from "../testkit/unharmed.ts";

let platform: PlatformProcesses;
let other: Bystander;
let workflowId: string;

beforeAll(async () => {
  platform = await startPlatformProcesses();
  other = await bystander(platform);
  ({ workflowId } = await makeWorkflow(platform, { nodes: [{ id: "n", type: "answer", config: { answer: "hi" } }], edges: [] }));
  await Promise.all(Array.from({ length: 20 }, () => startRun(platform, workflowId, {}, { execution: "MANUAL" })));
}, 600_000);

afterAll(() => platform.stop());

const times = (count: number, write: (index: number) => string) => Array.from({ length: count }, (_, index) => write(index)).join(" ");
const mebibyte = 1 << 20;

/** The answer to an operation that is sent as a stream, and over a WebSocket. */
const streamed = async (query: string) => {
  const headers = { "content-type": "application/json", accept: "text/event-stream", "x-tenant-id": "t1" };
  return (await fetch(platform.url, { method: "POST", headers, body: JSON.stringify({ query }) })).text();
};
const overSocket = async (query: string) => {
  const client = createClient({
    url: platform.url.replace("http", "ws"),
    webSocketImpl: WebSocket,
    connectionParams: { "x-tenant-id": "t1" },
  });
  const { value } = await client.iterate({ query }).next();
  await client.dispose();
  return JSON.stringify(value);
};

/** How an operation was told off; undefined: it was not. */
const reasonOf = ({ errors }: GraphAnswer) => errors?.[0]?.extensions["reason"] ?? errors?.[0]?.extensions["code"];

/** One operation, refused for a reason, or answered where there is none. */
async function refused(query: string, variables: Record<string, unknown>, reason: string | undefined): Promise<void> {
  const { outcome, beside } = await other.beside(() => platform.post(query, variables));
  expect({ told: reasonOf(outcome), ...(reason === undefined && { errors: outcome.errors }) }).toEqual({ told: reason });
  // A refusal repeats little of what was sent.
  if (reason !== undefined) expect(JSON.stringify(outcome.errors).length).toBeLessThan(100_000);
  expectUnharmed(beside);
}

describe("case 5: many costly fields in one request", () => {
  const document = {
    nodes: Array.from({ length: 1_900 }, (_, node) => ({
      id: `n${node}`,
      type: "answer",
      config: { answer: `{{ nodes.m${node}.text | upcase }}` },
    })),
    edges: [],
  };
  const validate = (count: number) => times(count, (index) => `v${index}: validateDsl(dsl: $d) { code }`);
  it.each<[string, string, string | undefined]>([
    ["190 documents are not checked", `query ($d: JSON!) { ${validate(190)} }`, "OPERATION_LIMIT_EXCEEDED"],
    ["nor within a fragment", `query ($d: JSON!) { ...A } fragment A on Query { ${validate(190)} }`, "OPERATION_LIMIT_EXCEEDED"],
    ["four are", `query ($d: JSON!) { ${validate(4)} }`, undefined],
    [
      "199 versions are not made",
      `mutation ($d: JSON!) { ${times(199, (index) => `v${index}: createWorkflowVersion(input: { workflowId: "x", dsl: $d }) { id }`)} }`,
      "OPERATION_LIMIT_EXCEEDED",
    ],
  ])("%s", (_, query, reason) => refused(query, { d: document }, reason));

  it.each([
    [
      "searches",
      `{ ${times(120, (index) => `s${index}: searchMemories(input: { query: "tea", scopeType: USER, scopeId: "u" }) { score }`)} }`,
    ],
    ["executions", `mutation { ${times(120, (index) => `s${index}: executeRun(id: "x", input: { workerKey: "w" }) { run { id } }`)} }`],
    ["tool calls", `mutation { ${times(120, (index) => `s${index}: invokeTool(input: { toolId: "x" }) { __typename }`)} }`],
    // Fewer than any other limit would refuse.
  ])("120 %s are refused too", (_, query) => refused(query, {}, "OPERATION_LIMIT_EXCEEDED"));
});

describe("case 5: texts of marks, which take the square of their number to be ordered", () => {
  const marks = (count: number) => `e${"\u0301\u0323".repeat(count / 2)}`;
  const remember = (index: number) => `m${index}: createMemory(input: { scopeType: TENANT, contentText: $text }) { id }`;
  const search = (index: number) => `s${index}: searchMemories(input: { query: $text, mode: TEXT }) { score }`;
  it.each([
    ["are remembered", `mutation ($text: String!) { ${times(4, remember)} }`, 48_000],
    ["are looked for", `query ($text: String!) { ${times(20, search)} }`, 9_998],
  ])("%s", (_, query, count) => refused(query, { text: marks(count) }, undefined));
});

describe("the page of a link", () => {
  it("is answered with a number of 200,000 digits that is none", async () => {
    const form = { type: "object", properties: { amount: { type: "number" } } };
    const made = await makeWorkflow(platform, {
      nodes: [{ id: "n", type: "human-input", config: { text: "How much?", form } }],
      edges: [],
    });
    const runId = await startRun(platform, made.workflowId);
    const waiting = "query ($filter: WaitingNodeRunFilter) { waitingNodeRuns(filter: $filter) { nodes { waiting { link } } } }";
    const link = await eventually(
      async () => {
        const { data } = await platform.post(waiting, { filter: { runId } });
        return (data as { waitingNodeRuns: { nodes: { waiting: { link: string } }[] } }).waitingNodeRuns.nodes[0]?.waiting.link;
      },
      (found) => found !== undefined,
    );
    const url = new URL(link!, platform.url);
    const token = /name="form_token" value="([^"]+)"/.exec(await (await fetch(url)).text())?.[1] ?? "";
    const body = new URLSearchParams({ form_token: token, "field.amount": `${"1".repeat(200_000)}x` });
    const { outcome, beside } = await other.beside(() => fetch(url, { method: "POST", body, headers: { origin: url.origin } }));
    expect(outcome.status).toBe(422);
    expect(await outcome.text()).toContain("Give a number.");
    expectUnharmed(beside);
  });
});

describe("case 5: schemas that compute", () => {
  // Each reference leads to two: looked into to its end it would take years.
  const levels = Array.from({ length: 40 }, (_, level) => [`s${level}`, { allOf: [1, 2].map(() => ({ $ref: `#/$defs/s${level + 1}` })) }]);
  const doubling = { type: "object", allOf: [{ $ref: "#/$defs/s0" }], $defs: { ...Object.fromEntries(levels), s40: {} } };
  const form = { nodes: [{ id: "ask", type: "human-input", config: { form: doubling } }], edges: [] };
  const many = (count: number, query: string, variables: Record<string, unknown>) => async () => {
    const answers = await Promise.all(Array.from({ length: count }, () => platform.post(query, variables)));
    return [...new Set(answers.map((answer) => reasonOf(answer) ?? "answered"))];
  };
  const made = async (field: string, input: string, variables: Record<string, unknown> = {}) => {
    const { data } = await platform.post(`mutation ($input: ${input}!) { made: ${field}(input: $input) { id } }`, { input: variables });
    return (data as { made: { id: string } }).made.id;
  };

  it("are looked into beside the API's main loop: those of tools, of skills and of forms", async () => {
    const toolId = await made("createTool", "CreateToolInput", { code: "doubling", name: "T", toolType: "HTTP" });
    const skillId = await made("createSkill", "CreateSkillInput", { code: "doubling", name: "S" });
    const tool = `mutation ($id: ID!, $s: JSONObject!) { createToolVersion(input: { toolId: $id, inputSchema: $s, invokeConfig: { url: "http://a.example/" } }) { id } }`;
    const skill = `mutation ($id: ID!, $s: JSONObject!) {
      createSkillVersion(input: { skillId: $id, runtimeType: PROMPT, parameterSchema: $s, implementation: { prompt: "p" } }) { id } }`;
    for (const [query, variables, told] of [
      [tool, { id: toolId, s: doubling }, ["TOOL_SCHEMA_INVALID"]],
      [skill, { id: skillId, s: doubling }, ["SKILL_SCHEMA_INVALID"]],
      ["query ($d: JSON!) { validateDsl(dsl: $d) { code } }", { d: form }, ["answered"]],
    ] as const) {
      const { outcome, beside } = await other.beside(many(4, query, variables));
      // What waited too long for its turn is told so.
      expect(outcome.filter((one) => one !== "TENANT_BUSY" && one !== "EVALUATION_BUSY")).toEqual(told);
      expectUnharmed(beside);
    }
  });

  it("and so are values by a pattern that doubles", async () => {
    const toolId = await made("createTool", "CreateToolInput", { code: "pattern", name: "T", toolType: "HTTP" });
    const inputSchema = { properties: { a: { type: "string", pattern: "^(a+)+$" } } };
    await made("createToolVersion", "CreateToolVersionInput", { toolId, inputSchema, invokeConfig: { url: "http://a.example/" } });
    const call = "mutation ($id: ID!, $a: JSONObject!) { invokeTool(input: { toolId: $id, arguments: $a }) { __typename } }";
    const { outcome, beside } = await other.beside(many(4, call, { id: toolId, a: { a: `${"a".repeat(40)}!` } }));
    expect(outcome.filter((one) => one !== "TENANT_BUSY")).toEqual(["TOOL_ARGUMENTS_TOO_SLOW"]);
    expectUnharmed(beside);
  });
});

describe("schedules whose times are rare", () => {
  it("are found in turns, once for each, however often they are asked for", async () => {
    const make = "mutation ($input: CreateScheduleInput!) { createSchedule(input: $input) { id } }";
    // Mondays that are a 29th of February, and the last Monday of five.
    const made = await platform.post(make, { input: { name: "rare", workflowId, cron: "0 0 29 2 +1#5" } });
    const { id } = (made.data as { createSchedule: { id: string } }).createSchedule;
    const copies = `insert into runtime.schedule (id, tenant_id, name, workflow_id, cron, zone, missed, status, input, next_at, due_at, created_at, updated_at)
      select 'rare-' || n, tenant_id, name, workflow_id, cron, zone, missed, status, input, next_at + n * interval '1 minute', due_at, created_at, updated_at
      from runtime.schedule, generate_series(1, 199) n where id = $1`;
    await adminQuery(platform.adminUrl, copies, [id]);
    const page = (aliases: number, first: number) =>
      `{ schedules(first: 200) { edges { node { ${times(aliases, (index) => `t${index}: nextTimes(first: ${first})`)} } } } }`;
    const { outcome, beside } = await other.beside(() => platform.post(page(4, 10)));
    expect(outcome.errors).toBeUndefined();
    const { edges } = (outcome.data as { schedules: { edges: { node: { t3: string[] } }[] } }).schedules;
    expect([edges.length, edges[0]?.node.t3.length]).toEqual([200, 10]);
    expectUnharmed(beside);
    // Each of them is counted.
    for (const query of [page(5, 10), page(50, 1), page(190, 2)]) await refused(query, {}, "OPERATION_LIMIT_EXCEEDED");
  });
});

describe("case 9: a text of 4 MB", () => {
  const byCode = ["agent", "app", "modelProvider", "skill", "team", "tool"].map((noun) => `${noun}ByCode(code: $t) { id }`);
  it.each([
    ...byCode,
    `workflowByCode(appId: "a", code: $t) { id }`,
    `memories(scopeId: $t) { edges { node { id } } }`,
    `sessions(userId: $t) { edges { node { id } } }`,
    `runs(after: $t) { edges { node { id } } }`,
  ])("is looked up nowhere: %s", (field) =>
    refused(`query ($t: String!) { ${field} }`, { t: "x".repeat(3.9 * mebibyte) }, "TEXT_TOO_LONG"),
  );
});

describe("case 9: a document of 2 MB that is one text", () => {
  const code = `{ appByCode(code: "${"\u007f".repeat(1.9 * mebibyte)}") { id } }`;
  it.each<[string, (query: string) => Promise<string>]>([
    ["over HTTP", async (query) => JSON.stringify(await platform.post(query))],
    ["over a WebSocket", overSocket],
    ["as a stream", streamed],
  ])("is refused by the field's limit, and nobody waits for it: %s", async (_, ask) => {
    const { outcome, beside } = await other.beside(() => ask(code));
    expect(outcome).toContain("TEXT_TOO_LONG");
    expect(outcome.length).toBeLessThan(100_000);
    expectUnharmed(beside);
  });
});

describe("case 10: pages within pages", () => {
  const runs = (size: string, within: string) => `runs(${size}: 200) { edges { node { id ${within} } } }`;
  it.each([
    ["three deep", `{ workflow(id: "x") { ${runs("first", `workflow { ${runs("first", `workflow { ${runs("first", "")} }`)} }`)} } }`],
    ["from the end", `{ ${runs("last", "nodeRuns(last: 200) { edges { node { id } } }")} }`],
    [
      "by a variable's default",
      `query ($n: Int = 200) { runs(first: $n) { edges { node { nodeRuns(first: $n) { edges { node { id } } } } } } }`,
    ],
    [
      "by fragments",
      `{ apps(first: 200) { edges { node { ...A } } } } fragment A on App { workflows(first: 200) { edges { node { id } } } }`,
    ],
    ["beside each other", `{ ${times(60, (index) => `a${index}: ${runs("first", "")}`)} }`],
  ])("are weighed by what they may return: %s", (_, query) => refused(query, {}, "OPERATION_LIMIT_EXCEEDED"));
});

describe("case 11: many different documents", () => {
  const fields = "id code name description status createdAt updatedAt deletedAt";
  const ofRun = "id kind execution dryRun status createdAt workflow { id name app { id name } }";
  const far =
    "id kind execution dryRun status createdAt startedAt endedAt workflow { id code name description createdAt app { id code name } }";
  const aliased = (name: number, count: number, field: string) => times(count, (index) => `f${name}x${index}: ${field}`);
  // How much is kept of them takes more of them to be seen: tests/long/asks.long.ts.
  it.each<[string, number, (name: number) => string]>([
    ["of many fields", 12, (name) => `{ ${aliased(name, 120, `app(id: "1") @skip(if: true) { ${`${fields} `.repeat(4)} }`)} }`],
    ["of as many as may be different", 4, (name) => `{ ${aliased(name, 133, `app(id: "1") { ${fields} }`)} }`],
    ["of many subgraphs' fields", 4, (name) => `{ ${aliased(name, 80, `run(id: "1") { ${ofRun} }`)} }`],
    ["of as many of many subgraphs", 4, (name) => `{ ${aliased(name, 63, `run(id: "1") { ${far} }`)} }`],
    [
      "of named operations with fragments",
      4,
      (name) => `query Q${name} { ${aliased(name, 80, `run(id: "1") { ...R }`)} } fragment R on Run { ${ofRun} }`,
    ],
  ])("%s are planned one after the other", async (_, count, query) => {
    const { outcome, beside } = await other.beside(async () => {
      const told = new Set<unknown>();
      for (let name = 0; name < count; name++) told.add(reasonOf(await platform.post(query(name))));
      return [...told];
    });
    expect(outcome).toEqual([undefined]);
    expectUnharmed(beside);
  });

  it.each<[string, (query: string) => Promise<string>]>([
    ["over a WebSocket", overSocket],
    ["as a stream", streamed],
  ])("are planned so %s", async (_, ask) => {
    const query = (name: number) =>
      `subscription { runEvents(runId: "x") { type ${aliased(name, 80, "run { id workflow { id name app { id } } }")} } }`;
    const { beside } = await other.beside(async () => {
      for (let name = 0; name < 2; name++) expect(await ask(query(name))).toContain("RUN_NOT_FOUND");
    });
    expectUnharmed(beside);
  });
});

describe("case 12: an operation of a socket that cannot be", () => {
  it.each<[string, string | undefined]>([
    [`subscription { runEvents(runId: "x") @skip(if: true) { type } }`, "GRAPHQL_VALIDATION_FAILED"],
    [`subscription { ... @include(if: false) { runEvents(runId: "x") { type } } }`, "GRAPHQL_VALIDATION_FAILED"],
    [`subscription ($v: Boolean = true) { runEvents(runId: "x") @skip(if: $v) { type } }`, "GRAPHQL_VALIDATION_FAILED"],
    [
      `subscription { ...F } fragment F on Subscription { runEventPages(runId: "x") @skip(if: true) { type } }`,
      "GRAPHQL_VALIDATION_FAILED",
    ],
    [`subscription { __typename }`, "GRAPHQL_VALIDATION_FAILED"],
    [`subscription A { runEvents(runId: "x") { type } } subscription B { runEvents(runId: "x") { type } }`, "OPERATION_RESOLUTION_FAILURE"],
    [`query { run(id: "x") @skip(if: true) { id } }`, undefined],
    [`mutation { cancelRun(id: "x") @skip(if: true) { id } }`, undefined],
  ])("ends alone, and no stream beside it: %s", async (query, reason) => {
    const runId = await startRun(platform, workflowId, {}, { execution: "MANUAL" });
    const connectionParams = { "x-tenant-id": "t1" };
    const socket = createClient({ url: platform.url.replace("http", "ws"), webSocketImpl: WebSocket, connectionParams, retryAttempts: 0 });
    const stream = socket.iterate({ query: `subscription { runEvents(runId: "${runId}") { runStatus } }` });
    await stream.next();
    const { outcome, beside } = await other.beside(async () => {
      const end = await new Promise<unknown>((resolve) =>
        socket.subscribe({ query }, { next() {}, error: resolve, complete: () => resolve(undefined) }),
      );
      await platform.post("mutation ($id: ID!) { cancelRun(id: $id) { id } }", { id: runId });
      return end;
    });
    expect(outcome).toEqual(
      reason === undefined ? undefined : [expect.objectContaining({ extensions: expect.objectContaining({ reason }) })],
    );
    const told: unknown[] = [];
    for await (const { data } of stream) told.push((data as { runEvents: { runStatus: string } }).runEvents.runStatus);
    expect(told.at(-1)).toBe("CANCELLED");
    await socket.dispose();
    expectUnharmed(beside);
  });
});

describe("case 13: a list without end", () => {
  const many = <T>(count: number, value: T) => Array.from({ length: count }, () => value);
  const ofRuns = "query ($f: RunFilter) { runs(filter: $f) { edges { node { id } } } }";
  it.each<[string, string, unknown, string]>([
    ["of statuses", ofRuns, { status: many(200_000, "FAILED") }, "VARIABLES_TOO_LARGE"],
    ["of what is no status", ofRuns, { status: many(40_000, "x") }, "VARIABLES_TOO_LARGE"],
    ["of a few of these", ofRuns, { status: many(9_000, "x") }, "GRAPHQL_INVALID"],
    ["of fields that are none", ofRuns, Object.fromEntries(many(50_000, 1).map((value, index) => [`f${index}`, value])), "GRAPHQL_INVALID"],
    [
      "of ids",
      "mutation ($f: CancelRunsFilter!) { cancelRuns(filter: $f) { accepted } }",
      { ids: many(200_000, "x") },
      "VARIABLES_TOO_LARGE",
    ],
    [
      "of messages",
      "mutation ($f: ChatCompletionInput!) { chatCompletion(input: $f) { content } }",
      { messages: many(40_000, { role: "USER", content: "x" }) },
      "VARIABLES_TOO_LARGE",
    ],
    ["in no operation", "{ __typename }", many(400_000, "x"), "VARIABLES_TOO_LARGE"],
  ])("is counted before it is read: %s", (_, query, f, reason) => refused(query, { f }, reason));

  it.each([
    [50_000, { data: { validateDsl: [{ code: "DSL_TOO_LARGE" }] } }],
    [80_000, { errors: [{ extensions: { reason: "TOO_MANY_KEYS" } }] }],
  ])("may be fields of an object where any JSON may be, but not without end: %d", async (count, answer) => {
    const document = Object.fromEntries(many(count, "a value").map((value, index) => [`field${index}`, value]));
    const query = "query ($d: JSON!) { validateDsl(dsl: $d) { code } }";
    const { outcome, beside } = await other.beside(() => platform.post(query, { d: document }));
    expect(outcome).toMatchObject(answer);
    expectUnharmed(beside);
  });

  it("is counted where it stands in the document", () =>
    refused(`{ runs(filter: { status: [${"FAILED ".repeat(14_000)}] }) { edges { node { id } } } }`, {}, "LIST_TOO_LONG"));
});

describe("case 14: one tenant's many large requests", () => {
  it("take turns with another's", async () => {
    const query = `{ ${times(45, (index) => `a${index}: runs(first: 200) { edges { node { id status outputText } } }`)} }`;
    const { outcome, beside } = await other.beside(async () => {
      const answers = await Promise.all(Array.from({ length: 24 }, () => platform.post(query)));
      return new Set(answers.map((answer) => reasonOf(answer) ?? "answered"));
    });
    // What waited too long for its turn is told so.
    expect([...outcome].filter((told) => told !== "answered" && told !== "TENANT_BUSY")).toEqual([]);
    expectUnharmed(beside);
  });
});

describe("a thousand small requests at once", () => {
  const body = JSON.stringify({ query: "{ __typename }" });
  const head = ["POST /graphql HTTP/1.1", "host: localhost", "content-type: application/json", `content-length: ${body.length}`];
  const request = `${head.join("\r\n")}\r\n\r\n${body}`;

  /** Sends requests over a connection, all of them before the first is answered. @returns how many were answered */
  const pipelined = (count: number) =>
    new Promise<number>((resolve, reject) => {
      const socket = connect(Number(new URL(platform.url).port), "127.0.0.1");
      let text = "";
      const answered = () => text.split('{"data":{"__typename":"Query"}}').length - 1;
      socket.setEncoding("utf8");
      socket.on("data", (more: string) => {
        text += more;
        if (answered() === count) socket.destroy();
      });
      socket.on("error", reject);
      socket.on("close", () => resolve(answered()));
      socket.write(request.repeat(count));
    });

  /** Asks over one WebSocket, all before the first is answered. @returns how many were answered */
  async function overSocket(count: number): Promise<number> {
    const client = createClient({ url: platform.url.replace("http", "ws"), webSocketImpl: WebSocket, lazy: false });
    const one = () =>
      new Promise<number>((resolve, reject) => {
        client.subscribe({ query: "{ __typename }" }, { next: () => {}, error: reject, complete: () => resolve(1) });
      });
    const answers = await Promise.all(Array.from({ length: count }, one));
    await client.dispose();
    return answers.length;
  }

  it.each<[string, () => Promise<number>[]]>([
    ["of one connection", () => [pipelined(1_000)]],
    ["of as many connections", () => Array.from({ length: 1_000 }, () => pipelined(1))],
    ["over ten WebSockets", () => Array.from({ length: 10 }, () => overSocket(100))],
  ])("%s are answered in many turns of the main loop", async (_, send) => {
    const { outcome, beside } = await other.beside(async () => (await Promise.all(send())).reduce((sum, count) => sum + count));
    expect(outcome).toBe(1_000);
    expectUnharmed(beside);
  });
});

describe("case 16: a document that is long to look at", () => {
  const chained = (count: number) =>
    times(count, (index) => `fragment F${index} on App { id ${index < count - 1 ? `...F${index + 1}` : ""} }`);
  it.each<[string, string, string | undefined]>([
    ["399 fragments, each in the one before", `{ app(id: "1") { ...F0 } } ${chained(399)}`, "OPERATION_LIMIT_EXCEEDED"],
    ["199 of them", `{ app(id: "1") { ...F0 } } ${chained(199)}`, "OPERATION_LIMIT_EXCEEDED"],
    ["49 of them", `{ app(id: "1") { ...F0 } } ${chained(49)}`, undefined],
    ["1,200 equal fields", `{ app(id: "1") { ${"id ".repeat(1_200)} } }`, "OPERATION_LIMIT_EXCEEDED"],
    [
      "equal fields with fields beneath",
      `{ ${`app(id: "1") { workflows { edges { node { id } } } } `.repeat(100)} }`,
      "OPERATION_LIMIT_EXCEEDED",
    ],
    [
      "the schema, twenty-one times",
      `{ ${times(21, (index) => `s${index}: __schema { types { fields { name } } }`)} }`,
      "OPERATION_LIMIT_EXCEEDED",
    ],
    [
      "199 apps to make",
      `mutation { ${times(199, (index) => `m${index}: createApp(input: { code: "c${index}", name: "A" }) { id }`)} }`,
      "OPERATION_LIMIT_EXCEEDED",
    ],
    ["4,000 unknown fields", `{ ${times(4_000, (index) => `appz${index}`)} }`, "OPERATION_LIMIT_EXCEEDED"],
    ["1,100 of them", `{ ${times(1_100, (index) => `appz${index}`)} }`, "GRAPHQL_VALIDATION_FAILED"],
    ["3,000 unknown arguments", `{ app(${times(3_000, (index) => `idz${index}: 1`)}) { id } }`, "GRAPHQL_VALIDATION_FAILED"],
    ["2,000 unknown types", `query (${times(2_000, (index) => `$v${index}: Strinx${index}`)}) { __typename }`, "GRAPHQL_VALIDATION_FAILED"],
  ])("%s", (_, query, reason) => refused(query, {}, reason));
});

describe("case 16: many of them at once", () => {
  const operations = (name: number) => times(1_200, (index) => `query A${name}x${index} { __typename }`);
  it.each<[string, (name: number) => string, string]>([
    ["documents of many operations", operations, "OPERATION_RESOLUTION_FAILURE"],
    ["that spread what is not there", (name) => `{ ${times(4_000, (index) => `...F${name}x${index}`)} }`, "GRAPHQL_VALIDATION_FAILED"],
    [
      "questions about the schema, which is known",
      () => `{ ${times(9, (index) => `s${index}: __schema { types { fields { args { type { name } } } } }`)} }`,
      "answered",
    ],
  ])("%s are looked at one after the other", async (_, query, told) => {
    const { outcome, beside } = await other.beside(async () => {
      const answers = await Promise.all(Array.from({ length: 10 }, (_item, name) => platform.post(query(name))));
      return new Set(answers.map((answer) => reasonOf(answer) ?? "answered"));
    });
    // What waited too long for its turn is told so.
    expect([...outcome].filter((one) => one !== "TENANT_BUSY")).toEqual([told]);
    expectUnharmed(beside);
  });
});
