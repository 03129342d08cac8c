import { endpointErrors } from "#shared/endpoint/http-endpoint.ts";
import { memorySubgraph } from "../../subgraphs/memory/subgraph.ts";
import { registerFakeRecords } from "../testkit/fake-records.ts";
import { openTestSubgraph, type TestSubgraph } from "../testkit/subgraph.ts";
import { query as adminQuery } from "../testkit/admin-query.ts";

const open: TestSubgraph[] = [];
const setup = async () => {
  const t = await openTestSubgraph(memorySubgraph);
  open.push(t);
  const ids = ["x", ...Array.from({ length: 10 }, (_, index) => `x${index}`)];
  const owners = {
    SESSION: registerFakeRecords(t, "session", "Session", ids),
    AGENT: registerFakeRecords(t, "agent", "Agent", ids),
    TEAM: registerFakeRecords(t, "team", "Team", ids),
  };
  return { ...t, ...operations(t), owners };
};
afterEach(async () => {
  for (const t of open.splice(0)) await t.close();
});

const createMemory = `mutation ($input: CreateMemoryInput!) { createMemory(input: $input) {
  id scopeType scopeId memoryType contentText metadata importanceScore createdAt updatedAt lastAccessedAt expiresAt
} }`;
const updateMemory = `mutation ($id: ID!, $input: UpdateMemoryInput!) { updateMemory(id: $id, input: $input) {
  memoryType contentText metadata importanceScore expiresAt
} }`;
const deleteMemory = `mutation ($id: ID!) { deleteMemory(id: $id) { id } }`;

interface Row extends Record<string, unknown> {
  id: string;
}
const soon = () => new Date(Date.now() + 3_600_000).toISOString();

function operations({ ask, adminUrl }: TestSubgraph) {
  return {
    remember: async (contentText: string, input: object = {}, info: object = {}) => {
      const given = { scopeType: "TENANT", contentText, ...input };
      return (await ask<{ createMemory: Row }>(createMemory, { input: given }, info)).createMemory;
    },
    listed: async (filter: object = {}, info: object = {}) => {
      const query = `query ($scopeType: MemoryScopeType, $scopeId: String, $memoryType: String, $first: Int) {
        memories(scopeType: $scopeType, scopeId: $scopeId, memoryType: $memoryType, first: $first) { edges { node { contentText } } } }`;
      const { memories } = await ask<{ memories: { edges: { node: { contentText: string } }[] } }>(query, { ...filter }, info);
      return memories.edges.map((edge) => edge.node.contentText);
    },
    expire: (id: string) => adminQuery(adminUrl, "update memory.memory set expires_at = now() - interval '1 second' where id = $1", [id]),
    admin: (text: string) => adminQuery(adminUrl, text),
  };
}

