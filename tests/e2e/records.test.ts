import { ask, finishRun, makeWorkflow, refusal, startRun } from "../testkit/graph.ts";
import { startTestPlatform, type TestPlatform } from "../testkit/platform.ts";

let platform: TestPlatform;
beforeAll(async () => {
  platform = await startTestPlatform();
});
afterAll(() => platform.stop());

/** A record that can be deleted: what makes it (`$code` where it has one), and how its kind is listed. */
interface Deletable {
  kind: string;
  create: string;
  list: string;
  /** Without one it has no code. */
  byCode?: string;
}

const deletables: Deletable[] = [
  { kind: "App", create: 'createApp(input: { code: $code, name: "n" })', byCode: "appByCode(code: $code)", list: "apps" },
  {
    kind: "Tool",
    create: 'createTool(input: { code: $code, name: "n", toolType: HTTP })',
    byCode: "toolByCode(code: $code)",
    list: "tools",
  },
  {
    kind: "ModelProvider",
    create: 'createModelProvider(input: { code: $code, name: "n", baseUrl: "https://models.example/v1" })',
    byCode: "modelProviderByCode(code: $code)",
    list: "modelProviders",
  },
  { kind: "Agent", create: 'createAgent(input: { code: $code, name: "n" })', byCode: "agentByCode(code: $code)", list: "agents" },
  { kind: "Team", create: 'createTeam(input: { code: $code, name: "n" })', byCode: "teamByCode(code: $code)", list: "teams" },
  { kind: "Skill", create: 'createSkill(input: { code: $code, name: "n" })', byCode: "skillByCode(code: $code)", list: "skills" },
];

interface Seen {
  byId: { id: string; deletedAt: string | null } | null;
  byCode: { id: string } | null;
  list: { edges: { node: { id: string } }[] };
}

/** What the graph shows of a record, by its id, by its code and in its list. */
async function look(
  { kind, byCode, list }: Deletable,
  variables: { id: string; code: string; appId?: string },
  headers?: Record<string, string>,
) {
  const field = kind[0]!.toLowerCase() + kind.slice(1);
  const query = `query ($id: ID!, $code: String!${variables.appId ? ", $appId: ID!" : ""}) {
    byId: ${field}(id: $id) { id deletedAt } byCode: ${byCode} { id } list: ${list} { edges { node { id } } } }`;
  const seen = await ask<Seen>(platform, query, variables, headers);
  return { ...seen, list: seen.list.edges.map(({ node }) => node.id) };
}

