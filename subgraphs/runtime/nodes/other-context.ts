import type { NodeContext } from "./executor.ts";

/** What of a context is another one's. */
export type Otherwise = Partial<Pick<NodeContext, "config" | "scope" | "approval">>;

/** The same attempt with another config or scope, for a node that does its work as a node of another type. Named one by one: a context is no plain object. */
export function otherContext(context: NodeContext, otherwise: Otherwise): NodeContext {
  const { tenantId, requestId, runId, nodeId, nodeRunId, attempt, callId, atMostOnce, effectKey } = context;
  const { config, approval, scope, timeoutMs, dryRun, signal, ports } = context;
  return {
    ...{ tenantId, requestId, runId, nodeId, nodeRunId, attempt, callId, atMostOnce, effectKey },
    ...{ config, approval, scope, timeoutMs, dryRun, signal, ports },
    waits: () => context.waits(),
    entered: () => context.entered(),
    arrives: (bytes) => context.arrives(bytes),
    span: (...asked) => context.span(...asked),
    delta: (...made) => context.delta(...made),
    ...otherwise,
  };
}
