import type { Json } from "#shared/json.ts";
import { sessionHistory } from "../document.ts";
import { show, type IssueList } from "../issue.ts";

/** Checks what the document says of its session's messages. */
export function checkSessionHistory(given: Json | undefined, issues: IssueList): void {
  if (given === undefined) return;
  for (const { path, message } of sessionHistory.safeParse(given).error?.issues ?? []) {
    const rule = 'session_history is { messages, tokens }, at most 200 and 65536, such as { "messages": 20, "tokens": 2000 }';
    issues.error("SESSION_HISTORY_INVALID", ["session_history", ...path], `The document's ${rule}: ${message}. It is ${show(given)}.`);
  }
}