describe("a deleted record", () => {
  it.each(deletables)(
    "S-7 S-10 S-62 S-79 S-83 S-87: $kind: its id resolves, lists and codes do not have it, its code is free",
    async (record) => {
      const variables = { code: `gone-${record.kind.toLowerCase()}` };
      const make = async () => {
        const made = await ask<{ made: { id: string } }>(
          platform,
          `mutation ($code: String!) { made: ${record.create} { id } }`,
          variables,
        );
        return made.made.id;
      };
      const id = await make();
      const known = { ...variables, id };
      expect(await look(record, known)).toEqual({ byId: { id, deletedAt: null }, byCode: { id }, list: [id] });
      const remove = `mutation ($id: ID!) { delete${record.kind}(id: $id) { id } }`;
      expect(await ask(platform, remove, { id })).toEqual({ [`delete${record.kind}`]: { id } });
      expect(await look(record, known)).toEqual({ byId: { id, deletedAt: expect.any(String) }, byCode: null, list: [] });
      expect(await look(record, known, { "x-tenant-id": "t2" })).toEqual({ byId: null, byCode: null, list: [] });
      expect(await refusal(platform, remove, { id })).toMatchObject({ code: "NOT_FOUND" });
      expect(
        await refusal(platform, `mutation ($id: ID!) { update${record.kind}(id: $id, input: { name: "x" }) { id } }`, { id }),
      ).toMatchObject({ code: "NOT_FOUND" });
      const second = await make();
      expect(await look(record, known)).toMatchObject({ byCode: { id: second }, list: [second] });
    },
  );

  it("S-11 S-14: a workflow's frozen runs go on, and no new one begins by its id", async () => {
    const dsl = { nodes: [{ id: "a", type: "answer", config: { answer: "still here" } }], edges: [] };
    const { appId, workflowId, workflowVersionId } = await makeWorkflow(platform, dsl);
    const runId = await startRun(platform, workflowId, {}, { execution: "MANUAL" });
    const workflow = {
      kind: "Workflow",
      create: "",
      byCode: "workflowByCode(appId: $appId, code: $code)",
      list: "workflows(appId: $appId)",
    };
    const known = { id: workflowId, code: "main", appId };
    expect(await look(workflow, known)).toEqual({
      byId: { id: workflowId, deletedAt: null },
      byCode: { id: workflowId },
      list: [workflowId],
    });
    const deleteApp = "mutation ($id: ID!) { deleteApp(id: $id) { id } }";
    expect(await refusal(platform, deleteApp, { id: appId })).toMatchObject({ code: "CONFLICT", reason: "APP_HAS_WORKFLOWS" });

    await ask(platform, "mutation ($id: ID!) { deleteWorkflow(id: $id) { id } }", { id: workflowId });
    expect(await look(workflow, known)).toEqual({ byId: { id: workflowId, deletedAt: expect.any(String) }, byCode: null, list: [] });
    const beneath = "query ($id: ID!) { app(id: $id) { workflows { edges { cursor } } } }";
    expect(await ask(platform, beneath, { id: appId })).toEqual({ app: { workflows: { edges: [] } } });
    const createRun = "mutation ($id: ID!) { createRun(input: { workflowId: $id }) { id } }";
    expect(await refusal(platform, createRun, { id: workflowId })).toMatchObject({ code: "NOT_FOUND", reason: "WORKFLOW_NOT_FOUND" });
    for (const mutation of ["publishWorkflowVersion", "archiveWorkflowVersion"])
      expect(await refusal(platform, `mutation ($id: ID!) { ${mutation}(id: $id) { id } }`, { id: workflowVersionId })).toMatchObject({
        code: "NOT_FOUND",
        reason: "WORKFLOW_NOT_FOUND",
      });
    await ask(platform, 'mutation ($id: ID!) { executeRun(id: $id, input: { workerKey: "w" }) { stopReason } }', { id: runId });
    expect(await finishRun(platform, runId)).toMatchObject({ status: "COMPLETED", outputText: "still here" });
    const shown = "query ($id: ID!) { run(id: $id) { workflow { id deletedAt app { id } } workflowVersion { id } } }";
    expect(await ask(platform, shown, { id: runId })).toMatchObject({
      run: { workflow: { id: workflowId, deletedAt: expect.any(String), app: { id: appId } }, workflowVersion: { id: workflowVersionId } },
    });
    await ask(platform, deleteApp, { id: appId });
  });
});

