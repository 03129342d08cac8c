/** One thread at a time, begun anew after it had to be ended. It does one job at a time, and no job longer than that job may take. */
import { fileURLToPath } from "node:url";
import { Worker as Thread } from "node:worker_threads";
import type { JobMessage, ThreadMessage } from "./thread-messages.ts";

/** How a job ended. slow: the thread was ended. large: it ended for want of memory. */
export type JobEnd = Exclude<ThreadMessage, { kind: "loaded" }> | { kind: "slow" } | { kind: "large" };

/** Backstops: what is evaluated bounds what it makes long before. */
const resourceLimits = { maxOldGenerationSizeMb: 384, maxYoungGenerationSizeMb: 32 };
/** Loading a thread's code is the platform's time, not the job's. */
const loadMs = 60_000;
/** A machine that is busy with other work may need this many times the limit. */
const mostPatience = 8;
/** A thread that does not say within that how much it has computed is in one long step. */
const askMs = 1_000;
/** Between two looks. */
const leastLookMs = 20;

interface Running {
  message: JobMessage;
  limitMs: number;
  end: (end: JobEnd) => void;
}

/** See above. */
export class ThreadSlot {
  #thread: Thread | undefined;
  #loaded = new Set<string>();
  #running: Running | undefined;
  #timer: NodeJS.Timeout | undefined;

  get isBusy(): boolean {
    return this.#running !== undefined;
  }

  /** Runs a job; `end` is called exactly once. */
  run(message: JobMessage, limitMs: number, end: (end: JobEnd) => void): void {
    const running = { message, limitMs, end };
    this.#running = running;
    const thread = (this.#thread ??= this.#started());
    // Whoever waits for it keeps the process; an idle thread does not.
    thread.ref();
    if (this.#loaded.has(message.module)) this.#watch(running);
    else
      this.#timer = setTimeout(
        () => this.#stop({ kind: "bug", message: "a thread's code was not loaded in time", stack: undefined }),
        loadMs,
      );
    thread.postMessage(message);
  }

  /** Ends the thread, and with it what it does. */
  async close(): Promise<void> {
    const thread = this.#thread;
    this.#thread = undefined;
    this.#ended({ kind: "bug", message: "the evaluation was closed", stack: undefined });
    await thread?.terminate();
  }

  #started(): Thread {
    // Node runs the file as it is: it is TypeScript that erases. No flags are inherited, or a test's loader would run in it.
    const file = fileURLToPath(new URL("./thread.ts", import.meta.url));
    const thread = new Thread(file, { execArgv: [], resourceLimits });
    this.#loaded = new Set();
    thread.on("message", (message: ThreadMessage) => this.#thread === thread && this.#hear(message));
    thread.on("error", (error) => {
      if (this.#thread !== thread) return;
      this.#thread = undefined;
      const isLarge = (error as { code?: unknown }).code === "ERR_WORKER_OUT_OF_MEMORY";
      this.#ended(isLarge ? { kind: "large" } : { kind: "bug", message: error.message, stack: error.stack });
    });
    thread.on("exit", () => {
      if (this.#thread !== thread) return;
      this.#thread = undefined;
      this.#ended({ kind: "bug", message: "a thread ended by itself", stack: undefined });
    });
    return thread;
  }

  #hear(message: ThreadMessage): void {
    if (message.kind !== "loaded") return this.#ended(message);
    if (this.#running === undefined) return;
    this.#loaded.add(this.#running.message.module);
    clearTimeout(this.#timer);
    this.#watch(this.#running);
  }

  /** Looks after the limit whether the thread has computed for so long, or only waited for the machine: then it goes on for what is left. */
  #watch(running: Running): void {
    const before = threadCpuMs(this.#thread);
    const lastAtMs = performance.now() + running.limitMs * mostPatience;
    const lookIn = (ms: number) => {
      this.#timer = setTimeout(() => void look(), Math.min(ms, lastAtMs - performance.now()));
    };
    const look = async () => {
      const [from, to] = await Promise.all([before, threadCpuMs(this.#thread)]);
      if (this.#running !== running) return;
      const leftMs = from === undefined || to === undefined ? 0 : running.limitMs - (to - from);
      if (leftMs > 0 && performance.now() < lastAtMs) lookIn(Math.max(leftMs, leastLookMs));
      else this.#stop({ kind: "slow" });
    };
    lookIn(running.limitMs);
  }

  #stop(end: JobEnd): void {
    const thread = this.#thread;
    this.#thread = undefined;
    void thread?.terminate();
    this.#ended(end);
  }

  #ended(end: JobEnd): void {
    clearTimeout(this.#timer);
    this.#thread?.unref();
    const running = this.#running;
    this.#running = undefined;
    running?.end(end);
  }
}

/** Processor time of a thread; undefined where it cannot be told: an old Node, or a thread that does not even answer that. */
async function threadCpuMs(thread: Thread | undefined): Promise<number | undefined> {
  const asked = (thread as { cpuUsage?: () => Promise<{ user: number; system: number }> } | undefined)?.cpuUsage?.();
  if (asked === undefined) return undefined;
  const late = new Promise<undefined>((resolve) => setTimeout(resolve, askMs, undefined).unref());
  const usage = await Promise.race([asked.catch(() => undefined), late]);
  return usage && (usage.user + usage.system) / 1_000;
}