describe("memories", () => {
  it("are created with scope, type, content and importance (S-75)", async () => {
    const t = await setup();
    expect(await t.remember("Likes tea")).toMatchObject({
      scopeType: "TENANT",
      scopeId: "t1",
      memoryType: "fact",
      contentText: "Likes tea",
      metadata: {},
      importanceScore: 50,
      lastAccessedAt: null,
      expiresAt: null,
    });
    const input = {
      scopeType: "USER",
      scopeId: "u1",
      memoryType: "conversation",
      metadata: { a: [1] },
      importanceScore: 80,
      expiresAt: soon(),
    };
    const made = await t.remember("Likes coffee", input);
    expect(made).toMatchObject(input);
    expect(await t.ask(`query ($id: ID!) { memory(id: $id) { contentText } }`, { id: made.id })).toEqual({
      memory: { contentText: "Likes coffee" },
    });
  });

  it("belong to one of five scopes (S-76)", async () => {
    const t = await setup();
    await t.remember("TENANT");
    for (const scopeType of ["USER", "SESSION", "AGENT", "TEAM"]) await t.remember(scopeType, { scopeType, scopeId: "x" });
    expect(await t.listed({ scopeType: "TENANT", scopeId: "t1" })).toEqual(["TENANT"]);
    for (const scopeType of ["USER", "SESSION", "AGENT", "TEAM"]) {
      expect(await t.listed({ scopeType, scopeId: "x" })).toEqual([scopeType]);
      const refused = await t.refusal(createMemory, { input: { scopeType, contentText: "x" } });
      expect(refused).toMatchObject({ code: "BAD_USER_INPUT", reason: "SCOPE_ID_REQUIRED", field: "scopeId" });
    }
  });

  it("are listed newest first by scope and type, never another tenant's (S-7)", async () => {
    const t = await setup();
    await t.remember("one");
    await t.remember("two", { memoryType: "preference" });
    await t.remember("three", { scopeType: "USER", scopeId: "u1" });
    await t.remember("theirs", {}, { tenantId: "t2" });
    expect(await t.listed()).toEqual(["three", "two", "one"]);
    expect(await t.listed({ scopeType: "TENANT" })).toEqual(["two", "one"]);
    expect(await t.listed({ memoryType: "preference" })).toEqual(["two"]);
    expect(await t.listed({ first: 1 })).toEqual(["three"]);
    expect(await t.listed({}, { tenantId: "t2" })).toEqual(["theirs"]);
    expect(await t.refusal(createMemory, { input: { scopeType: "TENANT", scopeId: "t2", contentText: "x" } })).toMatchObject({
      reason: "SCOPE_ID_INVALID",
    });
  });

  it("are listed each once, page by page, while others are made and deleted", async () => {
    const t = await setup();
    const ids = [];
    for (let i = 0; i < 6; i++) ids.push((await t.remember(`memory ${i}`)).id);
    const query = `query ($after: String) { memories(first: 2, after: $after) {
      edges { node { contentText } cursor } pageInfo { hasNextPage } } }`;
    interface Page {
      memories: { edges: { node: { contentText: string }; cursor: string }[]; pageInfo: { hasNextPage: boolean } };
    }
    const seen: string[] = [];
    let [after, isLast]: [string | null, boolean] = [null, false];
    while (!isLast) {
      const { memories }: Page = await t.ask<Page>(query, { after });
      seen.push(...memories.edges.map(({ node }) => node.contentText));
      await t.remember("made meanwhile");
      // That which the cursor names, and one that is still to come.
      if (after === null) for (const id of [ids[4], ids[2]]) await t.ask(deleteMemory, { id });
      [after, isLast] = [memories.edges.at(-1)!.cursor, !memories.pageInfo.hasNextPage];
    }
    expect(seen).toEqual(["memory 5", "memory 4", "memory 3", "memory 1", "memory 0"]);
  });

  it("change what is given; null clears only the expiry", async () => {
    const t = await setup();
    const { id } = await t.remember("Likes tea", { metadata: { a: 1 }, expiresAt: soon() });
    const first = { contentText: "Likes coffee", importanceScore: 100, memoryType: null };
    expect((await t.ask(updateMemory, { id, input: first }))["updateMemory"]).toMatchObject({
      contentText: "Likes coffee",
      importanceScore: 100,
      memoryType: "fact",
      metadata: { a: 1 },
      expiresAt: expect.any(String),
    });
    expect((await t.ask(updateMemory, { id, input: { expiresAt: null, metadata: {} } }))["updateMemory"]).toMatchObject({
      metadata: {},
      expiresAt: null,
    });
    expect(await t.refusal(updateMemory, { id, input: {} }, { tenantId: "t2" })).toMatchObject({
      code: "NOT_FOUND",
      reason: "MEMORY_NOT_FOUND",
    });
  });

  it("once deleted leave nothing behind", async () => {
    const t = await setup();
    const { id } = await t.remember("secret words");
    expect(await t.refusal(deleteMemory, { id }, { tenantId: "t2" })).toMatchObject({ code: "NOT_FOUND", reason: "MEMORY_NOT_FOUND" });
    expect(await t.ask(deleteMemory, { id })).toEqual({ deleteMemory: { id } });
    expect(await t.ask(`query ($id: ID!) { memory(id: $id) { id } }`, { id })).toEqual({ memory: null });
    expect(await t.admin("select (select count(*) from memory.memory) + (select count(*) from memory.memory_word) as rows")).toEqual([
      { rows: "0" },
    ]);
    expect(await t.refusal(deleteMemory, { id })).toMatchObject({ code: "NOT_FOUND", reason: "MEMORY_NOT_FOUND" });
  });

  it("that have expired are gone, and tidied away when others come", async () => {
    const t = await setup();
    const { id } = await t.remember("old tea", { expiresAt: soon() });
    await t.expire(id);
    const query = `query ($id: ID!) { memory(id: $id) { id } searchMemories(input: { query: "tea" }) { score } }`;
    expect(await t.ask(query, { id })).toEqual({ memory: null, searchMemories: [] });
    expect(await t.listed()).toEqual([]);
    expect(await t.refusal(updateMemory, { id, input: { expiresAt: null } })).toMatchObject({
      code: "NOT_FOUND",
      reason: "MEMORY_NOT_FOUND",
    });
    await t.remember("new");
    expect(await t.admin("select content_text from memory.memory")).toEqual([{ content_text: "new" }]);
  });

  it("refuse what does not fit, with the field and why", async () => {
    const t = await setup();
    const cases: [field: string, reason: string, input: object][] = [
      ["contentText", "CONTENT_TOO_LARGE", { contentText: "é".repeat(50_001) }],
      ["contentText", "TEXT_TOO_SHORT", { contentText: " " }],
      ["metadata", "JSON_TOO_LARGE", { metadata: { text: "x".repeat(17_000) } }],
      ["importanceScore", "NUMBER_OUT_OF_RANGE", { importanceScore: 101 }],
      ["importanceScore", "NUMBER_OUT_OF_RANGE", { importanceScore: -1 }],
      ["expiresAt", "EXPIRES_AT_PAST", { expiresAt: "2020-01-01T00:00:00Z" }],
      ["memoryType", "TEXT_TOO_SHORT", { memoryType: "" }],
      ["contentText", "TEXT_NOT_STORABLE", { contentText: "a\0" }],
      ["contentText", "TEXT_NOT_STORABLE", { contentText: "half a character \ud83d" }],
      ["memoryType", "TEXT_NOT_STORABLE", { memoryType: "\ud83d" }],
      ["expiresAt", "EXPIRES_AT_PAST", { expiresAt: new Date().toISOString() }],
    ];
    for (const [field, reason, input] of cases) {
      const given = { scopeType: "TENANT", contentText: "x", ...input };
      expect(await t.refusal(createMemory, { input: given })).toMatchObject({ code: "BAD_USER_INPUT", reason, field });
    }
    expect(await t.listed()).toEqual([]);
  });

  it("of 100 kB are stored and found", async () => {
    const t = await setup();
    await t.remember(
      Array.from({ length: 14_000 }, (_, i) => `w${i}`)
        .join(" ")
        .slice(0, 100_000),
    );
    await t.remember("漢字仮名交じり文".repeat(4_000));
    const { searchMemories: hits } = await t.ask<{ searchMemories: Row[] }>(`{ searchMemories(input: { query: "w1234 仮名" }) { score } }`);
    expect(hits).toHaveLength(2);
  });
});

