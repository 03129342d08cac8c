import { AppError } from "#shared/errors.ts";
import type { Reference } from "#shared/template/scope.ts";
import type { CheckedNode } from "./check-node.ts";
import { dslLimits } from "./document.ts";
import type { IssueList } from "./issue.ts";
import { configTexts, textReferences, type ConfigText } from "./node-texts.ts";

/** A path that a node's template or expression reads, and where that text stands in the document. */
export interface PlacedReference extends Reference {
  node: CheckedNode;
  at: readonly PropertyKey[];
}

/** Reads every template and expression of the nodes; gives what they refer to. */
export function checkTexts(nodes: readonly CheckedNode[], issues: IssueList): PlacedReference[] {
  const references: PlacedReference[] = [];
  let expressionChars = 0;
  for (const node of nodes) {
    for (const found of node.spec === null ? [] : configTexts(node.spec, node.config)) {
      const { text, kind } = found;
      const at = ["nodes", node.index, "config", ...found.at];
      if (kind === "expression") expressionChars += text.length;
      if (kind === "expression" && expressionChars > dslLimits.expressionChars) {
        const limit = dslLimits.expressionChars;
        issues.error("EXPRESSION_INVALID", at, `The document's expressions together have more than ${limit} characters; use code nodes.`);
        continue;
      }
      references.push(...readText(node, { text, at, kind }, issues).map((reference) => ({ ...reference, node, at })));
    }
  }
  return references;
}

function readText(node: CheckedNode, { text, at, kind }: ConfigText, issues: IssueList): readonly Reference[] {
  try {
    return textReferences({ text, kind });
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    const code = kind === "template" ? "TEMPLATE_INVALID" : "EXPRESSION_INVALID";
    issues.error(code, at, `${at.slice(2).map(String).join(".")} of node ${node.id}: ${error.message}`);
    return [];
  }
}
