import pg from "pg";
import { memorySubgraph } from "../../subgraphs/memory/subgraph.ts";
import { LettersFolded0003 } from "../../subgraphs/memory/migrations/0003-letters-folded.ts";
import { KanaAndDigits0008 } from "../../subgraphs/memory/migrations/0008-kana-and-digits.ts";
import { countWords } from "#shared/words.ts";
import { query } from "../testkit/admin-query.ts";
import { eventually } from "../testkit/eventually.ts";
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
    .split(" ")
    .flatMap((word) => (/\p{Script=Katakana}/u.test(word) ? [...word].map((_, at) => word.slice(at, at + 2)) : [word]));

describe("the migrations to folded letters", () => {
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
    const kana = await remember("らー ラー ٤٧ 47 قهوة", "t2", { らー: 1, ラー: 1, ー: 2, "٤٧": 1, "47": 1, قهوة: 1 });
    const plain = await remember("tea für", "t2", { tea: 1, fur: 1 });
    const all = twoWays.map(([, written]) => written).join(" ");
    const many = await remember(all, "t1", Object.fromEntries(before(all).map((word) => [word, 1])));

    for (const Folding of [LettersFolded0003, KanaAndDigits0008]) {
      const migration = new Folding(undefined as never, undefined as never);
      migration.up();
      for (const statement of migration.getQueries()) await query(t.databaseUrl, String(statement));
    }

    expect(await wordsOf(both)).toEqual(countWords("strasse Straße Grüße"));
    expect(await wordsOf(cut)).toEqual(countWords(long));
    expect(await wordsOf(kana)).toEqual(countWords("らー ラー ٤٧ 47 قهوة"));
    expect(await wordsOf(plain)).toEqual(countWords("tea für"));
    const found = "query ($q: String!) { searchMemories(input: { query: $q }) { memory { id } } }";
    for (const [word] of twoWays)
      expect(await t.ask(found, { q: word })).toMatchObject({ searchMemories: expect.arrayContaining([{ memory: { id: many } }]) });
    // What a process of the version before remembers, and what has a character that nobody sees, is found as it is written.
    const late = { コー: 1, ーヒ: 1, ヒー: 1, ー: 1, مدرسة: 1, "٤٧": 1 };
    const beside = await remember("コーヒー مدرسة ٤٧", "t3", late);
    const broken = await remember("Kaf\u00adfee", "t3", { kaf: 1, fee: 1 });
    const apart = await remember("fee kaf", "t3", { fee: 1, kaf: 1 });
    const asked: [query: string, ids: string[]][] = [
      ["コーヒー", [beside]],
      ["مدرسة", [beside]],
      ["٤٧", [beside]],
      ['"コーヒー"', [beside]],
      ["コーヒー OR 茶", [beside]],
      ["مدرسة OR x", [beside]],
      ["Kaf\u00adfee", [apart, broken]],
      ['"Kaf\u00adfee"', [broken]],
      ["Kaf\u00adfee OR x", [broken]],
      ["-مدرسة", [apart, broken]],
      ["-コーヒー", [apart, broken]],
      ["-Kaf\u00adfee", [apart, beside]],
    ];
    for (const [q, ids] of asked) {
      const { searchMemories } = await t.ask<{ searchMemories: { memory: { id: string } }[] }>(found, { q }, { tenantId: "t3" });
      expect([q, searchMemories.map(({ memory }) => memory.id).toSorted()]).toEqual([q, ids.toSorted()]);
    }
    // The policy binds everybody again.
    const [{ forced }] = (await query(
      t.adminUrl,
      "select relforcerowsecurity as forced from pg_class where oid = 'memory.memory_word'::regclass",
    )) as [{ forced: boolean }];
    expect(forced).toBe(true);
    await t.close();
  });

  it("to kana waits for whoever changes a memory, and holds up nobody else, nor waits in a circle with them", async () => {
    const t = await openTestSubgraph(memorySubgraph);
    const create = "mutation ($input: CreateMemoryInput!) { createMemory(input: $input) { id } }";
    const make = async (contentText: string) =>
      (await t.ask<{ createMemory: { id: string } }>(create, { input: { scopeType: "TENANT", contentText } })).createMemory.id;
    const [first, id] = [await make("ラー"), await make("コーヒー")];
    await query(t.adminUrl, "update memory.memory_word set word = translate(word, 'らこひ', 'ラコヒ')");
    const holder = new pg.Client({ connectionString: t.adminUrl });
    await holder.connect();
    await holder.query("begin");
    await holder.query("select from memory.memory where id = $1 for update", [id]);
    const migration = new KanaAndDigits0008(undefined as never, undefined as never);
    migration.up();
    const migrated = query(t.databaseUrl, String(migration.getQueries()[0]));
    await eventually(
      () =>
        query(
          t.adminUrl,
          "select from pg_stat_activity where wait_event_type = 'Lock' and query like '%translate(word%' and datname = current_database()",
        ),
      (waiting) => waiting.length > 0,
    );
    await make("beside it");
    await holder.query("delete from memory.memory_word where memory_id = $1", [id]);
    await holder.query("commit");
    await holder.end();
    await migrated;
    const words = "select word from memory.memory_word where memory_id = any($1) order by word";
    expect(await query(t.adminUrl, words, [[first, id]])).toEqual([...countWords("ラー").keys()].toSorted().map((word) => ({ word })));
    await t.close();
  });
});
