/**
 * The plan of a run: the frozen document, and the graph of indexes that the engine walks. A node's index is its place in the document. A composite node
 * has a graph of its own: in its config, `body`, or, of a sub-workflow, among the plan's `workflows`; but for an agent, which stands in its config.
 */
import type { Json, JsonObject } from "#shared/json.ts";
import { bodyOf, compositeSettings, frameEnding, frameType, isWalking, subWorkflowVersion, type CompositeSettings } from "./composite.ts";
import { compileOnError, errorRoute, type OnError, type PlanOnError } from "./on-error.ts";
import { isChildRun } from "./child-run.ts";
import type { ConcurrencyRule } from "./concurrency.ts";
import { agentPartsOf, agentRules, agentType, type AgentPart, type AgentRules } from "./drivers/agent-plan.ts";
import { MockKeys, nodeRunAt } from "./mocks.ts";
import { planMembers, teamRules, teamType, type TeamRules } from "./drivers/team-plan.ts";
import { compositePathOf, framePathOf, nodeIdOfPath, ordinalOf, pathBeneath, rootPath, segmentNodeId } from "./path.ts";

/** A node as the document says it. */
export interface PlanNode {
  id: string;
  type: string;
  config: JsonObject;
  retry?: PlanRetry;
  /** Never called again when nobody knows whether an earlier call took effect. */
  at_most_once?: boolean;
  timeout_seconds?: number;
  on_error?: PlanOnError;
}

/** How often and how soon a failed node is tried again. */
export interface PlanRetry {
  /** All attempts together, the first included; 1 to 100. */
  max_attempts: number;
  /** Before the second attempt; 1. */
  backoff_seconds?: number;
  /** Grows the pause from attempt to attempt; 2. */
  backoff_factor?: number;
  /** No pause is longer; 300. */
  max_backoff_seconds?: number;
  /** An expression over the output of an attempt that succeeded: where it is true, the attempt counts as failed. */
  when?: string;
}

/** An edge; the condition is compared with the route of its source. */
export interface PlanEdge {
  source: string;
  target: string;
  condition?: string;
}

/** What a run executes, frozen when it is created. */
export interface PlanDocument {
  nodes: PlanNode[];
  edges: PlanEdge[];
  /** The run may take this long, counted from its first node. */
  timeout_seconds?: number;
  /** The workflow that is run when a run of it fails: its id, or its code in the run's app. Of a run's own document alone. */
  on_failure?: string;
  /** How many runs of a key are executed at once. Of a run's own document alone. */
  concurrency?: ConcurrencyRule;
  /** What of its session a run sees: how many messages, and about how many tokens of four characters. It is read when the run is created. */
  session_history?: { messages: number; tokens: number };
  /** What its input is checked by, before a run is made and where a sub-workflow opens. */
  input_schema?: JsonObject;
  /** Documents of the sub-workflows in it and in each other, by the id of their version. Of a run's own document alone. */
  workflows?: Record<string, PlanDocument>;
  /** What stands in the place of nodes (mocks.ts). Of a run's own document alone. */
  mocks?: JsonObject;
}

/** An edge out of a node. */
export interface CompiledEdge {
  target: number;
  condition: string | undefined;
}

/** A node with its edges. */
export interface CompiledNode {
  index: number;
  id: string;
  type: string;
  config: JsonObject;
  retry: RetryPolicy;
  atMostOnce: boolean;
  timeoutMs: number | undefined;
  onError: OnError;
  /** {@link PlanRetry.when}, as the config of the text that it is. */
  retryWhen: { when: string } | undefined;
  outgoing: CompiledEdge[];
  /** Sources of the incoming edges, one entry an edge. */
  incoming: number[];
  /** The graph that it walks, or the agent that works; undefined for a node that is executed as it is. */
  composite: CompiledComposite | undefined;
  /** What stands in its place, by keys that say where (mocks.ts): ask {@link nodeRunAt}. */
  mockedAt: ReadonlyMap<string, CompiledNode> | undefined;
  /** Of what stands in a node's place: what it gives; undefined: it is the node itself. */
  mock: Json | undefined;
}

