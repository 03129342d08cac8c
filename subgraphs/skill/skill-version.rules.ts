import type * as z from "zod";
import { codeConfig, llmConfig, toolConfig } from "#shared/dsl/configs.ts";
import { problemOf } from "#shared/dsl/issue.ts";
import { suggester } from "#shared/dsl/suggest.ts";
import { checkJson, excerpt } from "#shared/fields.ts";
import { checkedSchema } from "#shared/json/schema-checks.ts";
import { dollarProblem } from "#shared/template/dollars.ts";
import type { Json, JsonObject } from "#shared/json.ts";
import { skillErrors } from "./errors.ts";
import { SkillRuntimeType } from "./runtime-type.ts";

const schemaBytes = 64 * 1024;
/** What an implementation may take, as JSON. */
export const implementationBytes = 256 * 1024;
const maxIdLength = 200;

/** A check of one key: the problem, or undefined. */
type KeyCheck = (value: Json | undefined) => string | undefined;

const text: KeyCheck = (value) => (typeof value === "string" && value.trim() !== "" ? undefined : "is not a text, or empty");
const dollars: KeyCheck = (value) => (typeof value === "string" ? dollarProblem(value) : undefined);
const template: KeyCheck = (value) => text(value) ?? dollars(value);
const optionalText: KeyCheck = (value) => (value == null || typeof value === "string" ? undefined : "is not a text");
const optionalTemplate: KeyCheck = (value) => optionalText(value) ?? dollars(value);
const id: KeyCheck = (value) =>
  text(value) ?? (String(value).length > maxIdLength ? `has more than ${maxIdLength} characters, as no id has` : undefined);
const language: KeyCheck = (value) => (value === "python" || value === "javascript" ? undefined : "is neither python nor javascript");

/** What each kind of skill is made of. Further keys are its settings and are kept as they are; of PROMPT only those that an llm node has. */
const implementations: Record<SkillRuntimeType, Record<string, KeyCheck>> = {
  [SkillRuntimeType.TEMPLATE]: { template },
  [SkillRuntimeType.CODE]: { language, code: text },
  [SkillRuntimeType.HTTP]: { tool_binding_id: id },
  [SkillRuntimeType.PROMPT]: { prompt: template, system_prompt: optionalTemplate, model: optionalText },
  [SkillRuntimeType.FOLDER]: { files: () => "is what importSkill makes of a folder: ask for the version there" },
};

/** What executes each kind says which settings it takes: runtime/nodes/skill/skill-call.ts makes its config. */
const settings: Partial<Record<SkillRuntimeType, z.ZodType>> = {
  [SkillRuntimeType.CODE]: codeConfig,
  [SkillRuntimeType.HTTP]: toolConfig,
  [SkillRuntimeType.PROMPT]: llmConfig,
};

/** An implementation that fits its kind. @throws AppError SKILL_IMPLEMENTATION_INVALID and those of checkJson */
export function checkImplementation(runtimeType: SkillRuntimeType, implementation: JsonObject): JsonObject {
  for (const [key, check] of Object.entries(implementations[runtimeType])) {
    const problem = check(implementation[key]);
    if (problem !== undefined) throw skillErrors.SKILL_IMPLEMENTATION_INVALID({ field: `implementation.${key}`, problem, runtimeType });
  }
  checkKeys(runtimeType, implementation);
  checkSettings(runtimeType, implementation);
  checkNoSecrets(runtimeType, implementation);
  return checkJson("implementation", implementation, implementationBytes);
}

/** What a model is asked with, and nobody knows, would be left out in silence. */
function checkKeys(runtimeType: SkillRuntimeType, implementation: JsonObject): void {
  if (runtimeType !== SkillRuntimeType.PROMPT) return;
  const known = Object.keys(llmConfig.shape);
  const unknown = Object.keys(implementation).find((key) => !known.includes(key));
  if (unknown === undefined) return;
  const meant = suggester(known)(unknown);
  const problem = `is nothing that a PROMPT skill knows; ${meant === undefined ? `it knows ${known.join(", ")}` : `did you mean ${meant}?`}. What is your provider's own stands in extra_parameters`;
  throw skillErrors.SKILL_IMPLEMENTATION_INVALID({ field: `implementation.${excerpt(unknown)}`, problem, runtimeType, isSetting: true });
}

/** Found here and not in the first run. */
function checkSettings(runtimeType: SkillRuntimeType, implementation: JsonObject): void {
  // Of a tool's call null may be the body.
  const isLeftOut = ([key, value]: [string, unknown]) => value === null && (key === "arguments" || runtimeType !== SkillRuntimeType.HTTP);
  const given = Object.fromEntries(Object.entries(implementation).filter((entry) => !isLeftOut(entry)));
  const [issue] = settings[runtimeType]?.safeParse(given).error?.issues ?? [];
  if (issue === undefined) return;
  const field = ["implementation", ...issue.path.map(String)].join(".");
  const value = issue.path.reduce<unknown>((part, key) => (part as Record<PropertyKey, unknown> | undefined)?.[key], given);
  const problem = `is ${excerpt(JSON.stringify(value) ?? "missing")}: ${problemOf(issue)}`;
  throw skillErrors.SKILL_IMPLEMENTATION_INVALID({ field, problem, runtimeType, isSetting: true });
}

/** Rendered in a run, which has none: what names one there would be called with nothing in its place. */
function checkNoSecrets(runtimeType: SkillRuntimeType, implementation: JsonObject): void {
  if (runtimeType !== SkillRuntimeType.HTTP && runtimeType !== SkillRuntimeType.PROMPT) return;
  const named = Object.keys(implementation).find((key) => /\{\{-?\s*secrets\b/.test(JSON.stringify(implementation[key])));
  if (named === undefined) return;
  const problem = "names a secret, as {{ secrets.NAME }}, which stands in the stored config of a tool binding or of a model provider alone";
  throw skillErrors.SKILL_IMPLEMENTATION_INVALID({ field: `implementation.${named}`, problem, runtimeType, isSetting: true });
}

/** The schema of an input, which is an object: no input would fit one of anything else, and providers refuse a function that has it. @throws AppError of {@link checkSchema} */
export async function checkParameterSchema(tenantId: string, schema: JsonObject | null | undefined): Promise<JsonObject> {
  const field = "parameterSchema";
  const checked = await checkSchema(tenantId, field, schema);
  const { type } = checked;
  if (type === undefined || [type].flat().includes("object")) return checked;
  const problem = `A skill takes an object. Give "object", or leave type out.`;
  throw skillErrors.SKILL_SCHEMA_INVALID({ field, path: "#/type", problem });
}

/** A JSON Schema, checked as such. @throws AppError SKILL_SCHEMA_INVALID and those of checkJson and {@link checkedSchema} */
export async function checkSchema(tenantId: string, field: string, schema: JsonObject | null | undefined): Promise<JsonObject> {
  if (schema == null) return {};
  checkJson(field, schema, schemaBytes);
  const fault = await checkedSchema({ tenantId, whenBusy: "refuse" }, schema);
  if (fault !== undefined) throw skillErrors.SKILL_SCHEMA_INVALID({ field, path: fault.path, problem: fault.problem });
  return schema;
}
