/**
 * A frame: one walk of a graph within a run. The run's own graph is the root frame; a composite node opens further ones beneath its path, one for each item or
 * round, or the one of a sub-workflow, or of an agent.
 * A frame is made when it opens and leaves memory when it has ended; from then on its composite holds what came of it.
 */
import type { Json, JsonObject } from "#shared/json.ts";
import type { Fault } from "./fault.ts";
import { nodeRunAt } from "./mocks.ts";
import { pathBeneath, segmentNodeId } from "./path.ts";
import type { CompiledNode, CompiledPlan, WorkingComposite } from "./plan.ts";
import { isNeeded } from "./drivers/team-plan.ts";
import { placeOfMember } from "./drivers/team.driver.ts";
import type { TeamRoute } from "./drivers/team-route.ts";

/**
 * BLOCKED: an incoming edge is UNKNOWN; of a node that ends a frame: the frame goes on. READY: may start, or of a DRIVEN one be finished. ABSENT: not
 * reachable from the run's initial node, so it has no node run. DRIVEN: a composite node that was opened; its row says RUNNING. The others are the statuses
 * of its node run.
 */
export type NodePhase = "BLOCKED" | "READY" | "DRIVEN" | "ABSENT" | OpenPhase | DonePhase;
/** A node run that has a row and is not finished. */
export type OpenPhase = "QUEUED" | "RUNNING" | "WAITING";
/** A node run that is finished. */
export type DonePhase = "COMPLETED" | "FAILED" | "CANCELLED" | "SKIPPED";

/** What a completed node left behind, or one whose failure was handled, as templates see it. */
export interface NodeOutput {
  output: Json;
  text: string | null;
  /** Of a failure that was handled. */
  error?: { code: string; message: string };
}

/** Why a frame, or a composite, fails. */
export interface Failure {
  /** Of the node that failed, or of the composite. */
  nodeId: string;
  code: string;
  message: string;
  fault?: Fault | undefined;
}

/** One node run of a frame, whether it has begun or not. There is one object for each, made with its frame and passed on by identity. */
export interface NodeState {
  readonly path: string;
  /** What it is in its frame, and its outputs there are found by: the id of its node, or of an agent's the last segment of its path. */
  readonly name: string;
  /** The frame that it stands in; of a node that ends a frame, the one around that. */
  readonly frame: Frame;
  readonly node: CompiledNode;
  /** The frame that it ends; undefined for a node of the document. */
  readonly ends: Frame | undefined;
  /** Changed by phaseSet only, which keeps the run's sets in step. */
  phase: NodePhase;
  /** Incoming edges that are still UNKNOWN, and those that were TAKEN. */
  unknownEdges: number;
  takenEdges: number;
  /** Edges out of it that were TAKEN; a completed node without one is a last node. */
  takenOutgoing: number;
  /** The frames of a composite node that was opened. */
  drive: Drive | undefined;
}

/** What the nodes of a frame see beside nodes: those of the frames around it included. */
export interface FrameVars {
  item?: Json;
  index?: number;
  /** The variables of the loop around. */
  loop?: JsonObject;
  /** Of an agent's model call: how many of the agent's inputs it sees. */
  inputs?: number;
  /** In a sub-workflow: what its node was given, in the place of the run's input. */
  input?: JsonObject;
  /** In a sub-workflow: its own state, in the place of the run's. */
  state?: JsonObject;
}

/** Values that assigners change while a composite goes on: the variables of a loop, or the state of a sub-workflow. All that see them hold this one object. */
export interface Holding {
  /** Of the composite. */
  readonly path: string;
  /** Replaced, never changed in place, so whoever has it has a snapshot. */
  values: JsonObject;
}

/** A graph that is being walked. */
export interface Frame {
  /** "" for the root frame. */
  readonly path: string;
  readonly plan: CompiledPlan;
  /** In document order. */
  readonly nodes: readonly NodeState[];
  /** The composite node that it is a frame of; undefined for the root frame. */
  readonly owner: NodeState | undefined;
  /** The node run that stands for it: of a sub-workflow its composite's own; undefined for the root frame, which the run stands for, and for that of an agent. */
  readonly end: NodeState | undefined;
  /** Which item or round it is; 0 for the root frame and that of a sub-workflow or an agent. */
  readonly ordinal: number;
  /** What does not change ({@link varsOf} has the rest). */
  readonly vars: FrameVars;
  /** The variables of the loop around. */
  readonly loop: Holding | undefined;
  /** The state of the sub-workflow that it is part of; undefined: it has the run's. */
  readonly own: Holding | undefined;
  /**
   * Completed nodes by id, those whose failure was handled, and what is seen of the frames around. Grows in place; entries never change, but for those that
   * nobody reads any more (`outputForget`).
   */
  readonly outputs: Record<string, NodeOutput>;
  /** The first failure that nothing handled. From then on nothing of the frame starts. */
  failure: Failure | undefined;
  /** Nodes that are neither finished nor absent. */
  left: number;
  /** Node runs that are open in it, and in frames beneath it. */
  open: number;
  /** Of an agent: its node runs are made as it goes on, in place of those of a graph. */
  readonly agent: AgentFrame | undefined;
}

