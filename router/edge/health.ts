/** How the platform is: each subgraph asked now, each within a time limit. Who asks while it is being asked is given the same answer. */
import { withinDeadline } from "#shared/deadline.ts";
import type { SubgraphEndpoint } from "#shared/endpoint/endpoint.ts";
import { AppError } from "#shared/errors.ts";
import type { Log } from "#shared/log.ts";

/** One subgraph's state. */
export interface ServiceHealth {
  name: string;
  status: "UP" | "DOWN";
  latencyMs: number | null;
  /** Why it is down, in words that anyone may read. */
  message: string | null;
}

/** What must hold beside the subgraphs for the router to be ready, such as the version of the schema; rejects when it does not. */
export type ReadinessCheck = (signal: AbortSignal) => Promise<void>;

/** More than a look at the database takes at most, less than whoever asks waits. */
const probeMs = 950;

/** Asks all subgraphs side by side; never rejects. The answer is sorted by name. */
export async function probeServices(endpoints: Iterable<SubgraphEndpoint>, log: Log, timeoutMs = probeMs): Promise<ServiceHealth[]> {
  const sorted = [...endpoints].sort((a, b) => a.name.localeCompare(b.name));
  return Promise.all(sorted.map((endpoint) => probe({ name: endpoint.name, check: (signal) => endpoint.health(signal), log, timeoutMs })));
}

/** Runs named checks like {@link probeServices}. */
export async function runChecks(checks: Record<string, ReadinessCheck>, log: Log, timeoutMs = probeMs): Promise<ServiceHealth[]> {
  return Promise.all(Object.entries(checks).map(([name, check]) => probe({ name, check, log, timeoutMs })));
}

interface Probe {
  name: string;
  check: ReadinessCheck;
  log: Log;
  timeoutMs: number;
}

async function probe({ name, check, log, timeoutMs }: Probe): Promise<ServiceHealth> {
  const began = performance.now();
  const controller = new AbortController();
  const { signal } = controller;
  try {
    await withinDeadline(timeoutMs, () => check(signal));
    return { name, status: "UP", latencyMs: round(performance.now() - began), message: null };
  } catch (error) {
    log.warn({ err: error, service: name }, "service is down");
    controller.abort(error);
    const isLate = performance.now() - began >= timeoutMs;
    return { name, status: "DOWN", latencyMs: null, message: reasonFor(error, isLate, timeoutMs) };
  }
}

/** Other errors speak of addresses and paths. */
function reasonFor(error: unknown, isLate: boolean, timeoutMs: number): string {
  if (error instanceof AppError) return error.message;
  return isLate ? `No answer within ${timeoutMs} ms.` : "It does not answer. The log says why.";
}

/** Asks once for all that ask at the same time: however often it is asked, it costs one look. */
export function sharedProbe<T>(probe: () => Promise<T>): () => Promise<T> {
  let asked: Promise<T> | undefined;
  return () => (asked ??= probe().finally(() => (asked = undefined)));
}

const round = (ms: number) => Math.round(ms * 100) / 100;