/** What a composite node does: it walks a graph, or an agent works, or a team of them. */
export type CompiledComposite = WalkingComposite | WorkingComposite;

/** Those whose node runs are made as they go on. */
export type WorkingComposite = AgentComposite | TeamComposite;

/** What a composite node repeats, and how. */
export interface WalkingComposite extends CompositeSettings {
  body: CompiledPlan;
  /**
   * The node that ends each frame; its config has `output` where the document says what an item or a round gives, and `until` of a loop. undefined: the
   * composite's own node run ends its one frame, and stands for it.
   */
  end: CompiledNode | undefined;
}

/** An agent has no body, and its one frame ends with it: its node runs follow from what its model answers. */
export interface AgentComposite {
  kind: "agent";
  agent: CompiledAgent;
  /** Without nodes. */
  body: CompiledPlan;
  end: undefined;
  /** See {@link CompositeSettings.opening}. */
  opening: JsonObject;
}

/** A team has no body either: its members work as agents beneath it. */
export interface TeamComposite extends Omit<AgentComposite, "kind" | "agent"> {
  kind: "team";
  team: CompiledTeam;
  /** The supervisor of a SUPERVISOR team, whose own model and tool calls are the team's. */
  agent: CompiledAgent | undefined;
}

/** How a team goes on, and its members as agents, in their order. */
export interface CompiledTeam extends TeamRules {
  agents: readonly {
    /** Its failure is told to who asked, or passed over. */
    handled: CompiledNode;
    /** Its failure is the team's. */
    needed: CompiledNode;
  }[];
}

/** How an agent goes on, and its node runs by the ids that their paths have. */
export interface CompiledAgent extends AgentRules {
  parts: ReadonlyMap<string, CompiledNode>;
}

/** How often and how soon a failed node is tried again, in milliseconds. */
export interface RetryPolicy {
  maxAttempts: number;
  backoffMs: number;
  factor: number;
  maxBackoffMs: number;
}

/** A plan ready to walk. Immutable; shared by all runs of it. */
export interface CompiledPlan {
  nodes: readonly CompiledNode[];
  /** Of a run's own graph: what the run may take, counted from its first node. */
  timeoutMs: number | undefined;
  indexById: ReadonlyMap<string, number>;
  /** Of a workflow's own graph: what its input is checked by. */
  inputSchema: JsonObject | undefined;
  /** Of a run's own graph: what stands in the place of nodes, as it was given. */
  mocks: JsonObject | undefined;
  /** Of a run's own graph. */
  concurrency: ConcurrencyRule | undefined;
}

/** Thrown for a document that is no graph that can be walked to its end. validateDsl reports the same, and more, before. */
export class PlanError extends Error {
  override readonly name = "PlanError";
}

/**
 * Builds the graph of a document.
 *
 * @throws PlanError for a duplicate id, an edge without an end, or a cycle, in a body or a sub-workflow too; and for a sub-workflow that it does not hold.
 */
export function compilePlan(document: PlanDocument): CompiledPlan {
  const mocks = document.mocks === undefined ? undefined : new MockKeys(document.mocks);
  return compileGraph(document, { documents: document.workflows ?? {}, compiled: new Map(), mocks, place: rootPath });
}

/** What a graph is compiled with. */
interface Around {
  documents: Readonly<Record<string, PlanDocument>>;
  /** Sub-workflows: each is compiled once, however many nodes execute it, but for those with mocks. `null`: it is being compiled. */
  compiled: Map<string, CompiledPlan | null>;
  /** Undefined: there are none from here on inwards. */
  mocks: MockKeys | undefined;
  /** The place of the graph that is compiled, where there are. */
  place: string;
}

