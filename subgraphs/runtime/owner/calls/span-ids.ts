/** W3C ids of spans. Those of runs and node runs follow from their names: the same here and in SQL (runtime.node_span_id). */
import { hash, randomUUID } from "node:crypto";
import { nodeRunId } from "../../queue/node-run-id.ts";

/** The span of one attempt of a node run. */
export function nodeSpanId(runId: string, path: string, attempt: number): string {
  return firstHalf(`${nodeRunId(runId, path)}:${attempt}`);
}

/** The span of a run as a whole. */
export function runSpanId(runId: string): string {
  return firstHalf(runId);
}

export function newSpanId(): string {
  return randomDigits();
}

export function newTraceId(): string {
  return randomDigits() + randomDigits();
}

/** 16 random hexadecimal digits: those of a UUID that say nothing of its kind. Node makes UUIDs of random bytes that it has ready, and asks the kernel for others each time. */
function randomDigits(): string {
  const uuid = randomUUID();
  return uuid.slice(0, 8) + uuid.slice(28);
}

/** The header that carries a trace to the next process; sampled. */
export function traceparent(traceId: string, spanId: string): string {
  return `00-${traceId}-${spanId}-01`;
}

/** The parts of a traceparent header; undefined when it is none. */
export function parseTraceparent(header: string | undefined): { traceId: string; spanId: string } | undefined {
  const match = /^[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}$/.exec(header ?? "");
  const [, traceId = "", spanId = ""] = match ?? [];
  return match === null || /^0+$/.test(traceId) || /^0+$/.test(spanId) ? undefined : { traceId, spanId };
}

function firstHalf(text: string): string {
  return hash("md5", text, "hex").slice(0, 16);
}