describe("whose a memory is", () => {
  const owned = ["SESSION", "AGENT", "TEAM"] as const;

  it.each(owned)("is a %s that is there, of the same tenant", async (scopeType) => {
    const t = await setup();
    const own = t.owners[scopeType];
    own.of = { t1: { here: { deletedAt: null } }, t2: { theirs: { deletedAt: null } } };
    expect(await t.remember("tea", { scopeType, scopeId: "here" })).toMatchObject({ scopeType, scopeId: "here" });
    for (const id of ["nobody", "theirs", "../x", "x".repeat(200), "😀", '"]'])
      expect(await t.refusal(createMemory, { input: { scopeType, scopeId: id, contentText: "x" } })).toMatchObject({
        ...{ code: "NOT_FOUND", reason: `${scopeType}_NOT_FOUND`, field: "scopeId", id },
        message: expect.stringMatching(/^scopeId: no \w+ .+\. Give one of /),
      });
    expect(own.requests.map(({ info }) => info.tenantId)).toEqual(Array(7).fill("t1"));
    expect(await t.listed()).toEqual(["tea"]);
  });

  it.each(["AGENT", "TEAM"] as const)("is no %s that was deleted; it keeps what it has", async (scopeType) => {
    const t = await setup();
    await t.remember("before", { scopeType, scopeId: "x" });
    t.owners[scopeType].of["t1"]!["x"] = { deletedAt: new Date().toISOString() };
    expect((await t.refusal(createMemory, { input: { scopeType, scopeId: "x", contentText: "after" } }))["reason"]).toBe(
      `${scopeType}_NOT_FOUND`,
    );
    expect(await t.listed()).toEqual(["before"]);
  });

  it.each(owned)(
    "cannot be told while the subgraph of %s is dead: the refusal may be tried again, and nothing is half made",
    async (scopeType) => {
      const t = await setup();
      const facts = { serviceName: scopeType.toLowerCase(), retryable: true, effectUnknown: false, platformFault: true } as const;
      t.owners[scopeType].failWith = endpointErrors.SUBGRAPH_UNREACHABLE(facts);
      const input = { scopeType, scopeId: "x", contentText: "tea", idempotencyKey: "k" };
      expect(await t.refusal(createMemory, { input })).toMatchObject({
        code: "DOWNSTREAM_UNAVAILABLE",
        reason: "SUBGRAPH_UNREACHABLE",
        retryable: true,
      });
      expect([await t.admin("select id from memory.memory"), await t.admin("select key from memory.idempotency")]).toEqual([[], []]);
      t.owners[scopeType].failWith = undefined;
      expect(await t.remember("tea", input)).toMatchObject({ contentText: "tea" });
    },
  );

  it("is not asked again where the same request was answered before", async () => {
    const t = await setup();
    const input = { scopeType: "AGENT", scopeId: "x", idempotencyKey: "k" };
    const { id } = await t.remember("tea", input);
    t.owners.AGENT.of = {};
    expect((await t.remember("tea", input)).id).toBe(id);
    expect(t.owners.AGENT.requests).toHaveLength(1);
  });

  it("is a user of the client's own, in any form but one that cannot be seen", async () => {
    const t = await setup();
    for (const scopeId of ["u1", "auth0|7", "😀", "a b"])
      expect(await t.remember("x", { scopeType: "USER", scopeId })).toMatchObject({ scopeId });
    for (const scopeId of ["a\nb", "u\u0000", "\u007f", "\ud83d"])
      expect(await t.refusal(createMemory, { input: { scopeType: "USER", scopeId, contentText: "x" } })).toMatchObject({
        ...{ code: "BAD_USER_INPUT", reason: "SCOPE_ID_INVALID", field: "scopeId", scope: "USER" },
      });
    for (const scopeId of ["", "  ", "x".repeat(201)])
      expect((await t.refusal(createMemory, { input: { scopeType: "USER", scopeId, contentText: "x" } }))["field"]).toBe("scopeId");
    expect(Object.values(t.owners).flatMap(({ requests }) => requests)).toEqual([]);
  });
});

