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
    message: (f: { field: string; value: string }) =>
      `${f.field} ${f.value} is not available: no active model provider has an embeddingModel, or no memory has been embedded yet. Set one and wait for memoryEmbedding to be READY, or use TEXT or AUTO.`,
  },
  EMBEDDINGS_UNUSABLE: {
    code: "DOWNSTREAM_UNAVAILABLE",
    message: (f: { problem: string; retryable: true }) => `The model answered with vectors that cannot be compared: ${f.problem}.`,
  },
  EMBEDDING_TOO_SLOW: {
    code: "TIMEOUT",
    message: (f: { limitMs: number; retryable: true }) => `The model made no vectors within ${f.limitMs} ms.`,
  },
  VECTORS_NOT_COMPARED: {
    code: "RESOURCE_EXHAUSTED",
    message: (_: { retryable: true }) => "The vectors were not compared in time. Try again, in a smaller scope, or use mode TEXT.",
  },
});
