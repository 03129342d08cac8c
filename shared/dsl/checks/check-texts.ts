import { AppError } from "#shared/errors.ts";
import { isJsonObject } from "#shared/json.ts";
import type { Reference } from "#shared/template/scope.ts";
import type { CheckedNode } from "./check-node.ts";
import { dslLimits } from "../document.ts";
import { show, type IssueList } from "../issue.ts";
import { configTexts, textReferences, type ConfigText } from "../node-texts.ts";
import { retryWhenSpec } from "../node-specs.ts";

/** A path that a node's template or expression reads, and where that text stands in the document. */
export interface PlacedReference extends Reference {
  node: CheckedNode;
  at: readonly PropertyKey[];
  kind: ConfigText["kind"];
  /** Names that the text sees beside the scope. */
  names: readonly string[] | undefined;
  /** It is read in the scope of the node's own graph. */
  isWithin: boolean;
}

/** What a document's expressions may still have. */
export interface TextBudget {
  expressionChars: number;
}

/** Reads every template and expression of the nodes; gives what they refer to. */
export function checkTexts(nodes: readonly CheckedNode[], issues: IssueList, budget: TextBudget): PlacedReference[] {
  const references: PlacedReference[] = [];
  for (const node of nodes) {
    for (const { text, kind, names, at } of nodeTexts(node)) {
      const isWithin = at[2] === "config" && node.spec?.within?.includes(String(at[3])) === true;
      if (kind === "expression") budget.expressionChars -= text.length;
      if (kind === "expression" && budget.expressionChars < 0) {
        const limit = dslLimits.expressionChars;
        issues.error("EXPRESSION_INVALID", at, `The document's expressions together have more than ${limit} characters; use code nodes.`);
        continue;
      }
      const read = readText(node, { text, at, kind, names }, issues);
      references.push(...read.map((reference) => ({ ...reference, node, at, kind, names, isWithin })));
    }
  }
  return references;
}

/** The texts of its config and that of its retry, with their places in the document. */
function* nodeTexts({ index, spec, config, retryWhen }: CheckedNode): Generator<ConfigText> {
  const at = ["nodes", index];
  for (const found of spec === null ? [] : configTexts(spec, config)) yield { ...found, at: [...at, "config", ...found.at] };
  for (const found of retryWhen === undefined ? [] : configTexts(retryWhenSpec, { when: retryWhen }))
    yield { ...found, at: [...at, "retry", ...found.at] };
}

function readText(node: CheckedNode, { text, at, kind, names }: ConfigText, issues: IssueList): readonly Reference[] {
  try {
    return textReferences({ text, kind, names });
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    const code = kind === "template" ? "TEMPLATE_INVALID" : "EXPRESSION_INVALID";
    issues.error(code, at, `${at.slice(2).map(String).join(".")} of node ${node.id}${caseOf(node, at)}: ${error.message}`);
    return [];
  }
}

/** The case that a text of a switch is of. */
function caseOf({ type, config: { cases } }: CheckedNode, at: readonly PropertyKey[]): string {
  const one = type === "switch" && Array.isArray(cases) ? cases[Number(at[4])] : undefined;
  return isJsonObject(one) && typeof one["id"] === "string" ? `, case ${show(one["id"])}` : "";
}
