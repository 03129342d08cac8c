/**
 * What a composite node does with its frames, from its opening to its end. Its driver (iteration.driver.ts) decides, purely; this opens frames, takes their
 * ends, and makes the composite ready to be finished.
 */
import {
  frameWithin,
  isStopped,
  type Drive,
  type Failure,
  type Frame,
  type FrameResult,
  type FrameVars,
  type NodeOutput,
  type NodeState,
  type Opened,
  unreadResult,
} from "./frame.ts";
import { iterationNext } from "./iteration.driver.ts";
import { framePath } from "./path.ts";
import { upstreamOf } from "./plan.ts";
import { phaseSet, type RunState } from "./run-state.ts";

/** Opens a composite node, and its first frames. @param ended  ordinals of those that have ended, where it goes on and their results are not there. */
export function driveOpen(run: RunState, state: NodeState, opened: Opened, ended: readonly number[] = []): void {
  const results: (FrameResult | undefined)[] = [];
  for (const ordinal of ended) results[ordinal] = unreadResult;
  state.drive = { opened, frames: new Map(), results, ended: ended.length, next: 0, failure: undefined, outputs: outputsSeen(state) };
  phaseSet(run, state, "DRIVEN");
  driveOn(run, state);
}

/** An id is of the innermost graph that has it, whether or not it has an output there; of the graph around the composite, what leads to it is seen. */
function outputsSeen({ frame, node }: NodeState): Record<string, NodeOutput> {
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
  for (;;) {
    while (drive.frames.has(drive.next) || drive.results[drive.next] !== undefined) drive.next++;
    const { opened, frames, ended, next, failure } = drive;
    const step = iterationNext({
      count: opened.count,
      parallel: composite.parallel,
      open: frames.size,
      ended,
      hasFailed: failure !== undefined,
    });
    if (step === "open") frameOpen(run, state, next);
    else {
      if (step === "finish" || (step === "stop" && openBeneath(drive) === 0)) phaseSet(run, state, "READY");
      return;
    }
  }
}

/** Node runs that are open in the frames of a composite. */
export function openBeneath({ frames }: Drive): number {
  let open = 0;
  for (const frame of frames.values()) open += frame.open;
  return open;
}

/** Opens one frame of a composite that is driven. */
export function frameOpen(run: RunState, owner: NodeState, ordinal: number): Frame {
  const { drive, frame: around } = owner;
  const body = owner.node.composite?.body;
  if (drive === undefined || body === undefined) throw new Error(`the node run ${owner.path} is not driven`);
  const item = drive.opened.items?.[ordinal];
  const vars: FrameVars = { ...around.vars, index: ordinal, ...(item !== undefined && { item }) };
  const frame = frameWithin(body, { path: framePath(owner.path, ordinal), owner, ordinal, vars, outputs: { ...drive.outputs } });
  drive.frames.set(ordinal, frame);
  run.frames.set(frame.path, frame);
  if (frame.end !== undefined) run.opened.push(frame.end);
  for (const state of frame.nodes) if (state.unknownEdges === 0) phaseSet(run, state, "READY");
  frameSettle(run, frame);
  return frame;
}

/** A frame in which nothing goes on is ready to be ended: all its nodes are done; or it has failed, and what was open has stopped. */
export function frameSettle(run: RunState, { end, failure, left, open }: Frame): void {
  if (end?.phase !== "BLOCKED") return;
  if (left === 0 || (failure !== undefined && open === 0)) phaseSet(run, end, "READY");
}

/** A frame has ended: it is forgotten but for what came of it. @param failure  that its iteration does not handle. */
export function frameEnded(run: RunState, frame: Frame, result: FrameResult, failure?: Failure): void {
  const { owner, ordinal } = frame;
  const drive = owner?.drive;
  if (owner === undefined || drive === undefined) return;
  frameForget(run, frame);
  drive.frames.delete(ordinal);
  drive.results[ordinal] = result;
  drive.ended++;
  if (failure !== undefined) {
    drive.failure ??= failure;
    run.failing.add(owner);
  }
  driveOn(run, owner);
}

/** Takes a frame, and those beneath it, out of the run's sets. Nothing of it is open. */
export function frameForget(run: RunState, frame: Frame): void {
  run.frames.delete(frame.path);
  for (const state of frame.nodes) {
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
export function openScopesBeneath({ drive, ends }: NodeState): NodeState[] {
  if (ends !== undefined) return ends.nodes.flatMap((state) => (state.drive === undefined ? [] : [...openScopesBeneath(state), state]));
  return [...(drive?.frames.values() ?? [])].flatMap(({ end }) => (end === undefined ? [] : [...openScopesBeneath(end), end]));
}

/** Paths of what goes with a frame, or a composite, when it ends: the nodes of the one, and of the other the frames that have. */
export function pathsBeneath({ path, ends, drive }: NodeState): string[] {
  if (ends !== undefined) return ends.nodes.map((node) => node.path);
  return drive === undefined ? [] : drive.results.flatMap((result, ordinal) => (result === undefined ? [] : [framePath(path, ordinal)]));
}

/** The frame of a composite that a stored row stands in; it is opened where the row came out of the order in which frames open. */
export function frameFor(run: RunState, owner: NodeState, ordinal: number): Frame | undefined {
  const { drive } = owner;
  if (drive === undefined || ordinal >= drive.opened.count || drive.results[ordinal] !== undefined) return undefined;
  return drive.frames.get(ordinal) ?? frameOpen(run, owner, ordinal);
}
