/**
 * CEL as conditions need it. JSON has one kind of number, so every number is a double here: literals, sizes, conversions; `%` takes
 * them too. Loops look at the clock in every round.
 */
import { celEnv, celFunc, celMethod, CelScalar, isCelError, listType, type CelList, type CelResult, type CelValue } from "@bufbuild/cel";
import { strings } from "@bufbuild/cel/ext";
import { ComputeClock } from "#shared/template/compute-clock.ts";
import { isKept } from "#shared/json/numbers.ts";
import { loopWord } from "./python.ts";
import type { Expr } from "./tree.ts";
import { joined } from "./values.ts";

/** What one evaluation may cost. */
export const expressionLimits = {
  sourceChars: 10_000,
  evaluateMs: 500,
  patternChars: 1_000,
  /** Steps of a path. */
  pathSteps: 20,
  /** Characters and items that its steps make. */
  made: 10_000_000,
  /** Items of a list that it makes. */
  listItems: 100_000,
} as const;

const { BOOL, BYTES, DOUBLE, DYN, INT, STRING } = CelScalar;
const LIST = listType(DYN);
const standardMatches = celEnv().funcs.find("matches");

/** Text functions of CEL's extension library that cannot blow up. */
const textFunctions = new Set(["trim"]);

/** Functions whose numbers would be CEL integers. */
const integerFunctions = new Set([
  ...["size", "int", "uint", "getFullYear", "getMonth", "getDayOfYear", "getDayOfMonth", "getDate", "getDayOfWeek"],
  ...["getHours", "getMinutes", "getSeconds", "getMilliseconds"],
]);

let clock: ComputeClock | undefined;
let ranOutOfTime = false;
let left = Infinity;
let ranOutOfRoom = false;

/** The environment that expressions are planned in. */
export const environment = celEnv({
  funcs: [
    ...strings.filter((func) => textFunctions.has(func.name)),
    celFunc("_%_", [DOUBLE, DOUBLE], DOUBLE, (left, right) => left % nonZero(right, "a remainder")),
    // Each of these makes a value as large as both together; in a loop that doubles.
    celFunc("_+_", [STRING, STRING], STRING, (one, other) => {
      spend(one.length + other.length);
      return one + other;
    }),
    celFunc("_+_", [BYTES, BYTES], BYTES, (one, other) => {
      spend(one.length + other.length);
      const joined = new Uint8Array(one.length + other.length);
      joined.set(one);
      joined.set(other, one.length);
      return joined;
    }),
    celFunc("_+_", [LIST, LIST], LIST, (one: CelList, other: CelList) => {
      if (one.size + other.size > expressionLimits.listItems) spend(Infinity);
      return joined(one, other, spend);
    }),
    celFunc("_/_", [DOUBLE, DOUBLE], DOUBLE, (left, right) => left / nonZero(right, "a division")),
    // What is a text, for its digits are more than a double keeps, is no number in silence.
    celFunc("double", [STRING], DOUBLE, (text) => {
      const value = Number(text);
      if (!/\d/.test(text) || Number.isNaN(value)) throw new Error(`${JSON.stringify(text.slice(0, 60))} is no number`);
      if (!isKept(text.trim().replace(/^\+/, ""))) throw notKept(text, value);
      return value;
    }),
    celFunc("double", [INT], DOUBLE, (value) => {
      if (!isKept(String(value))) throw notKept(String(value), Number(value));
      return Number(value);
    }),
    celFunc("@inTime", [], BOOL, () => !ranOutOfRoom && !isLate()),
    // The library's make a list of the characters: of a text of megabytes hundreds of megabytes.
    celMethod("lowerAscii", STRING, [], STRING, function () {
      return this.replace(/[A-Z]+/g, (letters) => letters.toLowerCase());
    }),
    celMethod("upperAscii", STRING, [], STRING, function () {
      return this.replace(/[a-z]+/g, (letters) => letters.toUpperCase());
    }),
    celMethod("matches", STRING, [STRING], BOOL, function (pattern) {
      return matches(this, pattern);
    }),
  ],
});

