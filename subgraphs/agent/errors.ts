import { defineErrors } from "#shared/errors.ts";

/** Everything that the agent subgraph refuses, and why. */
export const agentErrors = defineErrors({
  AGENT_NOT_FOUND: { code: "NOT_FOUND", message: (f: { id: string }) => `No agent ${f.id}.` },
  AGENT_CODE_TAKEN: {
    code: "CONFLICT",
    message: (f: { field: string; value: string }) => `An agent with the code ${f.value} exists. Choose another code.`,
  },
  AGENT_VERSION_NOT_FOUND: { code: "NOT_FOUND", message: (f: { id: string }) => `No agent version ${f.id}.` },
  TOOL_BINDING_NOT_FOUND: {
    code: "NOT_FOUND",
    message: (f: { field: string; id: string }) => `${f.field}: no tool binding ${f.id}. Give one of toolBindings, or make it first.`,
  },
  SKILL_NOT_FOUND: {
    code: "NOT_FOUND",
    message: (f: { field: string; id: string }) => `${f.field}: no skill ${f.id}. Give one of skills, or make it first.`,
  },
  TOOL_ARCHIVED: {
    code: "CONFLICT",
    message: (f: { field: string; id: string; toolId: string }) =>
      `${f.field}: the tool ${f.toolId} of the binding ${f.id} is archived. Set its status to ACTIVE with updateTool, or give another binding.`,
  },
  SKILL_ARCHIVED: {
    code: "CONFLICT",
    message: (f: { field: string; id: string }) =>
      `${f.field}: the skill ${f.id} is archived. Set its status to ACTIVE with updateSkill, or give another.`,
  },
  IMPORTANCE_SCORE_INVALID: {
    code: "BAD_USER_INPUT",
    message: (f: { field: string; value: string; min: number; max: number }) =>
      `${f.field} is ${f.value}. Give a whole number from ${f.min} to ${f.max}.`,
  },
  MODEL_CONFIG_KEY_UNKNOWN: {
    code: "BAD_USER_INPUT",
    message: (f: { field: string; meant: string | null; known: string[] }) =>
      `${f.field} is nothing that an agent's model calls know; ${f.meant === null ? `they know ${f.known.join(", ")}` : `did you mean ${f.meant}`}. What is your provider's own stands in extraParameters.`,
  },
  TOO_MANY_REFERENCES: {
    code: "BAD_USER_INPUT",
    message: (f: { field: string; count: number; max: number }) => `${f.field} has ${f.count} ids; at most ${f.max} are allowed.`,
  },
});
