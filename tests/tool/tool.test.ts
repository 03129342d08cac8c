import { toolSubgraph } from "../../subgraphs/tool/subgraph.ts";
import { openTestSubgraph, type TestSubgraph } from "../testkit/subgraph.ts";

let t: TestSubgraph;
beforeEach(async () => {
  t = await openTestSubgraph(toolSubgraph);
});
afterEach(() => t.close());

const createTool = `mutation ($code: String = "search", $toolType: ToolType = HTTP) {
  createTool(input: { code: $code, name: "Search", toolType: $toolType }) { id code toolType status }
}`;
const createVersion = `mutation ($toolId: ID!, $inputSchema: JSONObject, $invokeConfig: JSONObject = {}) {
  createToolVersion(input: { toolId: $toolId, inputSchema: $inputSchema, invokeConfig: $invokeConfig }) { id version inputSchema outputSchema invokeConfig }
}`;
const createBinding = `mutation ($toolId: ID!, $toolVersionId: ID, $config: JSONObject, $secretHeaders: JSONObject) {
  createToolBinding(input: { toolId: $toolId, toolVersionId: $toolVersionId, name: "b", config: $config, secretHeaders: $secretHeaders }) { id config }
}`;
const updateBinding = `mutation ($id: ID!, $input: UpdateToolBindingInput!) { updateToolBinding(id: $id, input: $input) { id name config toolVersion { id } } }`;

const toolId = async (code = "search") => (await t.ask<{ createTool: { id: string } }>(createTool, { code })).createTool.id;
const bindingOf = async (variables: Record<string, unknown>) =>
  (await t.ask<{ createToolBinding: { id: string; config: unknown } }>(createBinding, variables)).createToolBinding;

