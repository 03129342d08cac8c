import { memorySubgraph } from "../../subgraphs/memory/subgraph.ts";
import { LettersFolded0003 } from "../../subgraphs/memory/migrations/0003-letters-folded.ts";
import { countWords } from "#shared/words.ts";
import { query } from "../testkit/admin-query.ts";
import { openTestSubgraph } from "../testkit/subgraph.ts";
import { twoWays } from "../testkit/two-ways.ts";

/** The words of a text as they were kept before: without case and accents, and with all their letters. */
const before = (text: string) =>
  text
    .normalize("NFKC")
    .toLowerCase()
    .normalize("NFKD")
    .replace(/[\u0300-\u036f]/g, "")
    .normalize("NFKC")
    .split(" ");

describe("the migration to folded letters", () => {
  it("makes the words of memories that are there those of today, of every tenant, and adds up what becomes one", async () => {
    const t = await openTestSubgraph(memorySubgraph);
    const remember = async (contentText: string, tenantId: string, words: Record<string, number>) => {
      const create = "mutation ($input: CreateMemoryInput!) { createMemory(input: $input) { id } }";
      const { createMemory } = await t.ask<{ createMemory: { id: string } }>(
        create,
        { input: { scopeType: "TENANT", contentText } },
        { tenantId },
      );
      await query(t.adminUrl, "delete from memory.memory_word where memory_id = $1", [createMemory.id]);
      await query(
        t.adminUrl,
        `insert into memory.memory_word (tenant_id, scope_type, scope_id, memory_id, word, frequency)
         select $1, 'TENANT', '', $2, key, value::int from json_each_text($3::json)`,
        [tenantId, createMemory.id, JSON.stringify(words)],
      );
      return createMemory.id;
    };
    const wordsOf = async (id: string) => {
      const rows = await query(t.adminUrl, "select word, frequency from memory.memory_word where memory_id = $1", [id]);
      return new Map((rows as { word: string; frequency: number }[]).map(({ word, frequency }) => [word, frequency]));
    };
    const long = `${"ß".repeat(40)}x`;
    const both = await remember("strasse Straße Grüße", "t1", { straße: 1, strasse: 1, gruße: 1 });
    const cut = await remember(long, "t2", { [long]: 1 });
    const plain = await remember("tea für", "t2", { tea: 1, fur: 1 });
    const all = twoWays.map(([, written]) => written).join(" ");
    const many = await remember(all, "t1", Object.fromEntries(before(all).map((word) => [word, 1])));

    const migration = new LettersFolded0003(undefined as never, undefined as never);
    migration.up();
    for (const statement of migration.getQueries()) await query(t.databaseUrl, String(statement));

    expect(await wordsOf(both)).toEqual(countWords("strasse Straße Grüße"));
    expect(await wordsOf(cut)).toEqual(countWords(long));
    expect(await wordsOf(plain)).toEqual(countWords("tea für"));
    const found = "query ($q: String!) { searchMemories(input: { query: $q }) { memory { id } } }";
    for (const [word] of twoWays)
      expect(await t.ask(found, { q: word })).toMatchObject({ searchMemories: expect.arrayContaining([{ memory: { id: many } }]) });
    // The policy binds everybody again.
    const [{ forced }] = (await query(
      t.adminUrl,
      "select relforcerowsecurity as forced from pg_class where oid = 'memory.memory_word'::regclass",
    )) as [{ forced: boolean }];
    expect(forced).toBe(true);
    await t.close();
  });
});
