import type { NodeUsage } from "../nodes/executor.ts";
import {
  charactersOf,
  type ArtifactRow,
  type EventRow,
  type NodeRunRow,
  type OfferRow,
  type OutboxRow,
  type SpanRow,
} from "../queue/rows.ts";
import type { TakenEnd } from "./calls/attempt-end.ts";
import type { HeldNode } from "./held/held-node.ts";
import type { NodeRunContext } from "./calls/node-context.ts";

/**
 * All that a run has to store and has not sent yet. Node rows are kept by path: a flush has one row for each node run, the last that was made.
 */
export class Pending {
  readonly nodes = new Map<string, NodeRunRow>();
  readonly events: EventRow[] = [];
  offers: OfferRow[] = [];
  readonly spans: SpanRow[] = [];
  readonly artifacts: ArtifactRow[] = [];
  /** What other runs are told. */
  readonly outbox: OutboxRow[] = [];
  /** Paths of offered node runs that nobody needs to execute any more. */
  readonly withdrawn: string[] = [];
  /** Nodes whose call begins once this is stored. */
  readonly starts: HeldNode[] = [];
  /** The ends that the rows were made of, for the case that they are refused. */
  readonly ends: TakenEnd[] = [];
  /** Attempts that hold room for what the rows were made of. */
  readonly rooms: NodeRunContext[] = [];
  readonly usage: NodeUsage = { modelCalls: 0, promptTokens: 0, completionTokens: 0 };
  hasState = false;
  /** A node run begins to wait for somebody. */
  asks = false;
  /** Rows of failures that their nodes handle. */
  handledErrors = 0;
  /** Of the inputs of runs that are asked for. */
  childBytes = 0;
  #characters = 0;

  /** About how much it is, in characters. */
  get characters(): number {
    return this.#characters;
  }

  /** The row of a node run; in the place of an earlier one. */
  nodeSet(row: NodeRunRow): void {
    this.nodes.set(row.path, row);
    this.#characters += charactersOf(row);
    if (isHandled(row)) this.handledErrors++;
  }

  artifactsAdd(rows: readonly ArtifactRow[]): void {
    for (const row of rows) {
      this.artifacts.push(row);
      this.#characters += charactersOf(row);
    }
  }

  outboxAdd(row: OutboxRow): void {
    this.outbox.push(row);
    this.#characters += (row.body?.length ?? 0) + (row.input?.length ?? 0);
    if (row.input != null) this.childBytes += Buffer.byteLength(row.input);
  }

  spanAdd(row: SpanRow): void {
    this.spans.push(row);
    this.#characters += row.attributes.length;
  }

  /** A node run that was offered is not to be executed any more. */
  withdraw(path: string): void {
    this.offers = offersLeft(this.offers, [path]);
    this.withdrawn.push(path);
  }

  get isEmpty(): boolean {
    return this.nodes.size === 0 && this.events.length === 0 && this.withdrawn.length === 0;
  }

  /** Whether there is nothing beside node runs, events and spans. */
  get isPlain(): boolean {
    return this.offers.length + this.artifacts.length + this.outbox.length + this.withdrawn.length === 0;
  }

  usageAdd(usage: NodeUsage): void {
    this.usage.modelCalls += usage.modelCalls;
    this.usage.promptTokens += usage.promptTokens;
    this.usage.completionTokens += usage.completionTokens;
  }

  /** All that it has is stored, or nobody stores it any more: the room is given back. */
  settled(): void {
    for (const context of this.rooms.splice(0)) context.settled();
  }

  /** Puts `later` behind this, for a flush that stored nothing. */
  append(later: Pending): void {
    for (const row of later.nodes.values()) this.nodes.set(row.path, row);
    for (const row of later.events) this.events.push(row);
    this.offers = [...offersLeft(this.offers, later.withdrawn), ...later.offers];
    for (const row of later.spans) this.spans.push(row);
    for (const row of later.artifacts) this.artifacts.push(row);
    for (const row of later.outbox) this.outbox.push(row);
    for (const path of later.withdrawn) this.withdrawn.push(path);
    for (const held of later.starts) this.starts.push(held);
    for (const end of later.ends) this.ends.push(end);
    for (const context of later.rooms) this.rooms.push(context);
    this.#characters += later.#characters;
    this.usageAdd(later.usage);
    this.hasState ||= later.hasState;
    this.asks ||= later.asks;
    this.handledErrors += later.handledErrors;
    this.childBytes += later.childBytes;
  }
}

/** Offers without those that were withdrawn since: a statement that makes a row does not find it to delete it. */
export function offersLeft(offers: OfferRow[], withdrawn: readonly string[]): OfferRow[] {
  if (withdrawn.length === 0 || offers.length === 0) return offers;
  const gone = new Set(withdrawn);
  return offers.filter(({ path }) => !gone.has(path));
}

/** Whether it is the row of a failure that its node handles. */
export function isHandled({ errorCode, route }: NodeRunRow): boolean {
  return errorCode !== undefined && route !== undefined;
}
