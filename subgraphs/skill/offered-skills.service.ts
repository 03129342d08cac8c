import { checkItems } from "#shared/fields.ts";
import { offeredSkills, type OfferedSkillRow, type OfferQuestion } from "./offered-skills.sql.ts";
import type { SkillContext } from "./skill.context.ts";

export type { OfferedSkillRow } from "./offered-skills.sql.ts";

/** As many as an agent's version may have. */
const mostIds = 128;
const mostPlaces = 20;

/** The skills that an agent is offered. @throws AppError LIST_TOO_LONG */
export function offeredSkillsOf({ db }: SkillContext, { skillIds, places }: OfferQuestion): Promise<OfferedSkillRow[]> {
  return offeredSkills(db, { skillIds: checkItems("skillIds", skillIds, mostIds), places: checkItems("places", places, mostPlaces) });
}
