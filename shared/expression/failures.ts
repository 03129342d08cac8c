/** Makes what the CEL parser and evaluator report into errors for people. */
import type { AppError } from "#shared/errors.ts";
import { LineTable } from "#shared/template/lines.ts";
import type { CelError } from "@bufbuild/cel";
import { expressionErrors } from "./errors.ts";
import type { Translation } from "./python.ts";
import { findExpr, pathOf, writePath, type Expr } from "./tree.ts";

/** Why the text could not be read. */
export function parseFailure(error: unknown, source: string, translation: Translation | undefined): AppError {
  const offset = error instanceof RangeError ? 0 : (translation?.origin(offsetOf(error)) ?? 0);
  const problem = error instanceof RangeError ? "it is nested too deeply" : `${syntaxProblem(source, offset)}${hintFor(source)}`;
  return expressionErrors.EXPRESSION_INVALID({ ...new LineTable(source).at(offset), problem }, { cause: error });
}

/** Why it could not be evaluated: for a missing value its path, and the way out. */
export function evaluateFailure(error: CelError, expr: Expr, source: string): AppError {
  const path = missingPath(error, expr);
  const facts = { expression: brief(source), problem: path === null ? runtimeProblem(error.message) : missing(path) };
  return expressionErrors.EXPRESSION_FAILED(path === null ? facts : { ...facts, path: writePath(path) }, { cause: error });
}

function missingPath(error: CelError, root: Expr): readonly string[] | null {
  const match = /^field not found: (.*)$|^index (-?\d+) out of bounds/s.exec(error.message);
  const key = match?.[1] ?? match?.[2];
  if (key === undefined) return null;
  const endsWithKey = (expr: Expr) => {
    const chain = pathOf(expr);
    return chain !== null && chain.whole && chain.path.length > 1 && chain.path.at(-1) === key;
  };
  // The id is that of the step for `.key`, but that of the whole chain's beginning for `["key"]`.
  const found = findExpr(root, (expr) => expr.id === error.exprId && endsWithKey(expr)) ?? findExpr(root, endsWithKey);
  return found === undefined ? null : (pathOf(found)?.path ?? null);
}

/** An expression short enough for a message. */
export function brief(source: string): string {
  return source.length > 200 ? `${source.slice(0, 200)}…` : source;
}

function missing(path: readonly string[]): string {
  const [root, ...rest] = path;
  const written = writePath(path);
  if (root === "nodes" && rest.length === 1) return `node ${rest[0]} has not completed; ask first: ${JSON.stringify(rest[0])} in nodes`;
  const last = path.at(-1) ?? "";
  const parent = writePath(path.slice(0, -1));
  if (/^-?\d+$/.test(last)) return `there is nothing at ${written}; ask first: size(${parent}) > ${last}`;
  if (last === "length") return `there is nothing at ${written}; write size(${parent})`;
  const question = written.endsWith("]") ? `${JSON.stringify(last)} in ${parent}` : `has(${written})`;
  return `there is nothing at ${written}; ask first: ${question}`;
}

function runtimeProblem(message: string): string {
  const overload = /no matching overload for '?(?:@|_)?(.*?)_?'? applied to '?\(([^)]*)\)/.exec(message);
  if (overload !== null)
    return `${overload[1]?.replaceAll("_", " ").trim()} cannot be applied to (${overload[2]}); compare or convert first`;
  return message === "Maximum call stack size exceeded" ? "it goes through too many items" : message;
}

function offsetOf(error: unknown): number {
  const location = (error as { location?: { start?: { offset?: unknown } } }).location?.start?.offset;
  return typeof location === "number" ? location : 0;
}

function syntaxProblem(source: string, offset: number): string {
  const rest = source.slice(offset).trim();
  if (rest === "") return "it ends too early";
  return `it cannot go on with ${JSON.stringify(rest.length > 30 ? `${rest.slice(0, 30)}…` : rest)}`;
}

function hintFor(source: string): string {
  if (source.includes("{{")) return "; an expression has no {{ }}: write state.key, not {{ state.key }}";
  const hyphen = /\bnodes\.([A-Za-z0-9_]+-[A-Za-z0-9_-]*)/.exec(source);
  if (hyphen !== null) return `; a name with a hyphen stands in brackets: nodes["${hyphen[1]}"]`;
  if (/[^=!<>]=(?!=)/.test(source)) return "; to compare, write ==";
  return /(&&|\|\||[-+*/%=<>!?:,.])\s*$/.test(source) ? "; something must follow at its end" : "";
}
