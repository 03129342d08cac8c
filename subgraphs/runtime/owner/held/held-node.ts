/** The node runs of one run that its owner has in hand: each from its start, offer or wait to its end, with all that is known of it in one object. */
import type { NodeState } from "../../engine/frame.ts";
import { rootPath } from "../../engine/path.ts";
import type { Execution } from "../calls/execution.ts";
import type { NodeRecord, OutputColumns } from "../flush/node-rows.ts";
import type { Decision } from "../flush/outcome-rows.ts";

/** A node run that has a row, or is about to, and is not finished. */
export interface HeldNode extends NodeRecord {
  readonly state: NodeState;
  /** Of an iteration: how many of its items had ended when it was last said how far it had come. */
  progressEnds: number;
  /** The run that it has made, and waits for where its reason to wait is CHILD. */
  childRunId: string | undefined;
  /** When it is due, by the database's clock in milliseconds, where it waits for a time. */
  dueMs: number | undefined;
  waitReason: string | undefined;
  /** Nobody is to be asked before it is called; else {@link NodeRecord.approval} says what was decided. */
  isAllowed: boolean;
  /** It was begun with nothing beside it in the whole process, because owners have died with its run. */
  alone: boolean | undefined;
  /** It has a slot, and its call has not begun: its started mark is not stored, or the lease is in doubt. */
  isStarting: boolean;
  /** Its call. */
  execution: Execution | undefined;
  /** An outcome that nobody reported and the owner decided; it counts once it is stored. */
  decided: Decision | undefined;
  /** The output of that, where it has one. */
  decidedOutput: OutputColumns | undefined;
}

/** Makes the handle of a node run that has no row yet. */
export function newHeldNode(state: NodeState, createdMs: number): HeldNode {
  return {
    state,
    path: state.path,
    nodeId: state.node.id,
    nodeType: state.node.type,
    parentPath: parentPathOf(state),
    attempt: 1,
    seq: 0,
    createdMs,
    startedMs: undefined,
    workerKey: undefined,
    effectKey: undefined,
    ownFaults: undefined,
    opened: undefined,
    progress: undefined,
    progressEnds: 0,
    question: undefined,
    waitsMs: undefined,
    approval: undefined,
    childRunId: undefined,
    isAllowed: false,
    dueMs: undefined,
    waitReason: undefined,
    alone: undefined,
    isStarting: false,
    execution: undefined,
    decided: undefined,
    decidedOutput: undefined,
  };
}

/** The node run that it is part of, by its path; undefined: it is part of the run alone. */
function parentPathOf({ ends, frame }: NodeState): string | undefined {
  if (ends !== undefined) return ends.owner?.path;
  return frame.path === rootPath ? undefined : frame.path;
}

/** All that are held, by path; with those apart that something is to be done about. */
export class HeldNodes {
  readonly #byPath = new Map<string, HeldNode>();
  /** Those that wait for a time that has not come. */
  readonly due = new Set<HeldNode>();
  /** Those whose outcome is decided and not stored, in the order of the decisions. */
  readonly decided = new Set<HeldNode>();
  /** Those whose call runs or is about to. */
  readonly calling = new Set<HeldNode>();

  get(path: string): HeldNode | undefined {
    return this.#byPath.get(path);
  }

  add(held: HeldNode): void {
    this.#byPath.set(held.path, held);
  }

  /** It is finished. */
  remove(held: HeldNode): void {
    this.#byPath.delete(held.path);
    this.due.delete(held);
    this.decided.delete(held);
  }

  values(): Iterable<HeldNode> {
    return this.#byPath.values();
  }

  /** When the first of them is due; undefined: none waits for a time. */
  firstDueMs(): number | undefined {
    let first: number | undefined;
    for (const { dueMs } of this.due) if (dueMs !== undefined && (first === undefined || dueMs < first)) first = dueMs;
    return first;
  }
}
