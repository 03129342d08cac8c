/**
 * Expressions: CEL (https://cel.dev) over `input`, `state`, `nodes`, `current`, `run` and `session`, with Python's `and or not True False None`.
 * Truth is strict: a condition must give true or false; 0, "", null and missing values are errors, not false.
 */
import type { Json } from "#shared/json.ts";
import { isKept } from "#shared/json/numbers.ts";
import { memoBySource } from "#shared/template/memo.ts";
import { LineTable } from "#shared/template/lines.ts";
import { scopeNames, type Reference, type TemplateScope } from "#shared/template/scope.ts";
import { isCelError, parse, plan, type CelInput, type CelResult } from "@bufbuild/cel";
import { expressionErrors } from "./errors.ts";
import { brief, evaluateFailure, parseFailure } from "./failures.ts";
import { adapt, environment, expressionLimits, spend, withinLimits } from "./language.ts";
import { namesOf } from "./names.ts";
import { fromPython, type Translation } from "./python.ts";
import { simpleReads, type SimpleRead } from "./simple.ts";
import { findExpr, type Expr } from "./tree.ts";
import { fromCel, toCel } from "./values.ts";

/** An expression that was read once and can be evaluated any number of times. */
export interface Expression {
  readonly source: string;
  /** Every path that it reads, in reading order. */
  readonly references: readonly Reference[];
  /** What it reads, where evaluating it is linear in the values there (simple.ts); null for any other. */
  readonly simple: readonly SimpleRead[] | null;
  /**
   * The expression's value.
   *
   * @throws AppError EXPRESSION_FAILED (a missing value: with its path), EXPRESSION_TOO_LARGE, EXPRESSION_TOO_SLOW (> 500 ms)
   */
  evaluate(scope: TemplateScope, values?: ExpressionValues): Json;
  /**
   * Its value as a condition.
   *
   * @throws AppError EXPRESSION_NOT_BOOLEAN when it gives anything but true or false; else as `evaluate`
   */
  test(scope: TemplateScope, values?: ExpressionValues): boolean;
}

/** Values of the names that an expression sees beside the scope, such as the item of a list that it is asked of. */
export type ExpressionValues = Readonly<Record<string, Json>>;

/** Expressions by the names that they see beside the scope: as many as there are kinds of them. */
const known = new Map<string, (source: string) => Expression>();

/**
 * Reads an expression. What was read is remembered, so callers need not keep it.
 *
 * @param names  that it sees beside the scope; their values are given when it is evaluated.
 * @throws AppError EXPRESSION_INVALID with line and column: it is no CEL, or it names what cannot be there
 */
export function compileExpression(source: string, names: readonly string[] = []): Expression {
  const key = names.join();
  let read = known.get(key);
  if (read === undefined) known.set(key, (read = memoBySource((text) => compile(text, names))));
  return read(source);
}

function compile(source: string, names: readonly string[]): Expression {
  const { expr, positions, translation } = read(source);
  const lines = new LineTable(source);
  const positionOf = (at: Expr) => lines.at(translation.origin(positions[String(at.id)] ?? 0));

  const { reads, problem } = namesOf(expr, [...scopeNames, ...names]);
  if (problem !== null) throw expressionErrors.EXPRESSION_INVALID({ ...positionOf(problem.at), problem: problem.problem });

  const long = reads.find(({ path }) => path.length > expressionLimits.pathSteps);
  if (long !== undefined) {
    const tooLong = `a path has at most ${expressionLimits.pathSteps} steps; this one has ${long.path.length}`;
    throw expressionErrors.EXPRESSION_INVALID({ ...positionOf(long.root), problem: tooLong });
  }

  const rounded = longNumber(source, translation, positions, expr);
  if (rounded !== undefined) {
    const problem = `the number ${brief(rounded.digits)} would be read as ${Number(rounded.digits)}; compare with its digits as a text, in quotation marks`;
    throw expressionErrors.EXPRESSION_INVALID({ ...lines.at(rounded.offset), problem });
  }

  // Before the planner, which may change the tree.
  const simple = simpleReads(source, expr);
  const evaluate = evaluator(source, expr, names);
  return {
    source,
    simple,
    references: reads.map(({ path, as, root }) => ({ path, as, ...positionOf(root) })),
    evaluate,
    test: (scope, values) => {
      const value = evaluate(scope, values);
      if (typeof value === "boolean") return value;
      throw expressionErrors.EXPRESSION_NOT_BOOLEAN({
        expression: brief(source),
        type: typeName(value),
        value: brief(JSON.stringify(value)),
      });
    },
  };
}

