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
const maxWaitingCharacters = 1024 * 1024;
/** Node runs whose end is remembered: a delta that comes behind more ends than these is dropped, whosoever it is. */
const mostOver = 1_000;
/** Node runs that are open side by side: of one that was longest not heard of, behind more, a delta that comes twice is shown twice. */
const mostOpen = 10_000;

/** Where the text of one node run stands. */
interface Progress {
  epoch: number;
  attempt: number;
  nextOffset: number;
  /** Number of the event of its end; absent: it is open. */
  endSeq?: number;
}

/**
 * Keeps the deltas that a subscriber is still to see, in order: 1,000 at most, and a Mi of characters. And how far node runs were, of 10,000 that are open and of the last 1,000
 * that have ended: a name and four numbers each.
 */
export class DeltaBuffer {
  #waiting: Delta[] = [];
  #waitingCharacters = 0;
  /** Node runs that have not ended, the longest not heard of first. */
  readonly #open = new Map<string, Progress>();
  /** Node runs of which nothing more is shown, in the order of their ends. */
  readonly #over = new Map<string, Progress>();
  /** Number of the last end that was forgotten. */
  #forgottenSeq = 0;

  /** Takes a hint's body; null when it is no delta, or there are too many. */
  push(hint: Json | undefined): Delta | null {
    const parsed = body.safeParse(hint);
    if (!parsed.success || this.#waiting.length >= limit) return null;
    const characters = this.#waitingCharacters + parsed.data.text.length;
    if (characters > maxWaitingCharacters) return null;
    this.#waitingCharacters = characters;
    this.#waiting.push(parsed.data);
    return parsed.data;
  }

  /** Takes out what was produced before the event with this number was stored, without what is stale or was seen. */
  takeBefore(seq: number): Delta[] {
    if (this.#waiting.length === 0) return [];
    const due = this.#waiting.filter((delta) => delta.seq < seq);
    this.#waiting = this.#waiting.filter((delta) => delta.seq >= seq);
    this.#waitingCharacters = this.#waiting.reduce((sum, { text }) => sum + text.length, 0);
    return due.filter((delta) => this.#isNews(delta));
  }

  /** Hears of a stored event, by its number: of an attempt that has ended nothing more is shown. */
  nodeStatus(nodeRunId: string, attempt: number, status: NodeRunStatus | null, seq: number): void {
    const before = this.#progressOf(nodeRunId);
    if (before !== undefined && before.attempt > attempt) return;
    const { epoch, nextOffset } = before?.attempt === attempt ? before : { epoch: 0, nextOffset: 0 };
    const isOver = status !== "RUNNING" && status !== "QUEUED";
    this.#set(nodeRunId, { epoch, attempt, nextOffset, ...(isOver && { endSeq: seq }) });
  }

  #progressOf(nodeRunId: string): Progress | undefined {
    return this.#open.get(nodeRunId) ?? this.#over.get(nodeRunId);
  }

  #set(nodeRunId: string, progress: Progress): void {
    // It stands last in its map, as what was heard of just now.
    this.#open.delete(nodeRunId);
    this.#over.delete(nodeRunId);
    (progress.endSeq === undefined ? this.#open : this.#over).set(nodeRunId, progress);
    if (this.#open.size > mostOpen) takeFirst(this.#open);
    if (this.#over.size > mostOver) this.#forgottenSeq = takeFirst(this.#over)?.endSeq ?? 0;
  }

  #isNews({ nodeRunId, epoch, attempt, offset, text, seq }: Delta): boolean {
    const known = this.#progressOf(nodeRunId);
    // Its end may be one of those that were forgotten.
    if (known === undefined && seq < this.#forgottenSeq) return false;
    if (known !== undefined) {
      const order = attempt - known.attempt || epoch - known.epoch;
      if (order < 0 || (order === 0 && (known.endSeq !== undefined || offset < known.nextOffset))) return false;
    }
    this.#set(nodeRunId, { epoch, attempt, nextOffset: offset + text.length });
    return true;
  }
}

function takeFirst<K, V>(map: Map<K, V>): V | undefined {
  for (const [key, value] of map) {
    map.delete(key);
    return value;
  }
  return undefined;
}
