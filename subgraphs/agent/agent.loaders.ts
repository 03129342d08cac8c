import DataLoader from "dataloader";
import type { Db } from "#shared/db/database.ts";
import { latestVersions, publishedVersions } from "#shared/db/versions.sql.ts";
import { childPageLoader, rowLoader } from "#shared/graphql/loaders.ts";
import { AgentVersion } from "./agent-version.entity.ts";
import { Agent } from "./agent.entity.ts";

/** The loaders of one operation. */
export type AgentLoaders = ReturnType<typeof agentLoaders>;

/** Makes them; each turns the keys of a tick into one statement. */
export function agentLoaders(db: Db) {
  const versions = { table: "agent.agent_version", parent: "agent_id", entity: AgentVersion };
  return {
    agent: rowLoader(db, Agent),
    agentVersion: rowLoader(db, AgentVersion),
    agentLatest: new DataLoader((ids: readonly string[]) => db.read((tx) => latestVersions(tx, versions, ids))),
    agentPublished: new DataLoader((ids: readonly string[]) => db.read((tx) => publishedVersions(tx, versions, ids))),
    versionsOfAgent: childPageLoader(db, versions),
  };
}
