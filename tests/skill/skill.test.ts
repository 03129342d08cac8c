import { skillSubgraph } from "../../subgraphs/skill/subgraph.ts";
import { openTestSubgraph, type TestSubgraph } from "../testkit/subgraph.ts";

const open: TestSubgraph[] = [];
const setup = async () => {
  const t = await openTestSubgraph(skillSubgraph);
  open.push(t);
  return { ...t, ...operations(t) };
};
afterEach(async () => {
  for (const t of open.splice(0)) await t.close();
});

const createSkill = `mutation ($input: CreateSkillInput!) { createSkill(input: $input) { id code name skillType status } }`;
const createVersion = `mutation ($input: CreateSkillVersionInput!) { createSkillVersion(input: $input) {
  id version status runtimeType parameterSchema outputSchema implementation publishedAt skill { id }
} }`;
const publishVersion = `mutation ($id: ID!) { publishSkillVersion(id: $id) { status } }`;
const deleteSkill = `mutation ($id: ID!) { deleteSkill(id: $id) { id } }`;
const install = `mutation ($input: InstallSkillInput!) { installSkill(input: $input) { id installScope scopeId installedBy status skill { code } } }`;
const uninstall = `mutation ($id: ID!) { uninstallSkill(id: $id) { id status } }`;

interface Row extends Record<string, unknown> {
  id: string;
}

function operations({ ask }: TestSubgraph) {
  return {
    skill: async (code: string, input: object = {}) =>
      (await ask<{ createSkill: Row }>(createSkill, { input: { code, name: code, ...input } })).createSkill,
    version: async (skillId: string, input: object = {}) => {
      const given = { skillId, runtimeType: "TEMPLATE", implementation: { template: "Hello $name" }, ...input };
      return (await ask<{ createSkillVersion: Row }>(createVersion, { input: given })).createSkillVersion;
    },
    install: async (input: object) => (await ask<{ installSkill: Row }>(install, { input })).installSkill,
    installed: async (filter: object = {}, info: object = {}) => {
      const query = `query ($skillId: ID, $installScope: InstallScope, $scopeId: String) {
        skillInstallations(skillId: $skillId, installScope: $installScope, scopeId: $scopeId) { edges { node { scopeId } } } }`;
      const answer = await ask<{ skillInstallations: { edges: { node: { scopeId: string } }[] } }>(query, { ...filter }, info);
      return answer.skillInstallations.edges.map((edge) => edge.node.scopeId);
    },
  };
}

describe("skills", () => {
  it("are created, read, changed and listed by type (S-83)", async () => {
    const t = await setup();
    const greet = await t.skill("greet");
    const sum = await t.skill("sum", { skillType: "code" });
    expect(greet).toMatchObject({ code: "greet", skillType: "template", status: "ACTIVE" });
    const query = `query ($id: ID!, $type: String) { skill(id: $id) { code } skillByCode(code: "greet") { id } skills(skillType: $type) { edges { node { id } } } }`;
    const found = (...ids: string[]) => ({ edges: ids.map((id) => ({ node: { id } })) });
    expect(await t.ask(query, { id: sum.id })).toEqual({
      skill: { code: "sum" },
      skillByCode: { id: greet.id },
      skills: found(sum.id, greet.id),
    });
    expect(await t.ask(query, { id: sum.id, type: "code" })).toMatchObject({ skills: found(sum.id) });
    expect(await t.ask(query, { id: sum.id }, { tenantId: "t2" })).toEqual({ skill: null, skillByCode: null, skills: found() });
    const update = `mutation ($id: ID!) { updateSkill(id: $id, input: { name: "Greet" }) { name description } }`;
    expect(await t.ask(update, { id: greet.id })).toEqual({ updateSkill: { name: "Greet", description: null } });
  });

  it("take a code once among those not deleted, and are not deleted while installed", async () => {
    const t = await setup();
    const { id } = await t.skill("greet");
    expect(await t.refusal(createSkill, { input: { code: "greet", name: "g" } })).toMatchObject({
      code: "CONFLICT",
      reason: "SKILL_CODE_TAKEN",
    });
    const installation = await t.install({ skillId: id, installScope: "TENANT" });
    expect(await t.refusal(deleteSkill, { id })).toMatchObject({ code: "CONFLICT", reason: "SKILL_HAS_INSTALLATIONS", installations: 1 });
    await t.ask(uninstall, { id: installation.id });
    expect(await t.ask(deleteSkill, { id })).toEqual({ deleteSkill: { id } });
    expect(await t.refusal(install, { input: { skillId: id, installScope: "TENANT" } })).toMatchObject({
      code: "NOT_FOUND",
      reason: "SKILL_NOT_FOUND",
    });
    expect(await t.ask(`query ($id: ID!) { skill(id: $id) { code deletedAt } skills { edges { cursor } } }`, { id })).toEqual({
      skill: { code: "greet", deletedAt: expect.anything() },
      skills: { edges: [] },
    });
    await t.skill("greet");
  });
});

