/** Ctrl-C reaches a script run by npm twice, from the terminal and from npm: only a second one after this long means "at once". */
const impatienceMs = 2_000;

/** A wish to stop, from outside. */
export interface StopSignal {
  readonly signal: AbortSignal;
  /** Resolves when it comes. */
  readonly wanted: Promise<void>;
}

/**
 * Listens for SIGINT, SIGTERM, SIGHUP and, in a child of the platform, for its parent's end. A second Ctrl-C while the stop is under way ends the process at once.
 */
export function listenForStop(): StopSignal {
  const controller = new AbortController();
  const wanted = new Promise<void>((resolve) => controller.signal.addEventListener("abort", () => resolve(), { once: true }));
  let firstAt = 0;
  const stop = (): void => {
    if (firstAt === 0) firstAt = Date.now();
    else if (Date.now() - firstAt > impatienceMs) process.exit(130);
    controller.abort();
  };
  for (const name of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(name, stop);
  // The channel closes with the parent, however it ends.
  if (process.connected) process.on("disconnect", () => controller.abort());
  return { signal: controller.signal, wanted };
}
