import { AppError } from "#shared/errors.ts";
import { teamSubgraph } from "../../subgraphs/team/subgraph.ts";
import { registerFakeRecords } from "../testkit/fake-records.ts";
import { openTestSubgraph, type TestSubgraph } from "../testkit/subgraph.ts";

const open: TestSubgraph[] = [];
const setup = async () => {
  const t = await openTestSubgraph(teamSubgraph);
  open.push(t);
  const agents = registerFakeRecords(t, "agent", "Agent", ["a1", "a2"]);
  return { ...t, ...operations(t), agents };
};
afterEach(async () => {
  for (const t of open.splice(0)) await t.close();
});

const createTeam = `mutation ($input: CreateTeamInput!) { createTeam(input: $input) { id code name teamType description status } }`;
const createVersion = `mutation ($input: CreateTeamVersionInput!) { createTeamVersion(input: $input) {
  id version status coordinationMode objective config publishedAt team { id }
  members { memberKey agentId role responsibility agent { id } }
} }`;
const publishVersion = `mutation ($id: ID!) { publishTeamVersion(id: $id) { status } }`;
const deleteTeam = `mutation ($id: ID!) { deleteTeam(id: $id) { id } }`;

interface Row extends Record<string, unknown> {
  id: string;
}
const member = (memberKey: string, agentId = "a1", role = "executor") => ({ memberKey, agentId, role });

function operations({ ask }: TestSubgraph) {
  return {
    team: async (code: string) => (await ask<{ createTeam: Row }>(createTeam, { input: { code, name: code } })).createTeam,
    version: async (teamId: string, input: object = {}) => {
      const given = { teamId, coordinationMode: "SEQUENTIAL", objective: "win", members: [member("m1")], ...input };
      return (await ask<{ createTeamVersion: Row }>(createVersion, { input: given })).createTeamVersion;
    },
    teamsOf: async (agentId: string, page: object = {}, info: object = {}) => {
      const query = `query ($refs: [_Any!]!, $first: Int, $after: String) { _entities(representations: $refs) {
        ... on Agent { id teams(first: $first, after: $after) { edges { node { code status } cursor } pageInfo { hasNextPage } } } } }`;
      interface Entity {
        teams: { edges: { node: { code: string }; cursor: string }[]; pageInfo: { hasNextPage: boolean } };
      }
      const { _entities: found } = await ask<{ _entities: Entity[] }>(
        query,
        { refs: [{ __typename: "Agent", id: agentId }], ...page },
        info,
      );
      const { edges, pageInfo } = found[0]!.teams;
      return { codes: edges.map((edge) => edge.node.code), cursor: edges.at(-1)?.cursor, ...pageInfo };
    },
  };
}

describe("teams", () => {
  it("are created, read, changed and listed (S-79)", async () => {
    const t = await setup();
    const made = await t.team("writers");
    expect(made).toMatchObject({ code: "writers", teamType: "collaborative", status: "ACTIVE" });
    const update = `mutation ($id: ID!) { updateTeam(id: $id, input: { description: "d", status: ARCHIVED }) { name description status } }`;
    expect(await t.ask(update, { id: made.id })).toEqual({ updateTeam: { name: "writers", description: "d", status: "ARCHIVED" } });
    const query = `query ($id: ID!) { team(id: $id) { code } teamByCode(code: "writers") { id } teams { edges { node { id } } } }`;
    const all = { team: { code: "writers" }, teamByCode: { id: made.id }, teams: { edges: [{ node: { id: made.id } }] } };
    expect(await t.ask(query, { id: made.id })).toEqual(all);
    expect(await t.ask(query, { id: made.id }, { tenantId: "t2" })).toEqual({ team: null, teamByCode: null, teams: { edges: [] } });
  });

  it("take a code once among those not deleted", async () => {
    const t = await setup();
    const { id } = await t.team("writers");
    const again = { input: { code: "writers", name: "w" } };
    expect(await t.refusal(createTeam, again)).toMatchObject({ code: "CONFLICT", reason: "TEAM_CODE_TAKEN" });
    expect(await t.refusal(deleteTeam, { id }, { tenantId: "t2" })).toMatchObject({ code: "NOT_FOUND", reason: "TEAM_NOT_FOUND" });
    expect(await t.ask(deleteTeam, { id })).toEqual({ deleteTeam: { id } });
    expect(await t.refusal(deleteTeam, { id })).toMatchObject({ code: "NOT_FOUND", reason: "TEAM_NOT_FOUND" });
    expect(await t.ask(`query ($id: ID!) { team(id: $id) { deletedAt } }`, { id })).toEqual({ team: { deletedAt: expect.anything() } });
    await t.team("writers");
  });
});