describe("the version that runs", () => {
  it("S-12 S-14 S-26: by workflowId is the one that was published last, drafts and archived ones only by their own id or not at all", async () => {
    const dsl = (text: string) => ({ nodes: [{ id: "a", type: "answer", config: { answer: text } }], edges: [] });
    const { workflowId, workflowVersionId: first } = await makeWorkflow(platform, dsl("first"));
    const save = `mutation ($workflowId: ID!, $dsl: JSON!, $status: VersionStatus) {
      createWorkflowVersion(input: { workflowId: $workflowId, dsl: $dsl, status: $status }) { id } }`;
    const version = async (text: string, status?: string) => {
      const made = await ask<{ createWorkflowVersion: { id: string } }>(platform, save, { workflowId, dsl: dsl(text), status });
      return made.createWorkflowVersion.id;
    };
    const second = await version("second", "PUBLISHED");
    const draft = await version("draft");
    const createRun = "mutation ($input: CreateRunInput!) { createRun(input: $input) { workflowVersion { id } } }";
    const runs = async (input: object) => {
      const { createRun: run } = await ask<{ createRun: { workflowVersion: { id: string } } }>(platform, createRun, { input });
      return run.workflowVersion.id;
    };
    const set = (mutation: string, id: string) =>
      ask(platform, `mutation ($id: ID!) { ${mutation}WorkflowVersion(id: $id) { id } }`, { id });
    expect(await runs({ workflowId })).toBe(second);
    expect(await runs({ workflowVersionId: draft })).toBe(draft);
    await set("publish", first);
    expect(await runs({ workflowId })).toBe(first);
    await set("archive", first);
    expect(await runs({ workflowId })).toBe(second);
    await set("archive", second);
    const refused = async (input: object) => (await refusal(platform, createRun, { input }))["reason"];
    expect(await refused({ workflowId })).toBe("WORKFLOW_VERSION_NOT_PUBLISHED");
    expect(await refused({ workflowVersionId: first })).toBe("WORKFLOW_VERSION_ARCHIVED");
    await set("publish", first);
    expect(await runs({ workflowId })).toBe(first);
  });
});

describe("a list", () => {
  it("S-7: has 20 items a page unless asked, and null is unless asked; newest first, both ways", async () => {
    const headers = { "x-tenant-id": "lists" };
    const codes = Array.from({ length: 21 }, (_, index) => `a${index}`);
    for (const code of codes)
      await ask(platform, `mutation ($code: String!) { createAgent(input: { code: $code, name: "n" }) { id } }`, { code }, headers);
    const newest = codes.toReversed();
    interface Page {
      agents: { edges: { cursor: string; node: { code: string } }[]; pageInfo: { hasNextPage: boolean; hasPreviousPage: boolean } };
    }
    const page = async (variables: object) => {
      const query = `query ($first: Int, $after: String, $last: Int, $before: String) {
        agents(first: $first, after: $after, last: $last, before: $before) { edges { cursor node { code } } pageInfo { hasNextPage hasPreviousPage } } }`;
      const { agents } = await ask<Page>(platform, query, { ...variables }, headers);
      return { codes: agents.edges.map(({ node }) => node.code), cursors: agents.edges.map(({ cursor }) => cursor), ...agents.pageInfo };
    };
    for (const variables of [{}, { first: null }, { first: null, after: null, last: null, before: null }])
      expect(await page(variables)).toMatchObject({ codes: newest.slice(0, 20), hasNextPage: true, hasPreviousPage: false });
    const all = await page({ first: 200 });
    expect(all).toMatchObject({ codes: newest, hasNextPage: false });
    expect(await page({ first: null, after: all.cursors[0] })).toMatchObject({
      codes: newest.slice(1),
      hasNextPage: false,
      hasPreviousPage: true,
    });
    expect(await page({ last: 3 })).toMatchObject({ codes: newest.slice(-3), hasNextPage: false, hasPreviousPage: true });
    expect(await page({ last: 2, before: all.cursors[2] })).toMatchObject({
      codes: newest.slice(0, 2),
      hasNextPage: true,
      hasPreviousPage: false,
    });
    expect(await page({ first: 0 })).toMatchObject({ codes: [] });
    const bothWays = "{ agents(first: 1, last: 1) { edges { cursor } } }";
    expect(await refusal(platform, bothWays, {}, headers)).toMatchObject({ code: "BAD_USER_INPUT", reason: "PAGE_DIRECTION_INVALID" });
  });
});

