import { AppError } from "#shared/errors.ts";
import { agentSubgraph } from "../../subgraphs/agent/subgraph.ts";
import { registerFakeRecords } from "../testkit/fake-records.ts";
import { openTestSubgraph, type TestSubgraph } from "../testkit/subgraph.ts";

const open: TestSubgraph[] = [];
const setup = async () => {
  const t = await openTestSubgraph(agentSubgraph);
  open.push(t);
  const bindings = registerFakeRecords(t, "tool", "ToolBinding", ["b1", "b2"]);
  const skills = registerFakeRecords(t, "skill", "Skill", ["s1"]);
  return { ...t, ...operations(t), bindings, skills };
};
afterEach(async () => {
  for (const t of open.splice(0)) await t.close();
});

const createAgent = `mutation ($input: CreateAgentInput!) { createAgent(input: $input) { id code name agentType description status createdAt updatedAt } }`;
const createVersion = `mutation ($input: CreateAgentVersionInput!) { createAgentVersion(input: $input) {
  id version status role goal systemPrompt model modelConfig tools { id } skills { id } maxSteps publishedAt agent { id }
  memoryPolicy { enabled memoryScope readTopK writeEnabled config }
} }`;

interface Row extends Record<string, unknown> {
  id: string;
}

function operations({ ask }: TestSubgraph) {
  return {
    agent: async (code: string, input: object = {}) => {
      const { createAgent: made } = await ask<{ createAgent: Row }>(createAgent, { input: { code, name: code, ...input } });
      return made;
    },
    version: async (agentId: string, input: object = {}) => {
      const { createAgentVersion: made } = await ask<{ createAgentVersion: Row }>(createVersion, {
        input: { agentId, role: "helper", ...input },
      });
      return made;
    },
    publish: (id: string) => ask(`mutation ($id: ID!) { publishAgentVersion(id: $id) { status publishedAt } }`, { id }),
    current: async (id: string) => {
      const query = `query ($id: ID!) { agent(id: $id) { latestVersion { version } publishedVersion { version } } }`;
      return (await ask<{ agent: { latestVersion: unknown; publishedVersion: unknown } }>(query, { id })).agent;
    },
  };
}

describe("agents", () => {
  it("are created with code, name and type, and read by id and by code (S-62)", async () => {
    const t = await setup();
    const made = await t.agent("support", { name: "Support", description: "Answers" });
    expect(made).toMatchObject({ code: "support", name: "Support", agentType: "assistant", description: "Answers", status: "ACTIVE" });
    const query = `query ($id: ID!, $code: String!) { agent(id: $id) { id } agentByCode(code: $code) { id agentType } }`;
    expect(await t.ask(query, { id: made.id, code: "support" })).toEqual({
      agent: { id: made.id },
      agentByCode: { id: made.id, agentType: "assistant" },
    });
  });

  it("take a code once among those not deleted", async () => {
    const t = await setup();
    const first = await t.agent("support");
    expect(await t.refusal(createAgent, { input: { code: "support", name: "x" } })).toMatchObject({
      code: "CONFLICT",
      reason: "AGENT_CODE_TAKEN",
      value: "support",
    });
    expect(await t.ask(`mutation ($id: ID!) { deleteAgent(id: $id) { id } }`, { id: first.id })).toEqual({ deleteAgent: { id: first.id } });
    const second = await t.agent("support");
    const query = `query ($id: ID!) { agent(id: $id) { id deletedAt } agentByCode(code: "support") { id deletedAt } agents { edges { node { id } } } }`;
    expect(await t.ask(query, { id: first.id })).toEqual({
      agent: { id: first.id, deletedAt: expect.anything() },
      agentByCode: { id: second.id, deletedAt: null },
      agents: { edges: [{ node: { id: second.id } }] },
    });
  });

  it("change what is given and keep the rest", async () => {
    const t = await setup();
    const { id } = await t.agent("support", { description: "Answers" });
    const update = `mutation ($id: ID!, $input: UpdateAgentInput!) { updateAgent(id: $id, input: $input) { name description status } }`;
    expect(await t.ask(update, { id, input: { name: "New", status: "ARCHIVED" } })).toEqual({
      updateAgent: { name: "New", description: "Answers", status: "ARCHIVED" },
    });
    expect(await t.ask(update, { id, input: { description: null } })).toEqual({
      updateAgent: { name: "New", description: null, status: "ARCHIVED" },
    });
    expect(await t.refusal(update, { id: "nobody", input: {} })).toMatchObject({
      code: "NOT_FOUND",
      reason: "AGENT_NOT_FOUND",
      id: "nobody",
    });
  });

  it("of another tenant are never there (S-7)", async () => {
    const t = await setup();
    const { id } = await t.agent("support");
    const other = { tenantId: "t2" };
    const query = `query ($id: ID!) { agent(id: $id) { id } agentByCode(code: "support") { id } agents { edges { node { id } } } }`;
    expect(await t.ask(query, { id }, other)).toEqual({ agent: null, agentByCode: null, agents: { edges: [] } });
    expect(await t.refusal(createVersion, { input: { agentId: id, role: "r" } }, other)).toMatchObject({
      code: "NOT_FOUND",
      reason: "AGENT_NOT_FOUND",
    });
    expect(await t.refusal(`mutation ($id: ID!) { deleteAgent(id: $id) { id } }`, { id }, other)).toMatchObject({ code: "NOT_FOUND" });
  });

  it("page newest first, both ways", async () => {
    const t = await setup();
    for (const code of ["a", "b", "c"]) await t.agent(code);
    const query = `query ($first: Int, $after: String, $last: Int) { agents(first: $first, after: $after, last: $last) {
      edges { node { code } cursor } pageInfo { hasNextPage hasPreviousPage } } }`;
    interface Page {
      agents: { edges: { node: { code: string }; cursor: string }[]; pageInfo: object };
    }
    const codes = ({ agents }: Page) => agents.edges.map((edge) => edge.node.code);
    const first = await t.ask<Page>(query, { first: 2 });
    expect([codes(first), first.agents.pageInfo]).toEqual([["c", "b"], { hasNextPage: true, hasPreviousPage: false }]);
    expect(codes(await t.ask<Page>(query, { first: 2, after: first.agents.edges[1]!.cursor }))).toEqual(["a"]);
    expect(codes(await t.ask<Page>(query, { last: 1 }))).toEqual(["a"]);
  });
});

