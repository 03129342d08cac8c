import DataLoader from "dataloader";
import type { Db } from "#shared/db/database.ts";
import { latestVersions } from "#shared/db/versions.sql.ts";
import { childPageLoader, rowLoader } from "#shared/graphql/loaders.ts";
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
    latestVersion: new DataLoader((ids: readonly string[]) => db.read((tx) => latestVersions(tx, versions, ids))),
    versionsOfTool: childPageLoader(db, versions),
  };
}
