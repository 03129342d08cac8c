import { ModelProvider, ModelProviderStatus } from "./model-provider.entity.ts";
import type { JsonObject } from "#shared/json.ts";
import { replaceSecrets, secretsIn } from "#shared/secret/references.ts";
import { excessOfSecrets } from "#shared/secret/scrub.ts";
import { withoutSlashesBehind } from "#shared/url-path.ts";
import { secretValues } from "../access.client.ts";
import { headersBinding, keyBinding } from "./model-provider.service.ts";
import { modelErrors } from "../errors.ts";
import type { ModelPrices } from "../usage/model-prices.ts";
import type { ModelContext } from "../model.context.ts";
import { firstActiveProvider, providerByCode, type CallableProvider } from "./provider-choice.sql.ts";
import { RequestProfile } from "../openai/request-profile.ts";
import type { ProviderDeadlines } from "../openai/transport.ts";
import type { ProviderTarget } from "../openai/provider-target.ts";
import type { TenantKey } from "../tenant-records.ts";

/** A provider that can be asked, with the models that it answers with by default. */
export interface ChosenProvider extends ProviderTarget {
  /** null: the platform's configured one. */
  entity: Pick<ModelProvider, "id"> | null;
  defaultModel: string | null;
  embeddingModel: string | null;
  /** Parameters that are not sent to it. */
  omitParameters: readonly string[];
  /** Parameters of each completion. */
  extraParameters: JsonObject;
  /** What its models cost. */
  prices: ModelPrices;
  /** Who is asked in its place when it is down; null: nobody. */
  fallbackCode: string | null;
  /** Of a stream, where the call says nothing; null: as all others. */
  firstByteMs: number | null;
}

/**
 * The provider of a call: the one that is named; else the tenant's first active one (the oldest); else the configured one.
 *
 * @throws AppError MODEL_PROVIDER_NOT_FOUND, MODEL_PROVIDER_DISABLED, MODEL_PROVIDER_NOT_CONFIGURED
 */
export async function chooseProvider(context: ModelContext, code: string | null | undefined): Promise<ChosenProvider> {
  const { db } = context;
  if (code != null) {
    const named = await providerByCode(db, code);
    if (named === undefined) throw modelErrors.MODEL_PROVIDER_NOT_FOUND({ field: "providerCode", id: code });
    if (named.status === ModelProviderStatus.DISABLED) throw modelErrors.MODEL_PROVIDER_DISABLED({ field: "providerCode", value: code });
    return ofTenant(context, named);
  }
  const first = await firstActiveProvider(db);
  const chosen = first === undefined ? configuredProvider(context) : await ofTenant(context, first);
  if (chosen === undefined) throw modelErrors.MODEL_PROVIDER_NOT_CONFIGURED({ retryable: false });
  return chosen;
}

/** The tenant's active providers, oldest first. Index: model_provider_list. */
export function activeProviders({ db }: ModelContext, limit: number): Promise<ModelProvider[]> {
  return db.read(({ em }) =>
    em.find(ModelProvider, { status: ModelProviderStatus.ACTIVE, deletedAt: null }, { orderBy: { id: "asc" }, limit }),
  );
}

/** A tenant's provider, its key opened. @throws AppError SECRETS_UNREADABLE, SECRET_UNKNOWN, SECRET_ORIGIN_MISMATCH */
export async function ofTenant(context: ModelContext, entity: CallableProvider): Promise<ChosenProvider> {
  const { services } = context;
  return {
    entity,
    code: entity.code,
    baseUrl: entity.baseUrl,
    ...(await openedSecrets(context, entity)),
    apiKeyHeader: entity.apiKeyHeader ?? undefined,
    query: entity.query,
    egress: services.egress,
    omitParameters: entity.omitParameters,
    extraParameters: entity.extraParameters,
    prices: entity.prices,
    fallbackCode: entity.fallbackProviderCode,
    firstByteMs: entity.firstByteTimeoutSeconds === null ? null : entity.firstByteTimeoutSeconds * 1_000,
    defaultModel: entity.defaultModel,
    embeddingModel: entity.embeddingModel,
  };
}

