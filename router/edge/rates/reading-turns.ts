/**
 * Whatever is long to look at is looked at one by one: operations that nobody has planned yet, long variables, questions about the schema. Each may take the
 * main loop for a tenth of a second, and those that come together would share one turn of it, so that all others wait for all of them. Tenants take turns. Behind each that
 * was long the main loop is free for a moment: an answer to others takes a dozen of its turns, and would have one of these in each.
 */
import { setTimeout as pause } from "node:timers/promises";
import { ownTurn } from "#shared/own-turn.ts";
import { jsonBytesOf } from "../../graph/answer-bytes.ts";
import { hashOf } from "../../graph/operations.ts";
import type { AskedOperation } from "../asked-operation.ts";
import { HeldBytes } from "./held-bytes.ts";
import type { Leave } from "./places.ts";
import { defaultGate, TenantGate, type Entering, type GateLimits } from "./tenant-gate.ts";

/** How many wait, and when one was long. */
interface ReadingLimits extends GateLimits {
  /** One that took less is followed by the next at once. */
  shortMs: number;
}

/** Beside 100 documents of 7,000 directives another tenant's question took 265 ms without it, 50 when quiet (November 2026). */
const restMs = 25;

/** One is looked at; as many may wait as fit into the memory that is theirs, for streams begin by the thousand when a router was started again. */
const readingGate: ReadingLimits = { ...defaultGate, units: 1, tenantUnits: 1, tenantWaiting: 20_000, waiting: 80_000, shortMs: 25 };

/** Variables of more are looked at as unknown operations are: to check a list of some thousand values takes milliseconds. */
const shortBytes = 16 << 10;

/** Whether an operation of a document, by the hash of its text, is planned: it is short to look at then. */
export type IsKnown = (hash: string, operationName: string | null | undefined) => boolean;

/** For whom an operation is looked at. */
export interface LookedFor {
  /** Whose lane it waits in. */
  tenantId: string;
  signal?: AbortSignal | undefined;
}

/** Who waits for a turn, and what they hold meanwhile. */
type Waiting = Omit<Entering, "units">;

/** See above. */
export class ReadingTurns {
  readonly #gate: TenantGate;
  readonly #isKnown: IsKnown;
  readonly #shortMs: number;
  /** Operations of tenants that are looked at, or will be. */
  readonly #underWay = new Map<string, Promise<void>>();
  /** What those hold that wait for them. */
  readonly #beside: HeldBytes;

  constructor(isKnown: IsKnown, limits: Partial<ReadingLimits> = {}) {
    const all = { ...readingGate, ...limits };
    this.#isKnown = isKnown;
    this.#shortMs = all.shortMs;
    this.#gate = new TenantGate(all);
    this.#beside = new HeldBytes({ tenantBytes: all.tenantWaitingBytes, totalBytes: all.waitingBytes });
  }

  /**
   * Waits until an operation may be looked at; at once where that is short. To be given back when it has been.
   *
   * @param asked  all of what was sent, which is held while it waits.
   * @throws AppError TENANT_BUSY, ROUTER_BUSY; the signal's reason where whoever asked is gone.
   */
  async take(asked: AskedOperation, { tenantId, signal }: LookedFor): Promise<Leave> {
    const { query, operationName, variables } = asked;
    const isLong = jsonBytesOf(variables, shortBytes) > shortBytes;
    const hash = hashOf(query);
    const isKnown = () => this.#isKnown(hash, operationName);
    const isShort = () => query === "" || (!isLong && isKnown());
    if (isShort()) return nothing;
    // A text may have two bytes a character.
    const waiting = { tenantId, sizeBytes: query.length + jsonBytesOf(asked, Infinity), signal };
    const key = `${tenantId} ${hash} ${operationName ?? ""}`;
    // Of a thousand that ask for the same the first is looked at.
    const same = isLong ? undefined : this.#underWay.get(key);
    if (same !== undefined) await this.#waitFor(same, waiting);
    if (isShort()) return nothing;
    const turn = this.#turn(waiting, isShort);
    if (!isKnown()) this.#tell(key, turn);
    return (await turn).leave;
  }

  /** Waits for a turn to answer what is asked of the schema. @throws as take does */
  async takeForSchema(waiting: Waiting): Promise<Leave> {
    return (await this.#turn(waiting, () => false)).leave;
  }

  /** Whoever has no room to wait here goes on at once, to the gate, whose room is another and which says so where there is none. */
  async #waitFor(same: Promise<void>, { tenantId, sizeBytes, signal }: Waiting): Promise<void> {
    const leave = this.#beside.hold(tenantId, sizeBytes);
    if (leave === undefined) return;
    try {
      await unlessGone(same, signal);
    } finally {
      leave();
    }
  }

  /** Others of the tenant that ask for the same wait until a turn is over; for the first of several, which makes it known. */
  #tell(key: string, turn: Promise<Given>): void {
    if (this.#underWay.has(key)) return;
    const over = turn.then(
      (given) => given.over,
      () => {},
    );
    this.#underWay.set(key, over);
    void over.finally(() => this.#underWay.delete(key));
  }

  #turn(waiting: Waiting, isShort: () => boolean): Promise<Given> {
    return new Promise((resolve, reject) => {
      const work = async () => {
        const { promise: over, resolve: leave } = Promise.withResolvers<void>();
        if (isShort()) return resolve({ leave: nothing, over: Promise.resolve() });
        await ownTurn();
        const beganAtMs = performance.now();
        resolve({ leave, over });
        await over;
        const tookMs = performance.now() - beganAtMs;
        if (tookMs > this.#shortMs) await pause(Math.min(tookMs / 2, restMs), undefined, { ref: false });
      };
      this.#gate.run({ ...waiting, units: 1 }, work).catch(reject);
    });
  }
}

interface Given {
  leave: Leave;
  /** Settles when it was given back. */
  over: Promise<void>;
}

const nothing: Leave = () => {};

/** Settles as `work` does, which never rejects. @throws the signal's reason, when that fires first */
function unlessGone(work: Promise<void>, signal: AbortSignal | undefined): Promise<void> {
  if (signal === undefined) return work;
  return new Promise((resolve, reject) => {
    const gone = () => reject(signal.reason instanceof Error ? signal.reason : new Error(String(signal.reason)));
    if (signal.aborted) return gone();
    signal.addEventListener("abort", gone, { once: true });
    void work.then(() => {
      signal.removeEventListener("abort", gone);
      resolve();
    });
  });
}
