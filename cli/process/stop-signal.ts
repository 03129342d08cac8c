import { AppError } from "#shared/errors.ts";

/** Ctrl-C reaches a script run by npm twice, from the terminal and from npm: only a second one after this long means "at once". */
const impatienceMs = 2_000;
const parentPollMs = 500;

/** A wish to stop, from outside. */
export interface StopSignal {
  readonly signal: AbortSignal;
  /** Resolves when it comes. */
  readonly wanted: Promise<void>;
}

/**
 * Listens for SIGINT, SIGTERM, SIGHUP, for the end of whoever reads the output, and for the parent's end where this process belongs to it (npm, or a
 * process that opened an IPC channel). A second Ctrl-C while the stop is under way ends the process at once.
 */
export function listenForStop(environment: Record<string, string | undefined>): StopSignal {
  const controller = new AbortController();
  const wanted = new Promise<void>((resolve) => controller.signal.addEventListener("abort", () => resolve(), { once: true }));
  let firstAt = 0;
  const stop = (): void => {
    if (firstAt === 0) firstAt = performance.now();
    else if (performance.now() - firstAt > impatienceMs) process.exit(130);
    controller.abort();
  };
  for (const name of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(name, stop);
  stopReading = () => controller.abort();
  // The channel closes with the parent, however it ends; it may have while this process was loading.
  if (process.send !== undefined && !process.connected) controller.abort();
  else process.on("disconnect", () => controller.abort());
  if (environment["npm_lifecycle_event"] !== undefined) watchParent(() => controller.abort());
  return { signal: controller.signal, wanted };
}

/** Whether a part did not come up because it was told to stop while it waited for others. */
export function isOfStop(error: unknown, { signal }: StopSignal): boolean {
  return signal.aborted && error instanceof AppError && error.reason === "SUBGRAPH_NOT_ANSWERING";
}

/** npm passes signals on, but not its own kill -9: what it started would run on where no Ctrl-C reaches it. */
function watchParent(ended: () => void): void {
  const parent = process.ppid;
  const timer = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(timer);
    ended();
  }, parentPollMs);
  timer.unref();
}

let stopReading: (() => void) | undefined;

/**
 * When nobody reads the output any more (`… | head -1`, a terminal that is gone) the process ends as programs do: what runs until it is told to stop is
 * told so, all else ends with SIGPIPE's code.
 */
export function endWithReaders(): void {
  for (const stream of [process.stdout, process.stderr]) {
    stream.on("error", () => {
      if (stopReading === undefined) process.exit(141);
      stopReading();
    });
  }
}