describe("team versions", () => {
  it("keep mode, objective, config and the members in their order (S-80)", async () => {
    const t = await setup();
    const { id: teamId } = await t.team("writers");
    const members = [
      { memberKey: "boss", agentId: "a1", role: "supervisor", responsibility: "decides" },
      { memberKey: "b-2", agentId: "a2", role: "executor", responsibility: null },
      { memberKey: "a_1", agentId: "a2", role: "planner", responsibility: null },
    ];
    const input = { status: "PUBLISHED", coordinationMode: "SUPERVISOR", objective: "write", config: { rounds: 3 } };
    expect(await t.version(teamId, { ...input, members })).toMatchObject({
      ...input,
      version: 1,
      team: { id: teamId },
      members: members.map((row) => ({ ...row, agent: { id: row.agentId } })),
    });
  });

  it("published last is published; latest is the highest number (S-64 S-81)", async () => {
    const t = await setup();
    const { id: teamId } = await t.team("writers");
    const one = await t.version(teamId);
    await t.version(teamId, { status: "PUBLISHED" });
    const query = `query ($id: ID!) { team(id: $id) { latestVersion { version } publishedVersion { version } versions { edges { node { version } } } } }`;
    const versions = { edges: [{ node: { version: 2 } }, { node: { version: 1 } }] };
    expect(await t.ask(query, { id: teamId })).toEqual({
      team: { latestVersion: { version: 2 }, publishedVersion: { version: 2 }, versions },
    });
    await t.ask(publishVersion, { id: one.id });
    expect(await t.ask(query, { id: teamId })).toEqual({
      team: { latestVersion: { version: 2 }, publishedVersion: { version: 1 }, versions },
    });
    expect(await t.refusal(publishVersion, { id: "nothing" })).toMatchObject({ code: "NOT_FOUND", reason: "TEAM_VERSION_NOT_FOUND" });
  });

  it("refuse what does not fit", async () => {
    const t = await setup();
    const { id: teamId } = await t.team("writers");
    const cases: [what: string, reason: string, input: object][] = [
      ["no members", "MEMBER_COUNT_INVALID", { members: [] }],
      ["51 members", "MEMBER_COUNT_INVALID", { members: Array.from({ length: 51 }, (_, i) => member(`m${i}`)) }],
      ["two members with one key", "MEMBER_KEY_DUPLICATE", { members: [member("m"), member("m", "a2")] }],
      ["a member key with a blank", "MEMBER_KEY_INVALID", { members: [member("m 1")] }],
      ["a SUPERVISOR team without a supervisor", "SUPERVISOR_COUNT_INVALID", { coordinationMode: "SUPERVISOR" }],
      [
        "a SUPERVISOR team with two supervisors",
        "SUPERVISOR_COUNT_INVALID",
        { coordinationMode: "SUPERVISOR", members: [member("m1", "a1", "supervisor"), member("m2", "a2", "supervisor")] },
      ],
      ["an empty objective", "TEXT_TOO_SHORT", { objective: "" }],
      ["a config beyond 64 KiB", "JSON_TOO_LARGE", { config: { text: "x".repeat(70_000) } }],
      ["the status ARCHIVED", "VERSION_STATUS_INVALID", { status: "ARCHIVED" }],
    ];
    for (const [what, reason, input] of cases) {
      const given = { teamId, coordinationMode: "SEQUENTIAL", objective: "win", members: [member("m1")], ...input };
      expect({ what, ...(await t.refusal(createVersion, { input: given })) }).toMatchObject({ what, code: "BAD_USER_INPUT", reason });
    }
    expect(await t.ask(`query ($id: ID!) { team(id: $id) { latestVersion { id } } }`, { id: teamId })).toEqual({
      team: { latestVersion: null },
    });
  });
});

