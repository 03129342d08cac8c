import { defineSubgraph } from "#shared/graphql/subgraph.ts";
import { AgentVersion } from "./agent-version.entity.ts";
import { AgentVersionResolver } from "./agent-version.resolver.ts";
import { Agent } from "./agent.entity.ts";
import { agentLoaders, type AgentLoaders } from "./agent.loaders.ts";
import { AgentResolver } from "./agent.resolver.ts";
import { AskedAgentResolver } from "./asked-agent.resolver.ts";
import { Agents } from "./migrations/0001-agents.ts";
import { JsonAsWritten0002 } from "./migrations/0002-json-as-written.ts";
import { MoreSteps0003 } from "./migrations/0003-more-steps.ts";

/** Agents and their versions: prompt, model, tools, skills, memory policy. */
export const agentSubgraph = defineSubgraph<AgentLoaders>({
  name: "agent",
  entities: [Agent, AgentVersion],
  resolvers: [AgentResolver, AgentVersionResolver, AskedAgentResolver],
  references: {
    Agent: (ids, { loaders }) => Promise.all(ids.map((id) => loaders.agent.load(id))),
    AgentVersion: (ids, { loaders }) => Promise.all(ids.map((id) => loaders.agentVersion.load(id))),
  },
  migrations: [
    { name: "0001-agents", class: Agents },
    { name: "0002-json-as-written", class: JsonAsWritten0002 },
    { name: "0003-more-steps", class: MoreSteps0003 },
  ],
  loaders: ({ db }) => agentLoaders(db),
});
