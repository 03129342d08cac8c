/** Finds what an expression reads, and what it names that cannot be there. */
import { scopeNames, type ReadAs } from "#shared/template/scope.ts";
import { environment } from "./language.ts";
import { isQuestion, readAs } from "./simple.ts";
import { childrenOf, pathOf, writePath, type Expr } from "./tree.ts";

/** A path that the expression reads, with the node where it begins. */
export interface PathRead {
  path: string[];
  as: ReadAs;
  root: Expr;
}

/** Something that can never evaluate, and where. */
export interface NameProblem {
  at: Expr;
  problem: string;
}

const typeNames = new Set(["bool", "bytes", "double", "int", "list", "map", "null_type", "string", "type", "uint"]);

/** Names of other languages, and what does the same here. */
const instead: Readonly<Record<string, string>> = {
  len: "size(…)",
  length: "size(…)",
  str: "string(…)",
  float: "double(…)",
  lower: "lowerAscii()",
  upper: "upperAscii()",
  strip: "trim()",
  includes: "contains(…)",
  startswith: "startsWith(…)",
  endswith: "endsWith(…)",
  any: "list.exists(x, …)",
  has: "has(state.key), with a path of at least two parts",
};

/** Reads the tree once: its paths in reading order and the first name that cannot work. @param names  that a path may begin with. */
export function namesOf(root: Expr, names: readonly string[] = scopeNames): { reads: PathRead[]; problem: NameProblem | null } {
  const reads: PathRead[] = [];
  let problem: NameProblem | null = null;

  function visit(expr: Expr, bound: ReadonlySet<string>, as: ReadAs): void {
    problem ??= hyphenProblem(expr, bound, names) ?? functionProblem(expr);
    const chain = pathOf(expr);
    if (chain !== null && !bound.has(chain.path[0] ?? "")) {
      problem ??= rootProblem(chain, names);
      // Where it ends before a computed step, that step may be any.
      reads.push({ ...chain, as: !chain.whole ? "value" : isQuestion(expr) ? "presence" : as });
    }
    const children = chain === null ? childrenOf(expr) : computedParts(expr);
    children.forEach((child, index) => {
      const inside = child.binds.length > 0 ? new Set([...bound, ...child.binds]) : bound;
      visit(child.expr, inside, chain === null ? readAs(expr, index) : "value");
    });
  }

  visit(root, new Set(), "value");
  return { reads: reads.filter(({ path }) => !typeNames.has(path[0] ?? "")), problem };
}

/** Within a path only what stands in brackets is still to be read. */
function computedParts(expr: Expr): { expr: Expr; binds: readonly string[] }[] {
  const { exprKind } = expr;
  if (exprKind.case === "selectExpr") return exprKind.value.operand === undefined ? [] : computedParts(exprKind.value.operand);
  if (exprKind.case !== "callExpr") return [];
  const [operand, index] = exprKind.value.args;
  return [...(operand === undefined ? [] : computedParts(operand)), ...(index === undefined ? [] : [{ expr: index, binds: [] }])];
}

function rootProblem({ path, root }: Pick<PathRead, "path" | "root">, names: readonly string[]): NameProblem | null {
  const name = path[0] ?? "";
  if (names.includes(name) || typeNames.has(name)) return null;
  return { at: root, problem: `${name} is none of ${names.join(", ")}; what an assigner wrote is state.${name}, a text is "${name}"` };
}

function functionProblem(expr: Expr): NameProblem | null {
  if (expr.exprKind.case !== "callExpr") return null;
  const name = expr.exprKind.value.function;
  // Operators begin with something else than a letter.
  if (!/^[A-Za-z]/.test(name) || environment.funcs.find(name) !== undefined) return null;
  const other = Object.hasOwn(instead, name) ? `; use ${instead[name]}` : "";
  return { at: expr, problem: `there is no function ${name}${other}` };
}

/** `nodes.retrieve-docs.text` is `nodes.retrieve` minus `docs.text` to CEL. */
function hyphenProblem(expr: Expr, bound: ReadonlySet<string>, names: readonly string[]): NameProblem | null {
  const operands = minusOperands(expr).map(operandPath);
  const [first, ...rest] = operands;
  if (!first || rest.length === 0 || !names.includes(first[0] ?? "") || first.length < 2 || bound.has(first[0] ?? "")) return null;
  const isNode = first[0] === "nodes" && first.length === 2;
  const unknown = rest.some(
    (path) => path !== null && !names.includes(path[0] ?? "") && !bound.has(path[0] ?? "") && !/^\d/.test(path[0] ?? ""),
  );
  if (!isNode && !unknown) return null;
  const joined = rest.reduce<string[]>(
    (path, more) => [...path.slice(0, -1), `${path.at(-1)}-${more?.[0] ?? ""}`, ...(more ?? []).slice(1)],
    first,
  );
  const written = operands.map((path) => (path ?? ["…"]).join(".")).join("-");
  return { at: expr, problem: `${written} is a subtraction here; a name with a hyphen stands in brackets: ${writePath(joined)}` };
}

function minusOperands(expr: Expr): Expr[] {
  if (expr.exprKind.case !== "callExpr" || expr.exprKind.value.function !== "_-_") return [expr];
  const [left, right] = expr.exprKind.value.args;
  return left === undefined || right === undefined ? [expr] : [...minusOperands(left), right];
}

/** Like a path, but `1.text` counts too: the end of `nodes.step-1.text`. */
function operandPath(expr: Expr): string[] | null {
  const { exprKind } = expr;
  if (exprKind.case === "constExpr" && exprKind.value.constantKind.case === "doubleValue")
    return [String(exprKind.value.constantKind.value)];
  if (exprKind.case === "selectExpr" && exprKind.value.operand !== undefined) {
    const base = operandPath(exprKind.value.operand);
    return base === null ? null : [...base, exprKind.value.field];
  }
  return pathOf(expr)?.path ?? null;
}
