import { AppError } from "#shared/errors.ts";
import { compileExpression } from "#shared/expression/expression.ts";
import type { Json } from "#shared/json.ts";
import type { Reference } from "#shared/template/scope.ts";
import { compileTemplate } from "#shared/template/template.ts";
import type { CheckedNode } from "./check-node.ts";
import { dslLimits } from "./document.ts";
import type { IssueList } from "./issue.ts";

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
    for (const { text, at, kind } of textsOf(node)) {
      if (kind === "expression") expressionChars += text.length;
      if (kind === "expression" && expressionChars > dslLimits.expressionChars) {
        const limit = dslLimits.expressionChars;
        issues.error("EXPRESSION_INVALID", at, `The document's expressions together have more than ${limit} characters; use code nodes.`);
        continue;
      }
      const found = readText(node, { text, at, kind }, issues);
      references.push(...found.map((reference) => ({ ...reference, node, at })));
    }
  }
  return references;
}

interface PlacedText {
  text: string;
  at: readonly PropertyKey[];
  kind: "template" | "expression";
}

function readText(node: CheckedNode, { text, at, kind }: PlacedText, issues: IssueList): readonly Reference[] {
  try {
    return (kind === "template" ? compileTemplate(text) : compileExpression(text)).references;
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    const code = kind === "template" ? "TEMPLATE_INVALID" : "EXPRESSION_INVALID";
    issues.error(code, at, `${at.slice(2).map(String).join(".")} of node ${node.id}: ${error.message}`);
    return [];
  }
}

function* textsOf(node: CheckedNode): Generator<PlacedText> {
  const at = ["nodes", node.index, "config"];
  for (const { field } of node.spec?.templates ?? []) {
    for (const { text, at: place } of deepTexts(node.config, field.split("."), at)) yield { text, at: place, kind: "template" };
  }
  for (const field of node.spec?.expressions ?? []) {
    const text = node.config[field];
    if (typeof text === "string" && text !== "") yield { text, at: [...at, field], kind: "expression" };
  }
}

/** The texts at a path (`*` is each item) and beneath it. */
function* deepTexts(
  value: Json | undefined,
  path: readonly string[],
  at: readonly PropertyKey[],
): Generator<{ text: string; at: readonly PropertyKey[] }> {
  const [key, ...rest] = path;
  if (typeof value === "string") {
    if (key === undefined) yield { text: value, at };
  } else if (typeof value === "object" && value !== null) {
    for (const [name, item] of Object.entries(value)) {
      if (key === undefined || key === "*" || key === name)
        yield* deepTexts(item, rest, [...at, Array.isArray(value) ? Number(name) : name]);
    }
  }
}