describe("tool subgraph", () => {
  it("S-87 creates, reads, changes, lists and deletes tools and numbers their versions", async () => {
    const { createTool: tool } = await t.ask<{ createTool: { id: string } }>(createTool);
    expect(tool).toMatchObject({ code: "search", toolType: "HTTP", status: "ACTIVE" });
    const schema = { type: "object", properties: { q: { type: "string" } } };
    const { createToolVersion: version } = await t.ask<{ createToolVersion: { id: string } }>(createVersion, {
      toolId: tool.id,
      inputSchema: schema,
      invokeConfig: { method: "GET", path: "/s" },
    });
    expect(version).toMatchObject({ version: 1, inputSchema: schema, outputSchema: {}, invokeConfig: { method: "GET", path: "/s" } });
    await t.ask(createVersion, { toolId: tool.id });
    expect(
      await t.ask(
        `query ($id: ID!, $version: ID!) {
          toolByCode(code: "search") { id latestVersion { version } versions(last: 1) { edges { node { version tool { code } } } pageInfo { hasPreviousPage } } }
          toolVersion(id: $version) { version } tools(toolType: HTTP) { edges { node { id } } } mcp: tools(toolType: MCP) { edges { cursor } }
          tool(id: $id) { name }
        }`,
        { id: tool.id, version: version.id },
      ),
    ).toEqual({
      toolByCode: {
        id: tool.id,
        latestVersion: { version: 2 },
        versions: { edges: [{ node: { version: 1, tool: { code: "search" } } }], pageInfo: { hasPreviousPage: true } },
      },
      toolVersion: { version: 1 },
      tools: { edges: [{ node: { id: tool.id } }] },
      mcp: { edges: [] },
      tool: { name: "Search" },
    });
    await t.ask(`mutation ($id: ID!) { updateTool(id: $id, input: { name: "S", description: "d", status: ARCHIVED }) { id } }`, {
      id: tool.id,
    });
    await t.ask(`mutation ($id: ID!) { deleteTool(id: $id) { id } }`, { id: tool.id });
    expect(
      await t.ask(
        `query ($id: ID!) { tool(id: $id) { name description status deletedAt } toolByCode(code: "search") { id } tools { edges { cursor } } }`,
        { id: tool.id },
      ),
    ).toEqual({
      tool: { name: "S", description: "d", status: "ARCHIVED", deletedAt: expect.any(String) },
      toolByCode: null,
      tools: { edges: [] },
    });
    await toolId();
  });

  it("S-87 refuses MCP, codes that are taken, faulty schemas and faulty configs, naming field and value", async () => {
    const id = await toolId();
    expect(await t.refusal(createTool, { code: "m", toolType: "MCP" })).toMatchObject({
      code: "BAD_USER_INPUT",
      reason: "NOT_AVAILABLE",
      field: "toolType",
      value: "MCP",
    });
    expect(await t.refusal(createTool)).toMatchObject({ code: "CONFLICT", reason: "TOOL_CODE_TAKEN", value: "search" });
    expect(await t.refusal(createVersion, { toolId: id, inputSchema: { type: "text" } })).toMatchObject({
      reason: "TOOL_SCHEMA_INVALID",
      field: "inputSchema",
      path: "#/type",
    });
    expect(await t.refusal(createVersion, { toolId: id, invokeConfig: { base_url: "nowhere" } })).toMatchObject({
      reason: "TOOL_CONFIG_INVALID",
      field: "base_url",
    });
    expect(await t.refusal(createVersion, { toolId: id, invokeConfig: { baseUrl: "http://x.test" } })).toMatchObject({
      reason: "TOOL_CONFIG_INVALID",
      field: "invokeConfig.baseUrl",
      message: expect.stringContaining("Write base_url"),
    });
    expect(await t.refusal(createVersion, { toolId: id, invokeConfig: { headers: { "bad name": "x" } } })).toMatchObject({
      reason: "TOOL_CONFIG_INVALID",
      field: "invokeConfig.headers",
    });
    expect(await t.refusal(createVersion, { toolId: "none" })).toMatchObject({ code: "NOT_FOUND", reason: "TOOL_NOT_FOUND" });
    expect(await t.refusal(createVersion, { toolId: id, invokeConfig: { body: "x".repeat(70_000) } })).toMatchObject({
      reason: "JSON_TOO_LARGE",
      field: "invokeConfig",
    });
  });

  it("S-88 creates, changes, lists and deletes bindings, and keeps a tool that has some", async () => {
    const id = await toolId();
    const other = await toolId("other");
    const { createToolVersion: version } = await t.ask<{ createToolVersion: { id: string } }>(createVersion, { toolId: id });
    const binding = await bindingOf({ toolId: id, toolVersionId: version.id, config: { base_url: "http://b.test" } });
    await bindingOf({ toolId: other });
    expect(
      await t.ask(
        `query ($id: ID!) { toolBindings(toolId: $id) { edges { node { id tool { code } toolVersion { version } } } } all: toolBindings { edges { cursor } } }`,
        { id },
      ),
    ).toEqual({
      toolBindings: { edges: [{ node: { id: binding.id, tool: { code: "search" }, toolVersion: { version: 1 } } }] },
      all: { edges: [expect.anything(), expect.anything()] },
    });
    expect(await t.ask(updateBinding, { id: binding.id, input: { toolVersionId: null, name: null, config: null } })).toEqual({
      updateToolBinding: { id: binding.id, name: "b", config: {}, toolVersion: null },
    });
    expect(await t.refusal(createBinding, { toolId: other, toolVersionId: version.id })).toMatchObject({
      reason: "TOOL_VERSION_OF_OTHER_TOOL",
      field: "toolVersionId",
      value: version.id,
    });
    expect(await t.refusal(`mutation ($id: ID!) { deleteTool(id: $id) { id } }`, { id })).toMatchObject({
      code: "CONFLICT",
      reason: "TOOL_HAS_BINDINGS",
      bindings: 1,
    });
    await t.ask(`mutation ($id: ID!) { deleteToolBinding(id: $id) { id } }`, { id: binding.id });
    expect(
      await t.ask(
        `query ($id: ID!, $toolId: ID!) { toolBinding(id: $id) { deletedAt } toolBindings(toolId: $toolId) { edges { cursor } } }`,
        { id: binding.id, toolId: id },
      ),
    ).toEqual({
      toolBinding: { deletedAt: expect.any(String) },
      toolBindings: { edges: [] },
    });
    await t.ask(`mutation ($id: ID!) { deleteTool(id: $id) { id } }`, { id });
  });

  it("S-7 never shows a tenant what another has", async () => {
    const id = await toolId();
    const binding = await bindingOf({ toolId: id });
    const other = { tenantId: "t2" };
    expect(
      await t.ask(
        `query ($id: ID!, $b: ID!) { tool(id: $id) { id } toolBinding(id: $b) { id } tools { edges { cursor } } toolBindings { edges { cursor } } }`,
        { id, b: binding.id },
        other,
      ),
    ).toEqual({
      tool: null,
      toolBinding: null,
      tools: { edges: [] },
      toolBindings: { edges: [] },
    });
    expect(await t.refusal(createBinding, { toolId: id }, other)).toMatchObject({ code: "NOT_FOUND" });
    expect(await t.refusal(updateBinding, { id: binding.id, input: {} }, other)).toMatchObject({ code: "NOT_FOUND" });
    expect(
      await t.refusal(`mutation ($b: ID!) { invokeTool(input: { toolBindingId: $b }) { ok } }`, { b: binding.id }, other),
    ).toMatchObject({ code: "NOT_FOUND" });
  });

  it("resolves references and children of a page in a constant number of statements", async () => {
    for (let index = 0; index < 6; index++) {
      const id = await toolId(`t${index}`);
      await t.ask(createVersion, { toolId: id });
      await bindingOf({ toolId: id });
    }
    const query = `query ($first: Int!) { toolBindings(first: $first) { edges { node { tool { code latestVersion { version } versions { edges { node { tool { id } } } } } } } } }`;
    const statementsOf = async (first: number) => {
      let statements = 0;
      t.subgraph.database.onStatement = () => statements++;
      const { toolBindings } = await t.ask<{ toolBindings: { edges: object[] } }>(query, { first });
      expect(toolBindings.edges).toHaveLength(first);
      return statements;
    };
    expect(await statementsOf(6)).toBe(await statementsOf(1));
  });
});
