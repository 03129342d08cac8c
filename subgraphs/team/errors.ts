import { defineErrors } from "#shared/errors.ts";

/** Everything that the team subgraph refuses, and why. */
export const teamErrors = defineErrors({
  TEAM_NOT_FOUND: { code: "NOT_FOUND", message: (f: { id: string }) => `No team ${f.id}.` },
  TEAM_CODE_TAKEN: {
    code: "CONFLICT",
    message: (f: { field: string; value: string }) => `A team with the code ${f.value} exists. Choose another code.`,
  },
  TEAM_VERSION_NOT_FOUND: { code: "NOT_FOUND", message: (f: { id: string }) => `No team version ${f.id}.` },
  AGENT_NOT_FOUND: {
    code: "NOT_FOUND",
    message: (f: { field: string; id: string }) => `${f.field}: no agent ${f.id}. Give one of agents, or make it first.`,
  },
  MEMBER_COUNT_INVALID: {
    code: "BAD_USER_INPUT",
    message: (f: { field: string; count: number; min: number; max: number }) =>
      `A team has ${f.min} to ${f.max} members; ${f.count} were given.`,
  },
  MEMBER_KEY_INVALID: {
    code: "BAD_USER_INPUT",
    message: (f: { field: string; value: string }) => `${f.field} is ${JSON.stringify(f.value)}. Use 1 to 64 letters, digits, '_' or '-'.`,
  },
  MEMBER_KEY_DUPLICATE: {
    code: "BAD_USER_INPUT",
    message: (f: { field: string; value: string }) =>
      `${f.field} is ${f.value}, which an earlier member has. Give each member a key of its own.`,
  },
  MEMBER_KEY_RESERVED: {
    code: "BAD_USER_INPUT",
    message: (f: { field: string; value: string; reserved: string[] }) =>
      `${f.field} is ${f.value}, which names something else in runs, as ${f.reserved.join(", ")} do. Give the member another key.`,
  },
  TEAM_CONFIG_INVALID: {
    code: "BAD_USER_INPUT",
    message: (f: { field: string; value: string; problem: string }) => `${f.field} is ${f.value}: ${f.problem}`,
  },
  SUPERVISOR_COUNT_INVALID: {
    code: "BAD_USER_INPUT",
    message: (f: { field: string; count: number }) =>
      `A SUPERVISOR team needs exactly one member with the role supervisor; ${f.count} have it.`,
  },
});