/** The node runs of an agent. */
export interface AgentFrame {
  /** By the last segments of their paths. */
  readonly parts: Map<string, NodeState>;
  /** What the routes of those that ended say, by the same. */
  readonly routes: Map<string, TeamRoute>;
  /** The last model call that was opened; 0: none was. */
  turn: number;
  /** Model calls that ended because the conversation was too long. */
  compactions: number;
  /** Inputs that have come since it opened. */
  inputs: number;
  /** How many of them each model call sees: those that had come when it began first. Of calls that are open, by the last segments of their paths. */
  readonly seen: Map<string, number>;
}

/** What was fixed when a composite node opened. */
export interface Opened {
  /** Items; 1 of a loop, of a sub-workflow and of an agent. */
  count: number;
  /** Items; the variables of a loop as they begin, the input of a sub-workflow, or what an agent is given, alone. Absent where nobody looks at them, as for a list of what is queued. */
  items?: readonly Json[] | undefined;
}

/** What came of one frame. */
export interface FrameResult {
  hasFailed: boolean;
  output: NodeOutput;
}

/** Stands for what came of a frame that is stored and has not been read: it is, before the composite ends. */
export const unreadResult: FrameResult = { hasFailed: false, output: { output: null, text: null } };

/** What is held of a loop's round when the next one has ended: nobody reads it again. */
export const pastRound: FrameResult = { hasFailed: false, output: { output: null, text: null } };

/** The frames of a composite node that was opened. */
export interface Drive {
  readonly opened: Opened;
  /** Those that are open, by ordinal. */
  readonly frames: Map<number, Frame>;
  /** By ordinal, of those that have ended; of a loop all but the last are without their output. */
  readonly results: (FrameResult | undefined)[];
  ended: number;
  /** Of a loop: its last round was the last. */
  isDone: boolean;
  /** Of a loop and of a sub-workflow. */
  readonly holding: Holding | undefined;
  /** The lowest ordinal that was not opened. */
  next: number;
  /** From then on no frame opens, and what is open is stopped. */
  failure: Failure | undefined;
  /** What nodes of its frames see of the frames around them; it is finished when the composite opens, so it never changes. */
  readonly outputs: Readonly<Record<string, NodeOutput>>;
}

/** Where a frame stands that is not the root. */
export interface FramePlace {
  path: string;
  owner: NodeState;
  ordinal: number;
  vars: FrameVars;
  loop: Holding | undefined;
  own: Holding | undefined;
  /** What its nodes see of the frames around it. */
  outputs: Record<string, NodeOutput>;
}

/** The frame of an agent, in which nothing has begun: it stands at the path of its node, and no node run ends it. */
export function agentFrame(owner: NodeState): Frame {
  const { plan, vars, loop, own } = owner.frame;
  const place = { path: owner.path, owner, ordinal: 0, vars: { ...vars, ...itemOf(owner) }, loop, own, outputs: {} };
  const agent: AgentFrame = { parts: new Map(), routes: new Map(), turn: 0, compactions: 0, inputs: 0, seen: new Map() };
  return { ...place, plan: owner.node.composite?.body ?? plan, nodes: [], end: undefined, failure: undefined, left: 0, open: 0, agent };
}

function itemOf({ drive }: NodeState): FrameVars {
  const item = drive?.opened.items?.[0];
  return item === undefined ? {} : { item };
}

/** A node run of an agent: the one that there is, or a new one, which is BLOCKED. undefined: agents have none of that name. */
export function agentPart(frame: Frame, name: string): NodeState | undefined {
  const known = frame.agent?.parts.get(name);
  if (known !== undefined || frame.agent === undefined) return known;
  const composite = workingOf(frame);
  const node = composite && (memberNode(composite, frame, name) ?? composite.agent?.parts.get(segmentNodeId(name)));
  if (node === undefined) return undefined;
  const part = stateOf({ path: pathBeneath(frame.path, name), name, frame, node, ends: undefined });
  frame.agent.parts.set(name, part);
  return part;
}

/** The agent, or the team, whose frame it is. */
export function workingOf({ owner }: Frame): WorkingComposite | undefined {
  const composite = owner?.node.composite;
  return composite?.kind === "agent" || composite?.kind === "team" ? composite : undefined;
}

