/**
 * Posts what somebody outside says of a MANUAL run, or of one of its nodes. Of several that do the same in one moment the first has it: the others find its message, or
 * what that has come to.
 */
import type { Json } from "#shared/json.ts";
import { NoTurn, TurnQueue } from "#shared/turn-queue.ts";
import { reportedHead, type ReportedHead } from "../queue/head.sql.ts";
import { messagePost, type Posting } from "../queue/post.sql.ts";
import type { Queryable } from "../queue/statement.ts";
import type { Posted } from "./posted.ts";

/** What somebody outside says. */
export interface Report {
  tenantId: string;
  runId: string;
  /** Of a node; of the run itself unless given. */
  path?: string;
  kind: number;
  body: Json;
  /** Whether it was done, by what was found before and after: the owner ignores what the transition table does not allow. */
  isDone(before: ReportedHead, after: ReportedHead): boolean;
}

export interface ReportPostingOptions {
  db: Queryable;
  /** Brings a message to the run's owner, after its post. */
  posted(run: Report, posting: Posting): Promise<Posted>;
  /** Whether what was posted to a run up to that number is applied soon. */
  taken(run: Report, mail: number): Promise<boolean>;
}

/** What was found, and the message; without one nothing was posted: it may not be, there is a rival, or something else was posted meanwhile. */
interface Look {
  before: ReportedHead;
  posting?: Posting | undefined;
}

/** How often it is posted anew because another process posted something between the look at what it is on and the post. */
const mostTries = 50;
/**
 * Of the reports on one run each is looked at and posted by itself: side by side all but one would be posted in vain, each time anew. Those on other runs do not wait for it.
 */
const turnsOfRun = { turns: Infinity, turnsPerTenant: 1, waiting: Infinity, waitingPerTenant: 1_000, waitMs: 30_000 };

export class ReportPosting {
  readonly #options: ReportPostingOptions;
  readonly #turns = new TurnQueue(turnsOfRun);

  constructor(options: ReportPostingOptions) {
    this.#options = options;
  }

  /** NoTurn: others report on the run now, and nothing was posted. */
  async post(report: Report): Promise<Posted | NoTurn> {
    for (let tries = 0; tries < mostTries; tries++) {
      const look = await this.#turns.run({ tenantId: `${report.tenantId} ${report.runId}` }, () => this.#lookAndPost(report));
      if (look instanceof NoTurn) return look;
      if (look === undefined) return "unknown";
      const { before, posting } = look;
      // What its rival comes to is what it finds then.
      if (before.hasRival && !(await this.#options.taken(report, before.mail))) return before.mayPost ? new NoTurn("late") : "conflict";
      if (!before.mayPost) return "conflict";
      if (posting !== undefined) return this.#told(report, before, posting);
    }
    return new NoTurn("late");
  }

  /** undefined: the tenant has no such run. */
  async #lookAndPost({ isDone: _isDone, ...report }: Report): Promise<Look | undefined> {
    const { db } = this.#options;
    const before = await reportedHead(db, report);
    if (before === undefined || before.hasRival || !before.mayPost) return before && { before };
    return { before, posting: await messagePost(db, { ...report, manualOnly: true, mail: before.mail }) };
  }

  async #told(report: Report, before: ReportedHead, posting: Posting): Promise<Posted> {
    const posted = await this.#options.posted(report, posting);
    if (posted !== "applied") return posted;
    const after = await reportedHead(this.#options.db, report);
    return after !== undefined && report.isDone(before, after) ? "applied" : "conflict";
  }
}
