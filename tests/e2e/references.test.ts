/** What a new version of an agent or a team names of other subgraphs: through the router, each subgraph on its own tables. */
import { ask, refusal } from "../testkit/graph.ts";
import { startTestPlatform, type TestPlatform } from "../testkit/platform.ts";

let platform: TestPlatform;
beforeAll(async () => {
  platform = await startTestPlatform({ workers: 0 });
});
afterAll(() => platform.stop());

const asOther = { "x-tenant-id": "t2" };
const malformed = ["01890000-0000-7000-8000-000000000000", "no-uuid", "x".repeat(200), "", "a\u0000b", "\ud800"];

const createAgentVersion = `mutation ($input: CreateAgentVersionInput!) { createAgentVersion(input: $input) { id tools { id name } skills { id name } } }`;
const createTeamVersion = `mutation ($input: CreateTeamVersionInput!) { createTeamVersion(input: $input) { id members { agent { id name } } } }`;

/** A tool binding, a skill, an agent and a team of one tenant. */
async function makeAll(code: string, headers?: Record<string, string>) {
  const make = async (type: string, input: object) => {
    const query = `mutation ($input: Create${type}Input!) { made: create${type}(input: $input) { id } }`;
    return (await ask<{ made: { id: string } }>(platform, query, { input: { name: code, ...input } }, headers)).made.id;
  };
  const toolId = await make("Tool", { code, toolType: "HTTP" });
  return {
    ToolBinding: await make("ToolBinding", { toolId }),
    Skill: await make("Skill", { code }),
    Agent: await make("Agent", { code }),
    Team: await make("Team", { code }),
  };
}
type Made = Awaited<ReturnType<typeof makeAll>>;

/** Each place that names a thing of another subgraph, with something good before it. */
const places: [field: string, reason: string, type: keyof Made, ask: (own: Made, id: string) => [query: string, input: object]][] = [
  [
    "toolBindingIds[1]",
    "TOOL_BINDING_NOT_FOUND",
    "ToolBinding",
    (own, id) => [createAgentVersion, { agentId: own.Agent, role: "r", toolBindingIds: [own.ToolBinding, id] }],
  ],
  [
    "skillIds[1]",
    "SKILL_NOT_FOUND",
    "Skill",
    (own, id) => [createAgentVersion, { agentId: own.Agent, role: "r", toolBindingIds: [own.ToolBinding], skillIds: [own.Skill, id] }],
  ],
  ["members[1].agentId", "AGENT_NOT_FOUND", "Agent", (own, id) => [createTeamVersion, team(own, own.Agent, id)]],
];

function team(own: Made, ...agentIds: string[]) {
  const members = agentIds.map((agentId, index) => ({ memberKey: `m${index}`, agentId, role: "executor" }));
  return { teamId: own.Team, coordinationMode: "SEQUENTIAL", objective: "win", members };
}

describe("what a version refers to, through the router", () => {
  it.each(places)(
    "%s is NOT_FOUND where it is unknown, malformed, deleted or another tenant's (S-7)",
    async (field, reason, type, asked) => {
      const code = `own-${type}`;
      const own = await makeAll(code);
      const theirs = await makeAll(code, asOther);
      const deleted = (await makeAll(`deleted-${type}`))[type];
      await ask(platform, `mutation ($id: ID!) { delete${type}(id: $id) { id } }`, { id: deleted });
      for (const id of [theirs[type], deleted, ...malformed]) {
        const [query, input] = asked(own, id);
        expect(await refusal(platform, query, { input })).toMatchObject({
          id,
          code: "NOT_FOUND",
          reason,
          field,
          requestId: expect.any(String),
          serviceName: type === "Agent" ? "team" : "agent",
        });
      }
    },
  );

  it("is read through the graph, and stays when it is deleted later (S-63, S-80)", async () => {
    const own = await makeAll("kept");
    const lists = { toolBindingIds: [own.ToolBinding], skillIds: [own.Skill] };
    const version = await ask<{ createAgentVersion: { id: string } }>(platform, createAgentVersion, {
      input: { agentId: own.Agent, role: "r", ...lists },
    });
    expect(version.createAgentVersion).toMatchObject({
      tools: [{ id: own.ToolBinding, name: "kept" }],
      skills: [{ id: own.Skill, name: "kept" }],
    });
    expect(await ask(platform, createTeamVersion, { input: team(own, own.Agent) })).toMatchObject({
      createTeamVersion: { members: [{ agent: { id: own.Agent, name: "kept" } }] },
    });
    await ask(platform, `mutation ($id: ID!) { deleteToolBinding(id: $id) { id } }`, { id: own.ToolBinding });
    const query = `query ($id: ID!) { agentVersion(id: $id) { tools { id deletedAt } skills { id deletedAt } } }`;
    expect(await ask(platform, query, { id: version.createAgentVersion.id })).toEqual({
      agentVersion: { tools: [{ id: own.ToolBinding, deletedAt: expect.any(String) }], skills: [{ id: own.Skill, deletedAt: null }] },
    });
    expect(await refusal(platform, createTeamVersion, { input: team(own, own.Agent) }, asOther)).toMatchObject({
      code: "NOT_FOUND",
      reason: "AGENT_NOT_FOUND",
    });
  });
});
