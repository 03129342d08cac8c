/**
 * Builds a run again from its stored node runs: the same steps in the order in which they were done, so the same decisions.
 */
import type { Json, JsonObject } from "#shared/json.ts";
import { applyCancelled, applyCompleted, applyDriven, applyFailed, applyOpened, applySkipped } from "./apply.ts";
import { agentOpen, frameFor } from "./drive.ts";
import { isDone, type DonePhase, type NodeState, type Opened, type OpenPhase } from "./frame.ts";
import type { Fault } from "./fault.ts";
import type { TokenUse } from "./drivers/team-route.ts";
import { compositePathOf, framePathOf, lastSegment, ordinalOf, rootPath } from "./path.ts";
import { frameType } from "./composite.ts";
import { nodeOfPath, type CompiledPlan } from "./plan.ts";
import { nodeAtPath, startRun, type RunState } from "./run-state.ts";

/** A node run as it is stored. */
export interface StoredNode {
  path: string;
  status: OpenPhase | DonePhase;
  /** Number of the event of its end. */
  doneSeq: number | null;
  /** Number of the event of its beginning; absent: behind all that is finished. */
  seq?: number;
  /** Of a composite node that was opened: what was fixed then. */
  opened?: Opened | undefined;
  /** Of one that goes on: ordinals of its frames that have ended and have no row here. */
  ended?: readonly number[] | undefined;
  /** And the variables of a loop, or the state of a sub-workflow, as they stand; undefined: as they began. */
  values?: JsonObject | undefined;
  outputText: string | null;
  outputJson: Json;
  stateUpdates: JsonObject | undefined;
  route: string | undefined;
  errorCode: string | null;
  errorMessage: string | null;
  fault?: Fault | undefined;
  /** What a failure that nothing handled has used. */
  usage?: TokenUse | undefined;
}

/** A run again, and the skips that its rows do not say yet. */
export interface Replayed {
  run: RunState;
  /** Nodes that the stored rows make SKIPPED and that have no row of their own yet. */
  unstoredSkips: NodeState[];
}

/**
 * Replays finished node runs by the number of their end, open ones by that of their beginning: a frame that failed has not ended while one of its is open. Rows beneath a frame or a composite that has ended need not be there; what is
 * there of them says nothing any more.
 *
 * @throws for a row that stands at no node of the plan: whatever it says would be lost without a word.
 */
export function replay(plan: CompiledPlan, rows: readonly StoredNode[], initialNode?: string): Replayed {
  const run = startRun(plan, initialNode);
  const stored = new Map(rows.map((row) => [row.path, row]));
  const unstored = new Set<NodeState>();
  const standing = rows.filter(({ path }) => !hasEndedAround(stored, path));
  for (const row of standing.toSorted((a, b) => placeIn(a) - placeIn(b))) {
    const state = nodeOf(run, stored, row.path);
    if (!isDone(row.status)) {
      openAgain(run, state, row);
      continue;
    }
    for (const skipped of applyStored(run, state, row)) unstored.add(skipped);
    unstored.delete(state);
  }
  // Those beneath what has ended too.
  run.crashedNodes = rows.filter((row) => isCrashed(plan, row)).length;
  return { run, unstoredSkips: [...unstored] };
}

/** Its owners died of it. An item fails with the code of its node. */
function isCrashed(plan: CompiledPlan, { path, status, fault, opened }: StoredNode): boolean {
  const isByCrash = status === "FAILED" && fault === "crash" && opened === undefined;
  return isByCrash && nodeOfPath(plan, path)?.type !== frameType;
}

/** The number of what a row tells last. */
function placeIn({ status, doneSeq, seq }: StoredNode): number {
  return isDone(status) ? (doneSeq ?? 0) : (seq ?? Number.MAX_SAFE_INTEGER);
}

function openAgain(run: RunState, state: NodeState, row: StoredNode): void {
  if (row.opened === undefined) applyOpened(run, state, row.status as OpenPhase);
  else openDriven(run, state, row);
}

/** A row beneath it may have opened it. */
function openDriven(run: RunState, state: NodeState, row: StoredNode | undefined): void {
  if (state.drive === undefined && row?.opened !== undefined) applyDriven(run, state, row.opened, row);
}

function hasEndedAround(stored: ReadonlyMap<string, StoredNode>, path: string): boolean {
  for (let around = scopeAround(path); around !== rootPath; around = scopeAround(around)) {
    const row = stored.get(around);
    if (row !== undefined && isDone(row.status)) return true;
  }
  return false;
}

/** What a node run is part of: the frame of a node, the composite of a frame. */
function scopeAround(path: string): string {
  return ordinalOf(path) === undefined ? framePathOf(path) : compositePathOf(path);
}

function nodeOf(run: RunState, stored: ReadonlyMap<string, StoredNode>, path: string): NodeState {
  const state = nodeAtPath(run, path) ?? partOfAgent(run, path) ?? nodeBeneath(run, stored, path);
  if (state === undefined) throw new Error(`the stored node run ${path} is none of its plan`);
  return state;
}

/** What of an agent came out of the order in which it opens, as its beginning may be stored behind its end. */
function partOfAgent(run: RunState, path: string): NodeState | undefined {
  const frame = run.frames.get(framePathOf(path));
  return frame?.agent && agentOpen(run, frame, lastSegment(path));
}

/** Opens the composites and frames that lead to a row. */
function nodeBeneath(run: RunState, stored: ReadonlyMap<string, StoredNode>, path: string): NodeState | undefined {
  const around = scopeAround(path);
  if (around === rootPath) return undefined;
  const ordinal = ordinalOf(path);
  const scope = nodeAtPath(run, around) ?? nodeBeneath(run, stored, around);
  if (scope === undefined) return undefined;
  openDriven(run, scope, stored.get(around));
  if (ordinal !== undefined) return frameFor(run, scope, ordinal)?.end;
  return nodeAtPath(run, path);
}

function applyStored(run: RunState, state: NodeState, row: StoredNode): NodeState[] {
  switch (row.status) {
    case "COMPLETED":
      return applyCompleted(run, state, row);
    case "FAILED":
      return applyFailed(run, state, { ...row, code: row.errorCode ?? "INTERNAL", message: row.errorMessage ?? "" });
    case "CANCELLED":
      applyCancelled(run, state);
      return [];
    default:
      // The skip follows from an earlier row already, unless someone outside skipped the node.
      return state.phase === "SKIPPED" ? [] : applySkipped(run, state);
  }
}
