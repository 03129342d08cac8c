import { isJsonObject, type Json } from "#shared/json.ts";
import { ModelProvider } from "./providers/model-provider.entity.ts";
import type { ModelContext } from "./model.context.ts";
import { secretScrubber } from "./openai/provider-target.ts";
import { requestJson, stopsOf } from "./openai/transport.ts";
import { activeProviders, configuredProvider, ofTenant, type ChosenProvider } from "./providers/provider-choice.ts";
import type { Model } from "./usage/usage.types.ts";

const providerLimit = 50;
const modelLimit = 500;
/** A provider that does not answer must not hold the others' models back for long. */
const wholeMs = 5_000;
const answerBytes = 4 * 1024 * 1024;

/**
 * The models of the tenant's active providers, then of the configured one, asked side by side. Of a provider that does not answer, those
 * that are known without asking.
 */
export async function listModels(context: ModelContext): Promise<Model[]> {
  const entities = await activeProviders(context, providerLimit);
  const asked = entities.map((entity) => modelsOf(context, entity, () => ofTenant(context, entity)));
  const configured = configuredProvider(context);
  if (configured !== undefined) asked.push(modelsOf(context, configured, () => Promise.resolve(configured)));
  const lists = await Promise.all(asked);
  return lists.flat();
}

type Named = Pick<ChosenProvider, "code" | "defaultModel" | "embeddingModel">;

/** @param open may fail as the asking may: a secret of it is gone. */
async function modelsOf(context: ModelContext, named: Named, open: () => Promise<ChosenProvider>): Promise<Model[]> {
  const { tenantId, services, traceparent, signal, log } = context;
  const entity = named instanceof ModelProvider ? named : null;
  const known = [named.defaultModel, named.embeddingModel].filter((name) => name !== null);
  const deadlines = { ...services.deadlines, wholeMs: Math.min(wholeMs, services.deadlines.wholeMs) };
  try {
    const provider = await open();
    const answer = await requestJson({
      tenantId,
      provider,
      path: "/models",
      model: "",
      traceparent,
      stops: stopsOf(signal),
      deadlines,
      maxBytes: answerBytes,
    });
    const names = namesOf(answer);
    if (names === undefined) throw new Error("the answer has no list of models");
    return [...new Set(names)].slice(0, modelLimit).map((name) => ({ name: secretScrubber(provider).text(name), provider: entity }));
  } catch (error) {
    log.warn({ err: error, provider: named.code }, "model provider gave no list of models");
    return [...new Set(known)].map((name) => ({ name, provider: entity }));
  }
}

/** The names in `{ data: […] }`, `{ models: […] }` or a plain list; entries without a name are left out. undefined: there is no list. */
function namesOf(answer: Json): string[] | undefined {
  const list = isJsonObject(answer) ? [answer["data"], answer["models"]].find(Array.isArray) : answer;
  if (!Array.isArray(list)) return undefined;
  return list.flatMap((entry: Json) => {
    const names = isJsonObject(entry) ? [entry["id"], entry["name"], entry["model"]] : [entry];
    return names.find((name): name is string => typeof name === "string" && name.trim() !== "")?.trim() ?? [];
  });
}
