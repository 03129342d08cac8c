/**
 * A page costs as many SQL statements with fifty records as with five, whatever is asked beneath them and whichever subgraphs resolve it: every
 * relation across the graph is batched. Counted by PostgreSQL.
 */
import type { GraphClient } from "#codegen/client/client.ts";
import { graphql } from "#codegen/graph/gql.ts";
import type { Json } from "#shared/json.ts";
import { query as adminQuery } from "../testkit/admin-query.ts";
import { eventually } from "../testkit/eventually.ts";
import { ask, chain } from "../testkit/graph.ts";
import { startTestPlatform, type TestPlatform } from "../testkit/platform.ts";
import { countStatements, type StatementCount } from "../testkit/statement-count.ts";

let platform: TestPlatform;
let client: GraphClient;
let count: StatementCount;
beforeAll(async () => {
  platform = await startTestPlatform({ workers: 0, env: { maxNodes: 1_000_000 } });
  client = platform.client();
  count = await countStatements(platform.database.adminUrl);
  // A few at a time: whoever waits 10 s for one of the pool's connections is told that the database is away.
  for (let index = 0; index < 50; index += 5) {
    const some = Array.from({ length: 5 }, (_, offset) => index + offset);
    await Promise.all([...some.map(makeRuns), ...some.map(makeAgent)]);
  }
  // No model embeds their memories; the embedder, which asks for one now and then, would be counted.
  const rest = "update memory.embedding_tenant set due_at = now() + interval '1 day' where leased_until is null returning 1";
  await eventually(
    () => adminQuery(platform.database.adminUrl, rest),
    (rows) => rows.length > 0,
  );
});
afterAll(async () => {
  await count[Symbol.asyncDispose]();
  await platform.stop();
});

async function make(type: string, input: Record<string, Json>, mutation = `create${type}`): Promise<string> {
  const query = `mutation ($input: ${mutation[0]!.toUpperCase()}${mutation.slice(1)}Input!) { made: ${mutation}(input: $input) { id } }`;
  return (await ask<{ made: { id: string } }>(platform, query, { input })).made.id;
}

const long = "x".repeat(3_000);
const dsl = {
  nodes: [
    { id: "one", type: "template-transform", config: { template: `one ${long}` } },
    { id: "two", type: "answer", config: { answer: "two" } },
  ],
  edges: chain("one", "two"),
};

const messages = graphql(`
  subscription StatementCountMessages($sessionId: ID!, $after: String) {
    messageAdded(sessionId: $sessionId, after: $after) {
      cursor
      message {
        role
      }
    }
  }
`);

/** An app, a workflow and a session with two runs: one has finished and told its session the answer, of the other one of two nodes has. */
async function makeRuns(index: number): Promise<void> {
  const named = { code: `c${index}`, name: `Name ${index}` };
  const appId = await make("App", named);
  const workflowId = await make("Workflow", { ...named, appId });
  const workflowVersionId = await make("WorkflowVersion", { workflowId, dsl, status: "PUBLISHED" });
  const appVersionId = await make("AppVersion", { appId, workflowVersionId, status: "PUBLISHED" });
  const sessionId = await make("Session", { appId, userId: `user ${index}` });
  await make("Memory", { contentText: "m", scopeType: "SESSION", scopeId: sessionId });
  const request = { sessionId, appVersionId, message: "go", execution: "MANUAL" };
  const dispatch = `mutation ($input: CreateRunRequestInput!) { dispatchRun(input: $input) { run { id } } }`;
  const { dispatchRun } = await ask<{ dispatchRun: { run: { id: string } } }>(platform, dispatch, { input: request });
  await ask(platform, `mutation { executeRun(id: "${dispatchRun.run.id}", input: { workerKey: "test" }) { stopReason } }`);
  for await (const { messageAdded } of client.subscribe(messages, { sessionId })) if (messageAdded.message.role === "ASSISTANT") break;
  const half = await make("Run", { workflowId, appVersionId, sessionId, execution: "MANUAL" });
  await ask(platform, `mutation { executeNextNode(runId: "${half}", input: { workerKey: "test" }) { id } }`);
}

/** An agent with a tool, a skill, a memory and a team of its own. */
async function makeAgent(index: number): Promise<void> {
  const named = { code: `c${index}`, name: `Name ${index}` };
  const toolId = await make("Tool", { ...named, toolType: "HTTP" });
  const toolVersionId = await make("ToolVersion", { toolId, invokeConfig: { url: "http://127.0.0.1:9" } });
  const toolBindingId = await make("ToolBinding", { toolId, toolVersionId, name: `binding ${index}` });
  const skillId = await make("Skill", named);
  await make("SkillVersion", { skillId, runtimeType: "TEMPLATE", implementation: { template: "t" }, status: "PUBLISHED" });
  await make("SkillInstallation", { skillId, installScope: "TENANT" }, "installSkill");
  const agentId = await make("Agent", named);
  const refers = { toolBindingIds: [toolBindingId], skillIds: [skillId] };
  await make("AgentVersion", { agentId, role: "r", status: "PUBLISHED", ...refers });
  await make("Memory", { contentText: "m", scopeType: "AGENT", scopeId: agentId });
  const teamId = await make("Team", named);
  await make("Memory", { contentText: "m", scopeType: "TEAM", scopeId: teamId });
  const members = [{ memberKey: "one", agentId, role: "supervisor" }];
  await make("TeamVersion", { teamId, coordinationMode: "SUPERVISOR", objective: "o", members, status: "PUBLISHED" });
}

const list = (fields: string) => `{ edges { node { ${fields} } } }`;
const version = "id version status";
const nodeRun =
  "id status outputText leaseExpiresAt run { id } parent { id } artifacts { edges { cursor } } traceSpans { edges { cursor } }";
