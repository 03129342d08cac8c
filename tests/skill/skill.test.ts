import { skillSubgraph } from "../../subgraphs/skill/subgraph.ts";
import { registerFakeRecords } from "../testkit/fake-records.ts";
import { longestTurn } from "../testkit/longest-turn.ts";
import { zipOf, type ZipEntry } from "../testkit/zip.ts";
import { openTestSubgraph, type TestSubgraph } from "../testkit/subgraph.ts";

const open: TestSubgraph[] = [];
const setup = async () => {
  const t = await openTestSubgraph(skillSubgraph);
  open.push(t);
  const bindings = registerFakeRecords(t, "tool", "ToolBinding", ["b", "b1"]);
  return { ...t, ...operations(t), bindings };
};
afterEach(async () => {
  for (const t of open.splice(0)) await t.close();
});

const createSkill = `mutation ($input: CreateSkillInput!) { createSkill(input: $input) { id code name skillType status } }`;
const createVersion = `mutation ($input: CreateSkillVersionInput!) { createSkillVersion(input: $input) {
  id version status runtimeType parameterSchema outputSchema implementation publishedAt skill { id }
} }`;
const importFolder = `mutation ($input: ImportSkillInput!) { importSkill(input: $input) { id runtimeType status implementation } }`;
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
      [
        "implementation.temprature",
        "SKILL_IMPLEMENTATION_INVALID",
        { runtimeType: "PROMPT", implementation: { prompt: "p", temprature: 1 } },
      ],
      ["implementation.model", "SKILL_IMPLEMENTATION_INVALID", { runtimeType: "PROMPT", implementation: { prompt: "p", model: 4 } }],
      ...[
        { runtimeType: "HTTP", implementation: { tool_binding_id: "b", headers: { "x-a": "S{{ secrets.A }}" } } },
        { runtimeType: "PROMPT", implementation: { prompt: "p", headers: { "x-a": "S{{ secrets.A }}" } } },
      ].map((input): [string, string, object] => ["implementation.headers", "SKILL_IMPLEMENTATION_INVALID", input]),
      ["implementation.template", "SKILL_IMPLEMENTATION_INVALID", { implementation: { template: "Costs ${1 + 1}" } }],
      [
        "implementation.system_prompt",
        "SKILL_IMPLEMENTATION_INVALID",
        { runtimeType: "PROMPT", implementation: { prompt: "p", system_prompt: "${" } },
      ],
      [
        "implementation.timeout_seconds",
        "SKILL_IMPLEMENTATION_INVALID",
        { runtimeType: "CODE", implementation: { language: "python", code: "1", timeout_seconds: "9" } },
      ],
      [
        "implementation.temperature",
        "SKILL_IMPLEMENTATION_INVALID",
        { runtimeType: "PROMPT", implementation: { prompt: "p", temperature: 3 } },
      ],
      [
        "implementation.arguments",
        "SKILL_IMPLEMENTATION_INVALID",
        { runtimeType: "HTTP", implementation: { tool_binding_id: "b", arguments: [] } },
      ],
      [
        "implementation.requires_approval",
        "SKILL_IMPLEMENTATION_INVALID",
        { runtimeType: "HTTP", implementation: { tool_binding_id: "b", requires_approval: null } },
      ],
      ["implementation.files", "SKILL_IMPLEMENTATION_INVALID", { runtimeType: "FOLDER", implementation: { files: [] } }],
      ["parameterSchema", "SKILL_SCHEMA_INVALID", { parameterSchema: { type: "objekt" } }],
      ["parameterSchema", "SKILL_SCHEMA_INVALID", { parameterSchema: { $ref: "https://example.com/schema" } }],
      ["parameterSchema", "SKILL_SCHEMA_INVALID", { parameterSchema: { type: "string" } }],
      ["parameterSchema", "SKILL_SCHEMA_INVALID", { parameterSchema: { type: ["array", "null"] } }],
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

