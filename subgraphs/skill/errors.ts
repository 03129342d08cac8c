import { defineErrors } from "#shared/errors.ts";

/** Everything that the skill subgraph refuses, and why. */
export const skillErrors = defineErrors({
  SKILL_NOT_FOUND: { code: "NOT_FOUND", message: (f: { id: string }) => `No skill ${f.id}.` },
  SKILL_CODE_TAKEN: {
    code: "CONFLICT",
    message: (f: { field: string; value: string }) => `A skill with the code ${f.value} exists. Choose another code.`,
  },
  SKILL_HAS_INSTALLATIONS: {
    code: "CONFLICT",
    message: (f: { id: string; installations: number }) =>
      `Skill ${f.id} is still installed (${f.installations} times). Uninstall it first; Skill.installations lists where.`,
  },
  SKILL_VERSION_NOT_FOUND: { code: "NOT_FOUND", message: (f: { id: string }) => `No skill version ${f.id}.` },
  SKILL_INSTALLATION_NOT_FOUND: { code: "NOT_FOUND", message: (f: { id: string }) => `No skill installation ${f.id}.` },
  TOOL_BINDING_NOT_FOUND: {
    code: "NOT_FOUND",
    message: (f: { field: string; id: string }) => `${f.field}: no tool binding ${f.id}. Give one of toolBindings, or make it first.`,
  },
  TOOL_ARCHIVED: {
    code: "CONFLICT",
    message: (f: { field: string; id: string; toolId: string }) =>
      `${f.field}: the tool ${f.toolId} of the binding ${f.id} is archived. Set its status to ACTIVE with updateTool, or give another binding.`,
  },
  SKILL_ARCHIVED: {
    code: "CONFLICT",
    message: (f: { field: string; id: string }) =>
      `${f.field}: the skill ${f.id} is archived. Set its status to ACTIVE with updateSkill, or install another.`,
  },
  SKILL_SCHEMA_INVALID: {
    code: "BAD_USER_INPUT",
    message: (f: { field: string; path: string; problem: string }) => `${f.field} is no usable JSON Schema: at ${f.path}: ${f.problem}`,
  },
  SKILL_IMPLEMENTATION_INVALID: {
    code: "BAD_USER_INPUT",
    message: (f: { field: string; problem: string; runtimeType: string; isSetting?: true }) =>
      `${f.field} ${f.problem}. ${f.isSetting ? "Correct it, or leave it out." : `${f.runtimeType === "HTTP" ? "An" : "A"} ${f.runtimeType} skill needs it.`}`,
  },
  SKILL_FOLDER_INVALID: {
    code: "BAD_USER_INPUT",
    message: (f: { field: string; problem: string }) => `${f.field}: ${f.problem}. Correct the folder and import it again.`,
  },
});
