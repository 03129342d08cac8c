import { isJsonObject } from "#shared/json.ts";
import { frameNames, scopeNames, type FrameName } from "#shared/template/scope.ts";
import type { CheckedNode } from "./check-node.ts";
import type { PlacedReference } from "./check-texts.ts";
import type { Graph } from "../graph.ts";
import type { IssueList } from "../issue.ts";
import { suggester, type Suggest } from "../suggest.ts";

/** The graphs around one: what its texts may read beside what it has itself. */
export interface Surroundings {
  /** undefined: it is the document's own. */
  around: Outside | undefined;
}

/** A node that holds a graph, where it stands. */
export interface Outside extends Surroundings {
  nodes: readonly CheckedNode[];
  graph: Graph;
  /** Its place among the nodes. */
  place: number;
}

/** Checks that what templates and expressions read can be there when they read it. */
export function checkReferences(
  references: readonly PlacedReference[],
  nodes: readonly CheckedNode[],
  graph: Pick<Graph, "cycles" | "isUpstream">,
  issues: IssueList,
  around: Outside | undefined,
): void {
  const places = new Map(nodes.map((node, place) => [node.id, place]).reverse() as [string, number][]);
  const suggest = suggester(nodes.map(({ id }) => id));
  const own = new Set(nodes);
  const isOwn = (node: CheckedNode): boolean => own.has(node);
  const seen = new Set<string>();
  for (const reference of references) {
    // The same path twice in one text is one problem.
    const key = JSON.stringify([reference.at, reference.path.slice(0, 3)]);
    if (seen.has(key)) continue;
    seen.add(key);
    checkReference(reference, { nodes, places, suggest, graph, issues, around, isOwn: isOwn(reference.node) });
  }
}

interface Known extends Surroundings {
  nodes: readonly CheckedNode[];
  places: ReadonlyMap<string, number>;
  suggest: Suggest;
  graph: Pick<Graph, "cycles" | "isUpstream">;
  issues: IssueList;
  /** The node that reads is one of the graph, not the one that holds it. */
  isOwn: boolean;
}

function checkReference(reference: PlacedReference, { nodes, places, suggest, graph, issues, around, isOwn }: Known): void {
  const { path, at, node } = reference;
  const [root = "", id, field] = path;
  const where = `${at.slice(2).map(String).join(".")} of node ${node.id}, line ${reference.line}, column ${reference.column}`;
  // Names of the text's own hide those of an iteration around it.
  const names: readonly string[] = [...scopeNames, ...(reference.names ?? [])];
  const isOfFrame = !names.includes(root) && (frameNames as readonly string[]).includes(root);
  // Of the node's own graph: looked at where that is checked.
  if (isOfFrame && reference.isWithin) return;
  const holder = isOfFrame ? holderOf(root as FrameName, around) : undefined;
  if (holder !== undefined) return checkVariable(reference, holder, { where, issues });
  if (isOfFrame && reference.kind === "expression") {
    const message = `${where}: ${root} is there in the body of ${holders[root as FrameName]} only; what an assigner wrote is state.${root}, a text is "${root}".`;
    issues.error("EXPRESSION_INVALID", at, message);
    return;
  }
  if (root === "secrets" && !names.includes(root)) {
    const name = id === undefined ? "secrets" : `secrets.${id}`;
    const message = `${where}: ${name} is no value of a run. Secrets stand in the stored config of a tool (invokeConfig, binding) or of a model provider, as {{ secrets.NAME }}: call that tool.`;
    issues.error("SECRET_MISPLACED", at, message);
    return;
  }
  if (!names.includes(root)) {
    const known = [...new Set([...names, ...frameNames.filter((name) => holderOf(name, around) !== undefined)])].join(", ");
    issues.warning(
      "REFERENCE_UNKNOWN_NAME",
      at,
      `${where}: ${root} is none of ${known}, so it is empty; what an assigner wrote is state.${root}.`,
    );
    return;
  }
  if (root !== "nodes" || id === undefined) return;
  // Of the node's own graph: its nodes are looked at where that is checked.
  if (reference.isWithin) return;
  const place = places.get(id);
  if (place === undefined && around !== undefined) return checkOuter(reference, id, { where, around, suggest, issues });
  if (place === undefined) {
    const meant = suggest(id);
    const hint = meant === undefined ? "check the id" : `did you mean ${meant}`;
    issues.error("REFERENCE_UNKNOWN_NODE", at, `${where}: it refers to node ${id}, which does not exist; ${hint}.`);
    return;
  }
  checkField({ id, field, hasError: nodes[place]?.onError !== "fail" }, { where, at, issues });
  const own = isOwn ? places.get(node.id) : undefined;
  // Where there is a cycle, that is the problem to solve first.
  if (own === undefined || graph.cycles.length > 0 || graph.isUpstream(place, own)) return;
  const why =
    id === node.id
      ? "that is the node itself, which has no output yet"
      : `no path of edges leads from ${id} to ${node.id}, so it may be empty`;
  issues.warning("REFERENCE_NOT_UPSTREAM", at, `${where}: it refers to node ${id}; ${why}.`);
}