describe("skill folders", () => {
  const main = "---\nname: pdf-forms\ndescription: Fills in forms.\nlicense: MIT\nmetadata:\n  version: 1\n---\n# How\n";
  const filesOf = (files: Record<string, string | Buffer>) =>
    Object.entries(files).map(([path, content]) => ({ path, contentBase64: Buffer.from(content).toString("base64") }));
  const read = `query ($id: ID!, $path: String!) { skillFile(skillVersionId: $id, path: $path) { path sizeBytes isScript contentText contentBase64 } }`;

  it("become versions, from files and from archives of them, and their files are read by the tenant alone", async () => {
    const t = await setup();
    const { id: skillId } = await t.skill("forms");
    const image = Buffer.from([0xff, 0xd8, 0x00]);
    const files = { "SKILL.md": main, "scripts/fill.py": "result = 1", "scripts/a/b.js": "result = 2", "assets/한글 é.jpg": image };
    const expected = {
      runtimeType: "FOLDER",
      status: "DRAFT",
      implementation: {
        name: "pdf-forms",
        description: "Fills in forms.",
        license: "MIT",
        metadata: { version: 1 },
        files: [
          { path: "SKILL.md", size_bytes: Buffer.byteLength(main) },
          { path: "assets/한글 é.jpg", size_bytes: 3 },
          { path: "scripts/a/b.js", size_bytes: 10, script: true },
          { path: "scripts/fill.py", size_bytes: 10, script: true },
        ],
      },
    };
    const entries = Object.entries(files).map(([path, content]) => ({ path: `pdf-forms/${path}`, content }));
    const litter = ["__MACOSX/pdf-forms/._SKILL.md", "pdf-forms/.DS_Store"].map((path) => ({ path, content: "x" }));
    const zipBase64 = zipOf(...entries, ...litter).toString("base64");
    for (const given of [{ files: filesOf(files) }, { zipBase64 }]) {
      const { importSkill: made } = await t.ask<{ importSkill: Row }>(importFolder, { input: { skillId, ...given } });
      expect(made).toMatchObject(expected);
      expect(await t.ask(read, { id: made.id, path: "assets/한글 é.jpg" })).toEqual({
        skillFile: { path: "assets/한글 é.jpg", sizeBytes: 3, isScript: false, contentText: null, contentBase64: image.toString("base64") },
      });
      expect(await t.ask(read, { id: made.id, path: "scripts/fill.py" })).toMatchObject({
        skillFile: { isScript: true, contentText: "result = 1" },
      });
      for (const path of ["scripts", "../SKILL.md", "nul\u0000", ""])
        expect(await t.ask(read, { id: made.id, path })).toEqual({ skillFile: null });
      expect(await t.ask(read, { id: made.id, path: "SKILL.md" }, { tenantId: "t2" })).toEqual({ skillFile: null });
    }
  });

  it("are taken as programs write them, to the last byte and file that there may be", async () => {
    const t = await setup();
    const { id: skillId } = await t.skill("forms");
    const skill = { path: "SKILL.md", content: main };
    const packed = (...entries: ZipEntry[]) => ({ zipBase64: zipOf(...entries).toString("base64") });
    const inside = zipOf(skill);
    const cases: [what: string, given: object, files: [path: string, sizeBytes: number][]][] = [
      ["streamed, 64-bit sizes", packed({ ...skill, isStreamed: true }, { path: "a.md", content: "ab", isZip64: true }), [["a.md", 2]]],
      ["not deflated, a directory", packed({ ...skill, method: 0 }, { path: "d/", content: "" }), []],
      [
        "in a folder of another name",
        packed({ ...skill, path: "other/SKILL.md" }, { path: "other/a/b.md", content: "x" }),
        [["a/b.md", 1]],
      ],
      ["an archive in it", packed(skill, { path: "a.zip", content: inside }), [["a.zip", inside.length]]],
      ["3 MiB", packed(skill, { path: "a.bin", content: Buffer.alloc((3 << 20) - main.length) }), [["a.bin", (3 << 20) - main.length]]],
      ["a byte order mark, CRLF", { files: filesOf({ "SKILL.md": `\ufeff${main.replaceAll("\n", "\r\n")}` }) }, []],
      ["few references", { files: filesOf({ "SKILL.md": "---\nname: &n a-1\ndescription: *n\n---" }) }, []],
    ];
    for (const [what, given, files] of cases) {
      const { importSkill: made } = await t.ask<{ importSkill: { implementation: { files: { path: string; size_bytes: number }[] } } }>(
        importFolder,
        { input: { skillId, ...given } },
      );
      const others = made.implementation.files.filter(({ path }) => path !== "SKILL.md");
      expect([what, others.map(({ path, size_bytes }) => [path, size_bytes])]).toEqual([what, files]);
    }
    const most = packed(skill, ...Array.from({ length: 199 }, (_, number) => ({ path: `${number}.md`, content: "" })));
    const { importSkill: made } = await t.ask<{ importSkill: { implementation: { files: object[] } } }>(importFolder, {
      input: { skillId, ...most },
    });
    expect(made.implementation.files).toHaveLength(200);
  });

  it("are imported once by their key, by calls at the same time too, and after the skill was deleted", async () => {
    const t = await setup();
    const { id: skillId } = await t.skill("forms");
    const input = { skillId, files: filesOf({ "SKILL.md": main, "a.md": "x" }), status: "PUBLISHED", idempotencyKey: "build-17" };
    const imported = async (more: object = {}) =>
      (await t.ask<{ importSkill: Row }>(importFolder, { input: { ...input, ...more } })).importSkill.id;
    const [id, ...same] = await Promise.all(Array.from({ length: 4 }, () => imported()));
    expect(new Set([id, ...same, await imported()])).toEqual(new Set([id]));
    const reused = { code: "CONFLICT", reason: "IDEMPOTENCY_KEY_REUSED", resultId: id };
    for (const other of [{ files: filesOf({ "SKILL.md": main }) }, { status: "DRAFT" }, { skillId: "none" }])
      expect(await t.refusal(importFolder, { input: { ...input, ...other } })).toMatchObject(reused);
    for (const idempotencyKey of ["", "k".repeat(201)])
      expect(await t.refusal(importFolder, { input: { ...input, idempotencyKey } })).toMatchObject({ reason: "IDEMPOTENCY_KEY_INVALID" });
    // The key is this tenant's, and a refused import has not used it.
    expect(await t.refusal(importFolder, { input }, { tenantId: "t2" })).toMatchObject({ reason: "SKILL_NOT_FOUND" });
    const broken = { files: filesOf({ "SKILL.md": "x" }), idempotencyKey: "build-18" };
    expect(await t.refusal(importFolder, { input: { ...input, ...broken } })).toMatchObject({ reason: "SKILL_FOLDER_INVALID" });
    const second = await imported({ idempotencyKey: "build-18" });
    expect(second).not.toBe(id);
    await t.ask(deleteSkill, { id: skillId });
    expect(await imported()).toBe(id);
    expect(await t.ask(`query ($id: ID!) { skill(id: $id) { versions { nodes { id } } } }`, { id: skillId })).toEqual({
      skill: { versions: { nodes: [{ id: second }, { id }] } },
    });
  });

  it("are refused where something is wrong with them, and nothing of them stays", async () => {
    const t = await setup();
    const { id: skillId } = await t.skill("forms");
    const around = (yaml: string) => ({ files: filesOf({ "SKILL.md": `---\n${yaml}\n---\n` }) });
    const withFile = (path: string, content = "x") => ({ files: filesOf({ "SKILL.md": main, [path]: content }) });
    const zip = (...entries: ZipEntry[]) => ({ zipBase64: zipOf({ path: "SKILL.md", content: main }, ...entries).toString("base64") });
    const cases: [given: object, told: RegExp][] = [
      [{}, /either zipBase64 or files/],
      [{ ...withFile("a.md"), ...zip() }, /either zipBase64 or files/],
      [{ files: [] }, /no SKILL\.md/],
      [{ files: filesOf({ "skill.md": main }) }, /There is skill\.md; it is to be called SKILL\.md and lie at the top\. Correct/],
      [{ files: filesOf({ "SKILL.md": "# No front matter" }) }, /no front matter/],
      [{ files: filesOf({ "SKILL.md": Buffer.from([0xff, 0xfe]) }) }, /no UTF-8/],
      [around("description: d"), /name: it is missing/],
      [around("name: Not Good\ndescription: ''"), /name: use small letters.*Not Good.*description: it is empty/],
      [around("name: a--b\ndescription: d"), /single hyphens/],
      [around(`name: ${"x".repeat(65)}\ndescription: d`), /more than 64/],
      [around(`name: x\ndescription: ${"d".repeat(1_025)}`), /more than 1024/],
      [around("name: [x\ndescription: d"), /no YAML/],
      [around("name: x\ndescription: Use: then"), /no YAML: line 3: .*colon into quotes/],
      [around("just a text"), /no keys/],
      [around("name: x\ndescription: d\nname: y"), /the key "name" twice/],
      [around("name: x\ndescription: d\nmetadata: {a: &a [*a, *a]}"), /too many references/],
      [around(`name: x\ndescription: d\nmetadata: ${"[".repeat(600)}${"]".repeat(600)}`), /metadata: /],
      [around(`name: x\ndescription: d\n#${"x".repeat(8_192)}`), /more than 8192 characters/],
      [{ files: filesOf({ "SKILL.md": "---\nname: x\n" }) }, /has no end/],
      [around(`a: &a [x,x]\nb: &b [*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b]\nname: [*c,*c,*c,*c]\ndescription: d`), /too many references/],
      [withFile("../evil.py"), /leads out/],
      [withFile("a/../../evil"), /leads out/],
      [withFile("/etc/passwd"), /root/],
      [withFile("C:/x"), /root/],
      [withFile("a\\b"), /backslash/],
      [withFile("a//b"), /empty part/],
      [withFile("./a"), /empty part/],
      [withFile("a\nb"), /control/],
      [withFile("skill.MD"), /twice/],
      [{ files: filesOf({ "SKILL.md": main, ["é.md".normalize("NFC")]: "x", ["é.md".normalize("NFD")]: "x" }) }, /twice/],
      [{ files: filesOf({ "SKILL.md": main, "a. ": "x", a: "x" }) }, /twice/],
      [withFile("SKILL.md./a.md"), /is a file and a folder/],
      [withFile("half \ud83d"), /half a character/],
      [withFile("SKILL.md/a.md"), /a part of the path SKILL\.md\/a\.md is a file and a folder/],
      [withFile("skill.MD/b/a.md"), /is a file and a folder/],
      [withFile("photo\u202egnp.py"), /control/],
      [withFile("a\u2028b"), /control/],
      [withFile("x".repeat(201)), /longer than 200/],
      [withFile("scripts/run.sh"), /scripts\/run\.sh is a program that cannot be run/],
      [withFile("scripts/run", "#!/bin/sh\nls"), /scripts\/run is a program/],
      [withFile("a.bin", "x".repeat(3 << 20)), /more than 3145728 bytes/],
      [{ files: [{ path: "SKILL.md", contentBase64: "no base64!" }] }, /no base64/],
      [{ zipBase64: Buffer.from("no archive").toString("base64") }, /cannot be read/],
      [zip({ path: "../evil.py", content: "x" }), /cannot be read: invalid relative path: \.\.\/evil\.py/],
      [zip({ path: "/etc/passwd", content: "x" }), /cannot be read: absolute path: \/etc\/passwd/],
      [zip({ path: "a\\b.md", content: "x" }), /cannot be read: .*a\\b\.md/],
      [zip({ path: "A.md", content: "x" }, { path: "a.md", content: "x" }), /a\.md is there twice/],
      [zip({ path: "?", name: Buffer.from([0xff, 0x2e, 0x6d, 0x64]), content: "x" }), /half a character/],
      [zip({ path: "secret.md", content: "x", isEncrypted: true }), /"secret\.md" is encrypted/],
      [zip({ path: "a.md", content: "x", method: 12 }), /cannot be read: unsupported compression method: 12/],
      [zip({ path: "a.md", content: "x", claims: 1_000 }), /cannot be read: not enough bytes/],
      [zip({ path: "a.md", content: "x", claims: 0xfffffffe }), /more than 3145728 bytes/],
      [zip({ path: "a.bin", content: Buffer.alloc((3 << 20) - main.length + 1) }), /more than 3145728 bytes/],
      [{ zipBase64: zipOf().toString("base64") }, /no SKILL\.md/],
      [{ zipBase64: zipOf({ path: "a/b/SKILL.md", content: main }).toString("base64") }, /There is b\/SKILL\.md/],
      [{ zipBase64: zipOf({ path: "SKILL.md", content: main }).toString("base64").slice(0, 80) }, /cannot be read/],
      [zip({ path: "link", content: "/etc/passwd", mode: 0o120777 }), /symbolic link/],
      [zip({ path: "pipe", content: "", mode: 0o010644 }), /"pipe" is no file/],
      [zip({ path: "harmed", content: "x", checksum: 1 }), /"harmed" is damaged/],
      [zip({ path: "bomb", content: Buffer.alloc(64 << 20) }), /more than 3145728 bytes/],
      [zip({ path: "bomb", content: Buffer.alloc(8 << 20), claims: 10 }), /cannot be read|more than/],
      [zip(...Array.from({ length: 1_000 }, (_, number) => ({ path: `${number}/`, content: "" }))), /1001 entries/],
      [zip(...Array.from({ length: 200 }, (_, number) => ({ path: `${number}.md`, content: "" }))), /201 files/],
    ];
    for (const [given, told] of cases) {
      expect([told, await t.refusal(importFolder, { input: { skillId, ...given } })]).toMatchObject([
        told,
        { code: "BAD_USER_INPUT", reason: "SKILL_FOLDER_INVALID", message: expect.stringMatching(told) },
      ]);
    }
    const unstorable = { skillId, ...around('name: x\ndescription: "a\\0b"') };
    expect(await t.refusal(importFolder, { input: unstorable })).toMatchObject({ reason: "TEXT_NOT_STORABLE", field: "files.SKILL.md" });
    expect(await t.refusal(importFolder, { input: { skillId: "none", ...withFile("a.md") } })).toMatchObject({ reason: "SKILL_NOT_FOUND" });
    expect(await t.ask(`query ($id: ID!) { skill(id: $id) { versions { nodes { id } } } }`, { id: skillId })).toEqual({
      skill: { versions: { nodes: [] } },
    });
  });
});

