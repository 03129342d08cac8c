import { defineErrors } from "#shared/errors.ts";

/** Everything that the memory subgraph refuses, and why. */
export const memoryErrors = defineErrors({
  MEMORY_NOT_FOUND: { code: "NOT_FOUND", message: (f: { id: string }) => `No memory ${f.id}. It may have been deleted, or have expired.` },
  SESSION_NOT_FOUND: {
    code: "NOT_FOUND",
    message: (f: { field: "scopeId"; id: string }) => `${f.field}: no session ${f.id}. Give one of sessions, or create it first.`,
  },
  AGENT_NOT_FOUND: {
    code: "NOT_FOUND",
    message: (f: { field: "scopeId"; id: string }) => `${f.field}: no agent ${f.id}. Give one of agents, or make it first.`,
  },
  TEAM_NOT_FOUND: {
    code: "NOT_FOUND",
    message: (f: { field: "scopeId"; id: string }) => `${f.field}: no team ${f.id}. Give one of teams, or make it first.`,
  },
  CONTENT_TOO_LARGE: {
    code: "BAD_USER_INPUT",
    message: (f: { field: string; bytes: number; max: number }) =>
      `${f.field} has ${f.bytes} bytes; at most ${f.max} are allowed. Split it into several memories.`,
  },
  EXPIRES_AT_PAST: {
    code: "BAD_USER_INPUT",
    message: (f: { field: string; value: string }) => `${f.field} is ${f.value}, which has passed. Give a time in the future, or none.`,
  },
  NOT_AVAILABLE: {
    code: "BAD_USER_INPUT",
    message: (f: { field: string; value: string }) => `${f.field} ${f.value} is not available yet. Use TEXT or AUTO.`,
  },
});
