import { AppError } from "#shared/errors.ts";
import { isJsonObject } from "#shared/json.ts";
import type { Reference } from "#shared/template/scope.ts";
import type { CheckedNode } from "./check-node.ts";
import { dslLimits } from "./document.ts";
import { show, type IssueList } from "./issue.ts";
import { configTexts, textReferences, type ConfigText } from "./node-texts.ts";
import { retryWhenSpec } from "./node-specs.ts";

/** A path that a node's template or expression reads, and where that text stands in the document. */
export interface PlacedReference extends Reference {
  node: CheckedNode;
  at: readonly PropertyKey[];
  /** Names that the text sees beside the scope. */
  names: readonly string[] | undefined;
}

/** Reads every template and expression of the nodes; gives what they refer to. */
export function checkTexts(nodes: readonly CheckedNode[], issues: IssueList): PlacedReference[] {
  const references: PlacedReference[] = [];
  let expressionChars = 0;
  for (const node of nodes) {
    for (const { text, kind, names, at } of nodeTexts(node)) {
      if (kind === "expression") expressionChars += text.length;
      if (kind === "expression" && expressionChars > dslLimits.expressionChars) {
        const limit = dslLimits.expressionChars;
        issues.error("EXPRESSION_INVALID", at, `The document's expressions together have more than ${limit} characters; use code nodes.`);
        continue;
      }
      references.push(...readText(node, { text, at, kind, names }, issues).map((reference) => ({ ...reference, node, at, names })));
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
