/** What a version of an agent may say of its model calls (modelConfig), by the names of createAgentVersion; snake_case is taken too. Values are checked where a run freezes them. */
export const modelConfigKeys = [
  "providerCode",
  "temperature",
  "topP",
  "maxTokens",
  "maxCompletionTokens",
  "seed",
  "reasoningEffort",
  "stop",
  "responseFormat",
  "extraParameters",
  "timeoutSeconds",
  "maxTotalTokens",
  "maxTotalPrice",
  "contextTokens",
  "historyTokens",
] as const;

/** A key as modelConfigKeys has it. */
export function modelConfigKey(written: string): string {
  return written.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
}