describe("a request's trace", () => {
  it("S-23 S-46 S-104: goes on in the run that it dispatches, through session and runtime", async () => {
    const { appId, workflowId } = await makeWorkflow(platform, {
      nodes: [{ id: "a", type: "answer", config: { answer: "x" } }],
      edges: [],
    });
    const createSession = `mutation ($appId: ID!) { createSession(input: { appId: $appId, userId: "u" }) { id } }`;
    const { createSession: session } = await ask<{ createSession: { id: string } }>(platform, createSession, { appId });
    const traceId = "0af7651916cd43dd8448eb211c80319c";
    const traceparent = `00-${traceId}-b7ad6b7169203331-01`;
    const dispatch = `mutation ($id: ID!) { dispatchRun(input: { sessionId: $id }) { run { id traceId } } }`;
    const { dispatchRun } = await ask<{ dispatchRun: { run: { id: string; traceId: string } } }>(
      platform,
      dispatch,
      { id: session.id },
      { traceparent },
    );
    expect(dispatchRun.run.traceId).toBe(traceId);
    await finishRun(platform, dispatchRun.run.id);
    const spans = `query ($id: ID!) { traceSpans(runId: $id, first: 1) { edges { node { traceId parentSpanId spanType } } } }`;
    expect(await ask(platform, spans, { id: dispatchRun.run.id })).toEqual({
      traceSpans: { edges: [{ node: { traceId, parentSpanId: "b7ad6b7169203331", spanType: "RUN" } }] },
    });
    const { createRun } = await ask<{ createRun: { traceId: string } }>(
      platform,
      `mutation ($id: ID!) { createRun(input: { workflowId: $id }) { traceId } }`,
      { id: workflowId },
      { traceparent: "not-a-traceparent" },
    );
    expect(createRun.traceId).toMatch(/^[0-9a-f]{32}$/);
  });
});

describe("a list of records", () => {
  it.each([
    ["App", "", "", ["ACTIVE", "ARCHIVED"]],
    ["Agent", "agentType", "", ["ACTIVE", "ARCHIVED"]],
    ["Team", "teamType", "", ["ACTIVE", "ARCHIVED"]],
    ["Skill", "skillType", "", ["ACTIVE", "ARCHIVED"]],
    ["Tool", "", ", toolType: HTTP", ["ACTIVE", "ARCHIVED"]],
    ["ModelProvider", "", ', baseUrl: "https://models.example/v1"', ["ACTIVE", "DISABLED"]],
  ])("of type %s can be narrowed by status, and by type where clients choose it", async (kind, typeField, more, [inUse, outOfUse]) => {
    const tenant = { "x-tenant-id": "filters" };
    const type = typeField === "" ? "" : `, ${typeField}: "odd"`;
    const made = (code: string, extra: string) => `create${kind}(input: { code: "${code}", name: "n"${more}${extra} }) { id code }`;
    const { one, two } = await ask<{ one: { id: string }; two: { id: string } }>(
      platform,
      `mutation { one: ${made("one", type)} two: ${made("two", "")} }`,
      {},
      tenant,
    );
    await ask(platform, `mutation ($id: ID!) { update${kind}(id: $id, input: { status: ${outOfUse} }) { id } }`, { id: two.id }, tenant);
    const list = (filter: string) => `${kind[0]!.toLowerCase()}${kind.slice(1)}s${filter} { edges { node { id } } }`;
    const byType =
      typeField === "" ? "" : `byType: ${list(`(${typeField}: "odd")`)} both: ${list(`(${typeField}: "odd", status: ${outOfUse})`)}`;
    const lists = await ask<Record<string, { edges: { node: { id: string } }[] }>>(
      platform,
      `{ all: ${list("")} inUse: ${list(`(status: ${inUse})`)} outOfUse: ${list(`(status: ${outOfUse})`)} ${byType} }`,
      {},
      tenant,
    );
    const ids = Object.fromEntries(Object.entries(lists).map(([name, { edges }]) => [name, edges.map(({ node }) => node.id)]));
    const narrowed = { all: [two.id, one.id], inUse: [one.id], outOfUse: [two.id] };
    expect(ids).toEqual(typeField === "" ? narrowed : { ...narrowed, byType: [one.id], both: [] });
  });
});
