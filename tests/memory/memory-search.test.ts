import { memorySubgraph } from "../../subgraphs/memory/subgraph.ts";
import { memoriesSearch, type MemorySearch } from "../../subgraphs/memory/memory-search.sql.ts";
import { MemoryScopeType } from "../../subgraphs/memory/memory.entity.ts";
import { searchTerms } from "#shared/words.ts";
import { registerFakeRecords } from "../testkit/fake-records.ts";
import { twoWays } from "../testkit/two-ways.ts";
import { openTestSubgraph, type TestSubgraph } from "../testkit/subgraph.ts";
import { query as adminQuery } from "../testkit/admin-query.ts";

const open: TestSubgraph[] = [];
const setup = async () => {
  const t = await openTestSubgraph(memorySubgraph);
  open.push(t);
  registerFakeRecords(t, "agent", "Agent", ["u1"]);
  return { ...t, ...operations(t) };
};
afterEach(async () => {
  for (const t of open.splice(0)) await t.close();
});

const search = `query ($input: SearchMemoriesInput!) { searchMemories(input: $input) { score memory { contentText lastAccessedAt } } }`;
interface Hit {
  score: number;
  memory: { contentText: string; lastAccessedAt: Date | null };
}

function operations({ ask, adminUrl }: TestSubgraph) {
  const hits = async (query: string, input: object = {}, info: object = {}) =>
    (await ask<{ searchMemories: Hit[] }>(search, { input: { query, ...input } }, info)).searchMemories;
  return {
    hits,
    found: async (query: string, input: object = {}, info: object = {}) =>
      (await hits(query, input, info)).map((hit) => hit.memory.contentText),
    remember: (contentText: string, input: object = {}, info: object = {}) =>
      ask(
        `mutation ($input: CreateMemoryInput!) { createMemory(input: $input) { id } }`,
        { input: { scopeType: "TENANT", contentText, ...input } },
        info,
      ),
    admin: (text: string) => adminQuery(adminUrl, text),
  };
}