function compileGraph(document: PlanDocument, around: Around): CompiledPlan {
  const indexById = new Map<string, number>();
  const nodes = document.nodes.map((node, index) => compileNode(node, index, around));
  for (const node of nodes) {
    if (indexById.has(node.id)) throw new PlanError(`the node id ${node.id} is used twice`);
    indexById.set(node.id, node.index);
  }
  const endOf = (id: string): CompiledNode => {
    const node = nodes[indexById.get(id) ?? -1];
    if (node === undefined) throw new PlanError(`an edge names the node ${id}, which does not exist`);
    return node;
  };
  for (const { source, target, condition } of document.edges) {
    const [from, to] = [endOf(source), endOf(target)];
    from.outgoing.push({ target: to.index, condition });
    to.incoming.push(from.index);
  }
  refuseCycle(nodes);
  const { input_schema: inputSchema, mocks, concurrency } = document;
  return { nodes, timeoutMs: msOf(document.timeout_seconds), indexById, inputSchema, mocks, concurrency };
}

/** Routes that edges out of a node name, but for that of its failure; none: it does not branch. */
export function edgeRoutes({ outgoing, onError }: CompiledNode): string[] {
  const conditions = outgoing.flatMap(({ condition }) => condition ?? []);
  return onError.kind === "branch" ? conditions.filter((condition) => condition !== errorRoute) : conditions;
}

/** The node that runs at a path, found through the nested plans alone; undefined: the plan has none there. The path of a frame gives the node that ends it. */
export function nodeOfPath(plan: CompiledPlan, path: string): CompiledNode | undefined {
  const part = agentPartOf(plan, path);
  if (part !== undefined) return part;
  return ordinalOf(path) === undefined ? placeOf(plan, path)?.node : placeOf(plan, compositePathOf(path))?.node.composite?.end;
}

/**
 * The node of an agent's own work at a path, or of a member of a team; undefined: none is there. Which member a supervisor has asked at a path is not for the plan to
 * say: of all of them the node runs have the same types, and {@link memberOf} has the one that is meant.
 */
export function agentPartOf(plan: CompiledPlan, path: string): CompiledNode | undefined {
  const around = framePathOf(path);
  const composite = around === rootPath ? undefined : nodeOfPath(plan, around)?.composite;
  if (composite?.kind !== "agent" && composite?.kind !== "team") return undefined;
  const id = nodeIdOfPath(path);
  return id === memberId && composite.kind === "team" ? composite.team.agents[0]?.handled : composite.agent?.parts.get(id);
}

/** The node of the team's member of that key, which works at a path; undefined: no team has it there. */
export function memberOf(plan: CompiledPlan, path: string, key: string): CompiledNode | undefined {
  const composite = nodeOfPath(plan, framePathOf(path))?.composite;
  return composite?.kind === "team" ? composite.team.agents[composite.team.members.indexOf(key)]?.handled : undefined;
}

/** A node, and the plan that it is a node of. */
export interface PlanPlace {
  within: CompiledPlan;
  node: CompiledNode;
}

/** The node of a document at a path, with the graph that it stands in; undefined: there is none, or a frame ends there. */
export function placeOf(plan: CompiledPlan, path: string): PlanPlace | undefined {
  const segments = path.split("/");
  let within: CompiledPlan | undefined = plan;
  for (const segment of segments.slice(0, -1)) {
    const composite: CompiledComposite | undefined = nodeOf(within, segmentNodeId(segment))?.composite;
    within = hasOrdinals(composite) === (ordinalOf(segment) !== undefined) ? composite?.body : undefined;
  }
  const node = nodeOf(within, segments.at(-1) ?? "");
  return within === undefined || node === undefined ? undefined : { within, node: nodeRunAt(node, path) };
}

function nodeOf(plan: CompiledPlan | undefined, id: string): CompiledNode | undefined {
  return plan?.nodes[plan.indexById.get(id) ?? -1];
}

/** Whether frames of a composite are numbered; the one of a sub-workflow, or of an agent, has its path. */
function hasOrdinals(composite: CompiledComposite | undefined): boolean {
  return composite?.end !== undefined;
}

