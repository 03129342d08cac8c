import { LockMode } from "@mikro-orm/core";
import { databaseNow } from "#shared/database-time.ts";
import type { Tx } from "#shared/db/database.ts";
import { onDuplicate } from "#shared/db/errors.ts";
import { nextVersionNumber } from "#shared/db/versions.sql.ts";
import { checkCode, checkDescription, checkJson, checkName, given } from "#shared/fields.ts";
import { newId } from "#shared/ids.ts";
import { checkSchema } from "./argument-schema.ts";
import { readCallConfig, refuseMisspelt } from "./call-config.ts";
import { toolErrors } from "./errors.ts";
import { homeOrigin } from "./resolve.ts";
import { sealSecrets, splitSecrets, withSealedHeaders } from "./secret-headers.ts";
import { ToolBinding } from "./tool-binding.entity.ts";
import { checkSecretPlaces } from "./tool-secrets.ts";
import { ToolVersion } from "./tool-version.entity.ts";
import type { ToolContext } from "./tool.context.ts";
import { Tool, ToolStatus, ToolType } from "./tool.entity.ts";
import type { CreateToolInput, CreateToolVersionInput, UpdateToolInput } from "./tool.inputs.ts";

/** A tool's config of any kind has at most this many bytes of JSON. */
export const configBytes = 64 * 1024;

/** Makes a tool. @throws AppError TOOL_CODE_TAKEN, NOT_AVAILABLE */
export async function createTool({ db }: ToolContext, input: CreateToolInput): Promise<Tool> {
  const { toolType } = input;
  if (toolType !== ToolType.HTTP) throw toolErrors.NOT_AVAILABLE({ field: "toolType", value: toolType });
  const code = checkCode("code", input.code);
  const now = databaseNow();
  const fields = {
    id: newId(),
    tenantId: db.tenantId,
    code,
    toolType,
    name: checkName(input.name),
    description: checkDescription(input.description),
  };
  return onDuplicate(
    "tool_code",
    (cause) => toolErrors.TOOL_CODE_TAKEN({ field: "code", value: code }, { cause }),
    () =>
      db.transaction(async ({ em }) =>
        em.create(Tool, { ...fields, status: ToolStatus.ACTIVE, createdAt: now, updatedAt: now, deletedAt: null }),
      ),
  );
}

/** Changes what is given. @throws AppError TOOL_NOT_FOUND */
export async function updateTool({ db }: ToolContext, id: string, input: UpdateToolInput): Promise<Tool> {
  return db.transaction(async (tx) => {
    const tool = await lockTool(tx, id, LockMode.PESSIMISTIC_WRITE);
    if (given(input.name)) tool.name = checkName(input.name);
    if (input.description !== undefined) tool.description = checkDescription(input.description);
    if (given(input.status)) tool.status = input.status;
    tool.updatedAt = databaseNow();
    return tool;
  });
}

/** Deletes a tool that has no bindings left; its versions stay for the runs that have frozen them. @throws AppError TOOL_NOT_FOUND, TOOL_HAS_BINDINGS */
export async function deleteTool({ db }: ToolContext, id: string): Promise<Tool> {
  return db.transaction(async (tx) => {
    const tool = await lockTool(tx, id, LockMode.PESSIMISTIC_WRITE);
    const bindings = await tx.em.count(ToolBinding, { toolId: id, deletedAt: null });
    if (bindings > 0) throw toolErrors.TOOL_HAS_BINDINGS({ id, bindings });
    tool.deletedAt = tool.updatedAt = databaseNow();
    return tool;
  });
}

/** Makes a tool's next version. @throws AppError TOOL_NOT_FOUND, TOOL_SCHEMA_INVALID, TOOL_CONFIG_INVALID, TOOL_SECRET_ORIGIN_UNKNOWN */
export async function createToolVersion(context: ToolContext, input: CreateToolVersionInput): Promise<ToolVersion> {
  const { db } = context;
  const { toolId } = input;
  const inputSchema = await checkSchema(context.tenantId, "inputSchema", input.inputSchema ?? {});
  const outputSchema = await checkSchema(context.tenantId, "outputSchema", input.outputSchema ?? {});
  checkJson("invokeConfig", input.invokeConfig, configBytes);
  const id = newId();
  refuseMisspelt("invokeConfig", input.invokeConfig);
  checkSecretPlaces("invokeConfig", input.invokeConfig);
  const split = splitSecrets("invokeConfig", input.invokeConfig);
  readCallConfig("invokeConfig", split.plain, { sealed: false });
  const origin = homeOrigin({ binding: {}, invoke: split.plain });
  const sealed = sealSecrets(await context.tenantSecrets(), "invokeConfig.headers", split.secrets, { owner: `tool_version:${id}`, origin });
  const invokeConfig = withSealedHeaders(split.plain, sealed);
  return db.transaction(async (tx) => {
    await lockTool(tx, toolId, LockMode.PESSIMISTIC_WRITE);
    const version = await nextVersionNumber(tx, { table: "tool.tool_version", parent: "tool_id" }, toolId);
    return tx.em.create(ToolVersion, {
      id,
      tenantId: db.tenantId,
      toolId,
      version,
      inputSchema,
      outputSchema,
      invokeConfig,
      createdAt: databaseNow(),
    });
  });
}

/** Locks a live tool. @throws AppError TOOL_NOT_FOUND */
export async function lockTool({ em }: Tx, id: string, lockMode: LockMode): Promise<Tool> {
  const tool = await em.findOne(Tool, { id, deletedAt: null }, { lockMode });
  if (tool === null) throw toolErrors.TOOL_NOT_FOUND({ id });
  return tool;
}
