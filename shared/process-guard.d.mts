/** What a guard watches for. */
export interface GuardSettings {
  /** The process that it belongs to, and must not outlive; nobody's when left out. */
  parentPid?: number | undefined;
  /** Ends it when its main loop has not turned for `afterMs` while its main thread computed for `cpuMs`; never when left out. */
  stuck?: { afterMs: number; cpuMs: number } | undefined;
  /** A file descriptor that the parent reads: told there why it ends. */
  notePipe?: number | undefined;
}

/** What the guard sees of the process. */
export interface Guarded {
  /** Another number whenever the main loop has turned; at least every second while it does. */
  turns: () => number;
  /** Facts for the parent: what the main loop was at. */
  doing?: () => object;
}

/**
 * Begins to watch. A machine that stands still, and a process that is stopped, use no processor time: that is slowness, and ends nothing.
 *
 * @returns the function that ends the watch.
 */
export function guardProcess(settings: GuardSettings, guarded: Guarded): () => void;
