import { randomBytes } from "node:crypto";
import { EndpointRegistry } from "#shared/endpoint/caller.ts";
import { defaultEnv } from "#shared/config.ts";
import { createLog } from "#shared/log.ts";
import { createSecretBox } from "#shared/secret/secrets.ts";
import { openDatabase, openSubgraph, type RunningSubgraph } from "#shared/graphql/subgraph.ts";
import { memorySubgraph } from "../../subgraphs/memory/subgraph.ts";
import { quantile, round, type Figure } from "../figures.ts";
import { givenServer, ownServer, withAdmin } from "../server.ts";
import { hardQuestions, questions, recallOf } from "./questions.ts";

const memories = 100_000;
const scopes = 100;
const searches = 200;
const gates = { scopeP50: 10, scopeP99: 50, tenantP50: 60 };

/**
 * Searches by words: recall@5 of the questions; and 100,000 memories of a tenant, in scopes of 1,000. Gates: inside a scope p50 10 ms and p99 50 ms, over the
 * tenant p50 60 ms.
 */
export async function benchMemory(given: string | undefined): Promise<Figure[]> {
  const closers: (() => Promise<unknown>)[] = [];
  try {
    const server = given === undefined ? await ownServer(closers) : await givenServer(given);
    const migrating = await openDatabase(memorySubgraph, server.url);
    await migrating.migrate("memory");
    await migrating.close();
    const subgraph = await opened(server.url);
    closers.unshift(() => subgraph.close());
    const search = searchOf(subgraph);
    return [...(await measureRecall(subgraph, search)), ...(await measureSpeed(server.adminUrl, search))];
  } finally {
    for (const close of closers) await close();
  }
}

type Search = (tenantId: string, input: object) => Promise<string[]>;

function opened(databaseUrl: string): Promise<RunningSubgraph> {
  const env = defaultEnv({ logLevel: "silent" });
  const hints = { publish: () => {}, subscribe: () => () => {} };
  const secrets = createSecretBox(randomBytes(32).toString("hex"));
  return openSubgraph(memorySubgraph, { env, log: createLog(env, "bench"), hints, call: new EndpointRegistry(), secrets, databaseUrl });
}

function searchOf(subgraph: RunningSubgraph): Search {
  const query = "query ($input: SearchMemoriesInput!) { searchMemories(input: $input) { memory { contentText } } }";
  return async (tenantId, input) => {
    const answer = await subgraph.execute({ query, variables: { input }, info: { tenantId, requestId: "bench" } });
    if (answer.errors) throw new Error(JSON.stringify(answer.errors));
    const { searchMemories } = answer.data as unknown as { searchMemories: { memory: { contentText: string } }[] };
    return searchMemories.map(({ memory }) => memory.contentText);
  };
}

async function measureRecall(subgraph: RunningSubgraph, search: Search): Promise<Figure[]> {
  const query = "mutation ($input: CreateMemoryInput!) { createMemory(input: $input) { id } }";
  for (const [contentText] of [...questions, ...hardQuestions]) {
    await subgraph.execute({
      query,
      variables: { input: { scopeType: "TENANT", contentText } },
      info: { tenantId: "recall", requestId: "bench" },
    });
  }
  const figures: Figure[] = [];
  for (const [name, asked] of Object.entries({ questions, "harder questions": hardQuestions })) {
    const { recall, missed } = await recallOf(asked, (question, limit) => search("recall", { query: question, limit, mode: "TEXT" }));
    for (const question of missed) process.stderr.write(`not among the first five: ${question}\n`);
    figures.push({ bench: "memory", case: `recall@5, TEXT, ${name}`, values: { recall: round(recall, 3), questions: asked.length } });
  }
  return figures;
}

async function measureSpeed(adminUrl: string, search: Search): Promise<Figure[]> {
  await withAdmin(adminUrl, filled);
  const ask = async (scope: (index: number) => object) => {
    const taken: number[] = [];
    for (let index = -20; index < searches; index++) {
      // A rare word, one that a hundredth of all have, one that a tenth has, and one that all have; one is misspelt now and then.
      const seed = Math.abs(index);
      const query = `rare${seed * 37} mid${seed % 100} often${seed % 10} note${index % 5 === 0 ? ` oftem${seed % 10}` : ""}`;
      const began = performance.now();
      await search("t", { query, limit: 10, mode: "TEXT", ...scope(index) });
      if (index >= 0) taken.push(performance.now() - began);
    }
    return { p50: round(quantile(taken, 0.5), 2), p99: round(quantile(taken, 0.99), 2) };
  };
  const scope = await ask((index) => ({ scopeType: "USER", scopeId: `u${Math.abs(index) % scopes}` }));
  const tenant = await ask(() => ({}));
  const broken = (gate: string, ms: number, most: number) => (ms > most ? [`${gate} is ${ms} ms`] : []);
  return [
    {
      bench: "memory",
      case: `in a scope of ${memories / scopes}`,
      values: scope,
      broken: [...broken("p50", scope.p50, gates.scopeP50), ...broken("p99", scope.p99, gates.scopeP99)],
    },
    { bench: "memory", case: `over ${memories}`, values: tenant, broken: broken("p50", tenant.p50, gates.tenantP50) },
  ];
}

const filled = [
  `insert into memory.memory (id, tenant_id, scope_type, scope_id, memory_type, content_text, word_count, metadata, importance_score, created_at, updated_at)
   select lpad(i::text, 12, '0'), 't', 'USER', 'u' || i % ${scopes}, 'fact', 'note rare' || i || ' mid' || i / 7 % 100 || ' often' || i / 11 % 10 || ' of a customer', 7, '{}',
     i % 100, now(), now()
   from generate_series(1, ${memories}) i`,
  `insert into memory.memory_word (tenant_id, scope_type, scope_id, memory_id, word, frequency)
   select m.tenant_id, m.scope_type, m.scope_id, m.id, w.word, 1
   from memory.memory m cross join lateral unnest(string_to_array(m.content_text, ' ')) w(word) where m.tenant_id = 't'`,
  "vacuum analyze memory.memory",
  "vacuum analyze memory.memory_word",
];
