import type { GraphqlErrorShape } from "./errors.ts";

/**
 * How long an operation is to wait that was refused before anything of it was done, as the graph says it (429 and 503, `retryAfterMs`); undefined for any
 * other answer. A field that failed within an operation is none: what stands beside it was done.
 */
export function busyPauseMs(
  status: number,
  { data, errors = [] }: { data?: unknown; errors?: readonly GraphqlErrorShape[] },
): number | undefined {
  if ((status !== 429 && status !== 503) || data != null || errors.length === 0) return undefined;
  const pauses = errors.map(({ path, extensions }) => (path === undefined ? extensions?.["retryAfterMs"] : undefined));
  const isTold = (pause: unknown): pause is number => typeof pause === "number" && pause >= 0;
  return pauses.every(isTold) ? Math.max(...pauses) : undefined;
}

/** Waits; sooner when the signal fires. */
export function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      signal.removeEventListener("abort", done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal.addEventListener("abort", done);
    if (signal.aborted) done();
  });
}