describe("a folder of one tenant", () => {
  const lines = (amount: number, line: (number: number) => string) => Array.from({ length: amount }, (_, number) => line(number)).join("");
  it.each([
    ["has a wrong value in each of its lines", `metadata:\n${lines(750, (number) => ` a${number.toString(36)}: []\n`)}`, /and 740 more/],
    ["has a key in each of its lines", `name: ''\nmetadata:\n${lines(900, (number) => ` a${number.toString(36)}: 1\n`)}`, /twice/],
    ["has a problem in each of its lines", lines(2_000, () => "\t:\n"), /no YAML/],
    ["is long", lines(2_000, (number) => ` a${number.toString(36)}: []\n`), /more than 8192 characters/],
  ])("that %s lets others be answered meanwhile", async (_what, yaml, told) => {
    const t = await setup();
    const { id: skillId } = await t.skill("forms");
    const contentBase64 = Buffer.from(`---\nname: x\ndescription: d\n${yaml}\n---\n`).toString("base64");
    const asked = () => t.refusal(importFolder, { input: { skillId, files: [{ path: "SKILL.md", contentBase64 }] } });
    const { outcome, longestMs } = await longestTurn(asked);
    expect(outcome).toMatchObject({ reason: "SKILL_FOLDER_INVALID", message: expect.stringMatching(told) });
    // Read once for each problem it was seconds.
    expect(longestMs).toBeLessThan(500);
  });
});

