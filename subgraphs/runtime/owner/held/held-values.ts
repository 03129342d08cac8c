/**
 * The values that a run's assigners write: its state, the variables of its loops and the states of its sub-workflows. Each is bounded, as nodes that are executed
 * elsewhere are told them; the assigner that would make one too large fails.
 */
import type { JsonObject } from "#shared/json.ts";
import type { Frame, Holding } from "../../engine/frame.ts";
import type { RunState } from "../../engine/run-state.ts";
import { tooLargeFailure } from "../../nodes/storable.ts";
import { maxVariablesBytes } from "../composites/opened-items.ts";
import { instead, type StoredOutcome } from "../flush/outcome-rows.ts";
import type { OutputBytes } from "../flush/output-bytes.ts";

/** A state above this fails the assigner that made it so. */
const maxStateBytes = 1024 * 1024;

export class HeldValues {
  readonly #graph: Pick<RunState, "state">;
  readonly #outputs: Pick<OutputBytes, "valuesSet">;
  #stateBytes: number;

  constructor(graph: Pick<RunState, "state">, outputs: Pick<OutputBytes, "valuesSet">) {
    this.#graph = graph;
    this.#outputs = outputs;
    this.#stateBytes = jsonBytes(graph.state);
  }

  /** At least as much as the run's state takes as JSON. */
  get stateBytes(): number {
    return this.#stateBytes;
  }

  /** What is stored of an outcome that writes to the state, or to the variables of a loop, as the frame sees them; any other stays as it is. */
  storable({ loop, own }: Pick<Frame, "loop" | "own">, stored: StoredOutcome): StoredOutcome {
    const { stateUpdates, loopUpdates } = stored.columns;
    if (stored.outcome.kind !== "completed" || (typeof stateUpdates !== "string" && typeof loopUpdates !== "string")) return stored;
    const { usage } = stored.outcome;
    if (typeof loopUpdates === "string" && loop !== undefined && !this.#holdingSet(loop, stored.outcome.variables ?? {}, maxVariablesBytes))
      return instead(tooLargeFailure("STATE_TOO_LARGE", "The variables of the loop would be larger than 64 KiB.", usage));
    if (typeof stateUpdates === "string" && own !== undefined && !this.#holdingSet(own, stored.outcome.stateUpdates ?? {}, maxStateBytes))
      return instead(tooLargeFailure("STATE_TOO_LARGE", "The state of the sub-workflow would be larger than 1 MiB.", usage));
    const paths = {
      ...(typeof loopUpdates === "string" && { loopPath: loop?.path }),
      ...(typeof stateUpdates === "string" && own !== undefined && { statePath: own.path }),
    };
    const placed = { ...stored, columns: { ...stored.columns, ...paths } };
    return typeof stateUpdates === "string" && own === undefined ? this.#stateStorable(placed, stateUpdates) : placed;
  }

  /** Counts what a loop, or a sub-workflow, is going to hold; false: it is too much. */
  #holdingSet({ path, values }: Holding, updates: JsonObject, mostBytes: number): boolean {
    const bytes = jsonBytes({ ...values, ...updates });
    if (bytes > mostBytes) return false;
    this.#outputs.valuesSet(path, bytes);
    return true;
  }

  #stateStorable(stored: StoredOutcome, stateUpdates: string): StoredOutcome {
    if (stored.outcome.kind !== "completed") return stored;
    const bytes = this.#stateBytes + Buffer.byteLength(stateUpdates);
    const exact = bytes <= maxStateBytes ? bytes : jsonBytes({ ...this.#graph.state, ...stored.outcome.stateUpdates });
    if (exact > maxStateBytes) {
      const failure = tooLargeFailure("STATE_TOO_LARGE", "The run's state would be larger than 1 MiB.", stored.outcome.usage);
      return instead(failure);
    }
    this.#stateBytes = exact;
    return stored;
  }
}

/** What a value takes as JSON. */
export function jsonBytes(value: object): number {
  return Buffer.byteLength(JSON.stringify(value));
}
