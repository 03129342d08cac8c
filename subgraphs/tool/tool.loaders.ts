import type { Db } from "#shared/db/database.ts";
import { childPageLoader, latestLoader, rowLoader } from "#shared/graphql/loaders.ts";
import { ToolBinding } from "./tool-binding.entity.ts";
import { ToolVersion } from "./tool-version.entity.ts";
import { Tool } from "./tool.entity.ts";

/** The loaders of one operation. */
export type ToolLoaders = ReturnType<typeof toolLoaders>;

/** Makes them; each turns the keys of a tick into one statement. */
export function toolLoaders(db: Db) {
  const versions = { table: "tool.tool_version", parent: "tool_id", entity: ToolVersion };
  return {
    tool: rowLoader(db, Tool),
    toolVersion: rowLoader(db, ToolVersion),
    toolBinding: rowLoader(db, ToolBinding),
    latestVersion: latestLoader(db, versions),
    versionsOfTool: childPageLoader(db, versions),
  };
}
