import { checkJson } from "#shared/fields.ts";
import { checkedSchema } from "#shared/json/schema-checks.ts";
import type { Json, JsonObject } from "#shared/json.ts";
import { skillErrors } from "./errors.ts";
import { SkillRuntimeType } from "./runtime-type.ts";

const schemaBytes = 64 * 1024;
const implementationBytes = 256 * 1024;

/** A check of one key: the problem, or undefined. */
type KeyCheck = (value: Json | undefined) => string | undefined;

const text: KeyCheck = (value) => (typeof value === "string" && value.trim() !== "" ? undefined : "is not a text, or empty");
const optionalText: KeyCheck = (value) => (value == null || typeof value === "string" ? undefined : "is not a text");
const language: KeyCheck = (value) => (value === "python" || value === "javascript" ? undefined : "is neither python nor javascript");

/** What each kind of skill is made of. Further keys are its settings and are kept as they are. */
const implementations: Record<SkillRuntimeType, Record<string, KeyCheck>> = {
  [SkillRuntimeType.TEMPLATE]: { template: text },
  [SkillRuntimeType.CODE]: { language, code: text },
  [SkillRuntimeType.HTTP]: { tool_binding_id: text },
  [SkillRuntimeType.PROMPT]: { prompt: text, system_prompt: optionalText, model: optionalText },
};

/** An implementation that fits its kind. @throws AppError SKILL_IMPLEMENTATION_INVALID and those of checkJson */
export function checkImplementation(runtimeType: SkillRuntimeType, implementation: JsonObject): JsonObject {
  for (const [key, check] of Object.entries(implementations[runtimeType])) {
    const problem = check(implementation[key]);
    if (problem !== undefined) throw skillErrors.SKILL_IMPLEMENTATION_INVALID({ field: `implementation.${key}`, problem, runtimeType });
  }
  return checkJson("implementation", implementation, implementationBytes);
}

/** A JSON Schema, checked as such. @throws AppError SKILL_SCHEMA_INVALID and those of checkJson and {@link checkedSchema} */
export async function checkSchema(tenantId: string, field: string, schema: JsonObject | null | undefined): Promise<JsonObject> {
  if (schema == null) return {};
  checkJson(field, schema, schemaBytes);
  const fault = await checkedSchema({ tenantId, whenBusy: "refuse" }, schema);
  if (fault !== undefined) throw skillErrors.SKILL_SCHEMA_INVALID({ field, path: fault.path, problem: fault.problem });
  return schema;
}
