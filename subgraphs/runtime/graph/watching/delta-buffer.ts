/** Deltas of one run as they come from its owner: unordered to other events, perhaps doubled, late, or of an attempt that is over. */
import { z } from "zod";
import type { Json } from "#shared/json.ts";
import type { NodeRunStatus } from "../../queue/statuses.ts";

const body = z.object({
  nodeRunId: z.string(),
  attempt: z.number(),
  /** When the execution began that produced it: an attempt may be executed again. */
  epoch: z.number(),
  /** Where it stands among all that the attempt has said and thought. */
  offset: z.number(),
  text: z.string(),
  /** Text unless it says otherwise. */
  kind: z.enum(["text", "reasoning"]).optional(),
  /** Number of the run's last stored event when it was produced. */
  seq: z.number(),
});

/** Text that a node has just produced. */
export type Delta = z.infer<typeof body>;

/** More are dropped: they are live only, and the whole text is a row. */
const limit = 1_000;

/** Where the text of one node run stands. */
interface Progress {
  epoch: number;
  attempt: number;
  nextOffset: number;
  isOver: boolean;
}

/** Keeps the deltas that a subscriber is still to see, in order. */
export class DeltaBuffer {
  #waiting: Delta[] = [];
  readonly #progress = new Map<string, Progress>();

  /** Takes a hint's body; null when it is no delta, or there are too many. */
  push(hint: Json | undefined): Delta | null {
    const parsed = body.safeParse(hint);
    if (!parsed.success || this.#waiting.length >= limit) return null;
    this.#waiting.push(parsed.data);
    return parsed.data;
  }

  /** Takes out what was produced before the event with this number was stored, without what is stale or was seen. */
  takeBefore(seq: number): Delta[] {
    const due = this.#waiting.filter((delta) => delta.seq < seq);
    this.#waiting = this.#waiting.filter((delta) => delta.seq >= seq);
    return due.filter((delta) => this.#isNews(delta));
  }

  /** Hears of a stored event: of an attempt that has ended nothing more is shown. */
  nodeStatus(nodeRunId: string, attempt: number, status: NodeRunStatus | null): void {
    const before = this.#progress.get(nodeRunId);
    const isOver = status !== "RUNNING" && status !== "QUEUED";
    if (before !== undefined && before.attempt > attempt) return;
    const keeps = before?.attempt === attempt ? before : { epoch: 0, attempt, nextOffset: 0 };
    this.#progress.set(nodeRunId, { ...keeps, isOver });
  }

  #isNews({ nodeRunId, epoch, attempt, offset, text }: Delta): boolean {
    const known = this.#progress.get(nodeRunId);
    if (known !== undefined) {
      const order = attempt - known.attempt || epoch - known.epoch;
      if (order < 0 || (order === 0 && (known.isOver || offset < known.nextOffset))) return false;
    }
    this.#progress.set(nodeRunId, { epoch, attempt, nextOffset: offset + text.length, isOver: false });
    return true;
  }
}
