/**
 * The changes that the outcome of a node makes. Each function is one step of the run's story; applied in the same order they give the same
 * run, whoever applies them. Applying to a node that is finished is a bug of the caller and throws.
 */
import type { Json, JsonObject } from "#shared/json.ts";
import { readRoute } from "./drivers/agent.driver.ts";
import { driveForget, driveOn, driveOpen, frameEnded, frameSettle, openBeneath, type DrivenBefore } from "./drive.ts";
import {
  isDone,
  isLeaf,
  nodeAt,
  type AgentFrame,
  type Failure,
  type Frame,
  type FrameResult,
  type NodeOutput,
  type NodeState,
  type Opened,
  type OpenPhase,
} from "./frame.ts";
import type { Fault } from "./fault.ts";
import { readTeamRoute, type TokenUse } from "./drivers/team-route.ts";
import { failedRoute, isMember } from "./drivers/team-use.ts";
import { roundRoutes } from "./drivers/loop.driver.ts";
import { errorRoute } from "./on-error.ts";
import type { CompiledEdge, CompiledNode } from "./plan.ts";
import { edgeDecide } from "./ready.ts";
import { phaseSet, type RunState } from "./run-state.ts";
import { skipsSpread } from "./skip.ts";

/** The end of a node that completed. */
export interface Completion {
  outputText: string | null;
  outputJson: Json;
  /** Merged, key by key, into the state that the node sees. */
  stateUpdates: JsonObject | undefined;
  /** The same into the variables of the loop around it. */
  variables?: JsonObject | undefined;
  route: string | undefined;
}

/** The end of a node that failed. */
export interface FailedEnd {
  code: string;
  message: string;
  fault?: Fault | undefined;
  /** Given: its node handles it (handling.ts), and these are its outputs. */
  route?: string | undefined;
  outputText?: string | null;
  outputJson?: Json;
  /** What its last attempt has used. */
  usage?: TokenUse | undefined;
}

/** A node has a row now: offered, started, or waiting. */
export function applyOpened(run: RunState, state: NodeState, phase: OpenPhase): void {
  refuseDone(state);
  phaseSet(run, state, phase);
  if (state.frame.agent !== undefined && state.node.id === "model") inputsFix(state.frame.agent, state.name);
}

/** What an agent is told from now on is for its next model call, whoever makes this one, and however often. */
function inputsFix(agent: AgentFrame, part: string): void {
  if (!agent.seen.has(part)) agent.seen.set(part, agent.inputs);
}

/** A composite node opens, and goes on in its frames. @param before  see driveOpen */
export function applyDriven(run: RunState, state: NodeState, opened: Opened, before?: DrivenBefore): void {
  refuseDone(state);
  driveOpen(run, state, opened, before);
}

/** An open node is to be started again: after a crash, or when its retry is due. */
export function applyReopened(run: RunState, state: NodeState): void {
  refuseDone(state);
  phaseSet(run, state, "READY");
}

/** @returns the nodes that are skipped by it; what became ready stands in `run.ready`. */
export function applyCompleted(run: RunState, state: NodeState, completion: Completion): NodeState[] {
  ended(run, state, "COMPLETED");
  const output = { output: completion.outputJson, text: completion.outputText };
  if (state.ends !== undefined) {
    frameEnded(run, state.ends, { hasFailed: false, output }, { isDone: completion.route === roundRoutes.done });
    return [];
  }
  outputSet(state, output);
  valuesSet(run, state.frame, completion);
  const skipped = edgesDecide(run, state, completion.route);
  if (state.frame.agent !== undefined) partEnded(state, state.frame.agent, completion.route);
  settle(run, state.frame);
  return skipped;
}

function partEnded({ name, node }: NodeState, agent: AgentFrame, route: string | undefined): void {
  agent.seen.delete(name);
  if (route !== undefined) agent.routes.set(name, readTeamRoute(route));
  if (node.id === "model" && readRoute(route).end === "compact") agent.compactions++;
}

function valuesSet(run: RunState, { loop, own }: Frame, { stateUpdates, variables }: Completion): void {
  if (variables !== undefined && loop !== undefined) loop.values = { ...loop.values, ...variables };
  if (stateUpdates === undefined) return;
  if (own !== undefined) own.values = { ...own.values, ...stateUpdates };
  else run.state = { ...run.state, ...stateUpdates };
}

function ended(run: RunState, state: NodeState, phase: "COMPLETED" | "FAILED" | "CANCELLED" | "SKIPPED"): void {
  refuseDone(state);
  if (state.drive !== undefined) driveForget(run, state);
  phaseSet(run, state, phase);
  run.failing.delete(state);
}

