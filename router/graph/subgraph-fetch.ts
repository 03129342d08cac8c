/** One fetch of a plan, sent to its subgraph with the caller's identity and within a deadline. */
import type { FetchNode } from "@apollo/query-planner";
import type { SubgraphEndpoint, SubgraphRequest } from "#shared/endpoint/endpoint.ts";
import { defineErrors } from "#shared/errors.ts";
import type { RequestInfo } from "#shared/request-info.ts";
import { jsonBytesInTurns, type AnswerMeter } from "./answer-bytes.ts";
import type { FetchSubgraph } from "./execute-plan.ts";

/** How long a subgraph may take for one fetch. */
export interface FetchDeadlines {
  queryMs: number;
  /** Longer: executeRun works until the run rests. */
  mutationMs: number;
}

/** 30 s for a query, 10 minutes for a mutation. */
export const defaultDeadlines: FetchDeadlines = { queryMs: 30_000, mutationMs: 600_000 };

const fetchErrors = defineErrors({
  SUBGRAPH_TIMED_OUT: {
    code: "TIMEOUT",
    message: (f: { serviceName: string; afterMs: number; effectUnknown?: true | undefined }) =>
      `The ${f.serviceName} subgraph gave no answer within ${f.afterMs} ms.${f.effectUnknown ? " What was sent may have been taken: look, before you send it again." : ""}`,
  },
  SUBGRAPH_UNKNOWN: {
    code: "DOWNSTREAM_UNAVAILABLE",
    message: (f: { serviceName: string }) =>
      `No address is known of the ${f.serviceName} subgraph. The operator sets AGENT_PLATFORM_${f.serviceName.toUpperCase()}_SUBGRAPH_URL.`,
  },
});

/** The subgraphs by name. */
export type Endpoints = ReadonlyMap<string, SubgraphEndpoint>;

/** Who fetches, and within what. */
export interface Fetching {
  endpoints: Endpoints;
  info: RequestInfo;
  deadlines: FetchDeadlines;
  /** Counts what comes. */
  meter: AnswerMeter;
  /** They are for an event of a stream. */
  isForStream?: boolean;
}

/** The fetches of one request. Once its answer is too large nothing more is asked. */
export function fetchFor({ endpoints, info, deadlines, meter, isForStream }: Fetching): FetchSubgraph {
  return (node, variables, field) => {
    const isChange = node.operationKind === "mutation";
    const afterMs = isChange ? deadlines.mutationMs : deadlines.queryMs;
    return withDeadline({ serviceName: node.serviceName, afterMs, isChange: () => isChange, parent: info.signal }, async (signal) => {
      if (meter.refusal !== undefined) throw meter.refusal;
      let isCounted = false;
      const onBytes = (bytes: number) => {
        isCounted = true;
        meter.take(bytes, field);
      };
      const request = { ...requestOf(node, variables, { ...info, signal }), onBytes, isForStream };
      const result = await endpointOf(endpoints, node.serviceName).execute(request);
      // In this process nothing comes by bytes.
      if (!isCounted) meter.take(await jsonBytesInTurns(result.data, meter.ownLeft), field);
      return result;
    });
  };
}

/** A fetch of a plan as its subgraph takes it. */
export function requestOf(node: FetchNode, variables: Record<string, unknown>, info: RequestInfo): SubgraphRequest {
  return { query: node.operation, document: node.operationDocumentNode, operationName: node.operationName, variables, info };
}

/** @throws AppError SUBGRAPH_UNKNOWN */
export function endpointOf(endpoints: Endpoints, serviceName: string): SubgraphEndpoint {
  const endpoint = endpoints.get(serviceName);
  if (endpoint === undefined) throw fetchErrors.SUBGRAPH_UNKNOWN({ serviceName });
  return endpoint;
}

interface Deadline {
  serviceName: string;
  afterMs: number;
  /** Whether what it ends may have happened, or happen later, so that whoever waits is told so; asked as it ends. */
  isChange: () => boolean;
  parent: AbortSignal | undefined;
}

/** Ends with the deadline or the caller also where the work heeds no signal: an embedded resolver may hang. */
export function withDeadline<T>(
  { serviceName, afterMs, isChange, parent }: Deadline,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const controller = new AbortController();
  return new Promise((resolve, reject) => {
    const settle = () => {
      clearTimeout(timer);
      parent?.removeEventListener("abort", onParent);
    };
    const abort = (reason: unknown) => {
      // Not left to the work, which may never settle.
      settle();
      controller.abort(reason);
      reject(reason instanceof Error ? reason : new Error(String(reason)));
    };
    const onParent = () => abort(parent?.reason);
    const timedOut = () => fetchErrors.SUBGRAPH_TIMED_OUT({ serviceName, afterMs, effectUnknown: isChange() || undefined });
    const timer = setTimeout(() => abort(timedOut()), afterMs);
    if (parent?.aborted === true) return onParent();
    parent?.addEventListener("abort", onParent, { once: true });
    // An endpoint's execute may throw before it has a promise to reject.
    Promise.resolve(controller.signal).then(work).finally(settle).then(resolve, reject);
  });
}
