import { LockMode } from "@mikro-orm/core";
import { databaseNow } from "#shared/database-time.ts";
import type { Tx } from "#shared/db/database.ts";
import { onDuplicate } from "#shared/db/errors.ts";
import { checkCode, checkName, checkText, given } from "#shared/fields.ts";
import { newId } from "#shared/ids.ts";
import type { JsonObject } from "#shared/json.ts";
import { isOnlyReferences } from "#shared/secret/references.ts";
import type { SecretBox } from "#shared/secret/secrets.ts";
import { withoutSlashesBehind } from "#shared/url-path.ts";
import { modelErrors } from "../errors.ts";
import { ModelProvider, ModelProviderStatus } from "./model-provider.entity.ts";
import type { CreateModelProviderInput, UpdateModelProviderInput } from "./model-provider.inputs.ts";
import {
  checkExtra,
  checkHeaderName,
  checkHeaders,
  checkOmitted,
  checkQuery,
  checkSeconds,
  refuseSecrets,
} from "./model-provider.rules.ts";
import type { ModelContext } from "../model.context.ts";
import { checkPrices } from "../usage/model-prices.ts";

/** Makes a provider. @throws AppError MODEL_PROVIDER_CODE_TAKEN, MODEL_PROVIDER_INVALID */
export async function createModelProvider(context: ModelContext, input: CreateModelProviderInput): Promise<ModelProvider> {
  const { db } = context;
  const code = checkCode("code", input.code);
  const id = newId();
  const baseUrl = checkBaseUrl(input.baseUrl);
  const box = await context.tenantSecrets();
  const now = databaseNow();
  const fields = {
    id,
    tenantId: db.tenantId,
    code,
    name: checkName(input.name),
    baseUrl,
    apiKeySealed: sealKey(box, { id, baseUrl }, input.apiKey),
    ...sealHeaders(box, { id, baseUrl }, input.headers),
    ...settingsOf(input),
    defaultModel: checkModel("defaultModel", input.defaultModel),
    embeddingModel: checkModel("embeddingModel", input.embeddingModel),
  };
  return onDuplicate(
    "model_provider_code",
    (cause) => modelErrors.MODEL_PROVIDER_CODE_TAKEN({ field: "code", value: code }, { cause }),
    () =>
      db.transaction(async (tx) => {
        const fallbackProviderCode = await checkFallback(tx, code, input.fallbackProviderCode);
        const made = { ...fields, fallbackProviderCode, createdAt: now, updatedAt: now, deletedAt: null };
        return tx.em.create(ModelProvider, { ...made, status: ModelProviderStatus.ACTIVE });
      }),
  );
}

/** Changes what is given. @throws AppError MODEL_PROVIDER_NOT_FOUND, MODEL_PROVIDER_INVALID, MODEL_PROVIDER_KEY_ORIGIN */
export async function updateModelProvider(context: ModelContext, id: string, input: UpdateModelProviderInput): Promise<ModelProvider> {
  const box = await context.tenantSecrets();
  const fallback = input.fallbackProviderCode;
  return context.db.transaction(async (tx) => {
    const provider = await lockProvider(tx, id);
    if (fallback !== undefined) provider.fallbackProviderCode = await checkFallback(tx, provider.code, fallback);
    if (given(input.name)) provider.name = checkName(input.name);
    if (given(input.baseUrl)) moveTo(provider, checkBaseUrl(input.baseUrl), input);
    if (input.apiKey !== undefined) provider.apiKeySealed = sealKey(box, provider, input.apiKey);
    if (input.headers !== undefined) Object.assign(provider, sealHeaders(box, provider, input.headers));
    changeSettings(provider, input);
    if (input.defaultModel !== undefined) provider.defaultModel = checkModel("defaultModel", input.defaultModel);
    if (input.embeddingModel !== undefined) provider.embeddingModel = checkModel("embeddingModel", input.embeddingModel);
    if (given(input.status)) provider.status = input.status;
    provider.updatedAt = databaseNow();
    return provider;
  });
}

/** Deletes a provider and its key. @throws AppError MODEL_PROVIDER_NOT_FOUND */
export async function deleteModelProvider({ db }: ModelContext, id: string): Promise<ModelProvider> {
  return db.transaction(async (tx) => {
    const provider = await lockProvider(tx, id);
    provider.apiKeySealed = provider.headersSealed = null;
    provider.headerNames = [];
    provider.deletedAt = provider.updatedAt = databaseNow();
    return provider;
  });
}

/** What a provider's key is sealed for. */
export function keyBinding({ id, baseUrl }: Pick<ModelProvider, "id" | "baseUrl">): string {
  return `model_provider:${id}:${new URL(baseUrl).origin}`;
}

/** What a provider's headers are sealed for. */
export function headersBinding(provider: Pick<ModelProvider, "id" | "baseUrl">): string {
  return `${keyBinding(provider)}:headers`;
}