describe("searchMemories", () => {
  it("finds by words, best match first, with scores between 0 and 1 (S-77)", async () => {
    const t = await setup();
    await t.remember("Anna likes green tea in the morning");
    await t.remember("Anna likes black coffee");
    await t.remember("The office opens at nine");
    expect(await t.found("green tea")).toEqual(["Anna likes green tea in the morning"]);
    const hits = await t.hits("What does Anna drink in the morning?");
    expect(hits.map((hit) => hit.memory.contentText)).toEqual([
      "Anna likes green tea in the morning",
      "Anna likes black coffee",
      "The office opens at nine",
    ]);
    expect(hits.every((hit) => hit.score > 0 && hit.score <= 1)).toBe(true);
    expect(await t.found("zebra")).toEqual([]);
    expect(await t.found("?!")).toEqual([]);
  });

  it("finds words in any language, without case and accents, and parts of sentences written without spaces (S-77)", async () => {
    const t = await setup();
    for (const text of [
      "Trinkt gern Kräutertee",
      "Любит зелёный чай",
      "私は東京都に住んでいます",
      "يحب القهوة",
      "나는 서울에서 산다",
      "Loves 🍣 and 👍🏽",
    ])
      await t.remember(text);
    expect(await t.found("KRAUTERTEE")).toEqual(["Trinkt gern Kräutertee"]);
    expect(await t.found("зеленый")).toEqual(["Любит зелёный чай"]);
    expect(await t.found("東京")).toEqual(["私は東京都に住んでいます"]);
    expect(await t.found("都")).toEqual(["私は東京都に住んでいます"]);
    expect(await t.found("القهوة")).toEqual(["يحب القهوة"]);
    expect(await t.found("서울")).toEqual(["나는 서울에서 산다"]);
    for (const query of ["🍣", "👍", "👍🏽"]) expect(await t.found(query)).toEqual(["Loves 🍣 and 👍🏽"]);
  });

  it("finds words as they are written and as keyboards have them (S-77)", async () => {
    const t = await setup();
    for (const [plain, written] of twoWays) {
      await t.remember(`as ${written}`);
      await t.remember(`as ${plain}`, { scopeType: "USER", scopeId: "u" });
    }
    for (const [plain, written] of twoWays) {
      expect(await t.found(plain, { scopeType: "TENANT" })).toEqual([`as ${written}`]);
      expect(await t.found(written, { scopeType: "USER" })).toEqual([`as ${plain}`]);
    }
  });

  it("finds words by their beginning, after those that are the same", async () => {
    const t = await setup();
    await t.remember("preferences");
    await t.remember("prefer");
    expect(await t.found("prefer")).toEqual(["prefer", "preferences"]);
  });

  it("puts rare words before common ones, and important memories before others", async () => {
    const t = await setup();
    for (let i = 0; i < 8; i++) await t.remember(`customer note ${i}`, { importanceScore: 100 });
    await t.remember("zanzibar", { importanceScore: 0 });
    expect((await t.found("customer zanzibar"))[0]).toBe("zanzibar");
    await t.remember("blue car", { importanceScore: 10 });
    await t.remember("blue bus", { importanceScore: 90 });
    await t.remember("blue bee", { importanceScore: 50 });
    expect(await t.found("blue")).toEqual(["blue bus", "blue bee", "blue car"]);
  });

  it("never leaves the tenant, the scope and the type asked for (S-77 S-7)", async () => {
    const t = await setup();
    await t.remember("tea of all");
    await t.remember("tea of u1", { scopeType: "USER", scopeId: "u1" });
    await t.remember("tea of u2", { scopeType: "USER", scopeId: "u2", memoryType: "preference" });
    await t.remember("tea of agent u1", { scopeType: "AGENT", scopeId: "u1" });
    await t.remember("tea of t2", {}, { tenantId: "t2" });
    const found = async (input: object, info?: object) => (await t.found("tea", input, info)).sort();
    expect(await found({})).toEqual(["tea of agent u1", "tea of all", "tea of u1", "tea of u2"]);
    expect(await found({ scopeType: "USER" })).toEqual(["tea of u1", "tea of u2"]);
    expect(await found({ scopeType: "USER", scopeId: "u1" })).toEqual(["tea of u1"]);
    expect(await found({ scopeId: "u1" })).toEqual(["tea of agent u1", "tea of u1"]);
    expect(await found({ scopeType: "TENANT" })).toEqual(["tea of all"]);
    expect(await found({ scopeType: "TENANT", scopeId: "t2" })).toEqual([]);
    expect(await found({ memoryType: "preference" })).toEqual(["tea of u2"]);
    expect(await found({}, { tenantId: "t2" })).toEqual(["tea of t2"]);
  });

  it("forgets the words of a memory that was changed", async () => {
    const t = await setup();
    const { createMemory: made } = (await t.remember("green tea")) as unknown as { createMemory: { id: string } };
    await t.ask(`mutation ($id: ID!) { updateMemory(id: $id, input: { contentText: "black coffee" }) { id } }`, { id: made.id });
    expect(await t.found("tea")).toEqual([]);
    expect(await t.found("coffee")).toEqual(["black coffee"]);
  });

  it("gives at most limit hits and notes when they were found, in one statement", async () => {
    const t = await setup();
    for (let i = 0; i < 12; i++) await t.remember(`tea ${i}`);
    expect(await t.found("tea")).toHaveLength(10);
    let statements = 0;
    t.subgraph.database.onStatement = () => statements++;
    const hits = await t.hits("tea", { limit: 3 });
    // begin, search, note, commit
    expect(statements).toBe(4);
    expect(hits.every((hit) => hit.memory.lastAccessedAt instanceof Date)).toBe(true);
    expect(await t.admin("select count(*) from memory.memory where last_accessed_at is not null and updated_at = created_at")).toEqual([
      { count: "10" },
    ]);
  });

  it("does not stumble over searches that note the same memories at the same time", async () => {
    const t = await setup();
    for (let i = 0; i < 20; i++) await t.remember(`tea ${i}`, { importanceScore: i });
    const found = await Promise.all(Array.from({ length: 12 }, (_, i) => t.found(i % 2 === 0 ? "tea" : "tea 3 4 5", { limit: 20 })));
    expect(found.every((texts) => texts.length === 20)).toBe(true);
  });

  it("refuses modes that are not there yet, and bad limits and queries (S-78)", async () => {
    const t = await setup();
    const cases: [field: string, reason: string, input: object][] = [
      ["mode", "NOT_AVAILABLE", { mode: "VECTOR" }],
      ["mode", "NOT_AVAILABLE", { mode: "HYBRID" }],
      ["limit", "NUMBER_OUT_OF_RANGE", { limit: 101 }],
      ["limit", "NUMBER_OUT_OF_RANGE", { limit: 0 }],
      ["query", "TEXT_TOO_SHORT", { query: " " }],
      ["query", "TEXT_TOO_LONG", { query: "x".repeat(10_001) }],
    ];
    for (const [field, reason, input] of cases) {
      expect(await t.refusal(search, { input: { query: "tea", ...input } })).toMatchObject({ code: "BAD_USER_INPUT", reason, field });
    }
  });

  it("reads an index and not all memories, behind row-level security too", async () => {
    const t = await setup();
    await t.remember("needle in u1", { scopeType: "USER", scopeId: "u1" });
    await t.admin(`insert into memory.memory (id, tenant_id, scope_type, scope_id, memory_type, content_text, word_count, metadata, importance_score, created_at, updated_at)
      select 'm' || i, 't1', 'USER', 'u' || i % 50, 'fact', 'straw ' || i, 2, '{}', 50, now(), now() from generate_series(1, 5000) i`);
    await t.admin(
      `insert into memory.memory_word select tenant_id, scope_type, scope_id, id, w, 1 from memory.memory, unnest(array['straw', substr(id, 2)]) w where id like 'm%'`,
    );
    await t.admin("analyze memory.memory, memory.memory_word");
    const readBy = async (query: string, owner: string | undefined) => {
      const search = {
        terms: searchTerms(query),
        scopeType: owner && MemoryScopeType.USER,
        scopeId: owner,
        memoryType: undefined,
        limit: 10,
      };
      return t.subgraph.database.forTenant("t1").read(async (tx) => {
        const found = await memoriesSearch(tx, search as MemorySearch);
        const [row] = await tx.sql<{ rows: string }>(
          "select sum(seq_tup_read) + sum(idx_tup_fetch) as rows from pg_stat_xact_user_tables where schemaname = 'memory'",
        );
        return { found: found.length, few: Number(row!.rows) < 500 };
      });
    };
    expect(await readBy("needle", undefined)).toEqual({ found: 1, few: true });
    expect(await readBy("straw", "u7")).toEqual({ found: 10, few: true });
  });
});
