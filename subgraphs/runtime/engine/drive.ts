/**
 * What a composite node does with its frames, from its opening to its end. Its driver (iteration.driver.ts, loop.driver.ts, agent.driver.ts) decides, purely; this
 * opens frames, takes their ends, and makes the composite ready to be finished.
 */
import { isJsonObject, type Json, type JsonObject } from "#shared/json.ts";
import { agentNext, agentParts, type AgentStep, type AgentView } from "./drivers/agent.driver.ts";
import {
  agentFrame,
  agentPart,
  frameWithin,
  isDone,
  isStopped,
  type Drive,
  type Failure,
  type Frame,
  type FrameResult,
  type FrameVars,
  type Holding,
  type NodeOutput,
  type NodeState,
  type Opened,
  pastRound,
  unreadResult,
  workingOf,
} from "./frame.ts";
import { iterationNext, type DriverStep } from "./drivers/iteration.driver.ts";
import { loopNext } from "./drivers/loop.driver.ts";
import { framePath, ordinalOf } from "./path.ts";
import { upstreamOf, type WalkingComposite, type WorkingComposite } from "./plan.ts";
import { phaseSet, type RunState } from "./run-state.ts";
import { teamNext, memberPart, type TeamView } from "./drivers/team.driver.ts";
import { limitReached } from "./drivers/team-use.ts";

/** How a composite that goes on stood when its run was stored. */
export interface DrivenBefore {
  /** Ordinals of frames that have ended and whose results are not there; of a loop, of rounds before its last. */
  ended?: readonly number[] | undefined;
  /** Of a loop its variables, of a sub-workflow its state; undefined: as they began. */
  values?: JsonObject | undefined;
}

/** Opens a composite node, and its first frames. */
export function driveOpen(run: RunState, state: NodeState, opened: Opened, { ended = [], values }: DrivenBefore = {}): void {
  const results: (FrameResult | undefined)[] = [];
  for (const ordinal of ended) results[ordinal] = state.node.composite?.kind === "loop" ? pastRound : unreadResult;
  const none = { frames: new Map(), isDone: false, next: 0, failure: undefined };
  const holding = holdingOf(state, opened, values);
  state.drive = { opened, ...none, results, ended: ended.length, holding, outputs: outputsSeen(state) };
  phaseSet(run, state, "DRIVEN");
  if (isWorking(state.node.composite)) {
    const frame = agentFrame(state);
    state.drive.frames.set(frame.ordinal, frame);
    run.frames.set(frame.path, frame);
  }
  driveOn(run, state);
}

function holdingOf({ path, node: { composite } }: NodeState, opened: Opened, values: JsonObject | undefined): Holding | undefined {
  if (composite?.kind !== "loop" && composite?.kind !== "sub-workflow") return undefined;
  return { path, values: values ?? (composite.kind === "loop" ? objectOf(opened.items?.[0]) : {}) };
}

function objectOf(value: Json | undefined): JsonObject {
  return isJsonObject(value) ? value : {};
}

/** An id is of the innermost graph that has it, whether or not it has an output there; of the graph around the composite, what leads to it is seen. */
function outputsSeen({ frame, node }: NodeState): Record<string, NodeOutput> {
  if (node.composite?.kind === "sub-workflow") return {};
  const inner = node.composite?.body.indexById;
  const seen =
    frame.owner === undefined ? [] : Object.entries(frame.owner.drive?.outputs ?? {}).filter(([id]) => !frame.plan.indexById.has(id));
  for (const { id } of upstreamOf(frame.plan, node)) {
    const output = Object.hasOwn(frame.outputs, id) ? frame.outputs[id] : undefined;
    if (output !== undefined) seen.push([id, output]);
  }
  return Object.fromEntries(seen.filter(([id]) => inner?.has(id) !== true));
}