describe("agent versions", () => {
  it("keep everything that an agent is made of, with the contract's defaults (S-63, S-70)", async () => {
    const t = await setup();
    const { id: agentId } = await t.agent("support");
    expect(await t.version(agentId)).toMatchObject({
      version: 1,
      status: "DRAFT",
      role: "helper",
      goal: null,
      systemPrompt: null,
      model: null,
      modelConfig: {},
      tools: [],
      skills: [],
      maxSteps: 8,
      publishedAt: null,
      agent: { id: agentId },
      memoryPolicy: { enabled: false, memoryScope: "SESSION", readTopK: 5, writeEnabled: false, config: {} },
    });
    const content = {
      status: "PUBLISHED",
      goal: "help",
      systemPrompt: "Be kind.",
      model: "m",
      modelConfig: { temperature: 0.2 },
      maxSteps: 64,
    };
    const policy = { enabled: true, memoryScope: "AGENT", readTopK: 50, writeEnabled: true, config: { write_importance_score: 60 } };
    const made = await t.version(agentId, { ...content, memoryPolicy: policy, toolBindingIds: ["b1", "b2", "b1"], skillIds: ["s1"] });
    expect(made).toMatchObject({
      ...content,
      version: 2,
      memoryPolicy: policy,
      tools: [{ id: "b1" }, { id: "b2" }],
      skills: [{ id: "s1" }],
    });
    expect(made["publishedAt"]).not.toBeNull();
  });

  it("published last is published, whatever its number; latest is the highest number (S-64)", async () => {
    const t = await setup();
    const { id: agentId } = await t.agent("support");
    expect(await t.current(agentId)).toEqual({ latestVersion: null, publishedVersion: null });
    const one = await t.version(agentId);
    expect(await t.current(agentId)).toEqual({ latestVersion: { version: 1 }, publishedVersion: null });
    const two = await t.version(agentId, { status: "PUBLISHED" });
    await t.version(agentId);
    expect(await t.current(agentId)).toEqual({ latestVersion: { version: 3 }, publishedVersion: { version: 2 } });
    await t.publish(one.id);
    expect(await t.current(agentId)).toEqual({ latestVersion: { version: 3 }, publishedVersion: { version: 1 } });
    await t.publish(two.id);
    expect(await t.current(agentId)).toEqual({ latestVersion: { version: 3 }, publishedVersion: { version: 2 } });
  });

  it("made at the same time get numbers of their own", async () => {
    const t = await setup();
    const { id: agentId } = await t.agent("support");
    const made = await Promise.all(Array.from({ length: 8 }, () => t.version(agentId)));
    expect(made.map((row) => row["version"]).sort()).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
  });

  it("refuse what does not fit, with the field and why", async () => {
    const t = await setup();
    const { id: agentId } = await t.agent("support");
    const cases: [field: string, reason: string, input: object][] = [
      ["role", "TEXT_TOO_SHORT", { role: " " }],
      ["maxSteps", "NUMBER_OUT_OF_RANGE", { maxSteps: 501 }],
      ["maxSteps", "NUMBER_OUT_OF_RANGE", { maxSteps: 0 }],
      ["memoryPolicy.readTopK", "NUMBER_OUT_OF_RANGE", { memoryPolicy: { readTopK: 51 } }],
      [
        "memoryPolicy.config.write_importance_score",
        "IMPORTANCE_SCORE_INVALID",
        { memoryPolicy: { config: { write_importance_score: 101 } } },
      ],
      [
        "memoryPolicy.config.write_importance_score",
        "IMPORTANCE_SCORE_INVALID",
        { memoryPolicy: { config: { write_importance_score: "60" } } },
      ],
      ["modelConfig.temprature", "MODEL_CONFIG_KEY_UNKNOWN", { modelConfig: { temprature: 1 } }],
      ["modelConfig.frequency_penalty", "MODEL_CONFIG_KEY_UNKNOWN", { modelConfig: { top_p: 1, frequency_penalty: 1 } }],
      ["modelConfig", "JSON_TOO_LARGE", { modelConfig: { text: "x".repeat(70_000) } }],
      ["toolBindingIds", "TOO_MANY_REFERENCES", { toolBindingIds: Array.from({ length: 129 }, (_, i) => `b${i}`) }],
      ["status", "VERSION_STATUS_INVALID", { status: "ARCHIVED" }],
    ];
    for (const [field, reason, input] of cases) {
      expect(await t.refusal(createVersion, { input: { agentId, role: "helper", ...input } })).toMatchObject({
        code: "BAD_USER_INPUT",
        reason,
        field,
      });
    }
  });

  it("of an unknown or deleted agent are refused", async () => {
    const t = await setup();
    const { id } = await t.agent("support");
    const version = await t.version(id);
    await t.ask(`mutation ($id: ID!) { deleteAgent(id: $id) { id } }`, { id });
    expect(await t.refusal(createVersion, { input: { agentId: id, role: "r" } })).toMatchObject({
      code: "NOT_FOUND",
      reason: "AGENT_NOT_FOUND",
    });
    const publish = `mutation ($id: ID!) { publishAgentVersion(id: $id) { id } }`;
    expect(await t.refusal(publish, { id: version.id })).toMatchObject({ code: "NOT_FOUND", reason: "AGENT_NOT_FOUND" });
    expect(await t.refusal(publish, { id: "nothing" })).toMatchObject({ code: "NOT_FOUND", reason: "AGENT_VERSION_NOT_FOUND" });
  });
});

