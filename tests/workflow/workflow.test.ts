import { workflowSubgraph } from "../../subgraphs/workflow/subgraph.ts";
import { openTestSubgraph, type TestSubgraph } from "../testkit/subgraph.ts";

let t: TestSubgraph;
beforeEach(async () => {
  t = await openTestSubgraph(workflowSubgraph);
});
afterEach(() => t.close());

const createApp = `mutation ($code: String!) { createApp(input: { code: $code, name: "Shop" }) { id code status createdAt } }`;
const createWorkflow = `mutation ($appId: ID!, $code: String!) { createWorkflow(input: { appId: $appId, code: $code, name: "W" }) { id } }`;
const createVersion = `mutation ($workflowId: ID!, $dsl: JSON!, $status: VersionStatus) {
  createWorkflowVersion(input: { workflowId: $workflowId, dsl: $dsl, status: $status }) { id version status }
}`;

async function workflowOf(code = "shop") {
  const { createApp: app } = await t.ask<{ createApp: { id: string } }>(createApp, { code });
  const { createWorkflow: workflow } = await t.ask<{ createWorkflow: { id: string } }>(createWorkflow, { appId: app.id, code: "main" });
  return { appId: app.id, workflowId: workflow.id };
}

describe("workflow subgraph", () => {
  it("S-9 S-10 creates, reads, changes, lists and deletes apps", async () => {
    const { createApp: app } = await t.ask<{ createApp: { id: string } }>(createApp, { code: "shop" });
    expect(app).toMatchObject({ code: "shop", status: "ACTIVE" });
    await t.ask(`mutation ($id: ID!) { updateApp(id: $id, input: { name: "Shop 2", status: ARCHIVED }) { id } }`, { id: app.id });
    expect(await t.ask(`{ appByCode(code: "shop") { id name status } apps { edges { node { code } } } }`)).toEqual({
      appByCode: { id: app.id, name: "Shop 2", status: "ARCHIVED" },
      apps: { edges: [{ node: { code: "shop" } }] },
    });
    await t.ask(`mutation ($id: ID!) { deleteApp(id: $id) { id } }`, { id: app.id });
    expect(
      await t.ask(`query ($id: ID!) { app(id: $id) { code deletedAt } appByCode(code: "shop") { id } apps { edges { cursor } } }`, {
        id: app.id,
      }),
    ).toEqual({
      app: { code: "shop", deletedAt: expect.any(String) },
      appByCode: null,
      apps: { edges: [] },
    });
    await t.ask(createApp, { code: "shop" });
  });

  it("S-7 never shows a tenant what another has", async () => {
    const { appId, workflowId } = await workflowOf();
    const other = { tenantId: "t2" };
    expect(
      await t.ask(`query ($id: ID!) { app(id: $id) { id } workflow(id: $id) { id } apps { edges { cursor } } }`, { id: appId }, other),
    ).toEqual({
      app: null,
      workflow: null,
      apps: { edges: [] },
    });
    expect(await t.refusal(createVersion, { workflowId, dsl: { nodes: [], edges: [] } }, other)).toMatchObject({
      code: "NOT_FOUND",
      reason: "WORKFLOW_NOT_FOUND",
    });
    expect(await t.refusal(`mutation ($id: ID!) { updateApp(id: $id, input: { name: "x" }) { id } }`, { id: appId }, other)).toMatchObject({
      code: "NOT_FOUND",
    });
  });

  it("S-11 refuses a code that is taken, with the field and its value", async () => {
    const { appId } = await workflowOf();
    expect(await t.refusal(createApp, { code: "shop" })).toMatchObject({
      code: "CONFLICT",
      reason: "APP_CODE_TAKEN",
      field: "code",
      value: "shop",
    });
    expect(await t.refusal(createWorkflow, { appId, code: "main" })).toMatchObject({ code: "CONFLICT", reason: "WORKFLOW_CODE_TAKEN" });
    expect(await t.refusal(`mutation ($id: ID!) { deleteApp(id: $id) { id } }`, { id: appId })).toMatchObject({
      code: "CONFLICT",
      reason: "APP_HAS_WORKFLOWS",
      workflows: 1,
    });
  });

  it("S-11 reads, changes and lists workflows, of one app and of all; a code is unique in its app", async () => {
    const shop = await workflowOf("shop");
    const desk = await workflowOf("desk");
    const update = `mutation ($id: ID!, $input: UpdateWorkflowInput!) { updateWorkflow(id: $id, input: $input) { code name description } }`;
    expect(await t.ask(update, { id: shop.workflowId, input: { name: "Main", description: "d" } })).toEqual({
      updateWorkflow: { code: "main", name: "Main", description: "d" },
    });
    expect(await t.ask(update, { id: shop.workflowId, input: { name: null, description: null } })).toEqual({
      updateWorkflow: { code: "main", name: "Main", description: null },
    });
    const query = `query ($id: ID!, $appId: ID!) {
      workflow(id: $id) { name app { code } latestVersion { id } publishedVersion { id } }
      byCode: workflowByCode(appId: $appId, code: "main") { id } none: workflowByCode(appId: $appId, code: "other") { id }
      ofApp: workflows(appId: $appId) { edges { node { id } } } all: workflows { edges { node { id } } } }`;
    expect(await t.ask(query, { id: shop.workflowId, appId: shop.appId })).toEqual({
      workflow: { name: "Main", app: { code: "shop" }, latestVersion: null, publishedVersion: null },
      byCode: { id: shop.workflowId },
      none: null,
      ofApp: { edges: [{ node: { id: shop.workflowId } }] },
      all: { edges: [{ node: { id: desk.workflowId } }, { node: { id: shop.workflowId } }] },
    });
  });

  it("S-10 lists apps by status", async () => {
    const { createApp: old } = await t.ask<{ createApp: { id: string } }>(createApp, { code: "old" });
    await t.ask(createApp, { code: "new" });
    await t.ask(`mutation ($id: ID!) { updateApp(id: $id, input: { status: ARCHIVED }) { id } }`, { id: old.id });
    expect(
      await t.ask(
        `{ active: apps(status: ACTIVE) { edges { node { code } } } archived: apps(status: ARCHIVED) { edges { node { code } } } all: apps { edges { node { code } } } }`,
      ),
    ).toEqual({
      active: { edges: [{ node: { code: "new" } }] },
      archived: { edges: [{ node: { code: "old" } }] },
      all: { edges: [{ node: { code: "new" } }, { node: { code: "old" } }] },
    });
  });

  it("S-13 an app's versions name what runs and its settings; the one published last is current", async () => {
    const { appId, workflowId } = await workflowOf();
    const other = await workflowOf("other");
    const dsl = { nodes: [], edges: [] };
    const { createWorkflowVersion: runs } = await t.ask<{ createWorkflowVersion: { id: string } }>(createVersion, { workflowId, dsl });
    const create = `mutation ($input: CreateAppVersionInput!) { createAppVersion(input: $input) { id version status config publishedAt workflowVersion { id } } }`;
    const make = async (more: object) => {
      const input = { appId, workflowVersionId: runs.id, ...more };
      return (await t.ask<{ createAppVersion: { id: string } }>(create, { input })).createAppVersion;
    };
    const first = await make({});
    expect(first).toMatchObject({ version: 1, status: "DRAFT", config: {}, publishedAt: null, workflowVersion: { id: runs.id } });
    const second = await make({ status: "PUBLISHED", config: { colour: "red" } });
    expect(second).toMatchObject({ version: 2, status: "PUBLISHED", config: { colour: "red" }, publishedAt: expect.any(String) });
    const current = async () => {
      const query = `query ($id: ID!) { app(id: $id) { publishedVersion { id } versions { edges { node { version } } } } }`;
      return (await t.ask<{ app: object }>(query, { id: appId })).app;
    };
    const versions = { edges: [{ node: { version: 2 } }, { node: { version: 1 } }] };
    expect(await current()).toEqual({ publishedVersion: { id: second.id }, versions });
    await t.ask(`mutation ($id: ID!) { publishAppVersion(id: $id) { id } }`, { id: first.id });
    expect(await current()).toEqual({ publishedVersion: { id: first.id }, versions });
    expect(await t.ask(`query ($id: ID!) { appVersion(id: $id) { app { id } status } }`, { id: first.id })).toEqual({
      appVersion: { app: { id: appId }, status: "PUBLISHED" },
    });
    expect(await t.refusal(create, { input: { appId: other.appId, workflowVersionId: runs.id } })).toMatchObject({
      code: "BAD_USER_INPUT",
      reason: "WORKFLOW_VERSION_OF_OTHER_APP",
    });
    expect(await t.refusal(create, { input: { appId, workflowVersionId: runs.id, status: "ARCHIVED" } })).toMatchObject({
      reason: "VERSION_STATUS_INVALID",
    });
  });

  it("S-12 accepts an empty graph and numbers versions", async () => {
    const { workflowId } = await workflowOf();
    const dsl = { nodes: [], edges: [] };
    expect(await t.ask(createVersion, { workflowId, dsl })).toMatchObject({ createWorkflowVersion: { version: 1, status: "DRAFT" } });
    expect(await t.ask(createVersion, { workflowId, dsl, status: "PUBLISHED" })).toMatchObject({
      createWorkflowVersion: { version: 2, status: "PUBLISHED" },
    });
  });

  it("S-15 refuses a document with errors and lists all of them", async () => {
    const { workflowId } = await workflowOf();
    const dsl = { nodes: [{ id: "a", type: "nope", config: {} }], edges: [{ source: "a", target: "b" }] };
    const refusal = await t.refusal(createVersion, { workflowId, dsl });
    expect(refusal).toMatchObject({ code: "BAD_USER_INPUT", reason: "DSL_INVALID" });
    expect((refusal["issues"] as { code: string; path: string }[]).map(({ code, path }) => [code, path])).toEqual([
      ["NODE_TYPE_UNKNOWN", "/nodes/0/type"],
      ["EDGE_DANGLING", "/edges/0/target"],
    ]);
    expect(refusal["message"]).toContain("The DSL has 2 problems, listed");
    expect((await t.refusal(createVersion, { workflowId, dsl: { ...dsl, edges: [] } }))["message"]).toContain(
      "The DSL has 1 problem, listed",
    );
    const { validateDsl } = await t.ask<{ validateDsl: object[] }>(
      `query ($dsl: JSON!) { validateDsl(dsl: $dsl) { severity code message path } }`,
      { dsl },
    );
    expect(validateDsl).toEqual(refusal["issues"]);
  });

  it("S-13 S-14 the version that was published last is the published one", async () => {
    const { appId, workflowId } = await workflowOf();
    const ids: string[] = [];
    for (let version = 1; version <= 2; version++) {
      const made = await t.ask<{ createWorkflowVersion: { id: string } }>(createVersion, { workflowId, dsl: { nodes: [], edges: [] } });
      ids.push(made.createWorkflowVersion.id);
    }
    const publish = `mutation ($id: ID!) { publishWorkflowVersion(id: $id) { status publishedAt } }`;
    await t.ask(publish, { id: ids[1] });
    await t.ask(publish, { id: ids[0] });
    const state = `query ($id: ID!) { workflow(id: $id) { latestVersion { version } publishedVersion { version } versions { edges { node { version } } } } }`;
    expect(await t.ask(state, { id: workflowId })).toEqual({
      workflow: {
        latestVersion: { version: 2 },
        publishedVersion: { version: 1 },
        versions: { edges: [{ node: { version: 2 } }, { node: { version: 1 } }] },
      },
    });
    await t.ask(`mutation ($id: ID!) { archiveWorkflowVersion(id: $id) { status } }`, { id: ids[0] });
    expect(await t.ask(state, { id: workflowId })).toMatchObject({ workflow: { publishedVersion: { version: 2 } } });
    const createAppVersion = `mutation ($appId: ID!, $v: ID!) { createAppVersion(input: { appId: $appId, workflowVersionId: $v, config: { a: 1 } }) { id version app { publishedVersion { id } } } }`;
    expect(await t.refusal(createAppVersion, { appId, v: ids[0] })).toMatchObject({ reason: "WORKFLOW_VERSION_ARCHIVED" });
    const made = await t.ask<{ createAppVersion: { id: string } }>(createAppVersion, { appId, v: ids[1] });
    expect(made.createAppVersion).toMatchObject({ version: 1, app: { publishedVersion: null } });
    expect(
      await t.ask(`mutation ($id: ID!) { publishAppVersion(id: $id) { app { publishedVersion { id } } } }`, {
        id: made.createAppVersion.id,
      }),
    ).toEqual({
      publishAppVersion: { app: { publishedVersion: { id: made.createAppVersion.id } } },
    });
  });

  it("pages both ways and refuses page sizes and cursors that are none", async () => {
    for (let index = 0; index < 5; index++) await t.ask(createApp, { code: `app-${index}` });
    const query = `query ($first: Int, $after: String, $last: Int, $before: String) {
      apps(first: $first, after: $after, last: $last, before: $before) { edges { node { code } cursor } pageInfo { hasNextPage hasPreviousPage endCursor } }
    }`;
    type Page = {
      apps: {
        edges: { node: { code: string }; cursor: string }[];
        pageInfo: { endCursor: string; hasNextPage: boolean; hasPreviousPage: boolean };
      };
    };
    const codes = (page: Page) => page.apps.edges.map((edge) => edge.node.code);
    const one = await t.ask<Page>(query, { first: 2 });
    expect(codes(one)).toEqual(["app-4", "app-3"]);
    const two = await t.ask<Page>(query, { first: 2, after: one.apps.pageInfo.endCursor });
    expect(codes(two)).toEqual(["app-2", "app-1"]);
    expect(two.apps.pageInfo).toMatchObject({ hasNextPage: true, hasPreviousPage: true });
    expect(codes(await t.ask<Page>(query, { last: 2 }))).toEqual(["app-1", "app-0"]);
    expect(codes(await t.ask<Page>(query, { last: 2, before: two.apps.edges[0]!.cursor }))).toEqual(["app-4", "app-3"]);
    expect(await t.refusal(query, { first: 100_000 })).toMatchObject({ code: "BAD_USER_INPUT", reason: "PAGE_SIZE_INVALID", max: 200 });
    expect(await t.refusal(query, { after: "nonsense!" })).toMatchObject({ code: "BAD_USER_INPUT", reason: "CURSOR_INVALID" });
  });

  it("refuses one page of a list without harm to another page that is asked for beside it", async () => {
    const { appId } = await workflowOf();
    const { data, errors } = await t.subgraph.execute({
      query: `query ($id: ID!) {
        good: app(id: $id) { workflows(first: 1) { edges { node { code } } } }
        bad: app(id: $id) { workflows(first: 201) { edges { node { code } } } }
      }`,
      variables: { id: appId },
      info: { tenantId: "t1", requestId: "r" },
    });
    expect(data).toMatchObject({ good: { workflows: { edges: [{ node: { code: "main" } }] } }, bad: null });
    expect(errors).toMatchObject([{ path: ["bad", "workflows"], extensions: { reason: "PAGE_SIZE_INVALID" } }]);
  });

  it("reads a page of apps with their workflows and versions in a constant number of statements", async () => {
    for (let index = 0; index < 10; index++) await workflowOf(`app-${index}`);
    const query = `query ($first: Int) { apps(first: $first) { edges { node { id workflows { edges { node { id app { id } versions { edges { node { id } } } } } } publishedVersion { id } } } } }`;
    const count = async (first: number) => {
      let statements = 0;
      t.subgraph.database.onStatement = () => statements++;
      await t.ask(query, { first });
      t.subgraph.database.onStatement = undefined;
      return statements;
    };
    expect(await count(10)).toBe(await count(2));
  });

  it("refuses text that cannot be stored without a word of SQL", async () => {
    const refusal = await t.refusal(`mutation { createApp(input: { code: "x", name: "a\\u0000b" }) { id } }`);
    expect(refusal).toMatchObject({ code: "BAD_USER_INPUT", reason: "TEXT_NOT_STORABLE" });
    expect(JSON.stringify(refusal)).not.toMatch(/insert|workflow\.app/i);
  });
});
