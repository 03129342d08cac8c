import { defineErrors } from "#shared/errors.ts";

interface ProviderFacts {
  /** The provider's code; null: the configured one. */
  provider: string | null;
  retryable: boolean;
  effectUnknown: boolean;
  /** The answer had begun. */
  answered?: true;
}

interface ContextFacts {
  /** The request is longer than the model can read. */
  contextTooLong?: true;
}

const named = (f: { provider: string | null }) => (f.provider === null ? "The configured model provider" : `Model provider ${f.provider}`);

const lowered = (text: string) => text.replace(/^[TM]/, (letter) => letter.toLowerCase());

/**
 * Everything that the model subgraph refuses, and why. `retryable`: another attempt may succeed, `retryAfterMs` where the provider said
 * when. `effectUnknown`: the request had been sent and no answer came. EGRESS_DENIED comes as #shared/fetch/fetch-errors.ts defines it.
 */
export const modelErrors = defineErrors({
  MODEL_PROVIDER_NOT_FOUND: {
    code: "NOT_FOUND",
    message: (f: { field?: string; id: string }) =>
      f.field === undefined
        ? `No model provider ${f.id}.`
        : `${f.field}: no model provider has the code ${f.id}. Give that of one of modelProviders, or make it with createModelProvider.`,
  },
  MODEL_PROVIDER_CODE_TAKEN: {
    code: "CONFLICT",
    message: (f: { field: string; value: string }) => `A model provider with the code ${f.value} exists. Choose another code.`,
  },
  MODEL_PROVIDER_DISABLED: {
    code: "CONFLICT",
    message: (f: { field: string; value: string }) =>
      `Model provider ${f.value} is disabled. Set its status to ACTIVE with updateModelProvider.`,
  },
  MODEL_PROVIDER_NOT_CONFIGURED: {
    code: "CONFLICT",
    message: (_: { retryable: false }) =>
      "There is no model provider. Make one with createModelProvider, or set AGENT_PLATFORM_PROVIDER_BASE_URL (such as http://localhost:11434/v1) and start again.",
  },
  MODEL_REQUIRED: {
    code: "BAD_USER_INPUT",
    message: (f: { field: string; provider: string | null; setting: string }) =>
      `${named(f)} has no ${f.setting}. Give model, or set ${f.setting} of the provider.`,
  },
  MODEL_PROVIDER_INVALID: {
    code: "BAD_USER_INPUT",
    message: (f: { field: string; problem: string }) => `${f.field}: ${f.problem}`,
  },
  MODEL_PROVIDER_KEY_ORIGIN: {
    code: "CONFLICT",
    message: (f: { field: string; origin: string; keyOrigin: string; secret: "apiKey" | "headers" }) =>
      `${f.secret === "apiKey" ? "The stored key was" : "The stored headers were"} made for ${f.keyOrigin}, not for ${f.origin}. Give ${f.secret} again, or null to remove ${f.secret === "apiKey" ? "it" : "them"}.`,
  },
  MODEL_INPUT_INVALID: {
    code: "BAD_USER_INPUT",
    message: (f: { field: string; value?: string | number | null; problem: string }) => `${f.field}: ${f.problem}`,
  },
  USAGE_RANGE_INVALID: {
    code: "BAD_USER_INPUT",
    message: (f: { field: string; from: string; to: string }) => `from ${f.from} is not before to ${f.to}.`,
  },
  MODEL_PROVIDER_RATE_LIMITED: {
    code: "RESOURCE_EXHAUSTED",
    message: (f: ProviderFacts & { status: number; retryAfterMs?: number; providerMessage: string }) =>
      `${named(f)} takes no more requests for now${f.retryAfterMs === undefined ? "" : `; try again in ${f.retryAfterMs} ms`}: ${f.providerMessage}`,
  },
  MODEL_PROVIDER_UNAUTHORIZED: {
    code: "CONFLICT",
    message: (f: ProviderFacts & { status: number; providerMessage: string }) =>
      `${named(f)} refuses the key (HTTP ${f.status}). Set ${f.provider === null ? "AGENT_PLATFORM_PROVIDER_API_KEY" : "apiKey with updateModelProvider"}: ${f.providerMessage}`,
  },
  MODEL_REQUEST_REFUSED: {
    code: "BAD_USER_INPUT",
    message: (f: ProviderFacts & ContextFacts & { status: number; model: string; providerMessage: string }) =>
      `${named(f)} refuses the request for model ${f.model} (HTTP ${f.status}): ${f.providerMessage}`,
  },
  MODEL_PROVIDER_CIRCUIT_OPEN: {
    code: "DOWNSTREAM_UNAVAILABLE",
    message: (f: ProviderFacts & { failures: number; retryAfterMs: number }) =>
      `${named(f)} has failed ${f.failures} times in a row, and is not asked for now; try again in ${f.retryAfterMs} ms.`,
  },
  MODEL_PROVIDER_FAILED: {
    code: "DOWNSTREAM_UNAVAILABLE",
    message: (f: ProviderFacts & ContextFacts & { status: number | null; retryAfterMs?: number; providerMessage: string }) =>
      `${named(f)} failed${f.status === null ? " while it answered" : ` (HTTP ${f.status})`}: ${f.providerMessage}`,
  },
  MODEL_PROVIDER_TIMEOUT: {
    code: "TIMEOUT",
    message: (f: ProviderFacts & { phase: "FIRST_BYTE" | "IDLE" | "TOTAL"; deadlineMs: number }) =>
      `${named(f)} ${{ FIRST_BYTE: "sent nothing", IDLE: "stopped sending", TOTAL: "did not finish" }[f.phase]} for ${f.deadlineMs} ms.`,
  },
  MODEL_PROVIDER_UNREACHABLE: {
    code: "DOWNSTREAM_UNAVAILABLE",
    message: (f: ProviderFacts & { problem: string }) => `${named(f)} cannot be reached, or broke off: ${f.problem}.`,
  },
  MODEL_ANSWER_INVALID: {
    code: "DOWNSTREAM_UNAVAILABLE",
    message: (f: ProviderFacts & { problem: string }) => `${named(f)} answers in a way that is not the OpenAI API's: ${f.problem}.`,
  },
  MODEL_ANSWER_TOO_LARGE: {
    code: "RESOURCE_EXHAUSTED",
    message: (f: ProviderFacts & { maxBytes: number }) =>
      `${named(f)} answers with more than ${f.maxBytes} bytes. Ask for fewer texts or tokens at once.`,
  },
  MODEL_CALL_CANCELLED: {
    code: "TIMEOUT",
    message: (f: ProviderFacts) => `The call of ${lowered(named(f))} was given up because its caller has gone.`,
  },
});
