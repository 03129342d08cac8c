/** What a provider counted. Counts that cannot be read are not there: they are no reason to refuse an answer that was paid. */
import { isJsonObject, type Json, type JsonObject } from "#shared/json.ts";

/** Tokens, as the provider counted them. */
export interface AnswerUsage {
  prompt?: number | undefined;
  completion?: number | undefined;
  /** Of the prompt's: those that were read from a cache. */
  cached?: number | undefined;
  /** Of the completion's: those that were thought, not said. */
  reasoning?: number | undefined;
}

/** Reads what a piece or an answer says of its usage, wherever the provider puts it. */
export function readUsage(answer: JsonObject, choice: JsonObject | undefined): AnswerUsage | undefined {
  const usage = [answer["usage"], choice?.["usage"], objectAt(answer["x_groq"])["usage"]].find(isJsonObject);
  if (usage === undefined) return undefined;
  const promptDetails = objectAt(usage["prompt_tokens_details"] ?? usage["input_tokens_details"]);
  const completionDetails = objectAt(usage["completion_tokens_details"] ?? usage["output_tokens_details"]);
  return {
    prompt: count(usage["prompt_tokens"], usage["input_tokens"]),
    completion: count(usage["completion_tokens"], usage["output_tokens"]),
    cached: count(
      promptDetails["cached_tokens"],
      usage["prompt_cache_hit_tokens"],
      usage["cached_tokens"],
      usage["cache_read_input_tokens"],
    ),
    reasoning: count(completionDetails["reasoning_tokens"], usage["reasoning_tokens"]),
  };
}

/** Counts that come later are believed rather than those before; a count that is not there changes nothing. */
export function laterUsage(before: AnswerUsage, after: AnswerUsage): AnswerUsage {
  return {
    prompt: after.prompt ?? before.prompt,
    completion: after.completion ?? before.completion,
    cached: after.cached ?? before.cached,
    reasoning: after.reasoning ?? before.reasoning,
  };
}

/** The first that is a count; some write it as a text. */
function count(...given: (Json | undefined)[]): number | undefined {
  return given.map(readCount).find((value) => value !== undefined);
}

function readCount(given: Json | undefined): number | undefined {
  const value = typeof given === "string" && given.trim() !== "" ? Number(given) : given;
  return typeof value === "number" && value >= 0 && value <= Number.MAX_SAFE_INTEGER ? Math.round(value) : undefined;
}

function objectAt(value: Json | undefined): JsonObject {
  return isJsonObject(value) ? value : {};
}
