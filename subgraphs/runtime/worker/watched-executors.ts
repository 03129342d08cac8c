import { securityEventOfError, type RunSecurityEvents } from "#shared/security-events.ts";
import type { NodeContext, NodeExecutor, NodeOutcome } from "../nodes/executor.ts";
import type { Executors } from "../owner/run-host.ts";

/** Executors that tell of what concerns security when an attempt has ended: a call that was blocked, a limit of the sandbox. Nobody waits for that. */
export function watchedExecutors(executors: Executors, events: RunSecurityEvents | undefined): Executors {
  if (events === undefined) return executors;
  const watched = new WeakMap<NodeExecutor, NodeExecutor>();
  return (nodeType) => {
    const executor = executors(nodeType);
    if (executor === undefined) return undefined;
    let known = watched.get(executor);
    if (known === undefined) watched.set(executor, (known = watch(executor, events)));
    return known;
  };
}

function watch(executor: NodeExecutor, events: RunSecurityEvents): NodeExecutor {
  return {
    ...executor,
    run(context) {
      const outcome = executor.run(context);
      if (outcome instanceof Promise) void outcome.then((ended) => tell(events, context, ended)).catch(() => {});
      else tell(events, context, outcome);
      return outcome;
    },
  };
}

function tell(events: RunSecurityEvents, { tenantId, requestId, runId, nodeId, attempt }: NodeContext, outcome: NodeOutcome): void {
  if (outcome.kind !== "failed") return;
  const event = securityEventOfError(outcome.code);
  if (event !== undefined) events.record({ event, tenantId, requestId, runId, nodeId, attempt, reason: outcome.code });
}