/** The settings that a new provider has. */
function settingsOf(input: CreateModelProviderInput) {
  return {
    apiKeyHeader: checkHeaderName("apiKeyHeader", input.apiKeyHeader),
    query: checkQuery(input.query),
    omitParameters: checkOmitted(input.omitParameters),
    extraParameters: checkedExtra(input.extraParameters),
    firstByteTimeoutSeconds: checkSeconds("firstByteTimeoutSeconds", input.firstByteTimeoutSeconds),
    prices: checkPrices(input.prices),
  };
}

function checkedExtra(given: JsonObject | null | undefined): JsonObject {
  refuseSecrets("extraParameters", given);
  return checkExtra(given);
}

function changeSettings(provider: ModelProvider, input: UpdateModelProviderInput): void {
  const { apiKeyHeader, query, omitParameters, extraParameters, firstByteTimeoutSeconds, prices } = input;
  if (prices !== undefined) provider.prices = checkPrices(prices);
  if (apiKeyHeader !== undefined) provider.apiKeyHeader = checkHeaderName("apiKeyHeader", apiKeyHeader);
  if (query !== undefined) provider.query = checkQuery(query);
  if (omitParameters !== undefined) provider.omitParameters = checkOmitted(omitParameters);
  if (extraParameters !== undefined) provider.extraParameters = checkedExtra(extraParameters);
  if (firstByteTimeoutSeconds !== undefined) {
    provider.firstByteTimeoutSeconds = checkSeconds("firstByteTimeoutSeconds", firstByteTimeoutSeconds);
  }
}

/** Who may edit a provider need not know its key and its headers, so stored ones stay with their origin. */
function moveTo(provider: ModelProvider, baseUrl: string, input: UpdateModelProviderInput): void {
  const [origin, keyOrigin] = [new URL(baseUrl).origin, new URL(provider.baseUrl).origin];
  const refuse = (secret: "apiKey" | "headers") => modelErrors.MODEL_PROVIDER_KEY_ORIGIN({ field: "baseUrl", origin, keyOrigin, secret });
  if (origin !== keyOrigin) {
    if (provider.apiKeySealed !== null && input.apiKey === undefined) throw refuse("apiKey");
    if (provider.headersSealed !== null && input.headers === undefined) throw refuse("headers");
  }
  provider.baseUrl = baseUrl;
}

function sealHeaders(box: SecretBox, provider: Pick<ModelProvider, "id" | "baseUrl">, given: JsonObject | null | undefined) {
  const headers = checkHeaders(given);
  const headerNames = Object.keys(headers);
  const headersSealed = headerNames.length === 0 ? null : box.seal(JSON.stringify(headers), headersBinding(provider));
  return { headersSealed, headerNames };
}

function sealKey(box: SecretBox, provider: Pick<ModelProvider, "id" | "baseUrl">, apiKey: string | null | undefined): string | null {
  const key = apiKey?.trim() ?? "";
  if (key === "") return null;
  if (key.length > 4_096 || (!/^[\x21-\x7e]+$/.test(key) && !isOnlyReferences(key))) {
    throw modelErrors.MODEL_PROVIDER_INVALID({
      field: "apiKey",
      problem: "give up to 4,096 printable ASCII characters without spaces, or {{ secrets.NAME }} alone.",
    });
  }
  return box.seal(key, keyBinding(provider));
}

function checkBaseUrl(text: string): string {
  const invalid = (problem: string) => modelErrors.MODEL_PROVIDER_INVALID({ field: "baseUrl", problem });
  if (text.length > 2_048 || !URL.canParse(text))
    throw invalid(`${JSON.stringify(text.slice(0, 200))} is no URL. Give one such as https://api.openai.com/v1.`);
  refuseSecrets("baseUrl", text);
  const url = new URL(text);
  if (url.protocol !== "http:" && url.protocol !== "https:") throw invalid("it is neither http nor https.");
  if (url.username || url.password) throw invalid("it carries credentials. Give them as apiKey.");
  if (url.search || url.hash)
    throw invalid(
      "it has a query or a fragment. Give the part that /chat/completions is added to, and parameters such as api-version as query.",
    );
  return withoutSlashesBehind(url.href);
}

function checkModel(field: string, value: string | null | undefined): string | null {
  return value == null || value.trim() === "" ? null : checkText(field, value.trim(), { max: 200 });
}

async function lockProvider({ em }: Tx, id: string): Promise<ModelProvider> {
  const provider = await em.findOne(ModelProvider, { id, deletedAt: null }, { lockMode: LockMode.PESSIMISTIC_WRITE });
  if (provider === null) throw modelErrors.MODEL_PROVIDER_NOT_FOUND({ id });
  return provider;
}

/** Another provider that there is. @throws AppError MODEL_PROVIDER_INVALID, MODEL_PROVIDER_NOT_FOUND */
async function checkFallback({ em }: Tx, own: string, given: string | null | undefined): Promise<string | null> {
  const code = given?.trim() ?? "";
  if (code === "") return null;
  const field = "fallbackProviderCode";
  if (code === own) throw modelErrors.MODEL_PROVIDER_INVALID({ field, problem: "it is the provider itself. Name another one." });
  if ((await em.count(ModelProvider, { code, deletedAt: null })) === 0) throw modelErrors.MODEL_PROVIDER_NOT_FOUND({ field, id: code });
  return code;
}
