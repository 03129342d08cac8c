import { defineErrors } from "#shared/errors.ts";

interface CallFacts {
  origin: string;
  retryable: boolean;
  effectUnknown: boolean;
  /** The answer had begun, so the tool has done what it was asked for; only a call that repeats nothing is retryable then. */
  answered?: true;
}

/**
 * Everything that the tool subgraph refuses, and why. `retryable`: another attempt may succeed. `effectUnknown`: the request had been
 * sent and not answered, so the tool may have acted on it. EGRESS_DENIED and FETCH_REQUEST_INVALID come as #shared/fetch/fetch-errors.ts defines them.
 */
export const toolErrors = defineErrors({
  TOOL_NOT_FOUND: { code: "NOT_FOUND", message: (f: { field?: string; id: string }) => `No tool ${f.id}.` },
  TOOL_CODE_TAKEN: {
    code: "CONFLICT",
    message: (f: { field: string; value: string }) => `A tool with the code ${f.value} exists. Choose another code.`,
  },
  TOOL_HAS_BINDINGS: {
    code: "CONFLICT",
    message: (f: { id: string; bindings: number }) => `Tool ${f.id} still has bindings (${f.bindings}). Delete them first.`,
  },
  TOOL_ARCHIVED: {
    code: "CONFLICT",
    message: (f: { id: string }) => `Tool ${f.id} is archived and takes no new calls. Set its status to ACTIVE with updateTool.`,
  },
  NOT_AVAILABLE: {
    code: "BAD_USER_INPUT",
    message: (f: { field: string; value: string }) => `${f.field} ${f.value} is not available yet. Use HTTP.`,
  },
  TOOL_VERSION_NOT_FOUND: { code: "NOT_FOUND", message: (f: { field?: string; id: string }) => `No tool version ${f.id}.` },
  TOOL_VERSION_OF_OTHER_TOOL: {
    code: "BAD_USER_INPUT",
    message: (f: { field: string; value: string; toolId: string }) =>
      `${f.field} ${f.value} is no version of tool ${f.toolId}. Give one of its versions, or leave it out for the latest.`,
  },
  TOOL_BINDING_NOT_FOUND: { code: "NOT_FOUND", message: (f: { field?: string; id: string }) => `No tool binding ${f.id}.` },
  TOOL_BINDING_OF_OTHER_TOOL: {
    code: "BAD_USER_INPUT",
    message: (f: { field: string; value: string; toolId: string }) =>
      `${f.field} ${f.value} belongs to another tool than ${f.toolId}. Give one of the two only.`,
  },
  TOOL_SCHEMA_INVALID: {
    code: "BAD_USER_INPUT",
    message: (f: { field: string; path: string; problem: string }) => `${f.field} is no usable JSON Schema: at ${f.path}: ${f.problem}`,
  },
  TOOL_ARGUMENTS_INVALID: {
    code: "BAD_USER_INPUT",
    message: (f: { field: string; problems: { path: string; message: string }[]; toolVersionId: string }) =>
      `The arguments do not fit the tool's input schema: ${f.problems.map(({ path, message }) => `${path}: ${message}`).join(" ")}`,
  },
  TOOL_ARGUMENTS_TOO_SLOW: {
    code: "BAD_USER_INPUT",
    message: (f: { field: string; toolVersionId: string; limitMs: number }) =>
      `The arguments could not be checked within ${f.limitMs} ms. Simplify the patterns of the input schema of tool version ${f.toolVersionId}.`,
  },
  TOOL_CONFIG_INVALID: {
    code: "BAD_USER_INPUT",
    message: (f: { field: string; problem: string }) => `${f.field}: ${f.problem}`,
  },
  TOOL_URL_MISSING: {
    code: "BAD_USER_INPUT",
    message: (_: { field: string }) =>
      "Nothing says what URL to call. Give url or base_url in the node's config, base_url in the binding's config, or either in the tool version's invokeConfig.",
  },
  TOOL_SECRET_ORIGIN_UNKNOWN: {
    code: "BAD_USER_INPUT",
    message: (f: { field: string }) =>
      `${f.field} is a secret, which is bound to the origin that it is made for, but no url or base_url stands beside it. Give base_url too (http or https).`,
  },
  TOOL_SECRET_ORIGIN_CHANGED: {
    code: "CONFLICT",
    message: (f: { field: string; origin: string; secretOrigin: string }) =>
      `The binding would call ${f.origin}, but its secret headers were made for ${f.secretOrigin}. Give secretHeaders again, or null to remove them.`,
  },
  TOOL_SECRET_ORIGIN_MISMATCH: {
    code: "FORBIDDEN",
    message: (f: { header: string; origin: string; secretOrigin: string; retryable: false; effectUnknown: false }) =>
      `The call goes to ${f.origin}, but the secret header ${f.header} was made for ${f.secretOrigin} and is sent nowhere else. Call ${f.secretOrigin}, or make a binding for ${f.origin}.`,
  },
  TOOL_SECRET_REDACTED: {
    code: "BAD_USER_INPUT",
    message: (f: { field: string }) => `${f.field} is "***", which is what is shown instead of a secret. Give the secret itself.`,
  },
  TOOL_TIMEOUT: {
    code: "TIMEOUT",
    message: (f: CallFacts & { deadlineMs: number }) =>
      `The tool at ${f.origin} did not answer completely within ${f.deadlineMs} ms. timeout_seconds of the call allows more, up to the platform's limit.`,
  },
  TOOL_UNREACHABLE: {
    code: "DOWNSTREAM_UNAVAILABLE",
    message: (f: CallFacts & { problem: string }) => `The tool at ${f.origin} cannot be reached: ${f.problem}.`,
  },
  TOOL_BODY_UNREADABLE: {
    code: "DOWNSTREAM_UNAVAILABLE",
    message: (f: CallFacts & { status: number | null; problem: string }) =>
      `The tool at ${f.origin} answered${f.status === null ? "" : ` with HTTP status ${f.status}`}, but its answer cannot be read: ${f.problem}.`,
  },
  TOOL_RESPONSE_TOO_LARGE: {
    code: "RESOURCE_EXHAUSTED",
    message: (f: CallFacts & { maxBytes: number }) =>
      `The answer of the tool at ${f.origin} is larger than ${f.maxBytes} bytes. Ask it for less, or page by page.`,
  },
  TOOL_CALL_CANCELLED: {
    code: "TIMEOUT",
    message: (f: CallFacts) => `The call of the tool at ${f.origin} was given up because its caller has gone.`,
  },
});