/** The frame may be at its end by it; or the last of a scope that has failed has stopped. */
function settle(run: RunState, frame: Frame): void {
  if (frame.agent !== undefined && frame.owner !== undefined) driveOn(run, frame.owner);
  else frameSettle(run, frame);
  if (run.failing.size === 0) return;
  for (let within: Frame | undefined = frame; within !== undefined; within = within.owner?.frame) {
    frameSettle(run, within);
    const { owner } = within;
    if (owner?.drive?.failure !== undefined && openBeneath(owner.drive) === 0) driveOn(run, owner);
  }
}

/** S-34: where a node has a route, only edges whose condition equals it are taken; without one all are, but for those of its failure. */
function edgesDecide(run: RunState, state: NodeState, route: string | undefined): NodeState[] {
  const skipped: NodeState[] = [];
  for (const edge of state.node.outgoing) {
    const isTaken = takes(state.node, edge, route);
    if (isTaken) state.takenOutgoing++;
    const target = nodeAt(state.frame, edge.target);
    if (edgeDecide(run, target, isTaken)) skipped.push(target);
  }
  return skipsSpread(run, skipped);
}

function takes({ onError }: CompiledNode, { condition }: CompiledEdge, route: string | undefined): boolean {
  if (onError.kind === "branch" && condition === errorRoute) return route === errorRoute;
  return route === undefined || condition === route;
}

const noResult: FrameResult = { hasFailed: true, output: { output: null, text: null } };

/**
 * Where its node handles the failure, or the iteration that of its item, what it is part of goes on from it. Else nothing of the frame starts any more, and it has failed when the last open node has
 * stopped.
 *
 * @returns the nodes that are skipped by it.
 */
export function applyFailed(run: RunState, state: NodeState, end: FailedEnd): NodeState[] {
  ended(run, state, "FAILED");
  const { code, message, fault, route, outputText = null, outputJson = null, usage } = end;
  // The row of a failure that nothing handles has no route: what the part has used counts to its team all the same.
  const told = route ?? failedRoute(usage);
  if (told !== undefined) state.frame.agent?.routes.set(state.name, readTeamRoute(told));
  if (fault === "crash" && isLeaf(state)) run.crashedNodes++;
  if (route === undefined) {
    failureSpread(run, state, { code, message, fault });
    return [];
  }
  if (state.ends !== undefined) {
    frameEnded(run, state.ends, noResult);
    return [];
  }
  outputSet(state, { output: outputJson, text: outputText, error: { code, message } });
  const { onError } = state.node;
  const skipped = edgesDecide(run, state, onError.kind === "default" ? onError.route : errorRoute);
  settle(run, state.frame);
  return skipped;
}

/** A failure that nothing handles is that of the frame, and an item's that of its iteration. A team that fails by a member says by which. */
function failureSpread(run: RunState, state: NodeState, failed: Omit<Failure, "nodeId">): void {
  const { ends, frame, node } = state;
  if (ends !== undefined) {
    const what = ends.owner?.node.composite?.kind === "loop" ? "Round" : "Item";
    const failure = { ...failed, nodeId: node.id, message: `${what} ${ends.ordinal}: ${failed.message}` };
    return frameEnded(run, ends, noResult, { failure });
  }
  const message = isMember(state) ? `The member ${node.id} failed: ${failed.message}` : failed.message;
  frame.failure ??= { ...failed, message, nodeId: node.id };
  if (frame.end !== undefined) run.failing.add(frame.end);
  settle(run, frame);
}

/** A node was stopped because its run, or what it is part of, ends without it. */
export function applyCancelled(run: RunState, state: NodeState): void {
  ended(run, state, "CANCELLED");
  if (state.ends !== undefined) return frameEnded(run, state.ends, noResult);
  settle(run, state.frame);
}

/** Someone outside skipped a node. @returns it and the nodes that are skipped by it. */
export function applySkipped(run: RunState, state: NodeState): NodeState[] {
  ended(run, state, "SKIPPED");
  const skipped = skipsSpread(run, [state]);
  settle(run, state.frame);
  return skipped;
}

function refuseDone({ path, phase }: NodeState): void {
  if (isDone(phase)) throw new Error(`the node run ${path} is ${phase} and does not change`);
}

/** A node may be called __proto__. */
function outputSet({ frame: { outputs }, name }: NodeState, value: NodeOutput): void {
  if (name === "__proto__") Object.defineProperty(outputs, name, { value, enumerable: true, configurable: true, writable: true });
  else outputs[name] = value;
}
