import { shownUrl } from "#shared/secret/credentials.ts";
import { AppError } from "#shared/errors.ts";
import { processAnswers, type HeldRoom } from "#shared/byte-room.ts";
import { guardedFetch, type FetchedResponse } from "#shared/fetch/fetch.ts";
import { checkJsonSize } from "#shared/fields.ts";
import { SecretMarks } from "#shared/secret/marks.ts";
import { createScrubber, type Scrubber } from "#shared/secret/scrub.ts";
import type { SecretBox } from "#shared/secret/secrets.ts";
import { secretValues } from "./access.client.ts";
import { checkArguments } from "./argument-schema.ts";
import { toolErrors } from "./errors.ts";
import { resolveToolCall, type ResolvedToolCall } from "./resolve.ts";
import { openSecret } from "./secret-headers.ts";
import { makeToolResult } from "./tool-answer.ts";
import type { InvokeToolInput } from "./tool-call.inputs.ts";
import { findCallTarget, type CallTarget } from "./tool-call.target.ts";
import type { ToolResult } from "./tool-result.ts";
import { credentialsOf, filledCall, markedConfig, secretsOfCall, type CallCredentials, type FilledCall } from "./tool-secrets.ts";
import type { ToolContext } from "./tool.context.ts";

const requestBytes = 4 * 1024 * 1024;
/** Of an answer, decompressed. */
const answerBytes = 10 * 1024 * 1024;

/**
 * Calls a tool. An answer with any status is a result; what brought no answer, or none that can be read, is an error. It never retries: the engine does.
 *
 * @throws AppError what {@link findCallTarget}, {@link resolveToolCall} and checkArguments refuse; TOOL_SECRET_ORIGIN_MISMATCH, EGRESS_DENIED,
 *         TOOL_TIMEOUT, TOOL_UNREACHABLE, TOOL_BODY_UNREADABLE, TOOL_RESPONSE_TOO_LARGE, TOOL_CALL_CANCELLED with facts `retryable`,
 *         `effectUnknown` and `answered`
 */
export async function invokeTool(context: ToolContext, input: InvokeToolInput): Promise<ToolResult> {
  const idempotencyKey = checkIdempotencyKey(input.idempotencyKey);
  checkJsonSize("config", input.config ?? {}, requestBytes);
  checkJsonSize("arguments", input.arguments ?? {}, requestBytes);
  const target = await findCallTarget(context, input);
  if (target.version !== null && input.arguments != null) await checkArguments(context, target.version, input.arguments);
  const marks = new SecretMarks();
  const call = resolveToolCall({
    config: input.config ?? {},
    binding: markedConfig(marks, target.binding?.config ?? {}),
    invoke: markedConfig(marks, target.version?.invokeConfig ?? {}),
    arguments: input.arguments ?? undefined,
  });
  const { filled, secrets, given } = await withSecrets(context, { target, call, marks });
  const { headers } = filled;
  if (idempotencyKey !== undefined) headers["idempotency-key"] ??= idempotencyKey;
  if (context.traceparent !== undefined) headers["traceparent"] = context.traceparent;
  const room = processAnswers.open(context.tenantId);
  try {
    return await called(context, { target, call, marks, filled, room, scrubber: createScrubber(secrets, given) });
  } finally {
    const release = () => room.release();
    // Whoever reads its answers slowly lets its next tools wait, and this process does not grow.
    if (context.whenSent === undefined) release();
    else context.whenSent(release);
  }
}

/** A call that is resolved, and where its answer is counted. */
interface OpenCall {
  target: CallTarget;
  call: ResolvedToolCall;
  marks: SecretMarks;
  filled: FilledCall;
  room: HeldRoom;
  scrubber: Scrubber;
}

async function called(context: ToolContext, { target, call, marks, filled, room, scrubber }: OpenCall): Promise<ToolResult> {
  const started = performance.now();
  const answer = await send(context, call, { filled, room });
  const resolved = {
    tool_id: target.tool?.id ?? null,
    tool_code: target.tool?.code ?? null,
    tool_version_id: target.version?.id ?? null,
    tool_binding_id: target.binding?.id ?? null,
    method: call.method,
    url: scrubber.text(marks.shown(shownUrl(call.url))),
    ...(answer.redirectedBy !== undefined && { redirected_by: answer.redirectedBy }),
  };
  return makeToolResult(answer, { durationMs: performance.now() - started, resolved, scrubber });
}

