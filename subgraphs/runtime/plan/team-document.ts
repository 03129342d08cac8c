import type { JsonObject } from "#shared/json.ts";
import type { PlanDocument } from "../engine/plan.ts";
import { teamType } from "../engine/drivers/team-plan.ts";
import type { FrozenTeam } from "./team-frozen.ts";

/** The config of a team's node: who is in it, and what it is given when it opens. What was said before is known to those who see a session. */
export function teamConfig(frozen: FrozenTeam, opening: JsonObject): JsonObject {
  const hasSession = opening["session_id"] !== undefined;
  const members = frozen.members.map((member) => ({ ...member, agent: { ...member.agent, history: hasSession && member.agent.history } }));
  return { ...opening, team_id: frozen.id, team: { ...frozen, members } };
}

/** The plan of a team's own run, of a team as it was frozen. The input of such a run is `{ text, json?, user_id?, session_id?, message_id? }`. */
export function teamRunDocument(frozen: FrozenTeam, { hasSession }: { hasSession: boolean }): PlanDocument {
  const opening = {
    input: "{{ input.text }}",
    input_json: "{{ input.json }}",
    user_id: "{{ input.user_id }}",
    ...(hasSession && { session_id: "{{ input.session_id }}", message_id: "{{ input.message_id }}" }),
  };
  return { nodes: [{ id: teamType, type: teamType, config: teamConfig(frozen, opening) }], edges: [] };
}
