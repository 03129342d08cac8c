import { scopeNames } from "#shared/template/scope.ts";
import type { CheckedNode } from "./check-node.ts";
import type { PlacedReference } from "./check-texts.ts";
import type { Graph } from "./graph.ts";
import type { IssueList } from "./issue.ts";
import { suggester, type Suggest } from "./suggest.ts";

/** Checks that what templates and expressions read can be there when they read it. */
export function checkReferences(
  references: readonly PlacedReference[],
  nodes: readonly CheckedNode[],
  graph: Graph,
  issues: IssueList,
): void {
  const places = new Map(nodes.map((node, place) => [node.id, place]).reverse() as [string, number][]);
  const suggest = suggester(nodes.map(({ id }) => id));
  const seen = new Set<string>();
  for (const reference of references) {
    // The same path twice in one text is one problem.
    const key = JSON.stringify([reference.at, reference.path.slice(0, 3)]);
    if (seen.has(key)) continue;
    seen.add(key);
    checkReference(reference, { nodes, places, suggest, graph, issues });
  }
}

interface Surroundings {
  nodes: readonly CheckedNode[];
  places: ReadonlyMap<string, number>;
  suggest: Suggest;
  graph: Graph;
  issues: IssueList;
}

function checkReference(reference: PlacedReference, { nodes, places, suggest, graph, issues }: Surroundings): void {
  const { path, at, node } = reference;
  const [root = "", id, field] = path;
  const where = `${at.slice(2).map(String).join(".")} of node ${node.id}, line ${reference.line}, column ${reference.column}`;
  const names: readonly string[] = [...scopeNames, ...(reference.names ?? [])];
  if (!names.includes(root)) {
    const known = names.join(", ");
    issues.warning(
      "REFERENCE_UNKNOWN_NAME",
      at,
      `${where}: ${root} is none of ${known}, so it is empty; what an assigner wrote is state.${root}.`,
    );
    return;
  }
  if (root !== "nodes" || id === undefined) return;
  const place = places.get(id);
  if (place === undefined) {
    const meant = suggest(id);
    const hint = meant === undefined ? "check the id" : `did you mean ${meant}`;
    issues.error("REFERENCE_UNKNOWN_NODE", at, `${where}: it refers to node ${id}, which does not exist; ${hint}.`);
    return;
  }
  checkField({ id, field, hasError: nodes[place]?.onError !== "fail" }, { where, at, issues });
  const own = places.get(node.id);
  // Where there is a cycle, that is the problem to solve first.
  if (own === undefined || graph.cycles.length > 0 || graph.isUpstream(place, own)) return;
  const why =
    id === node.id
      ? "that is the node itself, which has no output yet"
      : `no path of edges leads from ${id} to ${node.id}, so it may be empty`;
  issues.warning("REFERENCE_NOT_UPSTREAM", at, `${where}: it refers to node ${id}; ${why}.`);
}

function checkField(
  { id, field, hasError }: { id: string; field: string | undefined; hasError: boolean },
  { where, at, issues }: { where: string; at: readonly PropertyKey[]; issues: IssueList },
): void {
  if (field === undefined || field === "output" || field === "text" || (field === "error" && hasError)) return;
  const problem =
    field === "error"
      ? `node ${id} has no on_error, so where it fails nothing reads its error`
      : `nodes.${id} has output and text, not ${field}, so it is empty`;
  issues.warning("REFERENCE_UNKNOWN_FIELD", at, `${where}: ${problem}.`);
}
