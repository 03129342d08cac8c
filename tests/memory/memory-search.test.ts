import { memorySubgraph } from "../../subgraphs/memory/subgraph.ts";
import { memoriesSearch, type MemorySearch } from "../../subgraphs/memory/search/memory-search.sql.ts";
import { queryConditions } from "../../subgraphs/memory/search/query-conditions.sql.ts";
import { MemoryScopeType } from "../../subgraphs/memory/memory.entity.ts";
import { readQuery } from "#shared/search-query.ts";
import { registerFakeRecords } from "../testkit/fake-records.ts";
import { operatorCases, operatorTexts } from "../testkit/operator-cases.ts";
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
  memory: { contentText: string; lastAccessedAt: string | null };
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

  it("finds misspelt words: one letter left out, one too many, another one, or two that changed places", async () => {
    const t = await setup();
    const names = ["Katharina Schneider", "Ольга Смирнова", "invoice 4711"];
    for (const text of names) await t.remember(text);
    const cases: [query: string, found: string[]][] = [
      ["Katarina", ["Katharina Schneider"]],
      ["What does Kahtarina like?", ["Katharina Schneider"]],
      ["Schnneider", ["Katharina Schneider"]],
      ["atharina", ["Katharina Schneider"]],
      ["xatharina", ["Katharina Schneider"]],
      ["Смирновв", ["Ольга Смирнова"]],
      ["invioce", ["invoice 4711"]],
      // Two letters are another word, numbers are what they are, and a short word may be many.
      ["Katrina", []],
      ["4712", []],
      ["inv", ["invoice 4711"]],
      ["imv", []],
    ];
    for (const [query, found] of cases) expect([query, await t.found(query)]).toEqual([query, found]);
  });

  it("knows the operators of web searches: phrases, what is left out, one of several", async () => {
    const t = await setup();
    for (const text of operatorTexts) await t.remember(text);
    for (const [query, found] of operatorCases) expect([query, (await t.found(query)).toSorted()]).toEqual([query, found.toSorted()]);
  });

  it("finds what has not a word, where nothing else is said: by importance and age, in the scope and type asked for", async () => {
    const t = await setup();
    await t.remember("black coffee");
    for (const [text, importanceScore] of [
      ["milk", 50],
      ["juice", 90],
      ["water", 50],
    ] as const)
      await t.remember(text, { importanceScore });
    await t.remember("wine", { scopeType: "USER", scopeId: "u1", memoryType: "preference" });
    await t.remember("theirs", {}, { tenantId: "t2" });
    expect(await t.found("-coffee")).toEqual(["juice", "wine", "water", "milk"]);
    expect(await t.found("-coffee", { limit: 2 })).toEqual(["juice", "wine"]);
    expect(await t.found("-milk", { scopeType: "TENANT", scopeId: "t1" })).toEqual(["juice", "water", "black coffee"]);
    expect(await t.found('-coffee -"juice"', { scopeType: "USER" })).toEqual(["wine"]);
    expect(await t.found('-"black coffee"', { memoryType: "fact", limit: 1 })).toEqual(["juice"]);
    for (const mode of ["VECTOR", "HYBRID"]) expect(await t.found("-wine", { mode, scopeType: "USER" })).toEqual([]);
    const hits = await t.hits("-coffee");
    expect(hits.every(({ score, memory }) => score > 0 && score <= 1 && memory.lastAccessedAt !== null)).toBe(true);
    await t.admin("update memory.memory set expires_at = now() - interval '1 minute' where content_text = 'juice'");
    expect(await t.found("-coffee")).toEqual(["wine", "water", "milk"]);
  });

  it("takes no word for misspelt that memories have, though they are left out", async () => {
    const t = await setup();
    await t.remember("black coffee");
    expect(await t.found("coffee -black")).toEqual([]);
    await t.remember("toffee", { memoryType: "sweet" });
    for (const query of ["coffee -black", 'coffee -"black coffee"', 'coffee "black tea"'])
      expect([query, await t.found(query)]).toEqual([query, []]);
    expect(await t.found("coffee", { memoryType: "sweet" })).toEqual([]);
    expect(await t.found("coffea -black")).toEqual([]);
    expect(await t.found("toffea -black")).toEqual(["toffee"]);
  });

  it("finds a phrase behind more memories that have its words alone than are asked for", async () => {
    const t = await setup();
    await t.remember("tea of green leaves", { importanceScore: 0 });
    for (let i = 0; i < 30; i++) await t.remember(`green cup of tea ${i}`, { importanceScore: 100 });
    expect(await t.found('"tea of green"', { limit: 2 })).toEqual(["tea of green leaves"]);
    expect(await t.found('tea -"green cup"', { limit: 2 })).toEqual(["tea of green leaves"]);
    expect(await t.found("tea -cup", { limit: 2 })).toEqual(["tea of green leaves"]);
  });

  it.each([
    ["the best 400 memories that have its words", 400, ""],
    ["as many of the best as have 2 MiB of text together", 21, "x".repeat(100_000 - "green cup of tea".length - 1)],
  ])("looks for a phrase in the texts of %s", async (_, better, more) => {
    const t = await setup();
    await t.remember("tea of green leaves", { importanceScore: 0 });
    await t.remember("green cup of tea", { importanceScore: 100 });
    const [source] = (await t.admin("select id from memory.memory where importance_score = 100")) as { id: string }[];
    await t.admin(`insert into memory.memory
      select id || '-' || i, tenant_id, scope_type, scope_id, memory_type, content_text || ' ${more}', word_count, metadata, importance_score, created_at, updated_at
      from memory.memory, generate_series(1, ${better}) i where id = '${source!.id}'`);
    await t.admin(`insert into memory.memory_word select tenant_id, scope_type, scope_id, memory_id || '-' || i, word, frequency
      from memory.memory_word, generate_series(1, ${better}) i where memory_id = '${source!.id}'`);
    await t.admin(`delete from memory.memory where id = '${source!.id}'`);
    const asked = ['"tea of green"', 'tea -"green cup"'];
    for (const query of asked) expect([query, await t.found(query)]).toEqual([query, []]);
    await t.admin(`delete from memory.memory where id = '${source!.id}-1'`);
    for (const query of asked) expect([query, await t.found(query)]).toEqual([query, ["tea of green leaves"]]);
  });

  it("looks for the words of a long phrase one by one, as the planner would try all orders of their joins", async () => {
    const t = await setup();
    const words = Array.from({ length: 64 }, (_, i) => `word${i}`);
    await t.remember(words.join(" "));
    await t.remember(words.toReversed().join(" "));
    await t.remember(words.slice(1).join(" "));
    const phrase = words.join(" ");
    expect(await t.found(`"${phrase}"`)).toEqual([phrase]);
    expect(await t.found(`word7 -"${phrase}"`)).toHaveLength(2);
    const { sql, values } = queryConditions(readQuery(`"${phrase}"`), "m.id", 1);
    const plan = await t.subgraph.database
      .forTenant("t1")
      .read((tx) => tx.sql<object>(`explain select from memory.memory m where m.tenant_id = $1${sql}`, ["t1", ...values]));
    const steps = plan.map((row) => String(Object.values(row)[0]));
    expect(steps.filter((step) => /Join|Nested Loop/.test(step))).toEqual([]);
    expect(steps.filter((step) => /SubPlan/.test(step)).length).toBeGreaterThanOrEqual(64);
  });

  it("answers whatever it is asked, and finds what is there all the same", async () => {
    const t = await setup();
    await t.remember("green tea \u202eright to left\u202c and zero\u200bwidth");
    await t.remember("a".repeat(100_000));
    await t.remember(Array.from({ length: 14_000 }, (_, i) => i.toString(36).padStart(4, "z")).join(" "));
    await t.remember(Buffer.alloc(70_000, "\x07\xfa\x93").toString("base64"));
    const hostile = [
      ...['"', "-", "|", "OR ", '"a', '-"', '" "', "“", "-a ", '"a b" ', "a OR ", '-"a b" ', "?!", "٪", "\u200b", "\u202e", "🙈", "%_*\\"],
      ...["a ", "aa", "zz ", "茶", "が ", "e\u0301\u0323", "\ufdfa", "'; select 1; --", "$1 ", "\n", "green OR tea -"],
      ...['"""', "or or ", "OR OR ", "- - - ", ":* ", "\\ ", "--", "-- ", "| | ", '-"" ', "ا ", "ال", "ഀ "],
    ];
    for (const part of hostile) {
      const asked = part.repeat(Math.floor(9_000 / part.length));
      const found = await t.subgraph.execute({
        query: search,
        variables: { input: { query: asked, mode: "TEXT" } },
        info: { tenantId: "t1", requestId: "r" },
      });
      const reasons = (found.errors ?? []).map(({ extensions }) => extensions?.["reason"]);
      expect([part, reasons.filter((reason) => reason !== "TEXT_TOO_SHORT" && reason !== "TEXT_TOO_LONG")]).toEqual([part, []]);
    }
    for (const query of ["green \u202etea", "tea\u200b", '"right to left"', "zero"])
      expect([query, (await t.found(query)).length]).toEqual([query, 1]);
    for (const query of ["tea\0", "tea \ud800", '"green tea\0"'])
      expect(await t.refusal(search, { input: { query } }).catch(() => ({ code: "none" }))).not.toMatchObject({ code: "INTERNAL" });
    for (const field of ["memoryType", "scopeId"])
      expect(await t.refusal(search, { input: { query: "tea", scopeType: "USER", [field]: "a\0" } })).toMatchObject({
        ...{ code: "BAD_USER_INPUT", reason: "TEXT_NOT_STORABLE", field },
      });
  });

  it("looks for what may be meant in the scope alone", async () => {
    const t = await setup();
    await t.remember("Katharina", { scopeType: "USER", scopeId: "u1" });
    expect(await t.found("Katarina", { scopeType: "USER", scopeId: "u2" })).toEqual([]);
    expect(await t.found("Katarina", {}, { tenantId: "t2" })).toEqual([]);
  });

  it("puts what was said lately before what is old and equally fitting, but after what fits better", async () => {
    const t = await setup();
    await t.remember("drinks green tea");
    await t.remember("drinks black tea");
    await t.admin("update memory.memory set updated_at = now() - interval '1 year' where content_text like '%black%'");
    expect(await t.found("tea")).toEqual(["drinks green tea", "drinks black tea"]);
    await t.admin(
      "update memory.memory set updated_at = case when content_text like '%black%' then now() else now() - interval '1 year' end",
    );
    expect(await t.found("tea")).toEqual(["drinks black tea", "drinks green tea"]);
    expect(await t.found("green tea")).toEqual(["drinks green tea", "drinks black tea"]);
  });

  it("has a score that importance moves by 30 %, and age by 10 %, half of it in 30 days", async () => {
    const t = await setup();
    for (const [memoryType, importanceScore] of [
      ["new", 100],
      ["month", 100],
      ["old", 100],
      ["unimportant", 0],
    ] as const)
      await t.remember("tea", { memoryType, importanceScore });
    await t.admin(`update memory.memory set updated_at = now() - case memory_type when 'month' then interval '30 days' else interval '30 years' end
      where memory_type in ('month', 'old')`);
    const score = async (memoryType: string) => (await t.hits("tea", { memoryType }))[0]!.score;
    const best = await score("new");
    const shares = await Promise.all(["month", "old", "unimportant"].map(score));
    expect(shares.map((each) => (each / best).toFixed(3))).toEqual(["0.950", "0.900", "0.700"]);
  });

  it("finds words by their beginning, after those that are the same", async () => {
    const t = await setup();
    await t.remember("preferences");
    await t.remember("prefer");
    expect(await t.found("prefer")).toEqual(["prefer", "preferences"]);
    // It knows no stems: of a word one or two letters are left off, no more.
    for (const text of ["she drinks", "to drink", "drinking", "a mouse"]) await t.remember(text);
    expect((await t.found("drinks")).toSorted()).toEqual(["she drinks", "to drink"]);
    expect((await t.found("drink")).toSorted()).toEqual(["drinking", "she drinks", "to drink"]);
    expect([await t.found("drinking"), await t.found("mice")]).toEqual([["drinking"], []]);
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
    // what there is of vectors; begin, search, note, commit
    expect(statements).toBe(5);
    expect(hits.every((hit) => hit.memory.lastAccessedAt !== null)).toBe(true);
    statements = 0;
    expect(await t.found('"tea 11"')).toEqual(["tea 11"]);
    // texts are read between two transactions
    expect(statements).toBe(7);
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
    await t.remember("straw of long ago", { memoryType: "old" });
    await t.admin(`insert into memory.memory (id, tenant_id, scope_type, scope_id, memory_type, content_text, word_count, metadata, importance_score, created_at, updated_at)
      select 'm' || i, 't1', 'USER', 'u' || i % 50, 'fact', 'straw ' || i, 2, '{}', 50, now(), now() from generate_series(1, 5000) i`);
    await t.admin(
      `insert into memory.memory_word select tenant_id, scope_type, scope_id, id, w, 1 from memory.memory, unnest(array['straw', substr(id, 2)]) w where id like 'm%'`,
    );
    await t.admin("analyze memory.memory, memory.memory_word");
    const readBy = async (query: string, owner: string | undefined) => {
      const search = {
        query: readQuery(query),
        scopeType: owner && MemoryScopeType.USER,
        scopeId: owner,
        memoryType: undefined,
        limit: 10,
      };
      return t.subgraph.database.forTenant("t1").read(async (tx) => {
        // What the connection has read before may be counted too.
        const rows = async () => {
          const text = "select sum(seq_tup_read) + sum(idx_tup_fetch) as rows from pg_stat_xact_user_tables where schemaname = 'memory'";
          return Number((await tx.sql<{ rows: string }>(text))[0]!.rows);
        };
        const before = await rows();
        const found = await memoriesSearch(tx, search as MemorySearch);
        return { found: found.hits.length, few: (await rows()) - before < 500 };
      });
    };
    expect(await readBy("needle", undefined)).toEqual({ found: 1, few: true });
    expect(await readBy("straw", "u7")).toEqual({ found: 10, few: true });
    expect(await readBy("-straw", "u7")).toEqual({ found: 0, few: true });
    expect(await readBy("-needle", "u7")).toEqual({ found: 10, few: true });
    // Of a word the newest 5,000 are looked at.
    expect([await t.found("straw", { memoryType: "old" }), await t.found("ago", { memoryType: "old" })]).toEqual([
      [],
      ["straw of long ago"],
    ]);
    // Of all the newest 5,000, of the type as well.
    expect(await t.found("-needle", { memoryType: "old" })).toEqual(["straw of long ago"]);
    await t.admin("update memory.memory set importance_score = 100 where content_text = 'straw of long ago'");
    expect(await t.found("-needle", { limit: 1 })).not.toEqual(["straw of long ago"]);
    await t.admin("delete from memory.memory where content_text = 'straw 1'");
    expect(await t.found("-needle", { limit: 1 })).toEqual(["straw of long ago"]);
    // 64 words, each with two less one or two letters, are looked for in 192 places: of each the newest 312.
    const letters = "abcdefgh";
    const others = Array.from({ length: 63 }, (_, i) => `filler${letters[i >> 3]}${letters[i & 7]}`);
    await t.admin(`update memory.memory m set memory_type = 'at ' || place
      from (select id, row_number() over (order by id desc) as place from memory.memory where id like 'm%') p where p.id = m.id and place in (312, 313)`);
    const atPlace = async (place: number, query: string) => (await t.found(query, { memoryType: `at ${place}` })).length;
    expect([await atPlace(313, "straw"), await atPlace(312, ["straw", ...others].join(" "))]).toEqual([1, 1]);
    expect(await atPlace(313, ["straw", ...others].join(" "))).toBe(0);
  });

  it("finds in half of a scope what is among the newest 20,000 of the tenant: of those with the word, or of all where it is what they are not to have", async () => {
    const t = await setup();
    await t.remember("straw of tenant");
    await t.remember("straw of long ago", { scopeType: "USER", scopeId: "u1" });
    await t.admin(`insert into memory.memory (id, tenant_id, scope_type, scope_id, memory_type, content_text, word_count, metadata, importance_score, created_at, updated_at)
      select 'm' || i, 't1', 'SESSION', 's2', 'fact', 'straw', 1, '{}', 50, now(), now() from generate_series(1, 20000) i`);
    await t.admin(
      `insert into memory.memory_word select tenant_id, scope_type, scope_id, id, 'straw', 1 from memory.memory where id like 'm%'`,
    );
    await t.admin(
      `insert into memory.memory_word select tenant_id, scope_type, scope_id, id, 'long', 1 from memory.memory where id in (select 'm' || generate_series(1, 400))`,
    );
    const old = ["straw of long ago"];
    expect([await t.found("straw", { scopeType: "USER" }), await t.found("strow", { scopeType: "USER" })]).toEqual([[], []]);
    expect([await t.found("long", { scopeType: "USER" }), await t.found("lang", { scopeType: "USER" })]).toEqual([old, old]);
    // An id stands for the scopes of five types at most, and a tenant has one scope of its own.
    for (const scope of [{ scopeId: "u1" }, { scopeId: "u1", scopeType: "USER" }]) expect(await t.found("straw", scope)).toEqual(old);
    expect(await t.found("straw", { scopeType: "TENANT" })).toEqual(["straw of tenant"]);
    expect(await t.found("-needle", { scopeType: "TENANT" })).toEqual(["straw of tenant"]);
    expect([await t.found("-needle", { scopeId: "u1" }), await t.found("-needle", { scopeId: "u1", scopeType: "USER" })]).toEqual([
      [],
      old,
    ]);
    await t.admin("delete from memory.memory where id = 'm1'");
    expect(await t.found("-needle", { scopeId: "u1" })).toEqual(old);
    expect(await t.found("straw", { scopeType: "USER" })).toEqual(old);
  });

  it("could read no index of tsvectors, nor of trigrams: their operators are not leakproof, and row-level security is forced (ADR 31)", async () => {
    const t = await setup();
    await t.admin("create extension pg_trgm");
    await t.admin("alter table memory.memory add column terms tsvector generated always as (to_tsvector('simple', content_text)) stored");
    await t.admin("create index by_terms on memory.memory using gin (terms)");
    await t.admin("create index by_trigrams on memory.memory using gin (content_text gin_trgm_ops)");
    await t.admin(`insert into memory.memory (id, tenant_id, scope_type, scope_id, memory_type, content_text, word_count, metadata, importance_score, created_at, updated_at)
      select 'm' || i, 't' || i % 2, 'USER', 'u1', 'fact', 'straw ' || i, 2, '{}', 50, now(), now() from generate_series(1, 3000) i`);
    await t.admin("analyze memory.memory");
    // Of so few rows the planner would read all.
    await t.admin("do $$ begin execute format('alter database %I set enable_seqscan = off', current_database()); end $$");
    const conditions = ["terms @@ websearch_to_tsquery('simple', '777')", "content_text like '%straw 777%'", "content_text % 'straw 777'"];
    const planOf = (condition: string) => `explain select id from memory.memory where ${condition}`;
    const usesIndex = (rows: object[]) => JSON.stringify(rows).includes("by_t");
    for (const condition of conditions) {
      const ofTenant = await t.subgraph.database.forTenant("t1").read(async (tx) => {
        await tx.sql("set local enable_seqscan = off");
        return tx.sql<object>(planOf(condition));
      });
      expect([condition, usesIndex(ofTenant), usesIndex(await t.admin(planOf(condition)))]).toEqual([condition, false, true]);
    }
  });
});
