import { z } from "zod";
import type { ModelContext } from "./model.context.ts";
import { requestJson } from "./openai/transport.ts";
import { activeProviders, configuredProvider, ofTenant, type ChosenProvider } from "./provider-choice.ts";
import type { Model } from "./usage.types.ts";

const providerLimit = 50;
const modelLimit = 500;
/** A provider that does not answer must not hold the others' models back for long. */
const wholeMs = 5_000;
const answerBytes = 4 * 1024 * 1024;

const answer = z.looseObject({ data: z.array(z.looseObject({ id: z.string().min(1) })) });

/**
 * The models of the tenant's active providers, then of the configured one, asked side by side. Of a provider that does not answer, those
 * that are known without asking.
 */
export async function listModels(context: ModelContext): Promise<Model[]> {
  const providers = (await activeProviders(context, providerLimit)).map((entity) => ofTenant(context, entity));
  const configured = configuredProvider(context);
  if (configured !== undefined) providers.push(configured);
  const lists = await Promise.all(providers.map((provider) => modelsOf(context, provider)));
  return lists.flat();
}

async function modelsOf({ services, traceparent, signal, log }: ModelContext, provider: ChosenProvider): Promise<Model[]> {
  const known = [provider.defaultModel, provider.embeddingModel].filter((name) => name !== null);
  const deadlines = { ...services.deadlines, wholeMs: Math.min(wholeMs, services.deadlines.wholeMs) };
  try {
    const { data } = answer.parse(
      await requestJson({ provider, path: "/models", model: "", traceparent, signal, deadlines, maxBytes: answerBytes }),
    );
    const names = new Set([...data.map(({ id }) => id).slice(0, modelLimit)]);
    return [...names].map((name) => ({ name, provider: provider.entity }));
  } catch (error) {
    log.warn({ err: error, provider: provider.code }, "model provider gave no list of models");
    return [...new Set(known)].map((name) => ({ name, provider: provider.entity }));
  }
}