const run = `id status workflow { name app { name } } session { id userId } nodeRuns ${list(nodeRun)}`;

/**
 * Lists, and what is asked of each of their records. No record is reached in two ways within one subgraph: whether a loader meets both in one
 * statement or in two is a matter of moments.
 */
const pages: [list: string, fields: string][] = [
  ["runs", run],
  [
    "runs",
    `app { name } workflowVersion { version dsl } appVersion { version config } originRun { id } usage { modelCalls }
      artifacts ${list("contentText nodeRun { nodeId }")} traceSpans ${list("name run { id }")}`,
  ],
  ["runs", `session { app { name } messages ${list("content")} } traceSpans ${list("name nodeRun { nodeId }")}`],
  [
    "sessions",
    `id userId app { name publishedVersion { version } } memories ${list("contentText")} messages ${list(`content run { ${run} }`)}
      runRequests ${list("status run { status } appVersion { version app { name } } workflowVersion { version workflow { name } }")}
      runs(first: 5) ${list("status workflow { name }")}`,
  ],
  [
    "workflows",
    `name app { name } latestVersion { version } publishedVersion { version } versions ${list(version)} runs ${list("status session { userId } app { name }")}`,
  ],
  [
    "apps",
    `name publishedVersion { version } versions ${list(`${version} workflowVersion { version workflow { name } }`)}
      workflows ${list(`name versions ${list(version)} runs ${list("status session { userId }")}`)} runs ${list("status nodeRuns { edges { cursor } }")}`,
  ],
  [
    "agents",
    `name latestVersion { role } publishedVersion { role } memories ${list("contentText")}
      versions ${list(`${version} tools { name tool { name latestVersion { version } } toolVersion { version } } skills { name publishedVersion { version } }`)}
      teams ${list("name publishedVersion { objective members { role agent { name } } }")}`,
  ],
  [
    "teams",
    `name latestVersion { objective } memories ${list("contentText")}
      versions ${list(`${version} members { role agent { name publishedVersion { role tools { name } } memories ${list("contentText")} } }`)}`,
  ],
  ["skills", `name latestVersion { version } publishedVersion { version } versions ${list(version)} installations ${list("status")}`],
  ["skillInstallations", `status skill { name versions ${list(version)} }`],
  ["tools", `name latestVersion { version } versions ${list(version.replace(" status", ""))}`],
  ["toolBindings", `name tool { name latestVersion { version } } toolVersion { version }`],
];

/** Relations that are asked though nothing has them here. */
const empty = ["originRun", "leaseExpiresAt", "parent"];

/** Asks for a page, and counts what this costs. On a slow machine a page may be told that the database is away; then it is asked for again. */
async function counted<D>(query: string, variables: Record<string, unknown>): Promise<D> {
  for (let attempt = 1; ; attempt++) {
    await count.reset();
    const { data, errors } = await platform.post(query, variables);
    if (errors === undefined) return data;
    if (attempt === 5 || !errors.every(({ extensions }) => extensions["reason"] === "DATABASE_UNAVAILABLE"))
      throw new Error(JSON.stringify(errors));
  }
}

/** Statements by their text, without how many values were looked for. */
async function statements(query: string, variables: Record<string, unknown>): Promise<Record<string, number>> {
  await counted(query, variables);
  const byText: Record<string, number> = {};
  for (const { query: text, calls } of await count.read()) {
    const shape = text
      .replaceAll(/\$\d+(?: \/\*, \.\.\. \*\/)?(?:, \$\d+)*/g, "$…")
      // Of a statement that was prepared before the count began it keeps the constants.
      .replaceAll(/'\w+'|(?<=\blimit )\d+/g, "$…")
      // PostgreSQL takes two tables with one alias for one, and their columns by their numbers, and shows the text of the first.
      .replaceAll(/"\w+"\."\w+" as/g, "… as")
      .replaceAll(/\bt\."\w+"(?:, t\."\w+")*/g, (columns) => `t… ${columns.split(",").length}`)
      .replaceAll(/(?<=\bfrom )\w+\.\w+(?= t where\b)|(?<=\bt\.)\w+(?= = p\.id\b)/g, "…");
    byText[shape] = (byText[shape] ?? 0) + calls;
  }
  // Whether PostgreSQL is there, which is asked of it while somebody waits for a connection.
  delete byText["select $…"];
  return byText;
}

/** Paths that hold nothing in any record; what is not there costs no statement and proves nothing. */
function emptyPaths(records: unknown[]): string[] {
  const filled = new Map<string, boolean>();
  const walk = (value: unknown, path: string): void => {
    const isFilled = value !== null && !(Array.isArray(value) && value.length === 0);
    filled.set(path, isFilled || filled.get(path) === true);
    if (Array.isArray(value)) for (const item of value) walk(item, path);
    else if (typeof value === "object" && value !== null) for (const [key, inner] of Object.entries(value)) walk(inner, `${path}.${key}`);
  };
  for (const record of records) walk(record, "");
  return [...filled].filter(([, isFilled]) => !isFilled).map(([path]) => path.slice(1));
}

describe("a page of fifty", () => {
  it.each(pages)("%s costs the statements of a page of five, with all that is beneath", async (root, fields) => {
    const query = `query ($first: Int!) { page: ${root}(first: $first) ${list(fields)} }`;
    const { page } = await counted<{ page: { edges: object[] } }>(query, { first: 50 });
    expect(page.edges).toHaveLength(50);
    expect(emptyPaths(page.edges).filter((path) => !empty.includes(path.split(".").at(-1)!))).toEqual([]);
    const five = await statements(query, { first: 5 });
    expect(five).not.toEqual({});
    expect(await statements(query, { first: 50 })).toEqual(five);
  });
});
