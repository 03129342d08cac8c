import pg from "pg";
import { AppError } from "#shared/errors.ts";
import { defaultDeadlines } from "../../subgraphs/memory/embedding/deadlines.ts";
import { defineMemorySubgraph } from "../../subgraphs/memory/subgraph.ts";
import { MemoryScopeType } from "../../subgraphs/memory/memory.entity.ts";
import { vectorsRead, type VectorScope } from "../../subgraphs/memory/search/vector-search.sql.ts";
import { query as adminQuery } from "../testkit/admin-query.ts";
import { eventually } from "../testkit/eventually.ts";
import { registerFakeEmbeddings, silent } from "../testkit/fake-embeddings.ts";
import { openTestSubgraph } from "../testkit/subgraph.ts";

/** Directions of texts: east, north, up. */
const vectors: Record<string, number[]> = {
  "Anna drinks tea": [1, 0, 0],
  "Ben drinks coffee": [0.6, 0.8, 0],
  "Cara drives a van": [0, 1, 0],
  "beverage of Anna": [1, 0.1, 0],
  beverages: [2, 0, 0],
  tea: [0, 3, 0],
};
/** As the column has them, in hexadecimal digits. */
const bytesOf = (vector: number[]) => Buffer.from(Float32Array.from(vector).buffer).toString("hex");
/** Of any other text too, for a model that has failed is asked for the vector of a word first. */
const vectorOf = (text: string) => vectors[text] ?? [0, 0, 1];
const refusal = new AppError("BAD_USER_INPUT", "MODEL_REQUEST_REFUSED", "Too long.", { retryable: false });
const failure = (reason: string) => new AppError("DOWNSTREAM_UNAVAILABLE", reason, "It failed.", { retryable: true });
const status = `{ memoryEmbedding { state model dimension ready waiting failed problem isIndexed } }`;
interface Status {
  state: string;
  model: string | null;
  dimension: number | null;
  ready: number;
  failed: number;
  problem: string | null;
}
interface Hit {
  score: number;
  memory: { id: string; contentText: string };
}

const setup = async (deadlines = defaultDeadlines) => {
  const t = await openTestSubgraph(defineMemorySubgraph(deadlines));
  const model = registerFakeEmbeddings(t, vectorOf);
  const info = (tenantId: string) => ({ tenantId });
  const search = "query ($input: SearchMemoriesInput!) { searchMemories(input: $input) { score memory { id contentText } } }";
  const hits = async (query: string, input: object = {}, tenantId = "t1") =>
    (await t.ask<{ searchMemories: Hit[] }>(search, { input: { query, mode: "VECTOR", ...input } }, info(tenantId))).searchMemories;
  const remember = async (contentText: string, input: object = {}, tenantId = "t1") => {
    const create = "mutation ($input: CreateMemoryInput!) { createMemory(input: $input) { id } }";
    const given = { scopeType: "USER", scopeId: "u1", contentText, ...input };
    return (await t.ask<{ createMemory: { id: string } }>(create, { input: given }, info(tenantId))).createMemory.id;
  };
  const state = async (tenantId = "t1") => (await t.ask<{ memoryEmbedding: Status }>(status, {}, info(tenantId))).memoryEmbedding;
  return {
    ...t,
    model,
    hits,
    remember,
    state,
    texts: async (...asked: Parameters<typeof hits>) => (await hits(...asked)).map(({ memory }) => memory.contentText),
    refused: (input: object) => t.refusal(search, { input: { query: "tea", mode: "VECTOR", ...input } }),
    embedded: (ready: number, tenantId = "t1") =>
      eventually(
        () => state(tenantId),
        (seen) => seen.ready === ready && seen.state === "READY",
      ),
    problem: () =>
      eventually(
        () => state(),
        ({ problem }) => problem !== null,
      ),
    admin: (text: string) => adminQuery(t.adminUrl, text),
    /** Remembers as many more like it, newer and newer, each with a vector. */
    sameAs: async (id: string, { count, scopeId, vector }: { count: number; scopeId: string; vector: number[] }) => {
      const newer = `'${id}' || '-${scopeId}-' || lpad(i::text, 6, '0')`;
      await adminQuery(
        t.adminUrl,
        `insert into memory.memory (id, tenant_id, scope_type, scope_id, memory_type, content_text, word_count, metadata, importance_score, created_at, updated_at)
        select ${newer}, tenant_id, scope_type, '${scopeId}', memory_type, content_text, word_count, metadata, importance_score, created_at, updated_at
        from memory.memory, generate_series(1, ${count}) i where id = '${id}'`,
      );
      await adminQuery(
        t.adminUrl,
        `insert into memory.memory_embedding (memory_id, tenant_id, scope_type, scope_id, state, space, dimension, vector)
        select ${newer}, tenant_id, scope_type, '${scopeId}', state, space, dimension, '\\x${bytesOf(vector)}'
        from memory.memory_embedding, generate_series(1, ${count}) i where memory_id = '${id}'`,
      );
    },
    idOf: (id: string, index: number) => `${id}-u1-${String(index).padStart(6, "0")}`,
    dueNow: () => adminQuery(t.adminUrl, "update memory.embedding_tenant set due_at = now()"),
  };
};

