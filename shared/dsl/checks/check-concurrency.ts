import { AppError } from "#shared/errors.ts";
import { compileExpression } from "#shared/expression/expression.ts";
import { isJsonObject, type Json } from "#shared/json.ts";
import { concurrency, dslLimits } from "../document.ts";
import { show, type IssueList } from "../issue.ts";
import type { TextBudget } from "./check-texts.ts";

/** Checks what the document says of its runs that are executed at once: its key is computed before a run is there, so it sees little. */
export function checkConcurrency(given: Json | undefined, budget: TextBudget, issues: IssueList): void {
  if (given === undefined) return;
  for (const { path, message } of concurrency.safeParse(given).error?.issues ?? []) {
    const rule = 'concurrency is { key, limit }, such as { "key": "input.customer", "limit": 1 }; the limit is 1 to 1000';
    issues.error("CONCURRENCY_INVALID", ["concurrency", ...path], `The document's ${rule}: ${message}. It is ${show(given)}.`);
  }
  const key = isJsonObject(given) ? given["key"] : undefined;
  if (typeof key !== "string" || key === "") return;
  budget.expressionChars -= key.length;
  const problem =
    budget.expressionChars < 0 ? `the document's expressions have more than ${dslLimits.expressionChars} characters` : problemOf(key);
  if (problem !== undefined) issues.error("EXPRESSION_INVALID", ["concurrency", "key"], `concurrency.key: ${problem}`);
}

function problemOf(key: string): string | undefined {
  try {
    const unknown = compileExpression(key).references.find(
      ({ path: [root, name] }) => root !== "input" && !(root === "session" && name === "id"),
    );
    if (unknown === undefined) return undefined;
    return `${unknown.path.join(".")} is not known when a run is made; a key is computed from input and session.id.`;
  } catch (error) {
    if (error instanceof AppError) return error.message;
    throw error;
  }
}
