import { checkItems } from "#shared/fields.ts";
import { offeredTools, type OfferedToolRow } from "./offered-tools.sql.ts";
import type { ToolContext } from "./tool.context.ts";

export type { OfferedToolRow } from "./offered-tools.sql.ts";

/** More than an agent has with all of its skills. */
const mostIds = 500;

/** The bindings whose tools a model is offered. @throws AppError LIST_TOO_LONG */
export function offeredToolsOf({ db }: ToolContext, bindingIds: readonly string[]): Promise<OfferedToolRow[]> {
  return offeredTools(db, checkItems("bindingIds", bindingIds, mostIds));
}