describe("skill versions", () => {
  it.each([
    ["TEMPLATE", { template: "Hello $name" }],
    ["CODE", { language: "python", code: "result = payload", timeout_seconds: 5 }],
    ["HTTP", { tool_binding_id: "b1", path: "/x" }],
    ["PROMPT", { prompt: "Sum up {{ input.text }}", system_prompt: "Be brief.", model: null }],
  ])("of runtimeType %s keep schemas and implementation (S-84)", async (runtimeType, implementation) => {
    const t = await setup();
    const { id: skillId } = await t.skill("greet");
    const parameterSchema = { type: "object", properties: { name: { type: "string" } }, required: ["name"] };
    const outputSchema = { $defs: { text: { type: "string" } }, $ref: "#/$defs/text" };
    const input = { runtimeType, implementation, parameterSchema, outputSchema };
    expect(await t.version(skillId, input)).toMatchObject({ ...input, version: 1, status: "DRAFT", skill: { id: skillId } });
  });

  it("published last is published; latest is the highest number (S-64 S-84)", async () => {
    const t = await setup();
    const { id: skillId } = await t.skill("greet");
    const one = await t.version(skillId, { status: "PUBLISHED" });
    expect(one).toMatchObject({ parameterSchema: {}, outputSchema: {} });
    await t.version(skillId, { status: "PUBLISHED" });
    await t.version(skillId);
    const query = `query ($id: ID!) { skill(id: $id) { latestVersion { version } publishedVersion { version } } }`;
    expect(await t.ask(query, { id: skillId })).toEqual({ skill: { latestVersion: { version: 3 }, publishedVersion: { version: 2 } } });
    await t.ask(publishVersion, { id: one.id });
    expect(await t.ask(query, { id: skillId })).toEqual({ skill: { latestVersion: { version: 3 }, publishedVersion: { version: 1 } } });
    expect(await t.refusal(publishVersion, { id: one.id }, { tenantId: "t2" })).toMatchObject({
      code: "NOT_FOUND",
      reason: "SKILL_VERSION_NOT_FOUND",
    });
  });

  it("refuse what does not fit, with the field and why", async () => {
    const t = await setup();
    const { id: skillId } = await t.skill("greet");
    const cases: [field: string, reason: string, input: object][] = [
      ["implementation.template", "SKILL_IMPLEMENTATION_INVALID", { implementation: {} }],
      ["implementation.language", "SKILL_IMPLEMENTATION_INVALID", { runtimeType: "CODE", implementation: { language: "ruby", code: "1" } }],
      ["implementation.code", "SKILL_IMPLEMENTATION_INVALID", { runtimeType: "CODE", implementation: { language: "python", code: " " } }],
      ["implementation.tool_binding_id", "SKILL_IMPLEMENTATION_INVALID", { runtimeType: "HTTP", implementation: { url: "http://x" } }],
      ["implementation.prompt", "SKILL_IMPLEMENTATION_INVALID", { runtimeType: "PROMPT", implementation: { system_prompt: "s" } }],
      ["implementation.model", "SKILL_IMPLEMENTATION_INVALID", { runtimeType: "PROMPT", implementation: { prompt: "p", model: 4 } }],
      ["parameterSchema", "SKILL_SCHEMA_INVALID", { parameterSchema: { type: "objekt" } }],
      ["parameterSchema", "SKILL_SCHEMA_INVALID", { parameterSchema: { $ref: "https://example.com/schema" } }],
      ["outputSchema", "SKILL_SCHEMA_INVALID", { outputSchema: { pattern: "(" } }],
      ["outputSchema", "SKILL_SCHEMA_INVALID", { outputSchema: { $ref: "#" } }],
      ["outputSchema", "JSON_TOO_LARGE", { outputSchema: { title: "x".repeat(70_000) } }],
      ["status", "VERSION_STATUS_INVALID", { status: "ARCHIVED" }],
    ];
    for (const [field, reason, input] of cases) {
      const given = { skillId, runtimeType: "TEMPLATE", implementation: { template: "t" }, ...input };
      expect(await t.refusal(createVersion, { input: given })).toMatchObject({ code: "BAD_USER_INPUT", reason, field });
    }
  });
});

