import type { Db } from "#shared/db/database.ts";
import { childPageLoader, latestLoader, publishedLoader, rowLoader } from "#shared/graphql/loaders.ts";
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
    agentLatest: latestLoader(db, versions),
    agentPublished: publishedLoader(db, versions),
    versionsOfAgent: childPageLoader(db, versions),
  };
}
