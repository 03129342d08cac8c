/**
 * What was accepted for a run comes to it, whatever becomes of the run's owner. The process that posted it watches until it is read; where
 * the owner's lease runs out before that and no worker takes the run, the process applies it itself, as it does after a post to a run that
 * nobody owns. A process that ends forgets what it watched: the next one begins with all that is unread.
 */
import type { Log } from "#shared/log.ts";
import { mailStanding, mailUnread } from "../queue/drain.sql.ts";
import type { Queryable } from "../queue/statement.ts";
import { monotonicMs } from "../owner/clock.ts";

/** A message that is in the inbox of a run. */
export interface PostedMail {
  runId: string;
  tenantId: string;
  /** The message's number. */
  mail: number;
}

interface Watched extends PostedMail {
  sinceMs: number;
  tries: number;
  /** One of many that one call has posted. */
  isBulk: boolean;
}

/** Most owners have read it by then. */
const firstLookMs = 1_000;
/** Workers look for what is due twice in it: where one is alive the run is its. */
const workersFirstMs = 1_000;
const againMs = 1_000;
/** An owner that lives renews its lease, so its end is asked for again. */
const latestLookMs = 60_000;
/** The longest lease that can be asked for is an hour. */
const patienceMs = 2 * 3_600_000;
/** A run that cannot be taken over counts a crash with each try; the rest is for a worker, which ends it. */
const triesAtMost = 3;
const watchedAtMost = 10_000;
/** In one look; then what was posted alone meanwhile has its turn. */
const bulkAppliesAtMost = 50;

/** The watch of one process. */
export class MailWatch {
  readonly #db: Queryable;
  readonly #log: Log;
  readonly #apply: (run: PostedMail) => Promise<boolean>;
  /** By run: its messages are read in order, so the last says it for all. */
  readonly #watched = new Map<string, Watched>();
  #timer: NodeJS.Timeout | undefined;
  #lookAtMs = Number.POSITIVE_INFINITY;
  #look: Promise<void> | undefined;
  #mustRecall = false;
  /** Something was added that no look has seen. */
  #hasNews = false;
  #isClosed = false;

  /** @param options.apply  claims the run and applies its mail; false when somebody owns it. */
  constructor(options: { db: Queryable; log: Log; apply: (run: PostedMail) => Promise<boolean> }) {
    this.#db = options.db;
    this.#log = options.log;
    this.#apply = options.apply;
  }

  /** Begins with what processes before this one have left unread. */
  start(): void {
    this.#mustRecall = true;
    this.#lookAfter(0);
  }

  /** It was posted, and is not known to be read. */
  add({ runId, tenantId, mail }: PostedMail, isBulk = false): void {
    const known = this.#watched.get(runId);
    if (this.#isClosed || (known !== undefined && known.mail >= mail)) return;
    this.#watched.set(runId, { runId, tenantId, mail, sinceMs: monotonicMs(), tries: 0, isBulk });
    const oldest = this.#watched.size > watchedAtMost ? this.#watched.values().next().value : undefined;
    if (oldest !== undefined) this.#giveUp(oldest, "too many runs have unread mail");
    this.#hasNews = true;
    this.#lookAfter(firstLookMs);
  }

  /** As `add`, for one of many. They take half of the places at most, so that they push out nobody's: the rest is left to the workers, and to the next process. */
  addBulk(mail: PostedMail): void {
    if (this.#watched.size < watchedAtMost / 2) this.add(mail, true);
  }

  /** It was read, and so was all that was posted before it. */
  read({ runId, mail }: Pick<PostedMail, "runId" | "mail">): void {
    const known = this.#watched.get(runId);
    if (known !== undefined && known.mail <= mail) this.#watched.delete(runId);
  }

  /** Ends after the run that is being applied. */
  async close(): Promise<void> {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    await this.#look;
  }

  #lookAfter(ms: number): void {
    const atMs = monotonicMs() + ms;
    if (this.#isClosed || this.#look !== undefined || atMs >= this.#lookAtMs) return;
    clearTimeout(this.#timer);
    this.#lookAtMs = atMs;
    this.#timer = setTimeout(() => {
      this.#lookAtMs = Number.POSITIVE_INFINITY;
      this.#look = this.#lookOnce().then((nextMs) => {
        this.#look = undefined;
        if (this.#watched.size > 0 || this.#mustRecall) this.#lookAfter(this.#hasNews ? Math.min(nextMs, firstLookMs) : nextMs);
      });
    }, ms);
  }

  /** @returns when to look again, at the latest. */
  async #lookOnce(): Promise<number> {
    try {
      if (this.#mustRecall) await this.#recall();
      this.#hasNews = false;
      return await this.#lookAtAll();
    } catch (cause) {
      this.#log.warn({ err: cause, runs: this.#watched.size }, "unread mail not looked at");
      return againMs;
    }
  }

  async #recall(): Promise<void> {
    for (const { id: runId, tenantId, mail } of await mailUnread(this.#db, watchedAtMost)) this.add({ runId, tenantId, mail });
    this.#mustRecall = false;
  }

  async #lookAtAll(): Promise<number> {
    const asked = [...this.#watched.values()];
    if (asked.length === 0) return latestLookMs;
    const standing = await mailStanding(
      this.#db,
      asked.map(({ runId, mail }) => ({ id: runId, mail })),
    );
    const leftMs = new Map(standing.map((run) => [run.id, run.leftMs]));
    let nextMs = latestLookMs;
    let bulkApplies = 0;
    for (const watched of asked.toSorted((a, b) => Number(a.isBulk) - Number(b.isBulk))) {
      const left = leftMs.get(watched.runId);
      if (left === undefined) this.read(watched);
      else if (monotonicMs() - watched.sinceMs > patienceMs) this.#giveUp(watched, "its owner has not read it");
      else if (left > -workersFirstMs) nextMs = Math.min(nextMs, left + workersFirstMs);
      else if (watched.tries >= triesAtMost) this.#giveUp(watched, "the run cannot be taken over");
      else if (watched.isBulk && ++bulkApplies > bulkAppliesAtMost) nextMs = 0;
      else if (!(await this.#applyOne(watched))) nextMs = Math.min(nextMs, againMs);
    }
    return nextMs;
  }

  async #applyOne(watched: Watched): Promise<boolean> {
    if (this.#isClosed) return false;
    watched.tries++;
    if (!(await this.#apply(watched))) return false;
    this.read(watched);
    this.#log.info({ runId: watched.runId }, "mail of a run without owner applied");
    return true;
  }

  #giveUp({ runId, mail }: Watched, reason: string): void {
    this.#watched.delete(runId);
    this.#log.warn({ runId, mail, reason }, "unread mail left to the workers");
  }
}