/** Opens what may be opened; a composite whose frames have all ended is ready to be finished. */
export function driveOn(run: RunState, state: NodeState): void {
  const { drive } = state;
  const composite = state.node.composite;
  if (drive === undefined || composite === undefined || state.phase !== "DRIVEN" || isStopped(state)) return;
  if (isWorking(composite)) return workOn(run, state, composite);
  for (;;) {
    while (drive.frames.has(drive.next) || drive.results[drive.next] !== undefined) drive.next++;
    const step = stepOf(composite, drive);
    if (step === "open") frameOpen(run, state, drive.next);
    else {
      if (step === "finish" || (step === "stop" && openBeneath(drive) === 0)) phaseSet(run, state, "READY");
      return;
    }
    // Of an empty sub-workflow the composite is ready with its frame.
    if (state.phase !== "DRIVEN") return;
  }
}

/** An agent, or a team, goes on: what follows from its node runs opens; it is ready to be finished when nothing does, or when it has failed and nothing of it is open. */
function workOn(run: RunState, state: NodeState, composite: WorkingComposite): void {
  const drive = state.drive;
  const frame = drive?.frames.get(0);
  if (drive === undefined || frame === undefined) return;
  if (frame.failure === undefined) {
    const step = limited(frame, workNext(composite, frame));
    if (step.kind === "open") for (const name of step.parts) agentOpen(run, frame, name);
    if (step.kind === "finish") phaseSet(run, state, "READY");
    if (step.kind !== "fail") return;
    frame.failure = { nodeId: state.node.id, code: step.code, message: step.message };
  }
  drive.failure ??= frame.failure;
  run.failing.add(state);
  if (frame.open === 0) phaseSet(run, state, "READY");
}

function workNext(composite: WorkingComposite, frame: Frame): AgentStep {
  if (composite.kind === "agent") return agentNext(composite.agent, viewOf(frame));
  const { agent, team } = composite;
  return agent === undefined ? teamNext(team, viewOf(frame)) : agentNext(agent, viewOf(frame));
}

/** No model is called where its team has used what it may. */
function limited(frame: Frame, step: AgentStep): AgentStep {
  const isModelCall = step.kind === "open" && step.parts.some((name) => name.startsWith("model#") || name.startsWith("compact#"));
  return (isModelCall ? limitReached(frame) : undefined) ?? step;
}

function viewOf({ agent }: Frame): AgentView & TeamView {
  const stateOf = (part: string): NodeState | undefined => agent?.parts.get(part);
  return {
    turn: agent?.turn ?? 0,
    compactions: agent?.compactions ?? 0,
    inputs: agent?.inputs ?? 0,
    phaseOf(part) {
      const state = stateOf(part);
      return state === undefined ? "absent" : isDone(state.phase) ? "done" : "open";
    },
    // Of a team it says more than how it ended.
    routeOf: (part) => agent?.routes.get(part)?.word,
    callPart: (turn, call) => (agent?.routes.get(agentParts.model(turn))?.asks.has(call) === true ? memberPart(turn, call) : undefined),
    hasFailed: (part) => stateOf(part)?.phase !== "COMPLETED",
  };
}

/** Whether it is an agent, or a team of them. */
function isWorking(composite: NodeState["node"]["composite"]): composite is WorkingComposite {
  return composite?.kind === "agent" || composite?.kind === "team";
}

/** A node run of an agent, which begins where there is none yet; undefined: agents have none of that name. */
export function agentOpen(run: RunState, frame: Frame, name: string): NodeState | undefined {
  const part = agentPart(frame, name);
  if (part?.phase !== "BLOCKED" || frame.agent === undefined) return part;
  if (part.node.id === "model") frame.agent.turn = Math.max(frame.agent.turn, ordinalOf(name) ?? 0);
  if (part.node.id === "input") frame.agent.inputs = Math.max(frame.agent.inputs, ordinalOf(name) ?? 0);
  phaseSet(run, part, "READY");
  return part;
}

