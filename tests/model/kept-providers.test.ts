import { randomBytes } from "node:crypto";
import { EndpointRegistry } from "#shared/endpoint/caller.ts";
import { defaultEnv } from "#shared/config.ts";
import { openSubgraph, type RunningSubgraph } from "#shared/graphql/subgraph.ts";
import { HintBus } from "#shared/hints.ts";
import { createLog } from "#shared/log.ts";
import { createSecretBox } from "#shared/secret/secrets.ts";
import { defineModelSubgraph } from "../../subgraphs/model/subgraph.ts";
import { defaultDeadlines } from "../../subgraphs/model/openai/transport.ts";
import { createTestDatabase } from "../testkit/database.ts";
import { startScriptedProvider } from "../testkit/scripted-provider.ts";
import { complete, hello } from "./setup.ts";

const log = createLog(defaultEnv({ logLevel: "silent" }), "test");
const definition = defineModelSubgraph(defaultDeadlines);

/** The model subgraph in two processes of one database, as API and worker have it, beside two providers. */
async function twoProcesses() {
  const database = await createTestDatabase();
  const providers = [await startScriptedProvider(), await startScriptedProvider()] as const;
  for (const [index, provider] of providers.entries()) provider.chat({ text: `provider ${index}` });
  const env = defaultEnv({ logLevel: "silent", egressAllow: providers.map(({ hostPort }) => hostPort) });
  const secrets = createSecretBox(randomBytes(32).toString("hex"));
  const open = async () => {
    const hints = new HintBus({ url: database.url, log });
    await hints.start();
    const subgraph = await openSubgraph(definition, { env, log, hints, call: new EndpointRegistry(), secrets, databaseUrl: database.url });
    const reads: string[] = [];
    subgraph.database.onStatement = (sql) => void (sql.includes("base_url") && sql.startsWith("select") && reads.push(sql));
    return { subgraph, hints, reads };
  };
  const [api, worker] = [await open(), await open()];
  const close = async () => {
    for (const { subgraph, hints } of [api, worker]) await Promise.all([subgraph.close(), hints.close()]);
    await Promise.all(providers.map((provider) => provider.close()));
    await database.drop();
  };
  return { api, worker, providers, [Symbol.asyncDispose]: close };
}

async function ask<D>({ subgraph }: { subgraph: RunningSubgraph }, query: string, variables: object): Promise<D> {
  const { data, errors } = await subgraph.execute({ query, variables: { ...variables }, info: { tenantId: "t1", requestId: "test" } });
  if (errors) throw new Error(JSON.stringify(errors));
  return data as D;
}

const contentOf = async (process: { subgraph: RunningSubgraph }) => {
  const input = { ...hello, providerCode: "p", model: "m" };
  return (await ask<{ chatCompletion: { content: string } }>(process, complete, { input })).chatCompletion.content;
};

/** On a machine that is slow enough what is kept is too old for the next call. */
async function callsUntilKept(process: { subgraph: RunningSubgraph; reads: string[] }): Promise<number> {
  for (let calls = 1; ; calls++) {
    process.reads.length = 0;
    expect(await contentOf(process)).toBe("provider 0");
    if (process.reads.length === 0 || calls === 20) return calls;
  }
}

describe("the provider of calls", () => {
  it("is read once for many, until somebody changes it: the process that did at once, others with its hint", async () => {
    await using t = await twoProcesses();
    const create = `mutation ($input: CreateModelProviderInput!) { createModelProvider(input: $input) { id } }`;
    const input = { code: "p", name: "P", baseUrl: t.providers[0].baseUrl };
    const { id } = (await ask<{ createModelProvider: { id: string } }>(t.api, create, { input })).createModelProvider;
    for (const process of [t.api, t.worker]) {
      expect(await callsUntilKept(process)).toBeLessThan(20);
    }
    const hinted = new Promise<void>((resolve) => t.worker.hints.subscribe("rows of model", "t1", () => resolve()));
    const update = `mutation ($id: ID!, $input: UpdateModelProviderInput!) { updateModelProvider(id: $id, input: $input) { id } }`;
    await ask(t.api, update, { id, input: { baseUrl: t.providers[1].baseUrl } });
    expect(await contentOf(t.api)).toBe("provider 1");
    await hinted;
    expect(await contentOf(t.worker)).toBe("provider 1");
  });
});
