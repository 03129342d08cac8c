/** Checks the tests of a document: what they give its runs, in whose place they stand, and what they expect. */
import { AppError } from "#shared/errors.ts";
import { compileExpression } from "#shared/expression/expression.ts";
import { isJsonObject, type Json, type JsonObject } from "#shared/json.ts";
import type { TextBudget } from "./check-texts.ts";
import { documentTest, dslLimits, expectNames } from "../document.ts";
import { show, type IssueList } from "../issue.ts";
import { suggester } from "../suggest.ts";

/** What a test is looked at with. */
interface Checked {
  /** Ids of the nodes of the document's own graph. */
  nodeIds: readonly string[];
  issues: IssueList;
  budget: TextBudget;
}

/** Checks all of them; how mocks go on beneath their first node is known when a run of the test is made. */
export function checkTests(given: Json | undefined, checked: Checked): void {
  if (given === undefined) return;
  if (!Array.isArray(given) || given.length > dslLimits.tests) {
    const found = Array.isArray(given) ? `They are ${given.length}.` : `They are ${show(given)}.`;
    const rule = `The document's tests are a list of { name, input, mocks, expect }, at most ${dslLimits.tests}.`;
    checked.issues.error("TESTS_INVALID", ["tests"], `${rule} ${found}`);
    return;
  }
  const names = new Set<string>();
  given.forEach((test, index) => {
    const at = ["tests", index];
    for (const { path, message } of documentTest.safeParse(test).error?.issues ?? [])
      checked.issues.error("TESTS_INVALID", [...at, ...path], `${path.map(String).join(".") || "It"} of test ${index}: ${message}.`);
    if (!isJsonObject(test)) return;
    checkName(test["name"], names, at, checked);
    checkMocks(test["mocks"], at, checked);
    checkExpect(test, at, checked);
  });
}

function checkName(name: Json | undefined, names: Set<string>, at: readonly PropertyKey[], { issues }: Checked): void {
  if (typeof name !== "string") return;
  if (names.has(name)) issues.error("TESTS_INVALID", [...at, "name"], `Two tests have the name ${show(name)}; rename one.`);
  names.add(name);
}

function checkMocks(mocks: Json | undefined, at: readonly PropertyKey[], { nodeIds, issues }: Checked): void {
  const suggest = suggester(nodeIds);
  for (const path of isJsonObject(mocks) ? Object.keys(mocks) : []) {
    const id = path.split(/[/#]/)[0] ?? "";
    if (nodeIds.includes(id)) continue;
    const meant = suggest(id);
    const hint = meant === undefined ? "A path begins with a node of the document's own graph." : `Did you mean ${meant}?`;
    issues.error(
      "REFERENCE_UNKNOWN_NODE",
      [...at, "mocks", path],
      `A mock has the path ${show(path)}, and there is no node ${show(id)}. ${hint}`,
    );
  }
}

function checkExpect({ name, expect }: JsonObject, at: readonly PropertyKey[], { issues, budget }: Checked): void {
  if (!Array.isArray(expect)) return;
  expect.forEach((text, index) => {
    if (typeof text !== "string") return;
    const place = [...at, "expect", index];
    budget.expressionChars -= text.length;
    if (budget.expressionChars < 0)
      return issues.error(
        "EXPRESSION_INVALID",
        place,
        `The document's expressions together have more than ${dslLimits.expressionChars} characters.`,
      );
    const problem = problemOf(text);
    if (problem !== undefined) issues.error("EXPRESSION_INVALID", place, `expect.${index} of test ${show(name)}: ${problem}`);
  });
}

function problemOf(text: string): string | undefined {
  try {
    compileExpression(text, expectNames);
    return undefined;
  } catch (error) {
    if (error instanceof AppError) return error.message;
    throw error;
  }
}