/** A node run for what somebody says to an agent that works. The agent goes on, though it had come to its end. */
export function agentInput(run: RunState, agent: NodeState): NodeState | undefined {
  const frame = agent.drive?.frames.get(0);
  if (frame?.agent === undefined || frame.failure !== undefined || isStopped(agent)) return undefined;
  // READY or, where its output takes long to write, RUNNING: it had come to its end.
  phaseSet(run, agent, "DRIVEN");
  return agentOpen(run, frame, agentParts.input(frame.agent.inputs + 1));
}

/** Whether an agent, or a team, has come to its end, as things stand. */
export function isAgentDone({ drive }: NodeState): boolean {
  const frame = drive?.frames.get(0);
  const composite = frame && workingOf(frame);
  if (frame === undefined || composite === undefined) return false;
  return frame.failure === undefined && workNext(composite, frame).kind === "finish";
}

/** The node run of a team that has its answer; undefined: it has none yet. */
export function teamAnswer({ team, agent }: Extract<WorkingComposite, { kind: "team" }>, frame: Frame): string | undefined {
  if (agent !== undefined) return agentParts.model(frame.agent?.turn ?? 0);
  const step = teamNext(team, viewOf(frame));
  return step.kind === "finish" ? step.part : undefined;
}

function stepOf({ kind, parallel, maxRounds }: WalkingComposite, { opened, frames, ended, isDone, failure }: Drive): DriverStep {
  const view = { open: frames.size, ended, hasFailed: failure !== undefined };
  if (kind === "iteration") return iterationNext({ ...view, count: opened.count, parallel });
  if (kind === "loop") return loopNext({ ...view, maxRounds, isDone });
  // Its one frame makes it ready.
  return frames.size === 0 ? "open" : "wait";
}

/** Node runs that are open in the frames of a composite. */
export function openBeneath({ frames }: Drive): number {
  let open = 0;
  for (const frame of frames.values()) open += frame.open;
  return open;
}

/** Opens one frame of a composite that is driven. */
export function frameOpen(run: RunState, owner: NodeState, ordinal: number): Frame {
  const { drive } = owner;
  const composite = owner.node.composite;
  if (drive === undefined || composite === undefined || isWorking(composite))
    throw new Error(`the node run ${owner.path} does not walk a graph`);
  const path = composite.end === undefined ? owner.path : framePath(owner.path, ordinal);
  const frame = frameWithin(composite.body, { path, owner, ordinal, ...sightWithin(owner, drive, ordinal), outputs: { ...drive.outputs } });
  drive.frames.set(ordinal, frame);
  run.frames.set(frame.path, frame);
  if (frame.end?.ends === frame) run.opened.push(frame.end);
  for (const state of frame.nodes) if (state.unknownEdges === 0) phaseSet(run, state, "READY");
  frameSettle(run, frame);
  return frame;
}

/** What the nodes of a frame see beside nodes. A sub-workflow sees what it was given, and nothing of what is around it. */
function sightWithin({ frame: { vars, loop, own }, node }: NodeState, drive: Drive, ordinal: number): Pick<Frame, "vars" | "loop" | "own"> {
  const { opened, holding } = drive;
  switch (node.composite?.kind) {
    case "sub-workflow":
      return { vars: { input: objectOf(opened.items?.[0]) }, loop: undefined, own: holding };
    case "loop":
      return { vars: { ...vars, index: ordinal }, loop: holding, own };
    default: {
      const item = opened.items?.[ordinal];
      const inner: FrameVars = { ...vars, index: ordinal, ...(item !== undefined && { item }) };
      return { vars: inner, loop, own };
    }
  }
}

/** A frame in which nothing goes on is ready to be ended: all its nodes are done; or it has failed, and what was open has stopped. */
export function frameSettle(run: RunState, { end, failure, left, open }: Frame): void {
  // The one that a sub-workflow ends with is its composite, which is driven meanwhile.
  if (end?.phase !== "BLOCKED" && end?.phase !== "DRIVEN") return;
  if (left === 0 || (failure !== undefined && open === 0)) phaseSet(run, end, "READY");
}