/** Whose bodies have a name. */
const holders: Readonly<Record<FrameName, string>> = { item: "an iteration", index: "an iteration or a loop", loop: "a loop" };

/** The innermost node around a graph whose body has a name. */
export function holderOf(name: FrameName, around: Outside | undefined): CheckedNode | undefined {
  for (let outside = around; outside !== undefined; outside = outside.around) {
    const node = outside.nodes[outside.place];
    if (node?.spec?.frameNames?.includes(name) === true) return node;
  }
  return undefined;
}

/** Names of the variables that a loop begins with. */
export function variablesOf({ config: { variables } }: CheckedNode): string[] {
  return isJsonObject(variables) ? Object.keys(variables) : [];
}

/** A variable of a loop is there from its start, or when an assigner has set it. */
function checkVariable({ path, at }: PlacedReference, holder: CheckedNode, { where, issues }: { where: string; issues: IssueList }): void {
  const [root, name] = path;
  if (root !== "loop" || name === undefined || variablesOf(holder).includes(name)) return;
  const message = `${where}: loop.${name} is none of the variables of the loop ${holder.id}, so it is empty unless an assigner has set it; give it a start value in config.variables.`;
  issues.warning("REFERENCE_UNKNOWN_NAME", at, message);
}

interface OuterReference {
  where: string;
  around: Outside;
  suggest: Suggest;
  issues: IssueList;
}

/** A node of a graph around is seen when it is finished before the node that holds this graph begins. */
function checkOuter({ at, path }: PlacedReference, id: string, { where, around, suggest, issues }: OuterReference): void {
  for (let outside: Outside | undefined = around; outside !== undefined; outside = outside.around) {
    const place = outside.nodes.findIndex((node) => node.id === id);
    if (place === -1) continue;
    checkField({ id, field: path[2], hasError: outside.nodes[place]?.onError !== "fail" }, { where, at, issues });
    const holder = outside.nodes[outside.place]?.id ?? "";
    if (place === outside.place || (outside.graph.cycles.length === 0 && !outside.graph.isUpstream(place, outside.place))) {
      const why =
        id === holder ? "that is the node whose body this is" : `no path of edges leads from ${id} to ${holder}, whose body this is`;
      issues.warning("REFERENCE_NOT_UPSTREAM", at, `${where}: it refers to node ${id}; ${why}, so it is empty.`);
    }
    return;
  }
  const meant = suggest(id);
  const hint = meant === undefined ? "check the id" : `did you mean ${meant}`;
  issues.error("REFERENCE_UNKNOWN_NODE", at, `${where}: it refers to node ${id}, which does not exist; ${hint}.`);
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