describe("memories with vectors", () => {
  it("are embedded in the background, in batches, each once, and found by the cosine of two vectors", async () => {
    const t = await setup();
    await Promise.all(["Anna drinks tea", "Ben drinks coffee", "Cara drives a van"].map((text) => t.remember(text)));
    expect(await t.embedded(3)).toMatchObject({ model: "m1", dimension: 3, waiting: 0, failed: 0, problem: null, isIndexed: false });
    expect(t.model.requests.flatMap(({ texts }) => texts).toSorted()).toEqual([
      "Anna drinks tea",
      "Ben drinks coffee",
      "Cara drives a van",
    ]);
    const hits = await t.hits("beverages");
    expect(hits.map(({ memory, score }) => [memory.contentText, Number(score.toFixed(4))])).toEqual([
      ["Anna drinks tea", 1],
      ["Ben drinks coffee", 0.6],
      ["Cara drives a van", 0],
    ]);
    expect(await t.texts("beverages", { limit: 1 })).toEqual(["Anna drinks tea"]);
  });

  it("stay in the tenant, the scope and the type asked for, and come back no more once they have expired", async () => {
    const t = await setup();
    t.model.models["t2"] = "m1";
    const id = await t.remember("Anna drinks tea");
    await t.remember("Anna drinks tea", { scopeId: "u2", memoryType: "note" });
    await t.remember("Ben drinks coffee", { scopeType: "TENANT", scopeId: undefined });
    await t.remember("Anna drinks tea", {}, "t2");
    await Promise.all([t.embedded(3), t.embedded(1, "t2")]);
    const found = async (input: object, tenantId?: string) => (await t.texts("beverages", input, tenantId)).length;
    expect([await found({}), await found({}, "t2")]).toEqual([3, 1]);
    expect(await found({ scopeType: "USER", scopeId: "u1" })).toBe(1);
    expect(await found({ scopeType: "USER" })).toBe(2);
    expect(await found({ memoryType: "note" })).toBe(1);
    expect(await found({ memoryType: "" })).toBe(0);
    for (const mode of ["VECTOR", "HYBRID", "AUTO", "TEXT"])
      for (const scopeId of ["", " "])
        expect(await t.refused({ scopeType: "USER", scopeId, mode })).toMatchObject({ reason: "TEXT_TOO_SHORT", field: "scopeId" });
    await t.admin(`update memory.memory set expires_at = now() - interval '1 minute' where id = '${id}'`);
    expect(await found({ scopeType: "USER", scopeId: "u1" })).toBe(0);
    expect(await found({ scopeType: "USER", scopeId: "u1", mode: "HYBRID" })).toBe(0);
  });

  it("come newest first where they are equally near", async () => {
    const t = await setup();
    const ids = [];
    for (let i = 0; i < 4; i++) ids.push(await t.remember("Anna drinks tea", { memoryType: `n${i}` }));
    await t.embedded(4);
    expect((await t.hits("beverages")).map(({ memory }) => memory.id)).toEqual(ids.toReversed());
  });

  it("are found by both, fused by reciprocal rank, in mode HYBRID and where none is named", async () => {
    const t = await setup();
    for (const text of ["Anna drinks tea", "Ben drinks coffee", "Cara drives a van"]) await t.remember(text);
    await t.embedded(3);
    // By words Anna alone; by vectors Cara, Ben, Anna.
    for (const mode of ["HYBRID", null]) {
      const hits = await t.hits("tea", { mode });
      expect(hits.map(({ memory }) => memory.contentText)).toEqual(["Anna drinks tea", "Cara drives a van", "Ben drinks coffee"]);
      const rank = (place: number) => 61 / (60 + place) / 2;
      expect(hits.map(({ score }) => score.toFixed(6))).toEqual([rank(1) + rank(3), rank(1), rank(2)].map((score) => score.toFixed(6)));
    }
    expect(await t.texts("tea", { mode: "TEXT" })).toEqual(["Anna drinks tea"]);
  });

  it("have what the operators of a query ask for, in every mode, and the model reads the query without them", async () => {
    const t = await setup();
    for (const text of ["Anna drinks tea", "Ben drinks coffee", "Cara drives a van"]) await t.remember(text);
    await t.embedded(3);
    const cases: [query: string, found: string[]][] = [
      ["beverages -drinks", ["Cara drives a van"]],
      ['beverages -"drinks tea" -van', ["Ben drinks coffee"]],
      ['"drinks coffee"', ["Ben drinks coffee"]],
      ['"coffee drinks"', []],
      ["coffee OR van", ["Ben drinks coffee", "Cara drives a van"]],
      ["-drinks", ["Cara drives a van"]],
    ];
    for (const mode of ["VECTOR", "HYBRID", "AUTO"])
      for (const [query, found] of cases) expect([mode, query, (await t.texts(query, { mode })).toSorted()]).toEqual([mode, query, found]);
    const asked = t.model.requests.flatMap(({ texts }) => texts);
    expect(asked).toContain("coffee van");
    expect(asked.filter((text) => /["-]|OR/.test(text))).toEqual([]);
  });

  it("are asked for the phrases of a query as long as their texts have 2 MiB together, the nearest first", async () => {
    const t = await setup();
    const long = "a".repeat(99_900);
    for (let i = 0; i < 22; i++) await t.remember(`${[0, 1, 21].includes(i) ? "tea green" : "green tea"} ${i} ${long}`);
    await t.embedded(22);
    const found = await t.texts('"tea green"', { limit: 100 });
    expect(found.map((text) => text.replace(long, "").trim())).toEqual(["tea green 21", "tea green 1"]);
  });

  it("are asked for the phrases of a query where they are among the nearest 100", async () => {
    const t = await setup();
    await t.remember("Ben drinks coffee");
    const source = await t.remember("green tea");
    await t.embedded(2);
    await t.sameAs(source, { count: 100, scopeId: "u1", vector: [1, 0, 0] });
    expect(await t.texts('beverages -"green tea"')).toEqual([]);
    await t.admin(`delete from memory.memory where id = '${t.idOf(source, 7)}'`);
    expect(await t.texts('beverages -"green tea"')).toEqual(["Ben drinks coffee"]);
  });

  it("are compared as long as they are among the newest 5,000 of the scope and the type, a half of a scope among the newest 20,000", async () => {
    const t = await setup();
    const first = await t.remember("Anna drinks tea");
    await t.embedded(1);
    await t.sameAs(first, { count: 20_000, scopeId: "u1", vector: [1, 0, 0] });
    const oneOf = async (input: object = {}) => (await t.hits("tea", { limit: 1, scopeType: "USER", scopeId: "u1", ...input }))[0];
    const scoreOf = async (input: object = {}) => (await oneOf(input))?.score;
    const change = (index: number, vector: number[], memoryType: string) =>
      t.admin(`update memory.memory set memory_type = '${memoryType}' where id = '${t.idOf(first, index)}';
        update memory.memory_embedding set vector = '\\x${bytesOf(vector)}' where memory_id = '${t.idOf(first, index)}'`);
    // The 20,001st newest is the first; the last is the newest.
    await change(15_000, [0, 1, 0], "fact");
    expect(await scoreOf()).toBe(0);
    await change(15_001, [0, 1, 0], "fact");
    expect(await oneOf()).toMatchObject({ score: 1, memory: { id: t.idOf(first, 15_001) } });
    await change(1, [0, 1, 0], "rare");
    await t.admin(`update memory.memory set memory_type = 'rarer' where id = '${first}'`);
    // A type that few have is behind 20,000 others.
    for (const scope of [{}, { scopeType: undefined, scopeId: undefined }, { scopeType: undefined }, { scopeId: undefined }])
      for (const [memoryType, score] of [
        ["rare", 1],
        ["rarer", 0],
        ["nobody's", undefined],
      ])
        expect([scope, memoryType, await scoreOf({ ...scope, memoryType })]).toEqual([scope, memoryType, score]);
    await t.admin("analyze memory.memory, memory.memory_embedding");
    const [{ space }] = (await t.admin("select space from memory.embedding_tenant")) as [{ space: string }];
    const rowsRead = (asked: Partial<VectorScope>) =>
      t.subgraph.database.forTenant("t1").read(async (tx) => {
        const text = "select sum(seq_tup_read) + sum(idx_tup_fetch) as rows from pg_stat_xact_user_tables where schemaname = 'memory'";
        const rows = async () => Number((await tx.sql<{ rows: string }>(text))[0]!.rows);
        const before = await rows();
        await vectorsRead(tx, { space, dimension: 3, scopeType: undefined, scopeId: undefined, memoryType: undefined, ...asked });
        return (await rows()) - before;
      });
    const u1 = { scopeType: MemoryScopeType.USER, scopeId: "u1" };
    for (const asked of [u1, {}])
      for (const memoryType of ["rarer", "nobody's"]) expect(await rowsRead({ ...asked, memoryType })).toBeLessThan(20);
    // Of a type that all have the newest 20,000 are read, and of them those that are compared are looked up, in either table.
    const [{ type }] = (await t.admin(`select memory_type as type from memory.memory where id = '${t.idOf(first, 19_000)}'`)) as [
      { type: string },
    ];
    for (const asked of [{}, u1]) expect(await rowsRead({ ...asked, memoryType: type })).toBeLessThan(20_000 + 2 * 5_000 + 100);
    const before = await t.remember("Cara drives a van", { scopeId: "u3" });
    await t.embedded(20_002);
    const u3 = { scopeType: undefined, scopeId: "u3" };
    // Newer than all that were made above, but for those of which it is made the first.
    await t.sameAs(before, { count: 20_000, scopeId: "u4", vector: [1, 0, 0] });
    expect([await scoreOf(u3), await scoreOf({ ...u3, memoryType: "fact" })]).toEqual([undefined, undefined]);
    await t.admin(`update memory.memory set memory_type = 'rarest' where id = '${before}'`);
    expect([await scoreOf(u3), await scoreOf({ ...u3, memoryType: "rarest" })]).toEqual([undefined, 1]);
    await t.admin(`delete from memory.memory where id = '${before}-u4-000001'`);
    expect(await scoreOf(u3)).toBe(1);
    // What somebody has elsewhere is not counted.
    expect(await scoreOf({ scopeId: "u2" })).toBe(undefined);
    await t.sameAs(first, { count: 1, scopeId: "u2", vector: [0, 1, 0] });
    expect(await scoreOf({ scopeId: "u2" })).toBe(1);
    // The newest 20,000 of a type are still to be embedded; older ones have vectors.
    await t.sameAs(before, { count: 5, scopeId: "u5", vector: [1, 0, 0] });
    await t.admin(`update memory.memory set memory_type = 'fact' where scope_id in ('u4', 'u5');
      update memory.memory_embedding set state = 'PENDING', space = null, dimension = null, vector = null where scope_id in ('u4', 'u5')`);
    expect(await scoreOf({ scopeType: undefined, scopeId: undefined, memoryType: "fact" })).toBe(1);
  });

  it("are compared as long as they have 6 MiB together: 1,024 of 1,536 numbers", async () => {
    const t = await setup();
    const long = ([x = 0, y = 0]: number[]) => [x, y, ...Array.from({ length: 1_534 }, () => 0)];
    t.model.vectorOf = (text) => long(vectorOf(text));
    const first = await t.remember("Cara drives a van");
    await t.embedded(1);
    await t.sameAs(first, { count: 1_024, scopeId: "u1", vector: long([1, 0]) });
    expect((await t.hits("tea", { limit: 1 }))[0]?.score).toBe(0);
    await t.admin(`delete from memory.memory where id = '${t.idOf(first, 7)}'`);
    expect((await t.hits("tea", { limit: 1 }))[0]).toMatchObject({ score: 1, memory: { id: first } });
  });

  it("are fused with words as long as they are among the first 50 of each, or as many as are asked for", async () => {
    const t = await setup();
    const angle = (text: string) => (Number(/^n(\d+)/.exec(text)?.[1] ?? 0) * Math.PI) / 180;
    t.model.vectorOf = (text) => [Math.cos(angle(text)), Math.sin(angle(text)), 0];
    for (let i = 1; i <= 51; i++) await t.remember(`n${i}${i === 50 ? " coffee" : i === 51 ? " tea" : ""}`);
    await t.embedded(51);
    const best = async (query: string, limit: number) => {
      const [hit] = await t.hits(query, { mode: "HYBRID", limit });
      return [hit!.memory.contentText, hit!.score.toFixed(6)];
    };
    const score = (place: number) => ((1 + 61 / (60 + place)) / 2).toFixed(6);
    expect(await best("coffee", 10)).toEqual(["n50 coffee", score(50)]);
    expect(await best("tea", 10)).toEqual(["n51 tea", score(Infinity)]);
    expect(await best("tea", 51)).toEqual(["n51 tea", score(51)]);
  });

  it("are searched by their words while the model fails, and by vectors alone the model's error is told", async () => {
    const t = await setup();
    await t.remember("Anna drinks tea");
    await t.embedded(1);
    const cause = new AppError("DOWNSTREAM_UNAVAILABLE", "MODEL_PROVIDER_FAILED", "The provider failed.", { retryable: true });
    t.model.vectorOf = () => Promise.reject(cause);
    expect(await t.texts("tea", { mode: "AUTO" })).toEqual(["Anna drinks tea"]);
    expect(await t.refused({ mode: "VECTOR" })).toMatchObject({ reason: "MODEL_PROVIDER_FAILED", retryable: true });
    expect(await t.refused({ mode: "HYBRID" })).toMatchObject({ reason: "MODEL_PROVIDER_FAILED" });
  });

  it("are searched by their words while the model is silent, and by vectors alone for so long as a search waits for it", async () => {
    const t = await setup({ ...defaultDeadlines, autoMs: 50, vectorMs: 50 });
    await t.remember("Anna drinks tea");
    await t.embedded(1);
    t.model.vectorOf = silent;
    expect(await t.texts("tea", { mode: "AUTO" })).toEqual(["Anna drinks tea"]);
    const tooSlow = { code: "TIMEOUT", reason: "EMBEDDING_TOO_SLOW", limitMs: 50, retryable: true };
    for (const mode of ["VECTOR", "HYBRID"]) expect(await t.refused({ mode })).toMatchObject(tooSlow);
  });

  it("whose model is silent are given up for now when their time is over, and are embedded when it speaks", async () => {
    const t = await setup({ ...defaultDeadlines, batchMs: 1_000 });
    t.model.vectorOf = silent;
    await t.remember("Anna drinks tea");
    expect(await t.problem()).toMatchObject({ state: "FAILING", problem: "EMBEDDING_TOO_SLOW", waiting: 1, failed: 0 });
    t.model.vectorOf = vectorOf;
    await t.dueNow();
    await t.remember("Ben drinks coffee");
    await t.embedded(2);
  });

  it("are searched by their words once the provider is gone, which the first search notices; vectors alone are refused", async () => {
    const t = await setup();
    await t.remember("Anna drinks tea");
    await t.embedded(1);
    // It rests: it would look in a minute.
    await eventually(
      () => t.admin("select from memory.embedding_tenant where leased_until is null and due_at > now() + interval '10 seconds'"),
      ({ length }) => length === 1,
    );
    t.model.models["t1"] = null;
    expect(await t.texts("tea", { mode: "AUTO" })).toEqual(["Anna drinks tea"]);
    expect(await t.problem()).toMatchObject({ state: "OFF", problem: "NO_EMBEDDING_MODEL", ready: 1 });
    expect(await t.refused({})).toMatchObject({ code: "BAD_USER_INPUT", reason: "NOT_AVAILABLE", field: "mode" });
    expect(await t.texts("tea", { mode: "AUTO" })).toEqual(["Anna drinks tea"]);
  });

  it("are searched by their words where vectors cannot be compared, unless vectors are asked for", async () => {
    const t = await setup();
    await t.remember("Anna drinks tea");
    await t.embedded(1);
    await t.admin("update memory.memory_embedding set vector = decode('00', 'hex')");
    expect(await t.texts("tea", { mode: "AUTO" })).toEqual(["Anna drinks tea"]);
    expect(await t.refused({ mode: "HYBRID" })).toMatchObject({ code: "INTERNAL" });
  });

  it("wait where no provider has an embedding model, and are embedded once one has, by whichever process comes then", async () => {
    const t = await setup();
    t.model.models["t1"] = null;
    await t.remember("Anna drinks tea");
    expect(
      await eventually(
        () => t.state(),
        ({ problem }) => problem !== null,
      ),
    ).toMatchObject({ state: "OFF", problem: "NO_EMBEDDING_MODEL" });
    expect(await t.refused({})).toMatchObject({ code: "BAD_USER_INPUT", reason: "NOT_AVAILABLE", field: "mode" });
    expect(await t.texts("tea", { mode: "AUTO" })).toEqual(["Anna drinks tea"]);
    t.model.models["t1"] = "m1";
    // The process that had taken the tenant has ended.
    await t.admin("update memory.embedding_tenant set due_at = now(), leased_until = now() - interval '1 second'");
    expect(await t.embedded(1)).toMatchObject({ model: "m1" });
  });

  it("are made anew where the model, or its dimension, changes, and the state says so", async () => {
    const t = await setup();
    await t.remember("Anna drinks tea");
    await t.remember("Cara drives a van");
    await t.embedded(2);
    let answer = () => {};
    const held = new Promise<void>((resolve) => (answer = resolve));
    t.model.vectorOf = async (text) => {
      if (text !== "beverages") await held;
      return [...vectorOf(text), 0.5];
    };
    // The query is the first that the new dimension is seen of.
    expect(await t.texts("beverages")).toEqual([]);
    expect(await t.state()).toMatchObject({ state: "REEMBEDDING", dimension: 4, ready: 0, waiting: 2 });
    expect(await t.texts("tea", { mode: "TEXT" })).toEqual(["Anna drinks tea"]);
    answer();
    expect(await t.embedded(2)).toMatchObject({ dimension: 4 });
    expect(await t.texts("beverages", { limit: 1 })).toEqual(["Anna drinks tea"]);
  });

  it("are all made anew where the model changes while it makes some of them; meanwhile all are found by their words", async () => {
    const t = await setup();
    await t.remember("Anna drinks tea");
    await t.embedded(1);
    const [asked, answered] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    t.model.vectorOf = async (text) => {
      asked.resolve();
      await answered.promise;
      return text === "beverages" ? [1, 0] : [1, text.length];
    };
    await t.remember("Ben drinks coffee");
    await asked.promise;
    t.model.models["t1"] = "m2";
    expect((await t.texts("drinks", { mode: "TEXT" })).toSorted()).toEqual(["Anna drinks tea", "Ben drinks coffee"]);
    answered.resolve();
    const made = await eventually(
      () => t.state(),
      ({ model, state }) => model === "m2" && state === "READY",
    );
    expect(made).toMatchObject({ dimension: 2, ready: 2, waiting: 0, failed: 0 });
    for (const mode of ["VECTOR", "HYBRID"]) expect((await t.texts("beverages", { mode })).length).toBe(2);
  });

  it("are embedded 64 at a time, of each the first 8,000 characters", async () => {
    const t = await setup();
    t.model.models["t1"] = null;
    await t.remember("😀".repeat(9_000));
    await Promise.all(Array.from({ length: 65 }, (_, number) => t.remember(`note ${number}`)));
    await t.problem();
    t.model.models["t1"] = "m1";
    await t.dueNow();
    await t.remember("look", {}, "t9");
    await t.embedded(66);
    // A model that was away for long is first asked for the vector of a word.
    const texts = t.model.requests.flatMap((request) => request.texts).filter((text) => text !== "memory");
    expect([texts.length, Math.max(...t.model.requests.map((request) => request.texts.length))]).toEqual([66, 64]);
    expect(texts).toContain("😀".repeat(8_000));
  });

  it("are embedded as they are now: a vector of an older content is not kept", async () => {
    const t = await setup();
    let answer = () => {};
    const held = new Promise<void>((resolve) => (answer = resolve));
    let asked = () => {};
    const isAsked = new Promise<void>((resolve) => (asked = resolve));
    t.model.vectorOf = async (text) => {
      asked();
      if (text === "Anna drinks tea") await held;
      return vectorOf(text);
    };
    const id = await t.remember("Anna drinks tea");
    await isAsked;
    await t.ask(`mutation ($id: ID!) { updateMemory(id: $id, input: { contentText: "Cara drives a van" }) { id } }`, { id });
    answer();
    await t.embedded(1);
    expect((await t.hits("beverages"))[0]!.score).toBe(0);
  });

  it.each<[string, () => Promise<number[]>]>([
    ["refuses", () => Promise.reject(refusal)],
    ["makes longer vectors of", () => Promise.resolve([0, 0, 1, 0])],
  ])("that the model %s keep nobody else from being embedded", async (_name, answer) => {
    const t = await setup();
    t.model.models["t1"] = null;
    t.model.vectorOf = (text) => (text === "too long" ? answer() : vectorOf(text));
    await t.remember("too long");
    await t.remember("Anna drinks tea");
    await eventually(
      () => t.state(),
      ({ problem }) => problem !== null,
    );
    t.model.models["t1"] = "m1";
    await t.dueNow();
    expect(await t.embedded(1)).toMatchObject({ failed: 1, waiting: 0 });
    expect(await t.texts("beverages")).toEqual(["Anna drinks tea"]);
  });

  it.each<[string, number, () => Promise<number[]>]>([
    ["one", 1, () => Promise.reject(refusal)],
    ["ten", 10, () => Promise.reject(refusal)],
    ["of which it makes vectors without a direction", 2, () => Promise.resolve([0, 0, 0])],
  ])("that the model refuses are no fault of the model, if there are no others: %s", async (_name, count, answer) => {
    const t = await setup();
    t.model.vectorOf = (text) => (text.startsWith("too long") ? answer() : vectorOf(text));
    await Promise.all(Array.from({ length: count }, (_, i) => t.remember(`too long ${i}`)));
    const seen = await eventually(
      () => t.state(),
      ({ failed }) => failed === count,
    );
    expect(seen).toMatchObject({ state: "READY", waiting: 0, problem: null, dimension: 3 });
    await t.remember("Anna drinks tea");
    expect(await t.embedded(1)).toMatchObject({ failed: count });
  });

  it("by which alone the model fails keep nobody else from being embedded, and are given up in the end", async () => {
    const t = await setup();
    t.model.models["t1"] = null;
    const reasons: Record<string, string> = {
      "bad 2": "MODEL_PROVIDER_FAILED",
      "bad 7": "MODEL_PROVIDER_TIMEOUT",
      "bad 12": "MODEL_ANSWER_INVALID",
    };
    t.model.vectorOf = (text) => (text in reasons ? Promise.reject(failure(reasons[text]!)) : [0, 0, 1]);
    await Promise.all(Array.from({ length: 20 }, (_, i) => t.remember(`bad ${i}` in reasons ? `bad ${i}` : `note ${i}`)));
    await t.problem();
    t.model.models["t1"] = "m1";
    // What is remembered of another tenant has the embedder look at once.
    const looked = async () => {
      await t.dueNow();
      await t.admin("update memory.memory_embedding set retry_at = now() where retry_at is not null");
      await t.remember("look", {}, "t9");
      return t.state();
    };
    expect(await eventually(looked, ({ failed }) => failed === 3)).toMatchObject({ state: "READY", ready: 17, waiting: 0, problem: null });
    const failed =
      "select m.content_text, e.problem from memory.memory_embedding e join memory.memory m on m.id = e.memory_id where state = 'FAILED'";
    const given = ((await t.admin(failed)) as { content_text: string; problem: string }[]).map((row) => [row.content_text, row.problem]);
    expect(Object.fromEntries(given)).toEqual(reasons);
    const alone = t.model.requests.filter(({ texts }) => texts.length === 1 && reasons[texts[0]!] !== undefined);
    expect(alone.length).toBeGreaterThanOrEqual(5 * 3);
  });

  it("to which the model fails are tried again later, and by the way they change", async () => {
    const t = await setup();
    t.model.vectorOf = (text) => (text === "bad" ? Promise.reject(failure("MODEL_PROVIDER_FAILED")) : [0, 0, 1]);
    const id = await t.remember("bad");
    const row = () =>
      t.admin("select failures, retry_at > now() + interval '30 seconds' as later from memory.memory_embedding where tenant_id = 't1'");
    const due = async () => {
      await t.dueNow();
      await t.remember("look", {}, "t9");
      return (await row())[0] as { failures: number };
    };
    expect(await eventually(due, ({ failures }) => failures === 1)).toEqual({ failures: 1, later: true });
    // It waits by itself: the next is embedded.
    await t.remember("Anna drinks tea");
    await eventually(
      () => t.state(),
      ({ ready }) => ready === 1,
    );
    expect(await t.state()).toMatchObject({ state: "EMBEDDING", ready: 1, waiting: 1, problem: null });
    await t.ask(`mutation ($id: ID!) { updateMemory(id: $id, input: { contentText: "good" }) { id } }`, { id });
    expect(await t.embedded(2)).toMatchObject({ failed: 0 });
  });

  it("to which another model has failed are not waited for, where the model is the one before again", async () => {
    const t = await setup();
    const id = await t.remember("Anna drinks tea");
    await t.embedded(1);
    const tenant =
      "select leased_until is null and due_at > now() + interval '30 seconds' as rests from memory.embedding_tenant where tenant_id = 't1'";
    const rests = () =>
      eventually(
        async () => (await t.admin(tenant))[0] as { rests: boolean },
        ({ rests }) => rests,
      );
    await rests();
    // Another model has failed by it, and its time has come.
    await t.admin(`update memory.memory_embedding set failures = 1, retry_at = now() where memory_id = '${id}'`);
    await t.dueNow();
    await t.remember("look", {}, "t9");
    await rests();
    expect(await t.state()).toMatchObject({ state: "READY", ready: 1, waiting: 0 });
  });

  it("are not given up where the model fails by any text, however often", async () => {
    const t = await setup();
    t.model.vectorOf = () => Promise.reject(failure("MODEL_PROVIDER_FAILED"));
    await t.remember("Anna drinks tea");
    const attempts = async () => {
      await t.dueNow();
      await t.remember("look", {}, "t9");
      return ((await t.admin("select attempts from memory.embedding_tenant where tenant_id = 't1'")) as { attempts: number }[])[0]!
        .attempts;
    };
    await eventually(attempts, (seen) => seen >= 7);
    expect(await t.state()).toMatchObject({ state: "FAILING", problem: "MODEL_PROVIDER_FAILED", waiting: 1, failed: 0 });
    expect(await t.admin("select sum(failures)::int as failures from memory.memory_embedding where tenant_id = 't1'")).toEqual([
      { failures: 0 },
    ]);
  });

  it("are not given up where the model refuses any text", async () => {
    const t = await setup();
    t.model.vectorOf = () => Promise.reject(refusal);
    await t.remember("Anna drinks tea");
    expect(await t.problem()).toMatchObject({ state: "FAILING", problem: "MODEL_REQUEST_REFUSED", waiting: 1, failed: 0 });
  });

  it("are tried again soon where the model fails after a long rest, and rest soon after a long failure", async () => {
    const t = await setup();
    const looks = async () => ((await t.admin("select attempts from memory.embedding_tenant")) as { attempts: number }[])[0]!.attempts;
    await t.remember("Anna drinks tea");
    await t.embedded(1);
    const seen = t.model.vectorOf;
    const failed = new AppError("DOWNSTREAM_UNAVAILABLE", "MODEL_PROVIDER_FAILED", "It failed.", { retryable: true });
    const answers = Promise.withResolvers<void>();
    let asked = 0;
    // It fails once, and is silent when it is asked again.
    t.model.vectorOf = async (...of) => (asked++ === 0 ? Promise.reject(failed) : answers.promise.then(() => seen(...of)));
    // It has rested for two hours.
    await eventually(looks, (attempts) => attempts > 0);
    await t.admin("update memory.embedding_tenant set attempts = 7");
    await t.remember("Ben drinks coffee");
    await t.problem();
    expect(await looks()).toBe(1);
    await t.admin("update memory.embedding_tenant set attempts = 7");
    t.model.vectorOf = seen;
    answers.resolve();
    await t.dueNow();
    await t.remember("Cara drives a van");
    await t.embedded(3);
    // It may have looked twice: what is remembered while it looks has it look again.
    expect(await eventually(looks, (attempts) => attempts !== 7 && attempts > 0)).toBeLessThan(7);
  });

  it("wait for nobody who holds the row of one of them", async () => {
    const t = await setup();
    let answer = () => {};
    const locked = new Promise<void>((resolve) => (answer = resolve));
    t.model.vectorOf = async (text) => locked.then(() => vectorOf(text));
    const held = await t.remember("Anna drinks tea");
    await t.remember("Ben drinks coffee");
    const holder = new pg.Client({ connectionString: t.adminUrl });
    await holder.connect();
    await holder.query("begin");
    await holder.query("select from memory.memory_embedding where memory_id = $1 for update", [held]);
    answer();
    await eventually(
      () => t.state(),
      ({ ready }) => ready === 1,
    );
    await holder.query("rollback");
    await holder.end();
    await t.remember("Cara drives a van");
    await t.embedded(3);
  });

  it.each<[string, number[]]>([
    ["have no direction", [0, 0, 0]],
    ["are empty", []],
    ["are beyond all bounds", Array.from({ length: 8_193 }, () => 1)],
  ])("whose vectors %s are not stored, and the state says why", async (_name, vector) => {
    const t = await setup();
    t.model.vectorOf = () => vector;
    await t.remember("Anna drinks tea");
    const failing = await eventually(
      () => t.state(),
      ({ state }) => state === "FAILING",
    );
    expect(failing).toMatchObject({ problem: "EMBEDDINGS_UNUSABLE", ready: 0, waiting: 1 });
  });

  it("of one tenant, whose model is silent, wait alone", async () => {
    const t = await setup();
    t.model.models["t2"] = "m1";
    let end = () => {};
    const silent = new Promise<void>((resolve) => (end = resolve));
    t.model.vectorOf = async (text, tenantId) => {
      if (tenantId === "t1") await silent;
      return vectorOf(text);
    };
    for (const text of ["Anna drinks tea", "Cara drives a van"]) await t.remember(text);
    await eventually(
      () => Promise.resolve(t.model.requests.length),
      (requests) => requests > 0,
    );
    await t.remember("Ben drinks coffee", {}, "t2");
    await t.embedded(1, "t2");
    expect(await t.state()).toMatchObject({ state: "EMBEDDING", ready: 0, waiting: 2 });
    end();
  });
});
