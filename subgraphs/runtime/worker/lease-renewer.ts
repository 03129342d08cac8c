import { fileURLToPath } from "node:url";
import { Worker as Thread } from "node:worker_threads";
import type { Log } from "#shared/log.ts";
import type { GuardSettings } from "#shared/process-guard.mjs";
import type { Lease } from "../queue/renew.sql.ts";
import type { RunNote } from "./run-note.ts";

/** What the renewal thread is told once. */
export interface RenewalSettings {
  url: string;
  leaseMs: number;
  /** The claim mark of the process: the thread's session says that it is there. */
  presence: string;
  /** How long it goes on without a word of the main loop. */
  patienceMs: number;
  /** It guards the process too, where the process is a worker's alone. */
  guard: GuardSettings | undefined;
  /** The run that the main loop is at ({@link RunNote}). */
  advancing: SharedArrayBuffer | undefined;
}

/** What the renewal thread says. `sentAtMs`: monotonic. */
export type RenewalReport =
  { kind: "present" } | { kind: "renewed"; sentAtMs: number; confirmed: Lease[]; lost: Lease[] } | { kind: "failed"; message: string };

/** Who is told about leases. */
export interface RenewalListener {
  confirmed(leases: readonly Lease[], sentAtMs: number): void;
  lost(leases: readonly Lease[]): void;
  /** The database could not be reached. */
  failed(): void;
}

/** What a renewer is made of. */
export interface RenewerOptions {
  url: string;
  leaseMs: number;
  log: Log;
  leases: () => Lease[];
  listener: RenewalListener;
  /** See {@link RenewalSettings}. */
  presence: string;
  /** Guards the process from the same thread. */
  guard?: GuardSettings | undefined;
  advancing?: RunNote | undefined;
}

const beatMs = 1_000;
const patienceMs = 20_000;

/**
 * Renews this process's leases from a thread with a connection of its own, so that a busy main loop loses nothing. Every second the main loop
 * hands over what it holds; when it has not turned for 20 s the thread stops: a process that hangs must lose its runs.
 */
export class LeaseRenewer {
  readonly #leases: () => Lease[];
  readonly #listener: RenewalListener;
  readonly #log: Log;
  readonly #settings: RenewalSettings;
  #thread: Thread | undefined;
  #beat: NodeJS.Timeout | undefined;
  #isClosed = false;
  readonly #presence = Promise.withResolvers<void>();

  constructor(options: RenewerOptions) {
    const { url, leaseMs, presence, guard, advancing } = options;
    this.#settings = { url, leaseMs, presence, patienceMs: Math.min(patienceMs, leaseMs), guard, advancing: advancing?.memory };
    this.#leases = options.leases;
    this.#listener = options.listener;
    this.#log = options.log;
  }

  start(): void {
    this.#spawn();
    this.#beat = setInterval(() => this.#thread?.postMessage(this.#leases()), Math.min(beatMs, this.#settings.leaseMs / 6));
  }

  /** Resolves when the database knows that this process is there: what it claims before would look like a dead one's. */
  get present(): Promise<void> {
    return this.#presence.promise;
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    clearInterval(this.#beat);
    await this.#thread?.terminate();
  }

  #spawn(): void {
    // Node runs the file as it is: it is TypeScript that erases. No flags are inherited, or a test's loader would run in it.
    const file = fileURLToPath(new URL("./renewal-thread.ts", import.meta.url));
    const thread = new Thread(file, { workerData: this.#settings, execArgv: [] });
    thread.on("message", (report: RenewalReport) => this.#hear(report));
    thread.on("error", (cause) => this.#log.error({ err: cause }, "renewal thread failed"));
    thread.on("exit", () => {
      if (!this.#isClosed) setTimeout(() => this.#isClosed || this.#spawn(), 200).unref();
    });
    this.#thread = thread;
  }

  #hear(report: RenewalReport): void {
    if (this.#isClosed) return;
    if (report.kind === "present") return this.#presence.resolve();
    if (report.kind === "failed") {
      this.#log.warn({ reason: report.message }, "leases not renewed");
      this.#listener.failed();
      return;
    }
    this.#listener.confirmed(report.confirmed, report.sentAtMs);
    if (report.lost.length > 0) this.#listener.lost(report.lost);
  }
}
