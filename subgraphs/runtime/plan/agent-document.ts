import { agentType } from "../engine/drivers/agent-plan.ts";
import type { PlanDocument } from "../engine/plan.ts";

/** The plan of an agent's own run, of an agent as it was frozen. The input of such a run is `{ text, json?, user_id?, session_id?, team_id?, message_id? }`. */
export function agentRunDocument(frozen: object, { hasSession }: { hasSession: boolean }): PlanDocument {
  const opening = {
    input: "{{ input.text }}",
    input_json: "{{ input.json }}",
    user_id: "{{ input.user_id }}",
    team_id: "{{ input.team_id }}",
    ...(hasSession && { session_id: "{{ input.session_id }}", message_id: "{{ input.message_id }}" }),
  };
  return { nodes: [{ id: agentType, type: agentType, config: { ...opening, agent: { ...frozen, history: hasSession } } }], edges: [] };
}