interface Opening {
  target: CallTarget;
  call: ResolvedToolCall;
  marks: SecretMarks;
}

/** The call as it is sent, and what must not come back of it. Secrets are read only where the call has some. */
async function withSecrets(context: ToolContext, { target, call, marks }: Opening): Promise<{ filled: FilledCall } & CallCredentials> {
  const isSealed = [...call.headers.values()].some((value) => typeof value !== "string");
  const opened = isSealed ? openHeaders(await context.tenantSecrets(), target, call) : new Map<string, string>();
  const all = [...call.headers].map(([name, value]) => [name, typeof value === "string" ? value : marks.text(opened.get(name)!)] as const);
  const headers = Object.fromEntries(all);
  const values = await secretValues(context, secretsOfCall(marks, call, headers), call.url.origin);
  const filled = filledCall(marks, { call, headers, values });
  return { filled, ...credentialsOf(marks, { call, filled, values: values.values(), sealed: new Set(opened.keys()) }) };
}

/** Secret headers, opened only for the origin that they were made for, and only those that no later layer replaced. */
function openHeaders(box: SecretBox, { binding, version }: CallTarget, call: ResolvedToolCall): Map<string, string> {
  const opened = new Map<string, string>();
  const { origin } = call.url;
  for (const [name, value] of call.headers) {
    if (typeof value === "string") continue;
    if (value.origin !== origin) {
      throw toolErrors.TOOL_SECRET_ORIGIN_MISMATCH({
        header: name,
        origin,
        secretOrigin: value.origin,
        retryable: false,
        effectUnknown: false,
      });
    }
    const owner = value.layer === "binding" ? `tool_binding:${binding?.id}` : `tool_version:${version?.id}`;
    opened.set(name, openSecret(box, name, value.sealed, { owner, origin }));
  }
  return opened;
}

async function send(
  { env, services, signal }: ToolContext,
  call: ResolvedToolCall,
  { filled, room }: Pick<OpenCall, "filled" | "room">,
): Promise<FetchedResponse> {
  const { origin } = call.url;
  const { href, headers, body, secretHeaders, isBodySecret } = filled;
  const deadlineMs = Math.ceil(Math.min(call.timeoutSeconds ?? env.maxTimeoutSeconds, env.maxTimeoutSeconds) * 1_000);
  try {
    return await guardedFetch(href, {
      method: call.method,
      headers,
      ...(body !== undefined && { body }),
      secret: { headers: secretHeaders, body: isBodySecret },
      deadlineMs,
      maxBytes: answerBytes,
      signal,
      egress: services.egress,
      arrives: (bytes) => room.take(bytes),
    });
  } catch (error) {
    throw translated(error, origin, signal);
  }
}

/** What the guarded fetch says, in the words of tools. EGRESS_DENIED and FETCH_REQUEST_INVALID are clear as they are. */
function translated(error: unknown, origin: string, signal: AbortSignal | undefined): unknown {
  if (!(error instanceof AppError)) {
    return signal?.aborted === true
      ? toolErrors.TOOL_CALL_CANCELLED({ origin, retryable: false, effectUnknown: true }, { cause: error })
      : error;
  }
  const { retryable, effectUnknown, answered, status } = error.facts;
  const isAnswered = answered === true ? { answered } : {};
  const facts = { origin, retryable: retryable === true, effectUnknown: effectUnknown === true, ...isAnswered } as const;
  switch (error.reason) {
    case "FETCH_TIMEOUT":
      return toolErrors.TOOL_TIMEOUT({ ...facts, deadlineMs: Number(error.facts["deadlineMs"]) });
    case "FETCH_FAILED":
      return toolErrors.TOOL_UNREACHABLE({ ...facts, problem: String(error.facts["problem"]) });
    case "FETCH_BODY_UNREADABLE":
      return toolErrors.TOOL_BODY_UNREADABLE({
        ...facts,
        status: typeof status === "number" ? status : null,
        problem: String(error.facts["problem"]),
      });
    case "FETCH_TOO_LARGE":
      return toolErrors.TOOL_RESPONSE_TOO_LARGE({ ...facts, maxBytes: answerBytes });
    default:
      return error;
  }
}

function checkIdempotencyKey(key: string | null | undefined): string | undefined {
  if (key == null) return undefined;
  if (/^[\x20-\x7e]{1,255}$/.test(key)) return key;
  throw toolErrors.TOOL_CONFIG_INVALID({ field: "idempotencyKey", problem: "give 1 to 255 printable ASCII characters." });
}
