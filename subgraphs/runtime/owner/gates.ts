/** Opens the lines of runs that wait for others of their key (queue/gate.sql.ts): at once for those it is told of, and by looking for what was left by who died. */
import type { HintPublisher } from "#shared/hints.ts";
import type { Log } from "#shared/log.ts";
import { failureKind } from "../queue/failure.ts";
import { gatesLook, gatesOpen, gatesSweep, type GatePlace } from "../queue/gate.sql.ts";
import type { Queryable } from "../queue/statement.ts";

const runsAtOnce = 200;
const lookMs = 1_000;
const keysAtOnce = 500;
const rowsAtOnce = 500;
const refusalsAtMost = 3;
const first: GatePlace = { tenantId: "", key: "" };

export class Gates {
  readonly #options: { db: Queryable; hints: HintPublisher; log: Log };
  readonly #wanted = new Set<string>();
  #opening: Promise<void> | undefined;
  #looking: Promise<void> | undefined;
  #timer: NodeJS.Timeout | undefined;
  #place = first;
  #keysAtOnce = keysAtOnce;
  #swept = "";
  #isClosed = false;

  /** @param options.db  works for all tenants. */
  constructor(options: { db: Queryable; hints: HintPublisher; log: Log }) {
    this.#options = options;
  }

  /** Looks each second at the keys in whose lines somebody waits, 500 at a time. One process that does is enough; more do no harm. */
  start(): void {
    if (this.#isClosed) return;
    this.#timer = setTimeout(() => {
      this.#looking = this.look().then(() => this.start());
    }, lookMs).unref();
  }

  /** Runs were made, or have ended, that have a key. Those that are told meanwhile share the next statement. */
  wanted(runIds: readonly string[]): void {
    for (const id of runIds) this.#wanted.add(id);
    if (this.#wanted.size > 0) this.#opening ??= this.#openAll().finally(() => (this.#opening = undefined));
  }

  /** Ends when what it was told of is done, and with the look under way. */
  async close(): Promise<void> {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    await Promise.all([this.#opening, this.#looking]);
  }

  /** Looks at the next keys, and removes what runs left that are over. After an error at half as many, at last past one: no key keeps the look from those behind it. */
  async look(): Promise<void> {
    const { db, log } = this.#options;
    try {
      const last = await gatesLook(db, this.#place, this.#keysAtOnce);
      if (last !== undefined && last.opened > 0) this.#opened();
      this.#place = last ?? first;
      this.#keysAtOnce = Math.min(keysAtOnce, Math.max(1, this.#keysAtOnce * 2));
      this.#swept = (await gatesSweep(db, this.#swept, rowsAtOnce)) ?? "";
    } catch (cause) {
      this.#keysAtOnce = Math.floor(this.#keysAtOnce / 2);
      log.warn({ err: cause }, "lines of runs were not looked at");
    }
  }

  async #openAll(): Promise<void> {
    // All that is told in this turn.
    await Promise.resolve();
    while (this.#wanted.size > 0) {
      const some = [...this.#wanted].slice(0, runsAtOnce);
      for (const id of some) this.#wanted.delete(id);
      if ((await this.#open(some)) === "refused" && some.length > 1) await this.#openEach(some);
    }
  }

  /** One run's line may be why those of many were not opened. Where it is more than that, who looks finds the rest. */
  async #openEach(runIds: readonly string[]): Promise<void> {
    let refusals = 0;
    for (const id of runIds) {
      if (this.#isClosed || refusals >= refusalsAtMost) return;
      if ((await this.#open([id])) === "refused") refusals++;
    }
  }

  /** refused: the database was there, and did not do it. What is not opened is found by who looks. */
  async #open(runIds: readonly string[]): Promise<"opened" | "refused" | "away"> {
    const { db, log } = this.#options;
    try {
      if ((await gatesOpen(db, runIds)) > 0) this.#opened();
      return "opened";
    } catch (cause) {
      log.warn({ err: cause, runs: runIds.length }, "lines of runs were not opened yet");
      return failureKind(cause) === "unreachable" ? "away" : "refused";
    }
  }

  #opened(): void {
    this.#options.hints.publish("work", "*");
  }
}
