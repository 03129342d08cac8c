/** Walking and reading the tree of a parsed expression. */
import type { parse } from "@bufbuild/cel";

/** A node of the tree. */
export type Expr = ReturnType<typeof parse>["expr"];

/** What stands directly beneath a node, in reading order, and the names that it binds for that child. */
export function childrenOf(expr: Expr): { expr: Expr; binds: readonly string[] }[] {
  const { exprKind } = expr;
  const plain = (children: (Expr | undefined)[]) => present(children).map((child) => ({ expr: child, binds: [] }));
  switch (exprKind.case) {
    case "selectExpr":
      return plain([exprKind.value.operand]);
    case "callExpr":
      return plain([exprKind.value.target, ...exprKind.value.args]);
    case "listExpr":
      return plain(exprKind.value.elements);
    case "structExpr":
      return plain(exprKind.value.entries.flatMap(({ keyKind, value }) => [keyKind.case === "mapKey" ? keyKind.value : undefined, value]));
    case "comprehensionExpr": {
      const { iterRange, accuInit, iterVar, accuVar, loopCondition, loopStep, result } = exprKind.value;
      const binds = [iterVar, accuVar];
      return [...plain([iterRange, accuInit]), ...present([loopCondition, loopStep, result]).map((child) => ({ expr: child, binds }))];
    }
    default:
      return [];
  }
}

/** The first node, from the root down, that fits. */
export function findExpr(root: Expr, fits: (expr: Expr) => boolean): Expr | undefined {
  if (fits(root)) return root;
  for (const child of childrenOf(root)) {
    const found = findExpr(child.expr, fits);
    if (found !== undefined) return found;
  }
  return undefined;
}

/**
 * The path that a chain of `.name`, `["name"]` and `[0]` spells, from the name it begins with; `whole` is false when it is only
 * the beginning of one, up to an index that is computed. Null for what is no path.
 */
export function pathOf(expr: Expr): { path: string[]; root: Expr; whole: boolean } | null {
  const { exprKind } = expr;
  if (exprKind.case === "identExpr") return { path: [exprKind.value.name.replace(/^\./, "")], root: expr, whole: true };
  const [operand, key] = stepOf(expr);
  const base = operand === undefined ? null : pathOf(operand);
  if (base === null || !base.whole) return base;
  return key === undefined ? { ...base, whole: false } : { ...base, path: [...base.path, key] };
}

/** Writes a path as an expression would: `nodes["retrieve-docs"].text`. */
export function writePath(path: readonly string[]): string {
  return path.map((part, i) => (i === 0 ? part : /^[A-Za-z_][A-Za-z0-9_]*$/.test(part) ? `.${part}` : writeKey(part))).join("");
}

function writeKey(part: string): string {
  return /^\d+$/.test(part) ? `[${part}]` : `[${JSON.stringify(part)}]`;
}

function stepOf(expr: Expr): [operand: Expr | undefined, key: string | undefined] {
  const { exprKind } = expr;
  if (exprKind.case === "selectExpr") return [exprKind.value.operand, exprKind.value.field];
  if (exprKind.case !== "callExpr" || exprKind.value.function !== "_[_]") return [undefined, undefined];
  const [operand, index] = exprKind.value.args;
  return [operand, index === undefined ? undefined : constantKey(index)];
}

function constantKey(expr: Expr): string | undefined {
  if (expr.exprKind.case !== "constExpr") return undefined;
  const { constantKind } = expr.exprKind.value;
  const isKey = constantKind.case === "stringValue" || constantKind.case === "doubleValue" || constantKind.case === "int64Value";
  return isKey ? String(constantKind.value) : undefined;
}

function present(children: (Expr | undefined)[]): Expr[] {
  return children.filter((child) => child !== undefined);
}
