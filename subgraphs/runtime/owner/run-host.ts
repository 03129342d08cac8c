import type { HintPublisher } from "#shared/hints.ts";
import type { Log } from "#shared/log.ts";
import type { NodeExecutor, NodePorts } from "../nodes/executor.ts";
import type { Rest } from "../queue/flush.sql.ts";
import type { OwnedRun } from "./owned-run.ts";
import type { Slots } from "./slots.ts";

/** What executes nodes of a type (nodes/registry.ts); undefined: no such type. */
export type Executors = (nodeType: string) => NodeExecutor | undefined;

/**
 * How far an owner takes a run. worker: as far as it goes; `untilForgiven`: until what killed its owners has not killed this one, then others
 * go on. inbox: no node is started.
 */
export type Policy =
  { kind: "worker"; untilForgiven?: boolean } | { kind: "inbox" } | { kind: "node"; path: string } | { kind: "steps"; max: number };

/** Why a run left its owner's memory. */
export type Release =
  /** The last flush stored it. `hasReady`: nodes could go on. */
  | {
      kind: "rested";
      rest: Exclude<Rest, "keep">;
      executed: readonly string[];
      hasReady: boolean;
      dueMs: number | undefined;
      hasOffers: boolean;
    }
  /** Someone else owns it, or its lease ran out. */
  | { kind: "lost" };

/** The process around an owned run. */
export interface RunHost {
  readonly executors: Executors;
  readonly ports: NodePorts;
  readonly hints: HintPublisher;
  readonly log: Log;
  readonly slots: Slots;
  /** Whether nodes beyond the slots are offered to other workers; else they run here all the same. */
  readonly offersNodes: boolean;
  readonly maxCrashes: number;
  /** No new node starts; what is finished is given back. */
  readonly isStopping: boolean;
  /** False while the lease was not confirmed for too long: then nothing outside is called. */
  mayCallOutside(run: OwnedRun): boolean;
  /** The run has something to store. */
  flushWanted(run: OwnedRun): void;
  /** The run has unread mail. */
  drainWanted(run: OwnedRun): void;
  released(run: OwnedRun, release: Release): void;
}