/** Key and headers of a provider, the secrets that they name put in. */
async function openedSecrets(context: ModelContext, entity: CallableProvider): Promise<Pick<ChosenProvider, "apiKey" | "headers">> {
  const { apiKeySealed, headersSealed } = entity;
  if (apiKeySealed === null && headersSealed === null) return { apiKey: undefined, headers: {} };
  const box = await context.tenantSecrets();
  const apiKey = apiKeySealed === null ? undefined : box.open(apiKeySealed, keyBinding(entity));
  const headers = headersSealed === null ? {} : (JSON.parse(box.open(headersSealed, headersBinding(entity))) as Record<string, string>);
  const names = [apiKey ?? "", ...Object.values(headers)].flatMap(secretsIn);
  const values = await secretValues(context, [...new Set(names)], new URL(entity.baseUrl).origin);
  const filled = (text: string) => replaceSecrets(text, (name) => values.get(name) ?? "");
  const opened = {
    apiKey: apiKey && filled(apiKey),
    headers: Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, filled(value)])),
  };
  const problem = excessOfSecrets([opened.apiKey ?? "", ...Object.values(opened.headers)]);
  if (problem !== undefined) throw modelErrors.MODEL_PROVIDER_INVALID({ field: "headers", problem });
  return opened;
}

/** The last address that was read: a process has one. */
let address: { given: string; baseUrl: string; query: Readonly<Record<string, string>> } | undefined;

function addressOf(given: string): NonNullable<typeof address> {
  if (address?.given !== given) {
    const url = new URL(given);
    const query = Object.fromEntries(url.searchParams);
    url.search = url.hash = "";
    address = { given, baseUrl: withoutSlashesBehind(url.href), query };
  }
  return address;
}

/** The operator's provider (S-97); undefined where none is configured. */
export function configuredProvider({ env, services }: ModelContext): ChosenProvider | undefined {
  if (env.providerBaseUrl === undefined) return undefined;
  const { baseUrl, query } = addressOf(env.providerBaseUrl);
  return {
    entity: null,
    code: null,
    baseUrl,
    apiKey: env.providerApiKey,
    apiKeyHeader: env.providerApiKeyHeader,
    headers: {},
    query,
    egress: services.configuredEgress,
    omitParameters: [],
    extraParameters: {},
    prices: {},
    fallbackCode: null,
    firstByteMs: env.providerFirstByteSeconds === undefined ? null : env.providerFirstByteSeconds * 1_000,
    defaultModel: env.defaultModel,
    embeddingModel: null,
  };
}

/** Whose circuit it is: of a tenant's requests to a model of a provider, at its address. */
export function circuitKey({ db }: ModelContext, { provider, model }: { provider: ChosenProvider; model: string }): TenantKey {
  return { tenantId: db.tenantId, key: JSON.stringify([provider.entity?.id ?? null, provider.baseUrl, model]) };
}

/** A request to a provider, without what it does not take. */
export function profileOf(
  context: ModelContext,
  { provider, model, given }: { provider: ChosenProvider; model: string; given: JsonObject },
): RequestProfile {
  const key = circuitKey(context, { provider, model });
  return new RequestProfile({ refused: context.services.refused, key, given, omit: provider.omitParameters });
}

/** How long a call waits: what it says counts for all of it; else what the provider's settings say counts for a stream's first byte. */
export function deadlinesOf(
  usual: ProviderDeadlines,
  { provider, timeoutSeconds }: { provider: ChosenProvider; timeoutSeconds?: number | null | undefined },
): ProviderDeadlines {
  if (timeoutSeconds != null) {
    const all = Math.ceil(timeoutSeconds * 1_000);
    return { firstByteMs: all, idleMs: all, totalMs: all, wholeMs: all };
  }
  const { firstByteMs } = provider;
  if (firstByteMs === null) return usual;
  // A model that is slow to begin still has its time to go on.
  return { ...usual, firstByteMs, totalMs: usual.totalMs + firstByteMs, wholeMs: Math.max(usual.wholeMs, firstByteMs) };
}
