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
  kind: ConfigText["kind"];
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
    for (const found of node.spec === null ? [] : configTexts(node.spec, node.config)) {
      const { text, kind } = found;
      const at = ["nodes", node.index, "config", ...found.at];
      const isWithin = node.spec?.within?.includes(String(found.at[0])) === true;
      if (kind === "expression") budget.expressionChars -= text.length;
      if (kind === "expression" && budget.expressionChars < 0) {
        const limit = dslLimits.expressionChars;
        issues.error("EXPRESSION_INVALID", at, `The document's expressions together have more than ${limit} characters; use code nodes.`);
        continue;
      }
      references.push(...readText(node, { text, at, kind }, issues).map((reference) => ({ ...reference, node, at, kind, isWithin })));
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