/** Runs an evaluation against the clock and the allowance for what it makes; unless `end` is "done" the value is worth nothing. */
export function withinLimits<T>(evaluate: () => T): { value: T; end: "done" | "slow" | "large" } {
  clock = new ComputeClock(expressionLimits.evaluateMs);
  ranOutOfTime = false;
  left = expressionLimits.made;
  ranOutOfRoom = false;
  const value = evaluate();
  return { value, end: ranOutOfRoom ? "large" : ranOutOfTime ? "slow" : "done" };
}

function isLate(): boolean {
  ranOutOfTime ||= clock?.isOver() ?? false;
  return ranOutOfTime;
}

/** Takes from the allowance. @throws Error when it is used up; whatever becomes of that, the evaluation ends "large" */
export function spend(units: number): void {
  left -= units;
  if (left >= 0) return;
  ranOutOfRoom = true;
  throw new Error("it makes too much");
}

/** Turns every number of a tree into a double, gives its loops an eye on the clock and the name `loop` its letters; changes the tree it is given. */
export function adapt(expr: Expr): Expr {
  const { exprKind } = expr;
  switch (exprKind.case) {
    case "constExpr": {
      const { constantKind } = exprKind.value;
      const isInteger = constantKind.case === "int64Value" || constantKind.case === "uint64Value";
      if (isInteger) exprKind.value.constantKind = { case: "doubleValue", value: Number(constantKind.value) };
      return expr;
    }
    case "identExpr":
      exprKind.value.name = nameOf(exprKind.value.name);
      return expr;
    case "selectExpr":
      exprKind.value.operand = adaptChild(exprKind.value.operand);
      return expr;
    case "callExpr":
      exprKind.value.target = adaptChild(exprKind.value.target);
      exprKind.value.args = exprKind.value.args.map(adapt);
      return integerFunctions.has(exprKind.value.function) ? call(expr, "double", [expr]) : expr;
    case "listExpr":
      exprKind.value.elements = exprKind.value.elements.map(adapt);
      return expr;
    case "structExpr":
      // Keys stay what they are: a CEL map has no doubles for keys.
      for (const entry of exprKind.value.entries) entry.value = adaptChild(entry.value);
      return expr;
    case "comprehensionExpr": {
      const loop = exprKind.value;
      loop.iterVar = nameOf(loop.iterVar);
      for (const part of ["iterRange", "accuInit", "loopCondition", "loopStep", "result"] as const) loop[part] = adaptChild(loop[part]);
      if (loop.loopCondition) loop.loopCondition = whileInTime(loop.loopCondition);
      return expr;
    }
    default:
      return expr;
  }
}

function nameOf(name: string): string {
  return name === loopWord ? "loop" : name;
}

function adaptChild(expr: Expr | undefined): Expr | undefined {
  return expr && adapt(expr);
}

function whileInTime(condition: Expr): Expr {
  const never: Expr = { ...condition, exprKind: { case: "constExpr", value: constantFalse() } };
  return call(condition, "_?_:_", [call(condition, "@inTime", []), condition, never]);
}

function constantFalse(): Extract<Expr["exprKind"], { case: "constExpr" }>["value"] {
  return { $typeName: "cel.expr.Constant", constantKind: { case: "boolValue", value: false } };
}

/** A call that stands where `at` stood, so that errors in it point there. */
function call(at: Expr, name: string, args: Expr[]): Expr {
  return { ...at, exprKind: { case: "callExpr", value: { $typeName: "cel.expr.Expr.Call", function: name, args } } };
}

function notKept(digits: string, readAs: number): Error {
  return new Error(`${digits.trim().slice(0, 60)} would be read as ${readAs}; compare it as a text`);
}

function nonZero(value: number, what: string): number {
  if (value === 0) throw new Error(`${what} by zero`);
  return value;
}

function matches(text: string, pattern: string): boolean {
  // Matching is linear in the text, but in the pattern as well.
  if (pattern.length > expressionLimits.patternChars) throw new Error(`a pattern has at most ${expressionLimits.patternChars} characters`);
  const result: CelValue | CelResult | undefined = standardMatches?.call(0, text, [pattern]);
  if (isCelError(result)) throw result;
  return result === true;
}
