import { LockMode } from "@mikro-orm/core";
import { databaseNow } from "#shared/database-time.ts";
import type { Tx } from "#shared/db/database.ts";
import { latestVersion } from "#shared/db/versions.sql.ts";
import { checkJson, checkName, given } from "#shared/fields.ts";
import { newId } from "#shared/ids.ts";
import type { JsonObject } from "#shared/json.ts";
import type { SecretBox } from "#shared/secret/secrets.ts";
import { checkApprovalPolicy, readCallConfig, refuseMisspelt, type SealedHeader } from "./call-config.ts";
import { toolErrors } from "./errors.ts";
import { homeOrigin } from "./resolve.ts";
import {
  readSecretHeaders,
  sealedHeadersOf,
  sealSecrets,
  splitSecrets,
  withoutSealedHeaders,
  withSealedHeaders,
  type SplitConfig,
} from "./secret-headers.ts";
import type { CreateToolBindingInput, UpdateToolBindingInput } from "./tool-binding.inputs.ts";
import { ToolBinding } from "./tool-binding.entity.ts";
import { checkSecretPlaces } from "./tool-secrets.ts";
import { ToolVersion } from "./tool-version.entity.ts";
import type { ToolContext } from "./tool.context.ts";
import { configBytes, lockTool } from "./tool.service.ts";

/** Makes a binding. @throws AppError TOOL_NOT_FOUND, TOOL_VERSION_NOT_FOUND, TOOL_VERSION_OF_OTHER_TOOL, TOOL_CONFIG_INVALID, TOOL_SECRET_ORIGIN_UNKNOWN */
export async function createToolBinding(context: ToolContext, input: CreateToolBindingInput): Promise<ToolBinding> {
  const { db } = context;
  const { toolId } = input;
  const name = checkName(input.name);
  const split = splitConfig(input.config ?? {});
  const fresh = { ...split.secrets, ...readSecretHeaders(checkedSecrets(input.secretHeaders)) };
  const box = await context.tenantSecrets();
  return db.transaction(async (tx) => {
    await lockTool(tx, toolId, LockMode.PESSIMISTIC_READ);
    const version = await calledVersion(tx, toolId, input.toolVersionId ?? null);
    const id = newId();
    const config = storedConfig(box, { id, plain: split.plain, kept: {}, fresh, version });
    const now = databaseNow();
    return tx.em.create(ToolBinding, {
      id,
      tenantId: db.tenantId,
      toolId,
      toolVersionId: input.toolVersionId ?? null,
      name,
      config,
      createdAt: now,
      updatedAt: now,
      deletedAt: null,
    });
  });
}

/** Changes what is given. @throws AppError TOOL_BINDING_NOT_FOUND, TOOL_SECRET_ORIGIN_CHANGED, and what createToolBinding refuses */
export async function updateToolBinding(context: ToolContext, id: string, input: UpdateToolBindingInput): Promise<ToolBinding> {
  const box = await context.tenantSecrets();
  return context.db.transaction(async (tx) => {
    const binding = await lockBinding(tx, id);
    if (given(input.name)) binding.name = checkName(input.name);
    if (input.toolVersionId !== undefined) binding.toolVersionId = input.toolVersionId;
    const version = await calledVersion(tx, binding.toolId, binding.toolVersionId);
    const stored = sealedHeadersOf(binding.config);
    const split =
      input.config === undefined ? { plain: withoutSealedHeaders(binding.config), secrets: {} } : splitConfig(input.config ?? {}, stored);
    const replaced = input.secretHeaders === undefined ? {} : readSecretHeaders(checkedSecrets(input.secretHeaders));
    const kept = input.secretHeaders === undefined ? stored : {};
    binding.config = storedConfig(box, { id, plain: split.plain, kept, fresh: { ...split.secrets, ...replaced }, version });
    binding.updatedAt = databaseNow();
    return binding;
  });
}

/** Deletes a binding; runs that have frozen it go on. @throws AppError TOOL_BINDING_NOT_FOUND */
export async function deleteToolBinding({ db }: ToolContext, id: string): Promise<ToolBinding> {
  return db.transaction(async (tx) => {
    const binding = await lockBinding(tx, id);
    binding.deletedAt = binding.updatedAt = databaseNow();
    return binding;
  });
}

interface ConfigParts {
  id: string;
  plain: JsonObject;
  /** Secrets that stay as they are stored. */
  kept: Record<string, SealedHeader>;
  /** Secrets to encrypt. */
  fresh: Record<string, string>;
  version: ToolVersion | null;
}

/** Secrets that stay must still go where they were made for: who may edit a binding need not know its secrets. */
function storedConfig(box: SecretBox, { id, plain, kept, fresh, version }: ConfigParts): JsonObject {
  const origin = homeOrigin({ binding: plain, invoke: version?.invokeConfig ?? {} });
  const plainNames = readCallConfig("config", plain, { sealed: false }).headers;
  const stays = Object.entries(kept).filter(([name]) => !(name in fresh) && !plainNames.has(name));
  for (const [name, { origin: secretOrigin }] of stays) {
    if (origin !== undefined && origin !== secretOrigin) {
      throw toolErrors.TOOL_SECRET_ORIGIN_CHANGED({ field: `secretHeaders.${name}`, origin, secretOrigin });
    }
  }
  const sealed = sealSecrets(box, "secretHeaders", fresh, { owner: `tool_binding:${id}`, origin });
  return withSealedHeaders(plain, { ...Object.fromEntries(stays), ...sealed });
}

function splitConfig(config: JsonObject, stored: Record<string, SealedHeader> = {}): SplitConfig {
  checkJson("config", config, configBytes);
  refuseMisspelt("config", config);
  checkApprovalPolicy("config", config);
  checkSecretPlaces("config", config);
  const split = splitSecrets("config", config, new Set(Object.keys(stored)));
  readCallConfig("config", split.plain, { sealed: false });
  return split;
}

function checkedSecrets(given: JsonObject | null | undefined): JsonObject {
  checkSecretPlaces("", { headers: given ?? {} });
  return checkJson("secretHeaders", given ?? {}, configBytes);
}

async function calledVersion(tx: Tx, toolId: string, id: string | null): Promise<ToolVersion | null> {
  if (id === null) {
    return latestVersion(tx, { entity: ToolVersion, table: "tool.tool_version", parent: "tool_id" }, toolId);
  }
  const version = await tx.em.findOne(ToolVersion, { id });
  if (version === null) throw toolErrors.TOOL_VERSION_NOT_FOUND({ field: "toolVersionId", id });
  if (version.toolId !== toolId) throw toolErrors.TOOL_VERSION_OF_OTHER_TOOL({ field: "toolVersionId", value: id, toolId });
  return version;
}

async function lockBinding({ em }: Tx, id: string): Promise<ToolBinding> {
  const binding = await em.findOne(ToolBinding, { id, deletedAt: null }, { lockMode: LockMode.PESSIMISTIC_WRITE });
  if (binding === null) throw toolErrors.TOOL_BINDING_NOT_FOUND({ id });
  return binding;
}
