import type { Db } from "#shared/db/database.ts";
import type { ModelProvider } from "./model-provider.entity.ts";

/** As much of a provider as a call needs. */
export type CallableProvider = Omit<ModelProvider, "name" | "headerNames" | "createdAt" | "updatedAt" | "deletedAt">;

const columns = `select id, tenant_id as "tenantId", code, base_url as "baseUrl", api_key_sealed as "apiKeySealed", api_key_header as "apiKeyHeader",
  headers_sealed as "headersSealed", query, omit_parameters as "omitParameters", extra_parameters as "extraParameters", prices,
  fallback_provider_code as "fallbackProviderCode", first_byte_timeout_seconds as "firstByteTimeoutSeconds", default_model as "defaultModel",
  embedding_model as "embeddingModel", status
from model.model_provider where tenant_id = $1 and deleted_at is null`;

/** The provider of a code; undefined: there is none. Each call of a model asks. Index: model_provider_code. */
export async function providerByCode(db: Db, code: string): Promise<CallableProvider | undefined> {
  const statement = { name: "provider_by_code", text: `${columns} and code = $2`, values: [db.tenantId, code], isKept: true };
  return (await db.query<CallableProvider>(statement))[0];
}

/** The tenant's oldest active provider; undefined: it has none. Index: model_provider_list. */
export async function firstActiveProvider(db: Db): Promise<CallableProvider | undefined> {
  const text = `${columns} and status = 'ACTIVE' order by id limit 1`;
  return (await db.query<CallableProvider>({ name: "provider_first_active", text, values: [db.tenantId], isKept: true }))[0];
}
