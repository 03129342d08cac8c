import type { Env } from "#shared/config.ts";
import { defineModelSubgraph } from "../../subgraphs/model/subgraph.ts";
import { defaultDeadlines, type ProviderDeadlines } from "../../subgraphs/model/openai/transport.ts";
import { startScriptedProvider, type ScriptedProvider } from "../testkit/scripted-provider.ts";
import { openTestSubgraph, type TestSubgraph } from "../testkit/subgraph.ts";

/** The model subgraph beside a scripted provider. */
export interface ModelTest extends TestSubgraph {
  provider: ScriptedProvider;
}

/** Opens both; the provider is the configured one unless `env` says otherwise. */
export async function openModelTest(env: Partial<Env> = {}, deadlines: Partial<ProviderDeadlines> = {}): Promise<ModelTest> {
  const provider = await startScriptedProvider();
  const t = await openTestSubgraph(defineModelSubgraph({ ...defaultDeadlines, ...deadlines }), {
    providerBaseUrl: provider.baseUrl,
    defaultModel: "configured-model",
    ...env,
  });
  const close = async () => {
    await t.close();
    await provider.close();
  };
  return { ...t, provider, close };
}

/** Makes a provider of the tenant. */
export async function createProvider(t: TestSubgraph, input: object): Promise<{ id: string }> {
  const mutation = `mutation ($input: CreateModelProviderInput!) {
    createModelProvider(input: $input) { id code name baseUrl apiKeySet defaultModel embeddingModel status }
  }`;
  return (await t.ask<{ createModelProvider: { id: string } }>(mutation, { input: { code: "p", name: "P", ...input } }))
    .createModelProvider;
}

/** The completion mutation, with all that a completion has. */
export const complete = `mutation ($input: ChatCompletionInput!) {
  chatCompletion(input: $input) { id model content toolCalls { id name arguments } finishReason promptTokens completionTokens durationMs }
}`;

/** A question. */
export const hello = { messages: [{ role: "USER", content: "Hello" }] };