describe("skill installations", () => {
  it("are made in a scope, listed by it, and never seen by another tenant (S-85)", async () => {
    const t = await setup();
    const { id: skillId } = await t.skill("greet");
    const { id: otherId } = await t.skill("other");
    expect(await t.install({ skillId, installScope: "TENANT", installedBy: "ann" })).toMatchObject({
      scopeId: "t1",
      installedBy: "ann",
      status: "ACTIVE",
      skill: { code: "greet" },
    });
    await t.install({ skillId, installScope: "AGENT", scopeId: "a1" });
    await t.install({ skillId: otherId, installScope: "USER", scopeId: "u1" });
    expect(await t.installed()).toEqual(["u1", "a1", "t1"]);
    expect(await t.installed({ skillId })).toEqual(["a1", "t1"]);
    expect(await t.installed({ installScope: "AGENT" })).toEqual(["a1"]);
    expect(await t.installed({ scopeId: "u1" })).toEqual(["u1"]);
    expect(await t.installed({}, { tenantId: "t2" })).toEqual([]);
    expect(await t.refusal(install, { input: { skillId, installScope: "TENANT" } }, { tenantId: "t2" })).toMatchObject({
      code: "NOT_FOUND",
    });
  });

  it("are the same when the same skill is installed in the same scope again, at the same time too (S-85)", async () => {
    const t = await setup();
    const { id: skillId } = await t.skill("greet");
    const input = { skillId, installScope: "TEAM", scopeId: "x" };
    const made = await Promise.all(Array.from({ length: 6 }, () => t.install(input)));
    expect(new Set(made.map((row) => row.id)).size).toBe(1);
    expect((await t.install({ ...input, installScope: "APP" })).id).not.toBe(made[0]!.id);
  });

  it("once removed are gone from lists, and come back under their id", async () => {
    const t = await setup();
    const { id: skillId } = await t.skill("greet");
    const { id } = await t.install({ skillId, installScope: "TENANT", installedBy: "ann" });
    expect(await t.ask(uninstall, { id })).toEqual({ uninstallSkill: { id, status: "REMOVED" } });
    expect(await t.ask(uninstall, { id })).toEqual({ uninstallSkill: { id, status: "REMOVED" } });
    expect(await t.installed()).toEqual([]);
    expect(await t.install({ skillId, installScope: "TENANT", installedBy: "bob" })).toMatchObject({
      id,
      status: "ACTIVE",
      installedBy: "bob",
    });
    expect(await t.refusal(uninstall, { id }, { tenantId: "t2" })).toMatchObject({
      code: "NOT_FOUND",
      reason: "SKILL_INSTALLATION_NOT_FOUND",
    });
  });

  it("need a scopeId outside of TENANT, and in it take no other tenant's", async () => {
    const t = await setup();
    const { id: skillId } = await t.skill("greet");
    expect(await t.refusal(install, { input: { skillId, installScope: "USER" } })).toMatchObject({
      code: "BAD_USER_INPUT",
      reason: "SCOPE_ID_REQUIRED",
    });
    expect(await t.refusal(install, { input: { skillId, installScope: "TENANT", scopeId: "t2" } })).toMatchObject({
      code: "BAD_USER_INPUT",
      reason: "SCOPE_ID_INVALID",
    });
  });
});

describe("the skill subgraph", () => {
  it("reads a page of skills with versions and installations in a constant number of statements", async () => {
    const t = await setup();
    const query = `query ($first: Int) { skills(first: $first) { edges { node {
      latestVersion { version skill { code } } publishedVersion { version } installations { edges { node { skill { id } } } } } } } }`;
    for (let i = 0; i < 10; i++) {
      const { id: skillId } = await t.skill(`s${i}`);
      await t.version(skillId, { status: "PUBLISHED" });
      await t.install({ skillId, installScope: "TENANT" });
    }
    const count = async (first: number) => {
      let statements = 0;
      t.subgraph.database.onStatement = () => statements++;
      await t.ask(query, { first });
      return statements;
    };
    expect(await count(10)).toBe(await count(2));
  });
});
