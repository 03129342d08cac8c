/**
 * One thread for JavaScript programs, seen from the main loop: begun when it is needed, ended when a program does not end, when its node is stopped, or when
 * it has had nothing to do for a while.
 */
import { performance } from "node:perf_hooks";
import { fileURLToPath } from "node:url";
import { Worker as Thread } from "node:worker_threads";
import { JsonProblem, readJsonInTurns } from "#shared/json-reader.ts";
import type { PrintedPage, ProgramVerdict, QuickjsThreadMessage } from "./quickjs-messages.ts";
import type { Program, ProgramLimits, SandboxResult } from "./sandbox.ts";

/** A backstop: what comes out of a program is bounded long before, and WebAssembly's memory does not count here. */
const resourceLimits = { maxOldGenerationSizeMb: 384, maxYoungGenerationSizeMb: 32 };
/** QuickJS looks at the clock itself; a native loop does not, and its thread is ended this much later. */
const graceMs = 30;
/** To begin a program is the platform's time, not the program's. */
const beginMs = 60_000;
const idleMs = 60_000;

/** See above. It runs one program at a time. */
export class QuickjsWorker {
  readonly #limits: ProgramLimits;
  readonly #onIdle: () => void;
  readonly #page: PrintedPage;
  #thread: Thread | undefined;
  #idle: NodeJS.Timeout | undefined;
  #hear: (message: QuickjsThreadMessage) => void = () => {};
  #lost: (verdict: ProgramVerdict) => void = () => {};
  #closed: (verdict: ProgramVerdict) => void = () => {};

  /** @param onIdle  told when it ends its thread for want of programs: it is given no more. */
  constructor(limits: ProgramLimits, onIdle: () => void) {
    this.#limits = limits;
    this.#onIdle = onIdle;
    const printed = new SharedArrayBuffer(4 + limits.stdoutBytes);
    this.#page = { length: new Int32Array(printed, 0, 1), text: new Uint8Array(printed, 4) };
  }

  /** Runs a program to its end, or to ours. Never rejects. */
  async run(program: Program): Promise<SandboxResult> {
    clearTimeout(this.#idle);
    Atomics.store(this.#page.length, 0, 0);
    const { verdict, durationMs } = await this.#ended(program);
    this.#idle = setTimeout(() => this.#retire(), idleMs).unref();
    this.#thread?.unref();
    if (verdict.kind === "failed") return { ...verdict, stdout: this.#printed(), durationMs };
    // It was written by our own guest, so it is JSON, of any depth.
    const result = await readJsonInTurns(verdict.json, { isOurs: true });
    if (result instanceof JsonProblem) {
      const message = "The program's result nests too deep to be read.";
      return { kind: "failed", code: "CODE_RESULT_NOT_JSON", message, stdout: this.#printed(), durationMs };
    }
    return { kind: "completed", result, stdout: this.#printed(), durationMs, resultBytes: verdict.json.length };
  }

  /** First it is given no more programs, then its thread ends. */
  #retire(): void {
    this.#onIdle();
    void this.close();
  }

  /** Ends the thread, and with it what it does. */
  async close(): Promise<void> {
    clearTimeout(this.#idle);
    const thread = this.#thread;
    this.#thread = undefined;
    this.#closed(lost("the sandbox was closed"));
    await thread?.terminate();
  }

  #ended(program: Program): Promise<{ verdict: ProgramVerdict; durationMs: number }> {
    const { signal, timeoutMs } = program;
    return new Promise((resolve) => {
      let timer: NodeJS.Timeout | undefined;
      let beganAtMs = performance.now();
      const end = (verdict: ProgramVerdict, durationMs = performance.now() - beganAtMs) => {
        clearTimeout(timer);
        signal.removeEventListener("abort", onAbort);
        this.#hear = this.#lost = this.#closed = () => {};
        resolve({ verdict, durationMs });
      };
      const stop = (verdict: ProgramVerdict) => {
        const thread = this.#thread;
        this.#thread = undefined;
        // A thread in a native loop takes a moment to end; the program's end is when it has.
        void thread?.terminate().then(() => end(verdict));
      };
      const onAbort = () => stop({ kind: "failed", code: "CODE_CANCELLED", message: "The program was stopped because its node was." });
      const began = () => {
        clearTimeout(timer);
        // From now on a thread that goes is the program's doing; it went by a fault in QuickJS.
        this.#lost = (verdict) => end(isLost(verdict) ? crashed : verdict);
        beganAtMs = performance.now();
        const message = `The program ran longer than ${timeoutMs} ms.`;
        timer = setTimeout(() => stop({ kind: "failed", code: "CODE_TIMEOUT", message }), timeoutMs + graceMs);
      };
      this.#hear = (message) => {
        if (message.kind === "began") began();
        else if (message.kind === "ended") end(message.verdict, message.durationMs);
      };
      this.#lost = this.#closed = (verdict) => end(verdict);
      timer = setTimeout(() => stop(lost("it did not begin the program in time")), beginMs);
      signal.addEventListener("abort", onAbort, { once: true });
      this.#post(program);
      if (signal.aborted) onAbort();
    });
  }

  #post({ code, payload, timeoutMs }: Program): void {
    const thread = (this.#thread ??= this.#started());
    // Whoever waits for it keeps the process; an idle thread does not.
    thread.ref();
    const { memoryBytes, resultBytes } = this.#limits;
    thread.postMessage({ code, payload: JSON.stringify(payload), timeoutMs, memoryBytes, resultBytes });
  }

  #started(): Thread {
    // Node runs the file as it is: it is TypeScript that erases. It inherits neither flags, or a test's loader would run in it, nor the environment.
    const file = fileURLToPath(new URL("./quickjs-thread.ts", import.meta.url));
    const thread = new Thread(file, { execArgv: [], env: {}, workerData: this.#page, resourceLimits });
    const gone = (verdict: ProgramVerdict) => {
      if (this.#thread !== thread) return;
      this.#thread = undefined;
      this.#lost(verdict);
    };
    thread.on("message", (message: QuickjsThreadMessage) => this.#thread === thread && this.#hear(message));
    thread.on("error", (error) => gone(causeOf(error, this.#limits)));
    thread.on("exit", () => gone(lost("a thread ended by itself")));
    return thread;
  }

  #printed(): string {
    return Buffer.from(this.#page.text.subarray(0, Atomics.load(this.#page.length, 0))).toString("utf8");
  }
}

function causeOf(error: Error, { memoryBytes }: ProgramLimits): ProgramVerdict {
  if ((error as { code?: unknown }).code !== "ERR_WORKER_OUT_OF_MEMORY") return lost(error.message);
  return { kind: "failed", code: "CODE_MEMORY", message: `The program used more than ${memoryBytes >> 20} MiB of memory.` };
}

const crashed: ProgramVerdict = { kind: "failed", code: "CODE_ERROR", message: "The program crashed its interpreter." };

function isLost(verdict: ProgramVerdict): boolean {
  return verdict.kind === "failed" && verdict.code === "SANDBOX_UNAVAILABLE";
}

function lost(why: string): ProgramVerdict {
  return { kind: "failed", code: "SANDBOX_UNAVAILABLE", message: `JavaScript could not be started: ${why}.` };
}