describe("what a version refers to", () => {
  it("must be there when it is written: the error names the field, its index and the id", async () => {
    const t = await setup();
    const { id: agentId } = await t.agent("support");
    t.bindings.of["t1"]!["gone"] = t.skills.of["t1"]!["gone"] = { deletedAt: "2026-01-01T00:00:00Z" };
    t.bindings.of["t2"] = t.skills.of["t2"] = { theirs: { deletedAt: null } };
    for (const unknown of ["nobody", "gone", "theirs", "", "x".repeat(200), "a\u0000b"]) {
      const cases: [field: string, reason: string, input: object][] = [
        ["toolBindingIds[2]", "TOOL_BINDING_NOT_FOUND", { toolBindingIds: ["b1", "b1", unknown, "nothing"], skillIds: [unknown] }],
        ["skillIds[0]", "SKILL_NOT_FOUND", { toolBindingIds: ["b1"], skillIds: [unknown, "s1"] }],
      ];
      for (const [field, reason, input] of cases) {
        const refused = await t.refusal(createVersion, { input: { agentId, role: "helper", ...input } });
        expect(refused).toMatchObject({ code: "NOT_FOUND", reason, field, id: unknown });
        expect(refused.message).toContain(field);
      }
    }
    expect(await t.current(agentId)).toEqual({ latestVersion: null, publishedVersion: null });
  });

  it("is not archived: no run would begin with it", async () => {
    const t = await setup();
    const { id: agentId } = await t.agent("support");
    t.bindings.of["t1"]!["old"] = { deletedAt: null, toolStatus: "ARCHIVED" };
    t.skills.of["t1"]!["old"] = { deletedAt: null, status: "ARCHIVED" };
    const refused = async (input: object) => t.refusal(createVersion, { input: { agentId, role: "helper", ...input } });
    const conflict = { code: "CONFLICT", id: "old" };
    const binding = { ...conflict, reason: "TOOL_ARCHIVED", field: "toolBindingIds[1]", toolId: "tool of old" };
    expect(await refused({ toolBindingIds: ["b1", "old"] })).toMatchObject(binding);
    expect(await refused({ skillIds: ["s1", "old"] })).toMatchObject({ ...conflict, reason: "SKILL_ARCHIVED", field: "skillIds[1]" });
  });

  it("is asked for once a subgraph, however many ids, as the caller and before any transaction", async () => {
    const t = await setup();
    const { id: agentId } = await t.agent("support");
    const toolBindingIds = Array.from({ length: 128 }, (_, index) => `b${index}`);
    for (const id of toolBindingIds) t.bindings.of["t1"]![id] = { deletedAt: null };
    let statements = 0;
    t.subgraph.database.onStatement = () => statements++;
    t.bindings.onRequest = () => expect(statements).toBe(0);
    const input = { agentId, role: "helper", toolBindingIds: [...toolBindingIds, "b1"], skillIds: ["s1"] };
    await t.ask(createVersion, { input }, { requestId: "request-1", apiKeyId: "key-1" });
    const asked = { tenantId: "t1", requestId: "request-1", apiKeyId: "key-1" };
    expect(t.bindings.requests).toMatchObject([{ info: asked }]);
    expect(t.bindings.requests[0]!.variables!["bindings"]).toHaveLength(128);
    expect(t.skills.requests).toMatchObject([{ info: asked, variables: { skills: [{ id: "s1" }] } }]);
    expect(statements).toBeGreaterThan(0);
  });

  it("is not asked for where there is nothing to ask", async () => {
    const t = await setup();
    const { id: agentId } = await t.agent("support");
    await t.version(agentId, { toolBindingIds: [], skillIds: null });
    const tooMany = Array.from({ length: 129 }, (_, index) => `b${index}`);
    await t.refusal(createVersion, { input: { agentId, role: "helper", toolBindingIds: tooMany } });
    expect([...t.bindings.requests, ...t.skills.requests]).toEqual([]);
  });

  it("makes no version while its subgraph does not answer", async () => {
    const t = await setup();
    const { id: agentId } = await t.agent("support");
    t.skills.failWith = new AppError("DOWNSTREAM_UNAVAILABLE", "SUBGRAPH_UNREACHABLE", "The skill subgraph does not answer.");
    const refused = await t.refusal(createVersion, { input: { agentId, role: "helper", skillIds: ["s1"] } });
    expect(refused).toMatchObject({ code: "DOWNSTREAM_UNAVAILABLE", reason: "SUBGRAPH_UNREACHABLE" });
    expect(await t.version(agentId, { toolBindingIds: ["b1"] })).toMatchObject({ version: 1, tools: [{ id: "b1" }] });
  });
});

describe("the agent subgraph", () => {
  it("reads a page of agents with all their versions in a constant number of statements", async () => {
    const t = await setup();
    const query = `query ($first: Int) { agents(first: $first) { edges { node {
      latestVersion { version agent { code } } publishedVersion { version } versions(first: 2) { edges { node { version } } } } } } }`;
    for (let i = 0; i < 10; i++) await t.version((await t.agent(`a${i}`)).id, { status: "PUBLISHED" });
    const count = async (first: number) => {
      let statements = 0;
      t.subgraph.database.onStatement = () => statements++;
      await t.ask(query, { first });
      return statements;
    };
    expect(await count(10)).toBe(await count(2));
  });

  it("resolves references of a fetch together, null where there is none", async () => {
    const t = await setup();
    const { id } = await t.agent("support");
    const query = `query ($refs: [_Any!]!) { _entities(representations: $refs) { ... on Agent { code } } }`;
    const refs = [id, "unknown", id].map((ref) => ({ __typename: "Agent", id: ref }));
    expect(await t.ask(query, { refs })).toEqual({ _entities: [{ code: "support" }, null, { code: "support" }] });
  });
});
