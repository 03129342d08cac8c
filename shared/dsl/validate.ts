/**
 * Finds every problem of a document at once, for the person who wrote it; it never throws, whatever it is given. Its time is linear
 * in the document, but for who is upstream of whom and who excludes whom, and that costs some 300,000 steps each at the limits.
 */
import { isJsonObject, type Json } from "#shared/json.ts";
import { bodyLists, checkNames, depthWithin, topDepth, type Depth } from "./checks/check-bodies.ts";
import { checkConcurrency } from "./checks/check-concurrency.ts";
import { checkDocument, checkOnFailure } from "./checks/check-document.ts";
import { checkEdges, checkGraph, walkedByRun, type Walked } from "./checks/check-edges.ts";
import { checkForms, wholeFormBudget, type FormBudget, type FormFault } from "./checks/check-forms.ts";
import { checkInputSchema } from "./checks/check-input-schema.ts";
import { checkNode, type CheckedNode, type ExtraTypes } from "./checks/check-node.ts";
import { checkPrograms } from "./checks/check-program.ts";
import { checkReferences, type Outside } from "./checks/check-references.ts";
import { checkSessionHistory } from "./checks/check-session-history.ts";
import { checkTests } from "./checks/check-tests.ts";
import { checkTexts, type PlacedReference, type TextBudget } from "./checks/check-texts.ts";
import { checkNodesInRun, checkRunTimeout, checkTimeouts } from "./checks/check-timeouts.ts";
import { checkSharedWrites, checkVariableWrites, checkWrites } from "./checks/check-writes.ts";
import { dslLimits } from "./document.ts";
import { graphOf } from "./graph.ts";
import { IssueList, type DslIssue } from "./issue.ts";

export type { DslIssue } from "./issue.ts";

/** How to validate. */
export interface ValidateOptions {
  /** Node types beside the public ones, by name. */
  extraTypes?: ExtraTypes;
  /** What a tool call and a program may take at most, AGENT_PLATFORM_MAX_TIMEOUT_SECONDS; unless given nothing is said of it. */
  maxTimeoutSeconds?: number;
  /** What says of forms whether they are any; unless given nothing is said of them. Given, as nothing here looks at schemas. */
  formFault?: FormFault;
  /** The same of the schema of the input. */
  schemaFault?: FormFault;
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

  const budget = { expressionChars: dslLimits.expressionChars, nodes: dslLimits.nodes, edges: dslLimits.edges, ...wholeFormBudget };
  const runSeconds = checkRunTimeout(lists.document["timeout_seconds"], issues);
  checkSessionHistory(lists.document["session_history"], issues);
  checkInputSchema(lists.document["input_schema"], options.schemaFault, issues);
  checkOnFailure(lists.document["on_failure"], issues);
  checkConcurrency(lists.document["concurrency"], budget, issues);
  checkLists(lists, { options, runSeconds, budget, depth: topDepth, around: undefined, results: undefined }, issues);
  checkTests(lists.document["tests"], { nodeIds: idsOf(lists.nodes), issues, budget });
  return issues.issues;
}

function idsOf(nodes: readonly Json[]): string[] {
  return nodes.flatMap((node) => (isJsonObject(node) && typeof node["id"] === "string" ? [node["id"]] : []));
}

/** A graph, and where it lies. */
interface Within {
  options: ValidateOptions;
  /** What the run may take, if the document says so. */
  runSeconds: number | undefined;
  /** What the document's graphs may still have together. */
  budget: TextBudget & FormBudget & { nodes: number; edges: number };
  depth: Depth;
  around: Outside | undefined;
  /** What the node that holds it reads of it when all of it has run, and where that is told. */
  results: { references: readonly PlacedReference[]; issues: IssueList } | undefined;
}

function checkLists(lists: { nodes: Json[]; edges: Json[] }, within: Within, issues: IssueList): void {
  const { options, runSeconds, budget, depth, around, results } = within;
  if (!fits(lists, budget, issues)) return;
  const nodes = lists.nodes.flatMap((node, index) => checkNode(node, index, options.extraTypes ?? {}, issues) ?? []);
  reportDuplicates(nodes, issues);
  checkNames(nodes, depth, around, issues);
  const edges = checkEdges(lists.edges, nodes, issues);
  const graph = graphOf(nodes.length, edges);
  checkGraph(graph, nodes, edges, issues, walkedOf(around));
  checkTimeouts(nodes, options.maxTimeoutSeconds, issues);
  checkNodesInRun(nodes, runSeconds, issues);
  checkPrograms(nodes, issues);
  checkForms(nodes, options.formFault, issues, budget);
  checkWrites(nodes, edges, graph, issues);
  checkSharedWrites(nodes, depth, issues);
  checkVariableWrites(nodes, around, issues);
  const references = checkTexts(nodes, issues, budget);
  checkReferences(references, nodes, graph, issues, around);
  if (results !== undefined) checkReferences(results.references, nodes, everythingRan, results.issues, around);
  nodes.forEach((node, place) => {
    const at = ["nodes", node.index, "config", "body"];
    const inner = bodyLists(node, issues.beneath(at));
    const innerDepth = inner === null ? null : depthWithin(node, depth, issues);
    if (inner === null || innerDepth === null) return;
    const own = references.filter((reference) => reference.isWithin && reference.node === node);
    const results = { references: own.map((reference) => ({ ...reference, isWithin: false })), issues };
    const outside = { nodes, graph, place, around };
    checkLists(inner, { options, runSeconds, budget, depth: innerDepth, around: outside, results }, issues.beneath(at));
  });
}

function walkedOf(around: Outside | undefined): Walked {
  const holder = around?.nodes[around.place];
  return holder === undefined ? walkedByRun : { what: holder.type === "loop" ? "round" : "item", holderId: holder.id };
}

/** To what is read when a graph has ended, all its nodes are upstream. */
const everythingRan = { cycles: [], isUpstream: () => true };

function readable(document: unknown, issues: IssueList): ReturnType<typeof checkDocument> {
  try {
    return checkDocument(document, issues);
  } catch (error) {
    // Not from the API, which parsed it: an object that refers to itself, a bigint.
    issues.error("DSL_NOT_JSON", [], `The document is not JSON: ${error instanceof Error ? error.message.split("\n")[0] : String(error)}.`);
    return null;
  }
}

/** The limits of a document are those of all its graphs together; its own were looked at with its size. */
function fits({ nodes, edges }: { nodes: Json[]; edges: Json[] }, budget: Within["budget"], issues: IssueList): boolean {
  budget.nodes -= nodes.length;
  budget.edges -= edges.length;
  if (budget.nodes >= 0 && budget.edges >= 0) return true;
  const [code, what] = budget.nodes < 0 ? (["TOO_MANY_NODES", "nodes"] as const) : (["TOO_MANY_EDGES", "edges"] as const);
  issues.error(code, [what], `With these the document has more than ${dslLimits[what]} ${what} in all its graphs; split the workflow.`);
  return false;
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
