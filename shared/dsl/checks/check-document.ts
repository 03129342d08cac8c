import { isJsonObject, type Json, type JsonObject } from "#shared/json.ts";
import { textBytes } from "#shared/template/text.ts";
import { dslLimits, onFailure } from "../document.ts";
import { show, type IssueList } from "../issue.ts";

/** The lists of a document whose size and outer shape are in order; null when looking further would make no sense. */
export function checkDocument(document: unknown, issues: IssueList): { nodes: Json[]; edges: Json[]; document: JsonObject } | null {
  if (!isJsonObject(document)) {
    const next = typeof document === "string" ? " Give the object itself, not its JSON as text." : "";
    issues.error("DSL_NOT_OBJECT", [], `A document is an object { "nodes": […], "edges": […] }, not ${kindOf(document)}.${next}`);
    return null;
  }
  const { nodes, edges = [] } = document;
  if (!checkSize(document, issues)) return null;
  if (!Array.isArray(nodes)) {
    const found = nodes === undefined ? "it has no nodes" : `its nodes are ${kindOf(nodes)}`;
    issues.error("NODES_MISSING", ["nodes"], `A document has a list of nodes, which may be empty; ${found}.`);
  }
  if (!Array.isArray(edges)) issues.error("EDGES_INVALID", ["edges"], `The edges are a list of { source, target }, not ${kindOf(edges)}.`);
  if (!Array.isArray(nodes) || !Array.isArray(edges)) return null;
  const fits = checkCount("TOO_MANY_NODES", nodes, issues) && checkCount("TOO_MANY_EDGES", edges, issues);
  return fits ? { nodes, edges, document } : null;
}

/** Reports an `on_failure` that names no workflow. Whether there is one of that name is known when a run fails. */
export function checkOnFailure(given: Json | undefined, issues: IssueList): void {
  if (given === undefined || onFailure.safeParse(given).success) return;
  const rule =
    'names the workflow that is run when a run fails: its id or its code, as a text, { "workflow_id": … } or { "workflow_code": … }';
  issues.error("ON_FAILURE_INVALID", ["on_failure"], `The document's on_failure ${rule}. It is ${show(given)}.`);
}

function checkSize(document: JsonObject, issues: IssueList): boolean {
  const { documentBytes, depth } = dslLimits;
  if (isDeeperThan(document, depth)) {
    issues.error("DSL_TOO_DEEP", [], `The document is nested deeper than ${depth} levels; move data into the run's input.`);
    return false;
  }
  const bytes = textBytes(JSON.stringify(document));
  if (bytes <= documentBytes) return true;
  const advice = "move data, such as documents, behind a source_url or into the run's input";
  issues.error("DSL_TOO_LARGE", [], `The document has ${bytes} bytes and may have ${documentBytes}; ${advice}.`);
  return false;
}

function checkCount(code: "TOO_MANY_NODES" | "TOO_MANY_EDGES", list: readonly Json[], issues: IssueList): boolean {
  const what = code === "TOO_MANY_NODES" ? "nodes" : "edges";
  if (list.length <= dslLimits[what]) return true;
  issues.error(code, [what], `The document has ${list.length} ${what} and may have ${dslLimits[what]}; split the workflow.`);
  return false;
}

/** Level by level, not by recursion: what is to be refused may be deeper than the stack. */
function isDeeperThan(value: unknown, depth: number): boolean {
  let level: unknown[] = [value];
  for (let i = 0; level.length > 0; i += 1) {
    // The second: something that refers to itself has no end in breadth either.
    if (i > depth || level.length > dslLimits.documentBytes) return true;
    level = level.flatMap((item) => (typeof item === "object" && item !== null ? Object.values(item) : []));
  }
  return false;
}

function kindOf(value: unknown): string {
  if (value === undefined) return "nothing";
  if (Array.isArray(value)) return "a list";
  return isJsonObject(value) ? "an object" : show(value);
}
