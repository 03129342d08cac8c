import type { ByteRoom } from "#shared/byte-room.ts";
import type { HintPublisher } from "#shared/hints.ts";
import type { Log } from "#shared/log.ts";
import type { NodeExecutor, NodePorts } from "../nodes/executor.ts";
import type { Rest } from "../queue/flush.sql.ts";
import type { FlushingRun } from "./flush/flush-draft.ts";
import type { ResultReader } from "./composites/frame-results.ts";
import type { HeldBytes, Holder } from "./held/held-bytes.ts";
import type { NotLoaded } from "./takeover/run-loader.ts";
import type { Slots } from "./calls/slots.ts";

/** The executor of each type of node (nodes/registry.ts); undefined: no such type. */
export type Executors = (nodeType: string) => NodeExecutor | undefined;

/** Why a run left its owner's memory. */
export type Release =
  /** The last flush stored it. `hasReady`: nodes could go on. `dueInMs`: when it is due again, where it waits for a time. */
  | {
      kind: "rested";
      rest: Exclude<Rest, "keep">;
      executed: readonly string[];
      hasReady: boolean;
      dueInMs: number | undefined;
      hasOffers: boolean;
    }
  /** Someone else owns it, or its lease ran out; `why`: it was given back as it is. */
  | { kind: "lost"; why?: NotLoaded };

/** The process that owns runs. */
export interface OwnerProcess {
  readonly executors: Executors;
  readonly ports: NodePorts;
  readonly hints: HintPublisher;
  readonly log: Log;
  readonly slots: Slots;
  /** Whether nodes beyond the slots are offered to other workers; else they wait for a slot here. */
  readonly offersNodes: boolean;
  readonly maxCrashes: number;
  /** Whatever is executed here calls no model and no tool. */
  readonly dryRun: boolean;
  readonly results: ResultReader;
  /** What its runs hold in memory. */
  readonly held: HeldBytes;
  /** What its calls have in flight: answers that are read, or not stored yet. */
  readonly answers: ByteRoom;
  /** No new node starts; what is finished is given back. */
  readonly isStopping: boolean;
}

/** The process, and what an owned run asks of it. */
export interface RunHost extends OwnerProcess {
  /** The run has something to store. */
  flushWanted(run: FlushingRun): void;
  /** The run has unread mail. */
  drainWanted(run: FlushingRun): void;
  released(run: FlushingRun, release: Release): void;
  /** The run holds so many bytes now. */
  weighed(run: Holder, bytes: number): void;
  /** The run names a node type that this process does not know: it is given back, and not claimed again for a while. */
  leftToOthers: { add(runId: string, forMs?: number): void };
  /** A bug has ended its ownership; it is left to its lease, unless that comes again and again. */
  dropped(run: FlushingRun & { eventSeq: number }): void;
  /** The run is advanced from now on; undefined: it is done with for now. */
  advancing?: ((runId: string | undefined) => void) | undefined;
}
