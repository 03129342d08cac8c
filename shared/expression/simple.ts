/**
 * The expressions that may be evaluated where others wait, in a main loop: those whose evaluation makes no more than a small multiple of what
 * they read. The rule is about sizes, not about time. An expression is simple when its source has at most {@link maxChars} characters and
 * {@link maxBrackets} brackets, and its tree consists of constants, paths, lists of constants, `has`, and the operators and functions of {@link linear}:
 * nothing loops, nothing matches patterns, nothing builds values of values, and `+` makes no more than its two sides together. How large the values
 * that it reads are is for `smallLimits` to say (shared/dsl/small.ts).
 */
import type { ReadAs } from "#shared/template/scope.ts";
import { childrenOf, pathOf, type Expr } from "./tree.ts";

/** A path that an expression reads. */
export interface SimpleRead {
  path: readonly string[];
  as: ReadAs;
}

const maxChars = 1_000;
const maxBrackets = 30;

/** Operators and functions that look at each value once. */
const linear: ReadonlySet<string> = new Set([
  ...["_&&_", "_||_", "!_", "_==_", "_!=_", "_<_", "_<=_", "_>_", "_>=_", "_?_:_"],
  ...["-_", "_-_", "_*_", "_/_", "_%_", "_+_", "@in"],
  ...["size", "contains", "startsWith", "endsWith", "lowerAscii", "upperAscii", "trim", "int", "double", "string"],
]);

/** True for a source that is so short that reading it costs nothing. */
export function isShortExpression(source: string): boolean {
  return source.length <= maxChars && (source.match(/[([{]/g)?.length ?? 0) <= maxBrackets;
}

/** What a source reads; null when it is not simple. */
export function simpleReads(source: string, expr: Expr): SimpleRead[] | null {
  const reads: SimpleRead[] = [];
  return isShortExpression(source) && isSimple(expr, "value", reads) ? reads : null;
}

/** How a call looks at what stands in its place number `index`, its target first. */
export function readAs(call: Expr, index: number): ReadAs {
  if (call.exprKind.case !== "callExpr") return "value";
  const name = call.exprKind.value.function;
  if (name === "size") return "size";
  return name === "@in" && index === 1 ? "members" : "value";
}

/** `has(a.b)` is a path that asks whether its last step is there. */
export function isQuestion({ exprKind }: Expr): boolean {
  return exprKind.case === "selectExpr" && exprKind.value.testOnly;
}

function isSimple(expr: Expr, as: ReadAs, reads: SimpleRead[]): boolean {
  const { exprKind } = expr;
  const chain = pathOf(expr);
  if (chain !== null) {
    reads.push({ path: chain.path, as: isQuestion(expr) ? "presence" : as });
    return chain.whole;
  }
  switch (exprKind.case) {
    case "constExpr":
      return true;
    case "listExpr":
      return exprKind.value.elements.every(({ exprKind: element }) => element.case === "constExpr");
    case "callExpr":
      if (!linear.has(exprKind.value.function)) return false;
      return childrenOf(expr).every(({ expr: child }, index) => isSimple(child, readAs(expr, index), reads));
    default:
      return false;
  }
}