describe("the binding that an HTTP version names", () => {
  it("is there, the tenant's, and its tool not archived: the error names field and id", async () => {
    const t = await setup();
    const { id: skillId } = await t.skill("weather");
    t.bindings.of["t1"]!["gone"] = { deletedAt: "2026-01-01T00:00:00Z" };
    t.bindings.of["t1"]!["old"] = { deletedAt: null, toolStatus: "ARCHIVED" };
    t.bindings.of["t2"] = { theirs: { deletedAt: null } };
    const given = (tool_binding_id: string) => ({ skillId, runtimeType: "HTTP", implementation: { tool_binding_id }, status: "PUBLISHED" });
    const field = "implementation.tool_binding_id";
    const long = { code: "BAD_USER_INPUT", reason: "SKILL_IMPLEMENTATION_INVALID", field };
    expect(await t.refusal(createVersion, { input: given("x".repeat(201)) })).toMatchObject(long);
    for (const id of ["nobody", "gone", "theirs", "x".repeat(200), "{{ input.id }}"]) {
      const refused = await t.refusal(createVersion, { input: given(id) });
      expect(refused).toMatchObject({ code: "NOT_FOUND", reason: "TOOL_BINDING_NOT_FOUND", field, id });
    }
    const archived = { code: "CONFLICT", reason: "TOOL_ARCHIVED", field, id: "old", toolId: "tool of old" };
    expect(await t.refusal(createVersion, { input: given("old") })).toMatchObject(archived);
    const asked = t.bindings.requests.length;
    expect(await t.version(skillId, given("b1"))).toMatchObject({ version: 1 });
    await t.version(skillId, { implementation: { template: "t", tool_binding_id: "nobody" } });
    expect(t.bindings.requests).toHaveLength(asked + 1);
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

  it("are made of no skill that is archived, and stay where it was archived since", async () => {
    const t = await setup();
    const { id: skillId } = await t.skill("greet");
    const input = { skillId, installScope: "TENANT" };
    const made = await t.install(input);
    await t.ask(`mutation ($id: ID!) { updateSkill(id: $id, input: { status: ARCHIVED }) { id } }`, { id: skillId });
    expect(await t.install(input)).toMatchObject({ id: made.id, status: "ACTIVE" });
    const archived = { code: "CONFLICT", reason: "SKILL_ARCHIVED", field: "skillId", id: skillId };
    expect(await t.refusal(install, { input: { ...input, installScope: "USER", scopeId: "u1" } })).toMatchObject(archived);
    await t.ask(uninstall, { id: made.id });
    expect(await t.refusal(install, { input })).toMatchObject(archived);
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
