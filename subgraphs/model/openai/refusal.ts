/** What a provider's error means: whose fault, whether to try again, and when. */
import { databaseNowMs } from "#shared/database-time.ts";
import type { AppError } from "#shared/errors.ts";
import { readRetryAfter } from "#shared/fetch/retry-after.ts";
import { isJsonObject } from "#shared/json.ts";
import { readJson } from "#shared/json/nesting.ts";
import { modelErrors } from "../errors.ts";
import { isFinal, isOutOfCredit, isTooLong, shownMessage, told, type ToldError } from "./answer-error.ts";
import { secretScrubber, type ProviderTarget } from "./provider-target.ts";

/** A refusal as it came. */
export interface Refusal {
  status: number;
  headers: Record<string, string>;
  text: string;
}

/** An error by its HTTP status. */
export function readRefusal(provider: ProviderTarget, model: string, { status, headers, text }: Refusal): AppError {
  const scrubber = secretScrubber(provider);
  const error = readError(text);
  const shown = shownMessage(error.message, scrubber) || shownMessage(headers["location"] ?? "", scrubber);
  const providerMessage = shown || "it said nothing more.";
  const facts = { provider: provider.code, status, providerMessage, effectUnknown: false };
  const retryAfterMs = readRetryAfter(headers, databaseNowMs());
  const wait = retryAfterMs === undefined ? {} : { retryAfterMs };
  if (status === 401 || status === 403) return modelErrors.MODEL_PROVIDER_UNAUTHORIZED({ ...facts, retryable: false });
  // Some say so with 429 or 500: it is no more taken when it is sent again.
  if (status === 413 || isTooLong(error))
    return modelErrors.MODEL_REQUEST_REFUSED({ ...facts, contextTooLong: true, model, retryable: false });
  if (status === 429) return modelErrors.MODEL_PROVIDER_RATE_LIMITED({ ...facts, ...wait, retryable: !isOutOfCredit(error) });
  if (status === 408 || status === 409 || status === 425 || (status >= 500 && status !== 501)) {
    return modelErrors.MODEL_PROVIDER_FAILED({ ...facts, ...wait, retryable: true });
  }
  return modelErrors.MODEL_REQUEST_REFUSED({ ...facts, model, retryable: false });
}

/** An error that came with status 200: in a stream that had begun, or instead of an answer. */
export function readToldError(provider: ProviderTarget, error: ToldError): AppError {
  const providerMessage = shownMessage(error.message, secretScrubber(provider)) || "it said nothing more.";
  const isLong = isTooLong(error);
  return modelErrors.MODEL_PROVIDER_FAILED({
    provider: provider.code,
    status: null,
    providerMessage,
    retryable: !isLong && !isFinal(error),
    effectUnknown: false,
    ...(isLong && { contextTooLong: true }),
  });
}

/** A refusal's own words, or whatever text it is; `param` is the parameter that it names apart, else "". */
export function readError(text: string): ToldError & { param: string } {
  const body = readJson(text);
  const value = Array.isArray(body) ? body[0] : body;
  if (!isJsonObject(value)) return { message: text.trim(), codes: [], param: "" };
  const error = value["error"] ?? value;
  const param = isJsonObject(error) && typeof error["param"] === "string" ? error["param"] : "";
  return { ...told(error, value, text.trim()), param };
}
