/** A skill as a plan has it, read where it is executed. Of a folder the files are not in it: they are asked for by the version, which does not change. */
import * as z from "zod";
import { isJsonObject, type JsonObject } from "#shared/json.ts";

const object = z.custom<JsonObject>(isJsonObject);

/** Ways to do a skill. */
export const skillTypes = ["TEMPLATE", "CODE", "HTTP", "PROMPT", "FOLDER"] as const;

/** What a plan holds of a skill's version. `v`: of this form. */
export const frozenSkill = z.object({
  v: z.literal(1),
  id: z.string(),
  version_id: z.string(),
  code: z.string(),
  description: z.string().optional(),
  runtime_type: z.enum(skillTypes),
  parameters: object,
  output: object,
  implementation: object,
  /** Of HTTP: the version of the tool. */
  tool_version_id: z.string().optional(),
  /** Of HTTP: the code of the tool, for whoever is asked. */
  tool_code: z.string().optional(),
  /** Of HTTP: what its binding says, or it says itself. */
  requires_approval: z.union([z.literal(true), z.string()]).optional(),
});

/** See {@link frozenSkill}. */
export type FrozenSkill = z.infer<typeof frozenSkill>;

const known = new WeakMap<JsonObject, FrozenSkill>();

/** The skill of a node run's config. @throws ZodError for a plan of another version of the platform */
export function skillOf(config: JsonObject): FrozenSkill {
  const given = config["skill"] as JsonObject;
  let skill = known.get(given);
  if (skill === undefined) known.set(given, (skill = frozenSkill.parse(given)));
  return skill;
}