/** Whether the frame at a path is that of a sub-workflow, which sees nothing of what is around it. That of an agent has no number either. */
export function isSubWorkflowFrame(plan: CompiledPlan, framePath: string): boolean {
  if (framePath === rootPath || ordinalOf(framePath) !== undefined) return false;
  return placeOf(plan, framePath)?.node.composite?.kind === "sub-workflow";
}

/** Paths of all nodes that lead to the node at a path, near and far, in its frame and in those around it: what it may have read. */
export function pathsBefore(plan: CompiledPlan, path: string): string[] {
  const place = placeOf(plan, path);
  if (place === undefined) return [];
  const frame = framePathOf(path);
  const own = upstreamOf(place.within, place.node).map(({ id }) => pathBeneath(frame, id));
  if (frame === rootPath || isSubWorkflowFrame(plan, frame)) return own;
  const composite = compositePathOf(frame);
  return [...own, composite, ...pathsBefore(plan, composite)];
}

/** All nodes of a plan that lead to one of its nodes, near and far. */
export function upstreamOf(plan: CompiledPlan, node: CompiledNode): CompiledNode[] {
  const found = new Set(node.incoming);
  for (const index of found) for (const source of plan.nodes[index]?.incoming ?? []) found.add(source);
  return [...found].flatMap((index) => plan.nodes[index] ?? []);
}

/** The graph that a composite node walks. */
function graphWithin(node: PlanNode, around: Around): CompiledPlan {
  const place = pathBeneath(around.place, node.id);
  const mocks = around.mocks?.hasBeneath(place) === true ? around.mocks : undefined;
  const inner = { ...around, mocks, place };
  const body = bodyOf(node);
  if (body !== undefined) return compileGraph(body as unknown as PlanDocument, inner);
  const id = subWorkflowVersion(node) ?? "";
  const document = Object.hasOwn(around.documents, id) ? around.documents[id] : undefined;
  if (document === undefined) throw new PlanError(`the node ${node.id} has no graph to run`);
  // Mocks are of one place, and as deep as their keys are long.
  if (mocks !== undefined) return compileGraph(document, inner);
  const known = around.compiled.get(id);
  if (known === null) throw new PlanError(`the workflow version ${id} is part of itself`);
  if (known !== undefined) return known;
  around.compiled.set(id, null);
  const compiled = compileGraph(document, inner);
  around.compiled.set(id, compiled);
  return compiled;
}

function compileNode(node: PlanNode, index: number, around: Around): CompiledNode {
  const compiled: CompiledNode = {
    index,
    id: node.id,
    type: node.type,
    config: node.config,
    retry: compileRetry(node.retry),
    atMostOnce: node.at_most_once === true,
    timeoutMs: msOf(node.timeout_seconds),
    onError: compileOnError(node.on_error),
    retryWhen: node.retry?.when === undefined ? undefined : { when: node.retry.when },
    outgoing: [],
    incoming: [],
    composite: compileComposite(node, around),
    mockedAt: undefined,
    mock: undefined,
  };
  // What ends a frame, and an agent's parts, are no nodes of a document.
  if (index >= 0) compiled.mockedAt = around.mocks?.nodesAt(pathBeneath(around.place, node.id), compiled);
  return compiled;
}

function msOf(seconds: number | undefined): number | undefined {
  return seconds === undefined ? undefined : seconds * 1000;
}

function compileRetry(retry: PlanRetry | undefined): RetryPolicy {
  return {
    maxAttempts: Math.max(1, retry?.max_attempts ?? 1),
    backoffMs: (retry?.backoff_seconds ?? 1) * 1000,
    factor: retry?.backoff_factor ?? 2,
    maxBackoffMs: (retry?.max_backoff_seconds ?? 300) * 1000,
  };
}