describe("an idempotency key of createMemory", () => {
  it("gives the first result for the same input, at the same time too, and refuses another", async () => {
    const t = await setup();
    const input = { idempotencyKey: "k1", expiresAt: soon() };
    const made = await Promise.all(Array.from({ length: 5 }, () => t.remember("Likes tea", input)));
    expect(new Set(made.map((row) => row.id)).size).toBe(1);
    const other = { input: { scopeType: "TENANT", contentText: "Likes coffee", ...input } };
    expect(await t.refusal(createMemory, other)).toMatchObject({ code: "CONFLICT", reason: "IDEMPOTENCY_KEY_REUSED" });
    expect(await t.listed()).toEqual(["Likes tea"]);
  });

  it("is a tenant's own, and says so when what it made is gone", async () => {
    const t = await setup();
    const { id } = await t.remember("tea", { idempotencyKey: "k1" });
    expect((await t.remember("coffee", { idempotencyKey: "k1" }, { tenantId: "t2" })).id).not.toBe(id);
    await t.ask(deleteMemory, { id });
    const again = { input: { scopeType: "TENANT", contentText: "tea", idempotencyKey: "k1" } };
    expect(await t.refusal(createMemory, again)).toMatchObject({ code: "NOT_FOUND", reason: "MEMORY_NOT_FOUND", id });
  });
});

describe("the memory subgraph", () => {
  it("adds memories to sessions, agents and teams in a constant number of statements", async () => {
    const t = await setup();
    for (const scopeType of ["SESSION", "AGENT", "TEAM"]) {
      for (let i = 0; i < 10; i++) await t.remember(`${scopeType} ${i}`, { scopeType, scopeId: `x${i}` });
    }
    const query = `query ($refs: [_Any!]!) { _entities(representations: $refs) {
      ... on Session { memories { edges { node { contentText } } } }
      ... on Agent { memories { edges { node { contentText } } } }
      ... on Team { memories { edges { node { contentText } } } } } }`;
    const refs = (count: number) =>
      ["Session", "Agent", "Team"].flatMap((__typename) => Array.from({ length: count }, (_, i) => ({ __typename, id: `x${i}` })));
    interface Entities {
      _entities: { memories: { edges: { node: { contentText: string } }[] } }[];
    }
    const { _entities: owners } = await t.ask<Entities>(query, { refs: [...refs(2), { __typename: "Agent", id: "nobody" }] });
    const texts = owners.map((owner) => owner.memories.edges.map((edge) => edge.node.contentText));
    expect(texts).toEqual([["SESSION 0"], ["SESSION 1"], ["AGENT 0"], ["AGENT 1"], ["TEAM 0"], ["TEAM 1"], []]);
    const count = async (owners: number) => {
      let statements = 0;
      t.subgraph.database.onStatement = () => statements++;
      await t.ask(query, { refs: refs(owners) });
      return statements;
    };
    expect(await count(10)).toBe(await count(2));
  });
});