describe("the members of a version", () => {
  const input = (teamId: string, ...agentIds: string[]) => {
    const members = agentIds.map((agentId, index) => member(`m${index}`, agentId));
    return { input: { teamId, coordinationMode: "SEQUENTIAL", objective: "win", members } };
  };

  it("must be agents that are there when it is written: the error names the field, its index and the id", async () => {
    const t = await setup();
    const { id: teamId } = await t.team("writers");
    t.agents.of["t1"]!["gone"] = { deletedAt: "2026-01-01T00:00:00Z" };
    t.agents.of["t2"] = { theirs: { deletedAt: null } };
    for (const unknown of ["nobody", "gone", "theirs", "", "x".repeat(200), "a\u0000b", teamId]) {
      for (const [field, ...agentIds] of [
        ["members[0].agentId", unknown],
        ["members[2].agentId", "a1", "a1", unknown, "nothing"],
      ]) {
        const refused = await t.refusal(createVersion, input(teamId, ...agentIds));
        expect(refused).toMatchObject({ code: "NOT_FOUND", reason: "AGENT_NOT_FOUND", field, id: unknown });
        expect(refused.message).toContain(field);
      }
    }
    expect(await t.ask(`query ($id: ID!) { team(id: $id) { latestVersion { id } } }`, { id: teamId })).toEqual({
      team: { latestVersion: null },
    });
  });

  it("are asked for once, however many, as the caller and before any transaction", async () => {
    const t = await setup();
    const { id: teamId } = await t.team("writers");
    const ids = Array.from({ length: 49 }, (_, index) => `a${index}`);
    for (const id of ids) t.agents.of["t1"]![id] = { deletedAt: null };
    let statements = 0;
    t.subgraph.database.onStatement = () => statements++;
    t.agents.onRequest = () => expect(statements).toBe(0);
    await t.ask(createVersion, input(teamId, ...ids, "a1"), { requestId: "request-1", apiKeyId: "key-1" });
    expect(t.agents.requests).toMatchObject([{ info: { tenantId: "t1", requestId: "request-1", apiKeyId: "key-1" } }]);
    expect(t.agents.requests[0]!.variables!["agents"]).toHaveLength(49);
    expect(statements).toBeGreaterThan(0);
  });

  it("make no version while the agent subgraph does not answer", async () => {
    const t = await setup();
    const { id: teamId } = await t.team("writers");
    t.agents.failWith = new AppError("DOWNSTREAM_UNAVAILABLE", "SUBGRAPH_UNREACHABLE", "The agent subgraph does not answer.");
    expect(await t.refusal(createVersion, input(teamId, "a1"))).toMatchObject({
      code: "DOWNSTREAM_UNAVAILABLE",
      reason: "SUBGRAPH_UNREACHABLE",
    });
    t.agents.failWith = undefined;
    expect(await t.version(teamId)).toMatchObject({ version: 1 });
  });
});

describe("an agent's teams", () => {
  it("are those whose published or latest version has it, newest first", async () => {
    const t = await setup();
    const both = await t.team("both");
    await t.version(both.id, { status: "PUBLISHED", members: [member("m1"), member("m2")] });
    await t.version(both.id, { members: [member("m1")] });
    const latest = await t.team("latest");
    await t.version(latest.id, { status: "PUBLISHED", members: [member("m1", "a2")] });
    await t.version(latest.id, { members: [member("m1", "a1")] });
    const former = await t.team("former");
    await t.version(former.id, { status: "PUBLISHED", members: [member("m1", "a1")] });
    await t.version(former.id, { status: "PUBLISHED", members: [member("m1", "a2")] });
    const deleted = await t.team("deleted");
    await t.version(deleted.id);
    await t.ask(deleteTeam, { id: deleted.id });
    expect((await t.teamsOf("a1")).codes).toEqual(["latest", "both"]);
    expect((await t.teamsOf("a2")).codes).toEqual(["former", "latest"]);
    expect((await t.teamsOf("nobody")).codes).toEqual([]);
    expect((await t.teamsOf("a1", {}, { tenantId: "t2" })).codes).toEqual([]);
    const first = await t.teamsOf("a1", { first: 1 });
    expect(first).toMatchObject({ codes: ["latest"], hasNextPage: true });
    expect(await t.teamsOf("a1", { first: 1, after: first.cursor })).toMatchObject({ codes: ["both"], hasNextPage: false });
  });
});

describe("the team subgraph", () => {
  it("reads a page of teams with versions and members in a constant number of statements", async () => {
    const t = await setup();
    const query = `query ($first: Int) { teams(first: $first) { edges { node {
      latestVersion { members { memberKey } team { code } } publishedVersion { version } versions(first: 2) { edges { node { version members { agentId } } } } } } } }`;
    for (let i = 0; i < 10; i++) await t.version((await t.team(`t${i}`)).id, { status: "PUBLISHED" });
    const count = async (first: number) => {
      let statements = 0;
      t.subgraph.database.onStatement = () => statements++;
      await t.ask(query, { first });
      return statements;
    };
    expect(await count(10)).toBe(await count(2));
  });
});
