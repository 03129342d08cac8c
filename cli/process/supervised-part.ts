/** One part of the platform as a child process that is kept alive: whatever ends it, it is started again, at the pace of its cause. */
import type { ChildProcess } from "node:child_process";
import type { PartHealth } from "#shared/part-health.ts";
import { signalChild } from "#shared/signal-process.ts";
import { cliErrors } from "../errors.ts";
import type { KnownProcess } from "./instance-lock.ts";
import type { PartMessage, SupervisorMessage } from "./part-messages.ts";
import { PartProcess, type Ended } from "./part-process.ts";
import { endCause, RestartPace, type EndCause, type PaceOptions } from "./restart-pace.ts";

/** An end, and what follows. */
export interface PartEnded extends Ended {
  cause: EndCause;
  /** Undefined: it is not started again. */
  restartInMs: number | undefined;
}

/** What a part is, and who is told of it. */
export interface PartOptions {
  /** Its name in messages and in the lock. */
  name: string;
  /** Starts its process, with an IPC channel. */
  fork: () => ChildProcess;
  pace?: PaceOptions;
  /** Waited for before each start: what it cannot start without. */
  mayStart?: () => Promise<void>;
  /** Said to each process of it when it is started. */
  greeting?: () => SupervisorMessage[];
  /** A process of it was started, or has ended. */
  onChange?: () => void;
  onMessage?: (message: PartMessage) => void;
  onEnd?: (end: PartEnded) => void;
  /** It has ended too often: the platform cannot go on. */
  onGiveUp?: (error: Error) => void;
  /** Where more is told of its ends, for the last message. */
  logFile?: string | undefined;
}

/**
 * Where a part stands. idle: before its start. starting: its process runs and has not said that it serves. up: it has. pausing: its process has ended,
 * another is to come. ended: stopped, or given up; final.
 */
export type PartPhase = "idle" | "starting" | "up" | "pausing" | "ended";

export class SupervisedPart {
  readonly #options: PartOptions;
  readonly #pace: RestartPace;
  #phase: PartPhase = "idle";
  #since = new Date();
  #restarts = 0;
  #lastCause: EndCause | undefined;
  #process: PartProcess | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: PartOptions) {
    this.#options = options;
    this.#pace = new RestartPace(options.pace);
  }

  get phase(): PartPhase {
    return this.#phase;
  }

  /** How it fares. */
  get health(): PartHealth {
    const state = stateOf[this.#phase];
    const lastEndCause = this.#lastCause === undefined ? null : partEndCauseOf[this.#lastCause];
    return { name: this.#options.name, state, since: this.#since.toISOString(), restarts: this.#restarts, lastEndCause };
  }

  /** Its living process, if there is one. */
  get known(): KnownProcess[] {
    return this.#process?.known(this.#options.name) ?? [];
  }

  /** What its process has counted, under the name `part`; nothing where there is none. */
  async metrics(part = this.#options.name): Promise<string> {
    return (await this.#process?.metrics(part)) ?? "";
  }

  /** Starts it for the first time. */
  start(): void {
    if (this.#phase === "idle") this.#begin();
  }

  /** Says something to its process, if there is one. */
  tell(message: SupervisorMessage): void {
    if (this.#process?.child.connected === true) this.#process.child.send(message, () => {});
  }

  /** Ends it: SIGTERM, and SIGKILL after `deadlineMs`. No other is started. May be called again. */
  async stop(deadlineMs: number): Promise<void> {
    this.#phaseSet("ended");
    clearTimeout(this.#timer);
    await this.#process?.end(deadlineMs);
  }

  /** Ends its process at once, without a word: for the end of the supervisor itself. */
  kill(): void {
    if (this.#process !== undefined) signalChild(this.#process.child, "SIGKILL");
  }

  #phaseSet(phase: PartPhase): void {
    if (stateOf[phase] !== stateOf[this.#phase]) this.#since = new Date();
    this.#phase = phase;
  }

  #begin(): void {
    const { mayStart } = this.#options;
    this.#phaseSet("pausing");
    if (mayStart === undefined) return this.#fork();
    void mayStart().then(() => this.#phase === "pausing" && this.#fork());
  }

  #fork(): void {
    const { fork, greeting, onChange, onMessage } = this.#options;
    const started = new PartProcess(fork(), (message) => {
      if (message.kind === "ready" && this.#phase === "starting") {
        this.#phaseSet("up");
        onChange?.();
      }
      onMessage?.(message);
    });
    this.#phaseSet("starting");
    if (this.#lastCause !== undefined) this.#restarts++;
    this.#process = started;
    for (const message of greeting?.() ?? []) this.tell(message);
    onChange?.();
    void started.ended.then((end) => this.#ended(started, end));
  }

  #ended(process: PartProcess, end: Ended): void {
    if (this.#process === process) this.#process = undefined;
    const { onChange, onEnd, onGiveUp, name, logFile } = this.#options;
    const restart = this.#phase === "ended" ? undefined : this.#pace.next(end);
    const restartInMs = typeof restart === "object" ? restart.inMs : undefined;
    this.#lastCause = endCause(end);
    if (restart === "give up") this.#phaseSet("ended");
    if (restartInMs !== undefined) {
      this.#phaseSet("pausing");
      this.#timer = setTimeout(() => this.#begin(), restartInMs);
    }
    onChange?.();
    onEnd?.({ ...end, cause: endCause(end), restartInMs });
    if (restart === "give up")
      onGiveUp?.(cliErrors.PART_KEEPS_ENDING({ part: name, story: storyOf(end), logFile }, { cause: end.failure }));
  }
}

const stateOf: Record<PartPhase, PartHealth["state"]> = {
  idle: "DOWN",
  starting: "STARTING",
  up: "UP",
  pausing: "DOWN",
  ended: "DOWN",
};

const partEndCauseOf: Record<EndCause, PartHealth["lastEndCause"]> = {
  killed: "KILLED",
  stuck: "STUCK",
  crashed: "CRASHED",
  unstarted: "UNSTARTED",
};

/** Why it ended, as far as it said so. */
export function storyOf({ failure, words, signal, code }: Ended): string {
  return failure?.message ?? (words || `it ended with ${signal ?? `code ${code}`}`);
}
