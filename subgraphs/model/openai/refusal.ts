/** What a provider's HTTP error means: whose fault, whether to try again, and when. */
import type { AppError } from "#shared/errors.ts";
import { readRetryAfter } from "#shared/fetch/retry-after.ts";
import { isJsonObject, type Json } from "#shared/json.ts";
import { readJson } from "#shared/json/nesting.ts";
import type { Scrubber } from "#shared/secret/scrub.ts";
import { modelErrors } from "../errors.ts";

const shownCharacters = 500;

/** @param scrubber  takes the provider's key out of what is shown. */
export function readRefusal(
  request: { provider: string | null; model: string },
  { status, headers, text }: { status: number; headers: Record<string, string>; text: string },
  scrubber: Scrubber,
): AppError {
  const { code, message } = readError(scrubber.text(text));
  const providerMessage = message || scrubber.text(headers["location"] ?? "") || "it said nothing more.";
  const { provider, model } = request;
  const facts = { provider, status, providerMessage, effectUnknown: false };
  const retryAfterMs = readRetryAfter(headers, Date.now());
  const wait = retryAfterMs === undefined ? {} : { retryAfterMs };
  if (status === 429) return modelErrors.MODEL_PROVIDER_RATE_LIMITED({ ...facts, ...wait, retryable: code !== "insufficient_quota" });
  if (status === 401 || status === 403) return modelErrors.MODEL_PROVIDER_UNAUTHORIZED({ ...facts, retryable: false });
  if (status === 408 || status === 409 || status === 425 || (status >= 500 && status !== 501)) {
    return modelErrors.MODEL_PROVIDER_FAILED({ ...facts, ...wait, retryable: true });
  }
  return modelErrors.MODEL_REQUEST_REFUSED({ ...facts, model, retryable: false });
}

/** An error that came inside a stream that had begun with status 200. */
export function readStreamError(provider: string | null, error: Json, scrubber: Scrubber): AppError {
  const { message } = readError(scrubber.text(JSON.stringify({ error })));
  return modelErrors.MODEL_PROVIDER_FAILED({ provider, status: null, providerMessage: message, retryable: true, effectUnknown: false });
}

/** `{ error: { message, code } }`, `{ error: "…" }`, `{ message }`, `{ detail }`, or whatever text it is. */
function readError(text: string): { code: string | undefined; message: string } {
  const shown = (message: string) => message.slice(0, shownCharacters);
  const body = readJson(text);
  if (!isJsonObject(body)) return { code: undefined, message: shown(text.trim()) };
  const error = body["error"] ?? body;
  if (!isJsonObject(error)) return { code: undefined, message: shown(typeof error === "string" ? error : text) };
  const message = error["message"] ?? error["detail"];
  const code = error["code"] ?? error["type"];
  return { code: typeof code === "string" ? code : undefined, message: shown(typeof message === "string" ? message : text) };
}
