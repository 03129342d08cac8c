/** A process of a part: what it said, and how it ended. */
import type { ChildProcess } from "node:child_process";
import type { Readable } from "node:stream";
import { processIdentity } from "#shared/process-identity.ts";
import { signalChild } from "#shared/signal-process.ts";
import type { KnownProcess } from "./instance-lock.ts";
import { errorOf, type PartMessage } from "./part-messages.ts";
import { MetricsQuestions } from "./part-metrics.ts";
import type { PartEnd } from "./restart-pace.ts";

/** The file descriptor through which a process's guard says why it ends it. */
export const guardPipe = 4;

/** What a guard said before it ended its process, whose main loop did not turn. */
export interface StuckNote {
  /** The run that was advanced at that time, where it is known. */
  runId?: string;
}

/** A process that has ended. */
export interface Ended extends PartEnd {
  pid: number | undefined;
  stuck: StuckNote | undefined;
  /** The error that it said it cannot start for. */
  failure: Error | undefined;
  /** The end of what it said to stderr. */
  words: string;
  /** Of a worker or the API: the mark of all that it claimed. */
  claimMark: string | undefined;
}

const mostWords = 2_000;
const lastWordsMs = 50;

/** One living process. */
export class PartProcess {
  readonly child: ChildProcess;
  /** Resolves when it has ended, with all that is known of it. */
  readonly ended: Promise<Ended>;
  #wasReady = false;
  #failure: Error | undefined;
  #claimMark: string | undefined;
  readonly #questions: MetricsQuestions;

  constructor(child: ChildProcess, onMessage: (message: PartMessage) => void) {
    this.child = child;
    this.#questions = new MetricsQuestions(child);
    const startedAtMs = performance.now();
    child.on("message", (message: PartMessage) => {
      this.#hear(message);
      onMessage(message);
    });
    const words = lastWords(child.stderr);
    const note = guardNote(child);
    this.ended = untilGone(child).then(() => {
      const { pid, exitCode: code, signalCode: signal } = child;
      const stuck = note();
      const livedMs = performance.now() - startedAtMs;
      const end = { pid, code, signal, livedMs, wasReady: this.#wasReady, wasStuck: stuck !== undefined };
      return { ...end, stuck, failure: this.#failure, words: words(), claimMark: this.#claimMark };
    });
  }

  /** As the next holder of the data folder finds it. */
  known(part: string): KnownProcess[] {
    const identity = this.child.pid === undefined ? undefined : processIdentity(this.child.pid);
    return identity ? [{ pid: identity.pid, startedAt: identity.startedAt, part }] : [];
  }

  /** What it has counted, under the name `part`; nothing where it does not say so in time. */
  metrics(part: string): Promise<string> {
    return this.#questions.ask(part);
  }

  /** Tells it to end, and ends it when it has not after `deadlineMs`. */
  async end(deadlineMs: number): Promise<void> {
    signalChild(this.child, "SIGTERM");
    const timer = setTimeout(() => signalChild(this.child, "SIGKILL"), deadlineMs);
    await this.ended;
    clearTimeout(timer);
  }

  #hear(message: PartMessage): void {
    if (message.kind === "ready") this.#wasReady = true;
    else if (message.kind === "failed") this.#failure = errorOf(message.error);
    else if (message.kind === "mark") this.#claimMark = message.claimMark;
    else if (message.kind === "metrics") this.#questions.answered(message);
  }
}

/** Until it has ended, and all that it said has been read: what it started itself may keep its pipes open for longer. */
function untilGone(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    child.once("error", () => child.pid === undefined && resolve());
    child.once("close", () => resolve());
    child.once("exit", () => setTimeout(resolve, lastWordsMs));
  });
}

/** Passes on what a process says to stderr, and keeps the end of it. */
function lastWords(stream: Readable | null): () => string {
  let words = "";
  stream?.on("data", (chunk: Buffer) => {
    process.stderr.write(chunk);
    words = (words + chunk.toString()).slice(-mostWords);
  });
  stream?.on("error", () => {});
  return () => words.trim();
}

function guardNote(child: ChildProcess): () => StuckNote | undefined {
  const pipe = child.stdio[guardPipe] as Readable | null | undefined;
  let text = "";
  pipe?.on("data", (chunk: Buffer) => (text = (text + chunk.toString()).slice(0, mostWords)));
  pipe?.on("error", () => {});
  return () => {
    if (text === "") return undefined;
    try {
      return JSON.parse(text) as StuckNote;
    } catch {
      return {};
    }
  };
}
