/** Finds what a call is about: tool, version and binding, checked against each other. */
import type { Db, Tx } from "#shared/db/database.ts";
import { latestVersion } from "#shared/db/versions.sql.ts";
import { toolErrors } from "./errors.ts";
import { ToolBinding } from "./tool-binding.entity.ts";
import type { InvokeToolInput } from "./tool-call.inputs.ts";
import { frozenTarget, type FrozenNames } from "./tool-call.sql.ts";
import { ToolVersion } from "./tool-version.entity.ts";
import type { ToolContext } from "./tool.context.ts";
import { Tool, ToolStatus } from "./tool.entity.ts";

/** All null: the caller gives the URL itself. A tool without versions has null there; then config and binding must say enough. */
export interface CallTarget {
  tool: Pick<Tool, "id" | "code"> | null;
  version: Pick<ToolVersion, "id" | "inputSchema" | "invokeConfig"> | null;
  binding: Pick<ToolBinding, "id" | "config"> | null;
}

const none: CallTarget = { tool: null, version: null, binding: null };

/**
 * Reads the target of a call; nothing where it names nothing.
 *
 * A call that names its version is a run's that froze it: it is served after tool or binding were archived or deleted (frozen runs go on).
 *
 * @throws AppError TOOL_NOT_FOUND, TOOL_BINDING_NOT_FOUND, TOOL_VERSION_NOT_FOUND, TOOL_ARCHIVED, TOOL_VERSION_OF_OTHER_TOOL, TOOL_BINDING_OF_OTHER_TOOL
 */
export function findCallTarget({ db }: ToolContext, input: InvokeToolInput): Promise<CallTarget> {
  const { toolVersionId: versionId, toolBindingId, toolId } = input;
  return versionId == null ? findLive(db, input) : findFrozen(db, { versionId, bindingId: toolBindingId ?? null, toolId: toolId ?? null });
}

async function findFrozen(db: Db, names: FrozenNames): Promise<CallTarget> {
  const { versionId, bindingId, toolId } = names;
  const row = await frozenTarget(db, names);
  if (row === undefined) throw toolErrors.TOOL_VERSION_NOT_FOUND({ field: "toolVersionId", id: versionId });
  const { versionToolId, inputSchema, invokeConfig, bindingToolId, bindingConfig, toolId: foundId, toolCode } = row;
  if (bindingId !== null && bindingToolId === null) throw toolErrors.TOOL_BINDING_NOT_FOUND({ field: "toolBindingId", id: bindingId });
  if (bindingId !== null && toolId !== null && bindingToolId !== toolId)
    throw toolErrors.TOOL_BINDING_OF_OTHER_TOOL({ field: "toolBindingId", value: bindingId, toolId });
  if (foundId === null) throw toolErrors.TOOL_NOT_FOUND({ field: "toolId", id: bindingToolId ?? toolId ?? versionToolId });
  if (versionToolId !== foundId) throw toolErrors.TOOL_VERSION_OF_OTHER_TOOL({ field: "toolVersionId", value: versionId, toolId: foundId });
  return {
    tool: { id: foundId, code: toolCode ?? "" },
    version: { id: versionId, inputSchema, invokeConfig },
    binding: bindingId === null ? null : { id: bindingId, config: bindingConfig ?? {} },
  };
}

async function findLive(db: Db, input: InvokeToolInput): Promise<CallTarget> {
  if (input.toolBindingId == null && input.toolId == null) return none;
  return db.read(async (tx) => {
    const binding = input.toolBindingId == null ? null : await foundBinding(tx, input.toolBindingId);
    if (binding !== null && input.toolId != null && binding.toolId !== input.toolId) {
      throw toolErrors.TOOL_BINDING_OF_OTHER_TOOL({ field: "toolBindingId", value: binding.id, toolId: input.toolId });
    }
    const tool = await foundTool(tx, (binding?.toolId ?? input.toolId)!);
    if (tool.status === ToolStatus.ARCHIVED) throw toolErrors.TOOL_ARCHIVED({ id: tool.id });
    return { tool, binding, version: await currentVersion(tx, tool.id, binding) };
  });
}

async function foundTool({ em }: Tx, id: string): Promise<Tool> {
  const tool = await em.findOne(Tool, { id, deletedAt: null });
  if (tool === null) throw toolErrors.TOOL_NOT_FOUND({ field: "toolId", id });
  return tool;
}

async function foundBinding({ em }: Tx, id: string): Promise<ToolBinding> {
  const binding = await em.findOne(ToolBinding, { id, deletedAt: null });
  if (binding === null) throw toolErrors.TOOL_BINDING_NOT_FOUND({ field: "toolBindingId", id });
  return binding;
}

async function foundVersion({ em }: Tx, id: string): Promise<ToolVersion> {
  const version = await em.findOne(ToolVersion, { id });
  if (version === null) throw toolErrors.TOOL_VERSION_NOT_FOUND({ field: "toolVersionId", id });
  return version;
}

async function currentVersion(tx: Tx, toolId: string, binding: ToolBinding | null): Promise<ToolVersion | null> {
  if (binding?.toolVersionId != null) return foundVersion(tx, binding.toolVersionId);
  return latestVersion(tx, { entity: ToolVersion, table: "tool.tool_version", parent: "tool_id" }, toolId);
}
