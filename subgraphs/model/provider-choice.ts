import { ModelProvider, ModelProviderStatus } from "./model-provider.entity.ts";
import { keyBinding } from "./model-provider.service.ts";
import { modelErrors } from "./errors.ts";
import type { ModelContext } from "./model.context.ts";
import type { ProviderTarget } from "./openai/transport.ts";

/** A provider that can be asked, with the models that it answers with by default. */
export interface ChosenProvider extends ProviderTarget {
  /** null: the platform's configured one. */
  entity: ModelProvider | null;
  defaultModel: string | null;
  embeddingModel: string | null;
}

/**
 * The provider of a call: the one that is named; else the tenant's first active one (the oldest); else the configured one.
 *
 * @throws AppError MODEL_PROVIDER_NOT_FOUND, MODEL_PROVIDER_DISABLED, MODEL_PROVIDER_NOT_CONFIGURED
 */
export async function chooseProvider(context: ModelContext, code: string | null | undefined): Promise<ChosenProvider> {
  const { db } = context;
  if (code != null) {
    const named = await db.read(({ em }) => em.findOne(ModelProvider, { code, deletedAt: null }));
    if (named === null) throw modelErrors.MODEL_PROVIDER_NOT_FOUND({ field: "providerCode", id: code });
    if (named.status === ModelProviderStatus.DISABLED) throw modelErrors.MODEL_PROVIDER_DISABLED({ field: "providerCode", value: code });
    return ofTenant(context, named);
  }
  const [first] = await activeProviders(context, 1);
  const chosen = first === undefined ? configuredProvider(context) : ofTenant(context, first);
  if (chosen === undefined) throw modelErrors.MODEL_PROVIDER_NOT_CONFIGURED({ retryable: false });
  return chosen;
}

/** The tenant's active providers, oldest first. Index: model_provider_list. */
export function activeProviders({ db }: ModelContext, limit: number): Promise<ModelProvider[]> {
  return db.read(({ em }) =>
    em.find(ModelProvider, { status: ModelProviderStatus.ACTIVE, deletedAt: null }, { orderBy: { id: "asc" }, limit }),
  );
}

/** A tenant's provider, its key opened. */
export function ofTenant({ secrets, services }: ModelContext, entity: ModelProvider): ChosenProvider {
  return {
    entity,
    code: entity.code,
    baseUrl: entity.baseUrl,
    apiKey: entity.apiKeySealed === null ? undefined : secrets.open(entity.apiKeySealed, keyBinding(entity)),
    egress: services.egress,
    defaultModel: entity.defaultModel,
    embeddingModel: entity.embeddingModel,
  };
}

/** The operator's provider (S-97); undefined where none is configured. */
export function configuredProvider({ env, services }: ModelContext): ChosenProvider | undefined {
  if (env.providerBaseUrl === undefined) return undefined;
  return {
    entity: null,
    code: null,
    baseUrl: env.providerBaseUrl.replace(/\/+$/, ""),
    apiKey: env.providerApiKey,
    egress: services.configuredEgress,
    defaultModel: env.defaultModel,
    embeddingModel: null,
  };
}
