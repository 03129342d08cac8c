/** What the agent subgraph asks of the skill subgraph, on that subgraph's own schema. */
import { graphql } from "#codegen/subgraph-clients/skill/gql.ts";
import { liveEntities, representationsOf } from "#shared/graphql/references.ts";
import { requestInfoOf } from "#shared/request-info.ts";
import type { AgentContext } from "./agent.context.ts";

const skillsById = graphql(`
  query AgentSkillsById($skills: [_Any!]!) {
    _entities(representations: $skills) {
      ... on Skill {
        id
        status
        deletedAt
      }
    }
  }
`);

/** A skill that is there. */
export interface SkillThere {
  status: "ACTIVE" | "ARCHIVED";
}

/** Those of the skills that are there, by id, all in one question; deleted ones are not. */
export async function findSkills(context: AgentContext, ids: readonly string[]): Promise<ReadonlyMap<string, SkillThere>> {
  if (ids.length === 0) return new Map();
  const variables = { skills: representationsOf("Skill", ids) };
  const found = await context.call.request({ subgraph: "skill", document: skillsById, variables, info: requestInfoOf(context) });
  return liveEntities<SkillThere>(found._entities);
}
