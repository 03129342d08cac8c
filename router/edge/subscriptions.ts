/**
 * Federated subscriptions: Apollo's planner plans them, and nobody else runs them. The plan's primary fetch is subscribed to at
 * its subgraph; each event then runs through the whole plan in that fetch's place, so that other subgraphs add their fields.
 */
import { setTimeout as pause } from "node:timers/promises";
import { OperationTypeNode, type ExecutionResult } from "graphql";
import { clientError } from "#shared/client-error.ts";
import { clientLeft } from "#shared/client-left.ts";
import { Turns } from "#shared/evaluation/turns.ts";
import { mapStream } from "#shared/stream/map-stream.ts";
import { errorCodesOf, isChangingSubscription, reasonsOf } from "../audit/audit.ts";
import { executePlan } from "../graph/execute-plan.ts";
import type { Runtime } from "./gateway.ts";
import { ofChange } from "./operation-deadline.ts";
import { subscriptionOpened } from "./operation-metrics.ts";
import { usedVariables } from "../graph/lifted-values.ts";
import { hashOf, type PlannedOperation } from "../graph/operations.ts";
import type { RouterContext } from "../request-context.ts";
import { endpointOf, fetchFor, requestOf, withDeadline } from "../graph/subgraph-fetch.ts";

/** A subscription that may begin: valid, planned, its variables fit. */
export interface PreparedSubscription {
  planned: PlannedOperation;
  source: string;
  variables: Record<string, unknown>;
  /** Gives its place back; called when it is over. */
  leave?: (() => void) | undefined;
}

/** Whether an operation is a subscription that does something each time that it begins: it makes a run, or calls a model. */
export function isEffective({ document, node, callsOutside }: PlannedOperation): boolean {
  return node.operation === OperationTypeNode.SUBSCRIPTION && (callsOutside || isChangingSubscription(document, node));
}

/** Begins a subscription. What its subgraph refuses is a result with errors, and no stream. */
export async function startSubscription(
  runtime: Runtime,
  prepared: PreparedSubscription,
  { context }: { context: RouterContext },
): Promise<AsyncIterableIterator<ExecutionResult> | ExecutionResult> {
  const startedAtMs = performance.now();
  const errorCodes = new Set<string>();
  const reasons = new Set<string>();
  const controller = new AbortController();
  const info = { ...context.info, signal: controller.signal };
  const report = (cause: unknown) => runtime.log.error({ err: cause, requestId: info.requestId }, "subscription failed inside");
  const told = (result: ExecutionResult): ExecutionResult => {
    if (result.errors === undefined) return result;
    const errors = result.errors.map((error) => clientError(error, { requestId: info.requestId, report }));
    for (const code of errorCodesOf(errors)) errorCodes.add(code);
    for (const reason of reasonsOf(errors)) reasons.add(reason);
    return { ...result, errors };
  };
  const { planned, source, variables } = prepared;
  const counted = subscriptionOpened(planned);
  const isChanging = isChangingSubscription(planned.document, planned.node);
  let isAudited = false;
  const operation = {
    context,
    hash: hashOf(source),
    startedAtMs,
    document: planned.document,
    operationName: planned.node.name?.value,
    variables,
  };
  const audited = async () => {
    if (isAudited) return;
    isAudited = true;
    const outcome = { statusCode: 200, errorCodes, reasons };
    if (isChanging) await runtime.audits.complete(operation, outcome);
    else runtime.audits.record(operation, outcome);
  };
  const ended = () => {
    controller.abort(clientLeft());
    prepared.leave?.();
    counted.closed();
    return audited();
  };
  const run = {
    graph: runtime.graph,
    planned,
    variables,
    report,
  };
  const { endpoints, deadlines } = runtime;
  const asking = { tenantId: info.tenantId, units: 1, sizeBytes: 0, signal: controller.signal };
  // Of each event: what it holds is let go when it is on its way.
  const once = (event: ExecutionResult) =>
    runtime.streamGate.run(asking, async () => {
      await loopTurns.next();
      const meter = runtime.answers.open({ tenantId: info.tenantId, isMutation: isChanging });
      const fetch = fetchFor({ endpoints, info, deadlines, meter, isForStream: true });
      return executePlan({ ...run, event, meter, fetch }).finally(() => meter.release());
    });
  const answer = (event: ExecutionResult) => whenThereIsRoom(() => once(event), controller.signal);
  // There is a primary: validation refuses subscriptions to introspection.
  const { serviceName } = planned.primary!;
  const failed = (error: unknown) => told({ errors: [clientError(error, { serviceName, report })], data: null });
  const gate = planned.callsOutside ? runtime.outsideGate : runtime.streamGate;
  const subscribe = () => subscribeUpstream(runtime, prepared, info);
  let hasBegun = false;
  const begin = () => {
    hasBegun = true;
    return isChanging ? runtime.audits.around(operation, subscribe) : subscribe();
  };
  const afterMs = isChanging ? runtime.deadlines.mutationMs : runtime.deadlines.queryMs;
  const mayHaveHappened = () => hasBegun && isEffective(planned);
  const limit = { serviceName, afterMs, isChange: mayHaveHappened, parent: context.info.signal };
  let starting: ReturnType<typeof subscribe> | undefined;
  // Whose turn has not come by the deadline does not begin behind it.
  const upstream = await withDeadline(limit, (signal) => (starting = gate.run({ ...asking, signal }, begin))).catch((error: unknown) => {
    // Nobody waits for it any more; a stream that comes after all must not stay open.
    void starting?.then(endStream, () => {});
    return failed(mayHaveHappened() ? ofChange(error) : error);
  });
  if (!(Symbol.asyncIterator in upstream)) {
    const refused = told({ ...upstream, errors: upstream.errors?.map((error) => clientError(error, { serviceName, report })) ?? [] });
    await ended();
    return refused;
  }
  return mapStream(upstream, {
    map: async (event) => {
      const result = told(await answer(event));
      counted.event();
      // A subgraph of another process refuses by its first event, too.
      if (isChanging) await audited();
      return result;
    },
    failed,
    ended: () => void ended(),
  });
}

/** Events of all streams: many are there at once, and each is small. */
const loopTurns = new Turns();

/** As long as an event may be late for want of room; then its stream is told so. */
const roomMs = 60_000;

/**
 * What was refused for want of room is asked again, for a reader of a stream could not: an event only reads, and its stream waits for it. After
 * {@link roomMs} it is told as it is.
 */
async function whenThereIsRoom(answer: () => Promise<ExecutionResult>, signal: AbortSignal): Promise<ExecutionResult> {
  for (const beganAtMs = performance.now(); ;) {
    const result = await answer();
    const pauses = (result.errors ?? []).map(({ extensions }) => extensions["retryAfterMs"]).filter((ms) => typeof ms === "number");
    if (pauses.length === 0 || performance.now() - beganAtMs > roomMs) return result;
    await pause(Math.max(...pauses), undefined, { signal });
  }
}

function endStream(started: AsyncIterableIterator<ExecutionResult> | ExecutionResult): void {
  if (Symbol.asyncIterator in started) started.return?.().catch(() => {});
}

async function subscribeUpstream(runtime: Runtime, { planned, variables }: PreparedSubscription, info: RouterContext["info"]) {
  const primary = planned.primary!;
  const used = usedVariables(primary.variableUsages, variables, planned.lifted);
  return endpointOf(runtime.endpoints, primary.serviceName).subscribe(requestOf(primary, used, info));
}
