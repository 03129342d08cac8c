/**
 * How long operations take and how they end, by their kind and root field: names of the schema, never those that a client gives, and never the tenant.
 * An operation of several root fields is one of none, as one that is refused before it is planned.
 */
import type { ExecutionResult, OperationTypeNode } from "graphql";
import { errorCodes } from "#shared/errors.ts";
import { counter, readGauge, secondsHistogram } from "#shared/metrics/instruments.ts";
import type { PlannedOperation } from "../graph/operations.ts";

const operationSeconds = secondsHistogram({
  name: "operation_seconds",
  help: "From a parsed operation to its result, by kind and root field; (several) root fields, (refused) before it was planned.",
  labels: ["kind", "field"],
});
const operationErrors = counter({
  name: "operation_errors_total",
  help: "Operations with errors, by the code of the first.",
  labels: ["kind", "field", "code"],
});
const subscriptionEvents = counter({ name: "subscription_events_total", help: "Results of subscriptions.", labels: ["field"] });
const subscriptionsOpen = readGauge({ name: "subscriptions_open", help: "Subscriptions that are open now.", labels: ["field"] });

const codes: ReadonlySet<string> = new Set([...errorCodes, "GRAPHQL_VALIDATION_FAILED", "GRAPHQL_PARSE_FAILED"]);

/** What one operation is counted as. */
export type OperationNames = { kind: OperationTypeNode | "unknown"; field: string };

/** Of an operation that was refused before it was planned. */
export const refusedNames: OperationNames = { kind: "unknown", field: "(refused)" };

/** Of a planned operation. */
export function namesOf({ node, rootFields }: Pick<PlannedOperation, "node" | "rootFields">): OperationNames {
  const [only = "(several)"] = rootFields.length === 1 ? rootFields : [];
  return { kind: node.operation, field: only };
}

/** Counts an operation that has ended. */
export function operationEnded(names: OperationNames, seconds: number, { errors = [] }: Pick<ExecutionResult, "errors">): void {
  operationSeconds.observe(names, seconds);
  const [first] = errors;
  if (first === undefined) return;
  const original = first.originalError as { code?: unknown } | undefined;
  const code = String(first.extensions["code"] ?? original?.code ?? "");
  operationErrors.inc({ ...names, code: codes.has(code) ? code : "INTERNAL" });
}

const open = new Map<string, number>();
subscriptionsOpen.add(() => [...open].map(([field, value]) => ({ labels: { field }, value })));

/** Counts a subscription that is open from now on. */
export function subscriptionOpened(planned: PlannedOperation): { event: () => void; closed: () => void } {
  const { field } = namesOf(planned);
  open.set(field, (open.get(field) ?? 0) + 1);
  return {
    event: () => subscriptionEvents.inc({ field }),
    closed: () => void open.set(field, (open.get(field) ?? 1) - 1),
  };
}
