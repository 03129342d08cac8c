import type { JsonObject } from "#shared/json.ts";
import { skillType } from "../engine/child-run.ts";
import type { PlanDocument } from "../engine/plan.ts";
import type { FrozenSkill } from "../nodes/skill/skill-frozen.ts";

/** The config of a skill's node: the skill, and what it is given when it opens. */
export function skillConfig(skill: FrozenSkill, opening: JsonObject): JsonObject {
  return { ...opening, skill: { ...skill } };
}

/** The plan of a skill's own run, whose input is the skill's. */
export function skillDocument(skill: FrozenSkill): PlanDocument {
  return { nodes: [{ id: skillType, type: skillType, config: skillConfig(skill, { input: "{{ input }}" }) }], edges: [] };
}