/** A frame has ended: it is forgotten but for what came of it. @param how.failure  that its composite does not handle; `isDone`: of a loop's last round. */
export function frameEnded(run: RunState, frame: Frame, result: FrameResult, how: { failure?: Failure; isDone?: boolean } = {}): void {
  const { owner, ordinal } = frame;
  const drive = owner?.drive;
  if (owner === undefined || drive === undefined) return;
  frameForget(run, frame);
  drive.frames.delete(ordinal);
  drive.results[ordinal] = result;
  drive.ended++;
  if (owner.node.composite?.kind === "loop") roundEnded(drive, ordinal, how.isDone === true);
  if (how.failure !== undefined) {
    drive.failure ??= how.failure;
    run.failing.add(owner);
  }
  driveOn(run, owner);
}

/** What a loop gives is the result of its last round: nobody reads those before. */
function roundEnded(drive: Drive, ordinal: number, isDone: boolean): void {
  drive.isDone = isDone;
  if (drive.results[ordinal - 1] !== undefined) drive.results[ordinal - 1] = pastRound;
}

/** The node runs of a frame: of an agent those that there are. */
export function statesOf({ nodes, agent }: Frame): readonly NodeState[] {
  return agent === undefined ? nodes : [...agent.parts.values()];
}

/** Takes a frame, and those beneath it, out of the run's sets. Nothing of it is open. */
export function frameForget(run: RunState, frame: Frame): void {
  run.frames.delete(frame.path);
  for (const state of statesOf(frame)) {
    run.ready.delete(state);
    if (state.drive !== undefined) driveForget(run, state);
  }
  if (frame.end !== undefined) run.ready.delete(frame.end);
}

/** The composite has ended. */
export function driveForget(run: RunState, state: NodeState): void {
  for (const frame of state.drive?.frames.values() ?? []) frameForget(run, frame);
  run.failing.delete(state);
  state.drive = undefined;
}

/** The composites and frames beneath a node run that are open, deepest first: they end before it does. */
export function openScopesBeneath(state: NodeState): NodeState[] {
  if (state.ends !== undefined) return openScopesIn(state.ends);
  return [...(state.drive?.frames.values() ?? [])].flatMap((frame) => [
    ...openScopesIn(frame),
    ...(frame.end === undefined || frame.end === state ? [] : [frame.end]),
  ]);
}

function openScopesIn(frame: Frame): NodeState[] {
  return statesOf(frame)
    .filter(({ drive }) => drive !== undefined)
    .flatMap((state) => [...openScopesBeneath(state), state]);
}

/** Paths of what goes with a frame, or a composite, when it ends: the nodes of the one, and of the other the frames that have. */
export function pathsBeneath({ path, ends, drive, node: { composite } }: NodeState): string[] {
  if (ends !== undefined) return ends.nodes.map((one) => one.path);
  if (drive === undefined) return [];
  // The one frame that a sub-workflow has, and an agent, is not among its results.
  if (composite?.end === undefined) return [...drive.frames.values()].flatMap((frame) => statesOf(frame).map((one) => one.path));
  return drive.results.flatMap((result, ordinal) => (result === undefined ? [] : [framePath(path, ordinal)]));
}

/** The frame of a composite that a stored row stands in; it is opened where the row came out of the order in which frames open. */
export function frameFor(run: RunState, owner: NodeState, ordinal: number): Frame | undefined {
  const { drive } = owner;
  if (drive === undefined || ordinal >= framesMost(owner, drive) || drive.results[ordinal] !== undefined) return undefined;
  return drive.frames.get(ordinal) ?? frameOpen(run, owner, ordinal);
}

/** The one frame of an agent, or of a team, is there from its opening on. */
function framesMost({ node: { composite } }: NodeState, { opened }: Drive): number {
  if (isWorking(composite)) return 0;
  return composite?.kind === "loop" ? composite.maxRounds : opened.count;
}