/** The first number that is written with more digits than a double keeps. */
function longNumber(source: string, translation: Translation, positions: Record<string, number>, root: Expr) {
  let found: { digits: string; offset: number } | undefined;
  findExpr(root, ({ id, exprKind }) => {
    if (exprKind.case !== "constExpr" || exprKind.value.constantKind.case !== "doubleValue") return false;
    const offset = translation.origin(positions[String(id)] ?? 0);
    const [digits = ""] = /^-?[\d.]+(?:[eE][+-]?\d+)?/.exec(source.slice(offset, offset + numberChars)) ?? [];
    if (digits === "" || isKept(digits)) return false;
    found = { digits, offset };
    return true;
  });
  return found;
}

/** Of a number in a source; the longest double written out has fewer. */
const numberChars = 1_100;

function read(source: string): { expr: Expr; positions: Record<string, number>; translation: Translation } {
  if (source.length > expressionLimits.sourceChars) {
    const problem = `it has ${source.length} characters and may have ${expressionLimits.sourceChars}; use a code node`;
    throw expressionErrors.EXPRESSION_INVALID({ line: 1, column: 1, problem });
  }
  let translation: Translation | undefined;
  try {
    translation = fromPython(source);
    const { expr, sourceInfo } = parse(translation.text);
    return { expr: adapt(expr), positions: sourceInfo?.positions ?? {}, translation };
  } catch (error) {
    throw parseFailure(error, source, translation);
  }
}

function evaluator(source: string, expr: Expr, names: readonly string[]): Expression["evaluate"] {
  const run = planned(source, expr);
  return (scope, values = {}) => {
    const bindings = {
      input: toCel(scope.input),
      state: toCel(scope.state),
      nodes: toCel(scope.nodes),
      current: toCel(scope.current),
      run: toCel(scope.run ?? null),
      session: toCel(scope.session ?? null),
      item: toCel(scope.item ?? null),
      index: toCel(scope.index ?? null),
      loop: toCel(scope.loop ?? null),
      // They hide an iteration's item of the same name.
      ...Object.fromEntries(names.map((name) => [name, toCel(values[name] ?? null)])),
    };
    const { value, end } = withinLimits(() => {
      const result = run(bindings);
      return isCelError(result) ? result : orEnd(() => fromCel(result, (units) => spend(units * resultWeight)));
    });
    const expression = brief(source);
    if (end === "slow") throw expressionErrors.EXPRESSION_TOO_SLOW({ expression, limitMs: expressionLimits.evaluateMs });
    if (end === "large") throw expressionErrors.EXPRESSION_TOO_LARGE({ expression, limit: expressionLimits.made });
    if (isCelError(value)) throw evaluateFailure(value, expr, source);
    if (value === undefined)
      throw expressionErrors.EXPRESSION_FAILED({ expression: brief(source), problem: "its value is nothing that JSON can say" });
    return value;
  };
}

/** What is given back is written out and read again: a tenth of what is made on the way is enough. */
const resultWeight = 10;

/** That the allowance is used up is told by the evaluation's end. */
function orEnd(read: () => Json | undefined): Json | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}

function planned(source: string, expr: Expr): (bindings: Record<string, CelInput>) => CelResult {
  try {
    return plan(environment, expr);
  } catch (error) {
    const problem = error instanceof RangeError ? "it is nested too deeply" : (error as Error).message;
    throw expressionErrors.EXPRESSION_INVALID({ line: 1, column: 1, problem }, { cause: error });
  }
}

function typeName(value: Json): string {
  if (value === null) return "null,";
  return Array.isArray(value) ? "the list" : `the ${typeof value}`;
}