function refuseCycle(nodes: readonly CompiledNode[]): void {
  const missing = nodes.map((node) => node.incoming.length);
  const free = nodes.filter((node) => node.incoming.length === 0);
  for (let node = free.pop(); node !== undefined; node = free.pop()) {
    for (const edge of node.outgoing) {
      const left = (missing[edge.target] ?? 0) - 1;
      missing[edge.target] = left;
      const target = nodes[edge.target];
      if (left === 0 && target !== undefined) free.push(target);
    }
  }
  const stuck = nodes.find((node) => (missing[node.index] ?? 0) > 0);
  if (stuck !== undefined) throw new PlanError(`the node ${stuck.id} is part of a cycle, or behind one`);
}

function compileComposite(node: PlanNode, around: Around): CompiledComposite | undefined {
  const { id, type: kind, config } = node;
  if (isChildRun(node)) return undefined;
  if (kind === agentType) return compileAgent(node, around);
  if (kind === teamType) return compileTeam(node, around);
  if (!isWalking(kind)) return undefined;
  const ending = frameEnding(kind, config);
  const end = ending && compileNode({ id, type: frameType, config: ending }, -1, around);
  const body = graphWithin(node, around);
  return { ...compositeSettings(kind, config, body.inputSchema), body, end };
}

const noGraph: CompiledPlan = {
  nodes: [],
  timeoutMs: undefined,
  indexById: new Map(),
  inputSchema: undefined,
  mocks: undefined,
  concurrency: undefined,
};

/** A plan that froze no agent, as that of a test of other things, has a node that nobody can execute. */
function compileAgent({ config }: Pick<PlanNode, "config">, around: Around): AgentComposite | undefined {
  const { agent: frozen, ...opening } = config;
  const agent = compiledAgent(frozen, around);
  return agent && { kind: "agent", agent, body: noGraph, end: undefined, opening };
}

function compiledAgent(frozen: Json | undefined, around: Around): CompiledAgent | undefined {
  if (frozen === undefined) return undefined;
  // One object, however many parts: what is read of it is kept by it.
  const given: JsonObject = { agent: frozen };
  const rules = agentRules(given);
  if (rules === undefined) return undefined;
  return { ...rules, parts: new Map(agentPartsOf(given).map((part) => [part.id as string, compilePart(part, given, around)])) };
}

/** The id of the node runs that members of a team are: no member has it as its key. */
const memberId = "member";

function compileTeam({ config }: PlanNode, around: Around): TeamComposite | undefined {
  const rules = teamRules(config);
  if (rules === undefined) return undefined;
  const { team: frozen, ...opening } = config;
  const members = planMembers(frozen as JsonObject);
  const about = membersAbout(rules, members);
  const agents = members.map(({ key, agent }) => {
    const member = compileNode({ id: key, type: agentType, config: { member: key, team: about, agent } }, -1, around);
    return { handled: { ...member, onError: { kind: "branch" } as const }, needed: member };
  });
  const supervisor = rules.mode === "SUPERVISOR" ? members[rules.closer ?? -1] : undefined;
  const agent = compiledAgent(supervisor?.agent, around);
  return { kind: "team", team: { ...rules, agents }, agent, body: noGraph, end: undefined, opening };
}

/** What a member is told of the team when it begins. */
function membersAbout({ mode, closer, maxRounds }: TeamRules, members: readonly { key: string; role: string }[]): JsonObject {
  const judges = closer === undefined ? {} : { closer: members[closer]?.key ?? null };
  return { mode, max_rounds: maxRounds, members: members.map(({ key, role }) => ({ key, role })), ...judges };
}

function compilePart({ id, type, attempts, backoffSeconds, isHandled }: AgentPart, config: JsonObject, around: Around): CompiledNode {
  const retry = { max_attempts: attempts, backoff_seconds: backoffSeconds, max_backoff_seconds: 30 };
  return { ...compileNode({ id, type, config, retry }, -1, around), onError: { kind: isHandled ? "branch" : "fail" } };
}
