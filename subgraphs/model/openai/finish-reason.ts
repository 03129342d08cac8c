/** Why a completion ended: the words of many providers, in ours. */
import { isJsonObject, type Json } from "#shared/json.ts";
import { FinishReason } from "../chat.types.ts";

const words: readonly [FinishReason, readonly string[]][] = [
  [
    FinishReason.STOP,
    ["stop", "stopped", "stop_sequence", "stop_token", "end_turn", "eos", "eos_token", "end", "endoftext", "complete", "completed", "done"],
  ],
  [
    FinishReason.LENGTH,
    [
      ...["length", "max_length", "model_length", "max_token", "max_tokens", "max_tokens_reached", "max_output_tokens", "max_new_tokens"],
      ...["max_completion_tokens", "length_limit", "token_limit", "context_length", "context_length_exceeded", "context_window_exceeded"],
      ...["model_context_window_exceeded", "truncated"],
    ],
  ],
  [FinishReason.TOOL_CALLS, ["tool_calls", "tool_call", "tool_use", "tools", "function_call", "function_calls"]],
  [
    FinishReason.CONTENT_FILTER,
    [
      ...["content_filter", "content_filtered", "content_filtering", "filtered", "filter", "safety", "image_safety", "recitation"],
      ...["blocklist", "blocked", "prohibited_content", "spii", "guardrail_intervened", "guardrail", "guardrails", "refusal", "refused"],
      ...["sensitive", "moderation", "moderated", "error_toxic", "toxic", "content_policy_violation", "policy_violation"],
    ],
  ],
];
const known = new Map(words.flatMap(([reason, names]) => names.map((name) => [name, reason] as const)));

const longestWord = 200;

/** The provider's own word as a text; undefined where it gave none, as in each piece but the last. */
export function readReason(given: Json | undefined): string | undefined {
  if (typeof given === "number" || given === true) return String(given);
  if (isJsonObject(given)) return readReason(given["type"] ?? given["reason"]);
  const word = typeof given === "string" ? given.trim().slice(0, longestWord) : "";
  return /^(|null|none|undefined)$/i.test(word) ? undefined : word;
}

/** The word that counts of two: a server may end with `stop` although it said before that the answer was cut or withheld. */
export function laterReason(before: string | undefined, after: string): string {
  if (before === undefined) return after;
  const told = known.get(plain(before));
  const isKept = told === FinishReason.LENGTH || told === FinishReason.CONTENT_FILTER;
  return isKept && known.get(plain(after)) === FinishReason.STOP ? before : after;
}

/** Whether the word says that the answer broke off by the provider's fault. */
export function isErrorReason(word: string | undefined): boolean {
  return word !== undefined && /(^|_)(error|errored|fail|failed|failure|exception)$/.test(plain(word));
}

/** Whether the word says that the server stopped making the answer: what there is of it stays, nothing at all is no answer. */
export function isAbortReason(word: string | undefined): boolean {
  return word !== undefined && /^(abort|aborted|cancel|canceled|cancelled|interrupt|interrupted|preempted)$/.test(plain(word));
}

/**
 * Our word. A server that says `stop` although tools are called means the calls; a word that is not known, and calls that never came, are OTHER.
 *
 * @param calls  whether there are any, and whether the arguments of all came whole.
 */
export function finishReason(word: string | undefined, calls: { areThere: boolean; areWhole: boolean }): FinishReason {
  if (word === undefined) return calls.areThere && calls.areWhole ? FinishReason.TOOL_CALLS : FinishReason.OTHER;
  const reason = known.get(plain(word)) ?? FinishReason.OTHER;
  if (reason === FinishReason.STOP && calls.areThere) return FinishReason.TOOL_CALLS;
  return reason === FinishReason.TOOL_CALLS && !calls.areThere ? FinishReason.OTHER : reason;
}

/** `maxTokens`, `MAX_TOKENS` and `max-tokens` are one word. */
function plain(word: string): string {
  if (known.has(word)) return word;
  return word
    .replace(/([a-z])([A-Z])/g, "$1_$2")
    .toLowerCase()
    .replace(/[\s-]+/g, "_")
    .replace(/^finish_reason[_.]/, "");
}
