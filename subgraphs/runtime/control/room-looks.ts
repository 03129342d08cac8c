/**
 * Tenants of which something waits until they may have more runs, each looked at until nothing does: soon at first, and after longer pauses while none goes on, 15 s at most, so nothing waits
 * much longer than twice as long as it must. What a look lets come, and is refused again, does not begin anew: a look sees how many runs there are, and not what each of them may.
 * However many tenants wait, a process begins twenty looks in a second and has four under way; the next is the one that is due longest. What a process knows here is lost with it.
 */
import type { Log } from "#shared/log.ts";
import { monotonicMs } from "../owner/clock.ts";

/** What it is made of. */
export interface RoomLooksOptions {
  log: Log;
  /** Looks at a tenant, and lets come what has room. */
  look(tenantId: string): Promise<Seen>;
}

/** What a look has seen. waits: something waits, and it is to be looked at again. let: all that waits, or what seemed to have room, was let come, and what is refused says so. */
export type Seen = "nothing" | "let" | "waits";

interface Waiting {
  dueAtMs: number;
  pauseMs: number;
}

const firstPauseMs = 100;
const longestPauseMs = 15_000;
const betweenMs = 50;
const mostAtOnce = 4;
/** Beyond them nobody is looked at. */
const mostTenants = 10_000;

export class RoomLooks {
  readonly #options: RoomLooksOptions;
  readonly #waiting = new Map<string, Waiting>();
  /** Those that are looked at now: they are not among those that wait for a look. */
  readonly #looking = new Map<string, Promise<void>>();
  /** Told while they were looked at, so it may have seen nothing of it. */
  readonly #wanted = new Set<string>();
  readonly #wentOn = new Set<string>();
  /** The pauses before looks that let something come, until it is told that something went on, or is forgotten. */
  readonly #let = new Map<string, { pauseMs: number; atMs: number }>();
  #timer: NodeJS.Timeout | undefined;
  /** When the timer fires; infinity: none is armed. */
  #armedForMs = Number.POSITIVE_INFINITY;
  #isClosed = false;

  constructor(options: RoomLooksOptions) {
    this.#options = options;
  }

  /** Something of a tenant waits for room. */
  wanted(tenantId: string): void {
    if (this.#looking.has(tenantId)) this.#wanted.add(tenantId);
    else if (!this.#waiting.has(tenantId)) this.#lookIn(tenantId, this.#pauseAfterLet(tenantId));
  }

  /** Something of a tenant goes on, so other things of it may soon. */
  wentOn(tenantId: string): void {
    this.#let.delete(tenantId);
    if (this.#looking.has(tenantId)) this.#wentOn.add(tenantId);
    else this.#lookIn(tenantId, firstPauseMs);
  }

  /** Ends with the looks that are under way. */
  async close(): Promise<void> {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    await Promise.all(this.#looking.values());
  }

  #pauseAfterLet(tenantId: string): number {
    const { pauseMs, atMs } = this.#let.get(tenantId) ?? { pauseMs: 0, atMs: Number.NEGATIVE_INFINITY };
    const isSoon = monotonicMs() - atMs < 2 * longestPauseMs;
    return isSoon ? nextPause(pauseMs) : firstPauseMs;
  }

  #letCome(tenantId: string, pauseMs: number): void {
    this.#let.delete(tenantId);
    this.#let.set(tenantId, { pauseMs, atMs: monotonicMs() });
    for (const [oldest, { atMs }] of this.#let) {
      if (this.#let.size <= mostTenants && monotonicMs() - atMs < 2 * longestPauseMs) break;
      this.#let.delete(oldest);
    }
  }

  #lookIn(tenantId: string, pauseMs: number): void {
    const { dueAtMs = Number.POSITIVE_INFINITY } = this.#waiting.get(tenantId) ?? {};
    if (dueAtMs === Number.POSITIVE_INFINITY && this.#waiting.size >= mostTenants) return;
    const atMs = Math.min(dueAtMs, monotonicMs() + pauseMs);
    this.#waiting.set(tenantId, { dueAtMs: atMs, pauseMs });
    this.#armFor(atMs);
  }

  /** None while as many looks are under way as may be: the end of one arms for the next. */
  #armFor(dueAtMs: number): void {
    const nowMs = monotonicMs();
    const atMs = Math.max(dueAtMs, nowMs + betweenMs);
    if (this.#isClosed || this.#looking.size >= mostAtOnce || atMs >= this.#armedForMs) return;
    clearTimeout(this.#timer);
    this.#armedForMs = atMs;
    this.#timer = setTimeout(() => this.#beginNext(), Math.ceil(atMs - nowMs)).unref();
  }

  #beginNext(): void {
    this.#armedForMs = Number.POSITIVE_INFINITY;
    const [tenantId, next] = this.#longestDue() ?? [];
    if (tenantId !== undefined && next !== undefined && next.dueAtMs <= monotonicMs()) {
      this.#waiting.delete(tenantId);
      this.#looking.set(tenantId, this.#look(tenantId, next.pauseMs));
    }
    this.#armForNext();
  }

  #armForNext(): void {
    if (this.#armedForMs !== Number.POSITIVE_INFINITY || this.#looking.size >= mostAtOnce) return;
    const [, next] = this.#longestDue() ?? [];
    if (next !== undefined) this.#armFor(next.dueAtMs);
  }

  /** By one pass: there may be ten thousand, and no copy of them is made twenty times a second. */
  #longestDue(): [tenantId: string, waiting: Waiting] | undefined {
    let first: [string, Waiting] | undefined;
    for (const entry of this.#waiting) if (first === undefined || entry[1].dueAtMs < first[1].dueAtMs) first = entry;
    return first;
  }

  async #look(tenantId: string, pauseMs: number): Promise<void> {
    const { log, look } = this.#options;
    const seen = await look(tenantId).catch((cause: unknown): Seen => {
      log.warn({ err: cause, tenantId }, "runs that wait to be made wait on");
      return "waits";
    });
    this.#looking.delete(tenantId);
    const wentOn = this.#wentOn.delete(tenantId);
    const isWanted = this.#wanted.delete(tenantId);
    if (seen === "nothing" || wentOn) this.#let.delete(tenantId);
    else if (seen === "let") this.#letCome(tenantId, pauseMs);
    if (seen === "waits" || wentOn || isWanted) this.#lookIn(tenantId, wentOn ? firstPauseMs : nextPause(pauseMs));
    this.#armForNext();
  }
}

function nextPause(pauseMs: number): number {
  return Math.min(pauseMs * 2, longestPauseMs);
}
