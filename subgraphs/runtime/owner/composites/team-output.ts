import type { JsonObject } from "#shared/json.ts";
import { agentParts } from "../../engine/drivers/agent.driver.ts";
import type { Frame } from "../../engine/frame.ts";
import type { TeamComposite } from "../../engine/plan.ts";
import { memberPart, placeOfMember } from "../../engine/drivers/team.driver.ts";
import { useOf } from "../../engine/drivers/team-use.ts";
import { objectOf } from "../../nodes/agent/agent-turn.ts";

/**
 * What a team puts out beside its answer: `{ mode, answered_by, steps, members, usage }`, the model calls of all of them together; `rounds` of ROUND_ROBIN, and
 * `parsed` where the answer is JSON. Of a dry run what would have been asked first.
 */
export function teamOutput({ team, agent }: TeamComposite, frame: Frame, part: string): JsonObject {
  const last = objectOf(frame.outputs[part]?.output);
  const first = agent === undefined ? memberPart(1, team.workers[0] ?? 0) : agentParts.model(1);
  if (last["dry_run"] === true) return objectOf(frame.outputs[first]?.output);
  const { turns, promptTokens, completionTokens } = useOf(frame);
  const parts = [...(frame.agent?.parts.keys() ?? [])].flatMap((name) => placeOfMember(name) ?? []);
  const rounds =
    team.mode === "ROUND_ROBIN"
      ? { rounds: Math.max(1, ...parts.filter(({ place }) => place !== team.closer).map(({ round }) => round)) }
      : {};
  return {
    mode: team.mode,
    answered_by: team.members[placeOfMember(part)?.place ?? team.closer ?? 0] ?? null,
    steps: turns,
    members: parts.length,
    ...rounds,
    usage: { prompt_tokens: promptTokens, completion_tokens: completionTokens },
    ...(last["parsed"] !== undefined && { parsed: last["parsed"] }),
  };
}