/** A member of a team: where it stands by rule, or where its supervisor has asked it. */
function memberNode(composite: WorkingComposite, { agent }: Frame, name: string): CompiledNode | undefined {
  const place = composite.kind === "team" ? placeOfMember(name) : undefined;
  if (composite.kind !== "team" || place === undefined) return undefined;
  const { team } = composite;
  const asked = () => agent?.routes.get(`model#${place.round}`)?.asks.get(place.place);
  const member = team.agents[team.mode === "SUPERVISOR" ? (asked() ?? -1) : place.place];
  return isNeeded(team, place) ? member?.needed : member?.handled;
}

/** The root frame, whose nodes are all BLOCKED, with every edge UNKNOWN. */
export function rootFrame(plan: CompiledPlan, path: string): Frame {
  return frameOf(plan, { path, owner: undefined, ordinal: 0, vars: {}, loop: undefined, own: undefined, outputs: {} });
}

/** A frame of a composite node, whose nodes are all BLOCKED, with every edge UNKNOWN. */
export function frameWithin(plan: CompiledPlan, place: FramePlace): Frame {
  return frameOf(plan, place);
}

function frameOf(plan: CompiledPlan, place: Omit<FramePlace, "owner"> & { owner: NodeState | undefined }): Frame {
  const nodes: NodeState[] = [];
  const frame = {
    ...place,
    plan,
    nodes,
    end: undefined as NodeState | undefined,
    failure: undefined,
    left: plan.nodes.length,
    open: 0,
    agent: undefined,
  };
  const end = place.owner?.node.composite?.end;
  frame.end =
    end === undefined ? place.owner : stateOf({ path: place.path, name: end.id, frame: place.owner!.frame, node: end, ends: frame });
  for (const node of plan.nodes) {
    const path = pathBeneath(place.path, node.id);
    nodes.push(stateOf({ path, name: node.id, frame, node: nodeRunAt(node, path), ends: undefined }));
  }
  return frame;
}

function stateOf(made: Pick<NodeState, "path" | "name" | "frame" | "node" | "ends">): NodeState {
  const { path, name, frame, node, ends } = made;
  const counts = { unknownEdges: node.incoming.length, takenEdges: 0, takenOutgoing: 0 };
  return { path, name, frame, node, ends, phase: "BLOCKED", ...counts, drive: undefined };
}

/** The node of a frame at its place in the document, as an edge names it. */
export function nodeAt(frame: Frame, index: number): NodeState {
  const state = frame.nodes[index];
  if (state === undefined) throw new Error(`the frame ${JSON.stringify(frame.path)} has no node at ${index}`);
  return state;
}

/** The node of a frame by its id; undefined: it has none. */
export function nodeWithId(frame: Frame, id: string): NodeState | undefined {
  if (frame.agent !== undefined) return frame.agent.parts.get(id);
  const index = frame.plan.indexById.get(id);
  return index === undefined ? undefined : nodeAt(frame, index);
}

/** What the nodes of a frame see beside nodes, just now. */
export function varsOf({ vars, loop, own }: Pick<Frame, "vars" | "loop" | "own">): FrameVars {
  if (loop === undefined && own === undefined) return vars;
  return { ...vars, ...(loop !== undefined && { loop: loop.values }), ...(own !== undefined && { state: own.values }) };
}

/** What a node run sees beside nodes, just now. A model call of an agent sees what had been said when it began first, on each attempt. */
export function varsSeen(state: NodeState): FrameVars {
  const frame = sightOf(state);
  const vars = varsOf(frame);
  const inputs = frame.agent?.seen.get(state.name);
  return inputs === undefined ? vars : { ...vars, inputs };
}

/** Forgets what a node put out that nobody reads any more. That it completed stays known. */
export function outputForget({ outputs }: Frame, id: string): void {
  if (Object.hasOwn(outputs, id)) Object.defineProperty(outputs, id, { value: { output: null, text: null } });
}

/** The frame whose nodes a node run sees: of one that ends a frame, that frame. */
export function sightOf({ ends, frame }: NodeState): Frame {
  return ends ?? frame;
}

/** Whether a frame or a composite that the node run is part of has failed: it does not start, and what of it has begun is stopped. */
export function isStopped(state: NodeState): boolean {
  if (state.ends?.owner?.drive?.failure !== undefined) return true;
  for (let frame: Frame | undefined = state.frame; frame !== undefined; frame = frame.owner?.frame) {
    if (frame.failure !== undefined || frame.owner?.drive?.failure !== undefined) return true;
  }
  return false;
}

/** Whether it is executed, and counts as a step: composites and the ends of frames are the engine's own work. */
export function isLeaf({ ends, node }: NodeState): boolean {
  return ends === undefined && node.composite === undefined;
}

/** True for a node run that has a row and is not finished. */
export function isOpen(phase: NodePhase): phase is OpenPhase {
  return phase === "RUNNING" || phase === "WAITING" || phase === "QUEUED";
}

/** True for a node run that is finished. */
export function isDone(phase: NodePhase): phase is DonePhase {
  return phase === "COMPLETED" || phase === "SKIPPED" || phase === "FAILED" || phase === "CANCELLED";
}
