/**
 * The turns of this thread's loop: in processor time, so that a machine that is busy with other things does not count, and without the collections of
 * garbage in them: they are the heap's matter, and a heap of tests is mostly the tests'. During a turn nobody is answered.
 */
import { PerformanceObserver } from "node:perf_hooks";

interface Span {
  fromMs: number;
  toMs: number;
}

interface Turn extends Span {
  cpuMs: number;
}

/** Shorter ones are not kept. */
const leastMs = 10;
/** A collection is told of in a later turn than its own. */
const toldMs = 20;
const mostKept = 10_000;

/** Keeps the turns from its making on; holds no process. */
export class Turns {
  readonly #observer: PerformanceObserver;
  #turns: Turn[] = [];
  #collections: Span[] = [];
  #fromMs = performance.now();
  #before = process.threadCpuUsage();
  #isClosed = false;

  constructor() {
    this.#observer = new PerformanceObserver((list) => {
      for (const { startTime, duration } of list.getEntries()) this.#collections.push({ fromMs: startTime, toMs: startTime + duration });
      // Of more there is no need: what is kept of turns is seldom and long.
      if (this.#collections.length > mostKept) this.#collections = this.#collections.slice(-mostKept / 2);
    });
    this.#observer.observe({ entryTypes: ["gc"] });
    this.#look();
  }

  /** The longest turn since the last call, in ms. */
  async longest(): Promise<number> {
    await pause(toldMs);
    const turns = this.#turns;
    this.#turns = [];
    return Math.max(0, ...turns.map((turn) => turn.cpuMs * (1 - collectedPart(turn, this.#collections))));
  }

  close(): void {
    this.#isClosed = true;
    this.#observer.disconnect();
  }

  #look(): void {
    if (this.#isClosed) return;
    const { user, system } = process.threadCpuUsage(this.#before);
    const turn = { fromMs: this.#fromMs, toMs: performance.now(), cpuMs: (user + system) / 1_000 };
    if (turn.cpuMs >= leastMs && this.#turns.length < mostKept) this.#turns.push(turn);
    this.#fromMs = turn.toMs;
    this.#before = process.threadCpuUsage();
    // A timer, not an immediate: it leaves the loop idle, and is late by whatever else runs.
    setTimeout(() => this.#look(), 1).unref();
  }
}

/**
 * The part of a turn that collections of garbage were. They are told by the clock on the wall, and on a busy machine that is many times their processor
 * time: taken off as they are told, they would leave nothing of a turn that was long indeed.
 */
function collectedPart({ fromMs, toMs }: Span, collections: readonly Span[]): number {
  const within = collections.map((collection) => Math.min(toMs, collection.toMs) - Math.max(fromMs, collection.fromMs));
  const collectedMs = within.reduce((sum, ms) => sum + Math.max(0, ms), 0);
  return Math.min(1, collectedMs / (toMs - fromMs));
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
