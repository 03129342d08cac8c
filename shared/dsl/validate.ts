/**
 * Finds every problem of a document at once, for the person who wrote it; it never throws, whatever it is given. Its time is linear
 * in the document, but for who is upstream of whom and who excludes whom, and that costs some 300,000 steps each at the limits.
 */
import { checkDocument } from "./check-document.ts";
import { checkEdges, checkGraph } from "./check-edges.ts";
import { checkNode, type CheckedNode, type ExtraTypes } from "./check-node.ts";
import { checkPrograms } from "./check-program.ts";
import { checkReferences } from "./check-references.ts";
import { checkTexts } from "./check-texts.ts";
import { checkRunTimeout, checkTimeouts } from "./check-timeouts.ts";
import { checkWrites } from "./check-writes.ts";
import { graphOf } from "./graph.ts";
import { IssueList, type DslIssue } from "./issue.ts";

export type { DslIssue } from "./issue.ts";

/** How to validate. */
export interface ValidateOptions {
  /** Node types beside the public ones, by name. */
  extraTypes?: ExtraTypes;
  /** What a tool call and a program may take at most, AGENT_PLATFORM_MAX_TIMEOUT_SECONDS; unless given nothing is said of it. */
  maxTimeoutSeconds?: number;
}

/**
 * Validates a document.
 *
 * @returns every problem; without one of severity ERROR the document can run.
 */
export function validateDsl(document: unknown, options: ValidateOptions = {}): DslIssue[] {
  const issues = new IssueList();
  const lists = readable(document, issues);
  if (lists === null) return issues.issues;

  const nodes = lists.nodes.flatMap((node, index) => checkNode(node, index, options.extraTypes ?? {}, issues) ?? []);
  reportDuplicates(nodes, issues);
  const edges = checkEdges(lists.edges, nodes, issues);
  const graph = graphOf(nodes.length, edges);
  checkGraph(graph, nodes, edges, issues);
  checkTimeouts(nodes, options.maxTimeoutSeconds, issues);
  checkRunTimeout(lists.timeoutSeconds, nodes, issues);
  checkPrograms(nodes, issues);
  checkWrites(nodes, edges, graph, issues);
  checkReferences(checkTexts(nodes, issues), nodes, graph, issues);
  return issues.issues;
}

function readable(document: unknown, issues: IssueList): ReturnType<typeof checkDocument> {
  try {
    return checkDocument(document, issues);
  } catch (error) {
    // Not from the API, which parsed it: an object that refers to itself, a bigint.
    issues.error("DSL_NOT_JSON", [], `The document is not JSON: ${error instanceof Error ? error.message.split("\n")[0] : String(error)}.`);
    return null;
  }
}

function reportDuplicates(nodes: readonly CheckedNode[], issues: IssueList): void {
  const first = new Map<string, number>();
  for (const { id, index } of nodes) {
    const earlier = first.get(id);
    if (earlier === undefined) first.set(id, index);
    else
      issues.error(
        "NODE_ID_DUPLICATE",
        ["nodes", index, "id"],
        `Nodes number ${earlier} and ${index} have the same id, ${id}; rename one.`,
      );
  }
}
