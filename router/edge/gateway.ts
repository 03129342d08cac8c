/** Apollo Server's gateway: it has parsed, here the operation is weighed, validated and planned, and its plan executed. */
import { HeaderMap } from "@apollo/server";
import { GraphQLError, OperationTypeNode, type ExecutionResult } from "graphql";
import { AppError } from "#shared/errors.ts";
import { processReads } from "#shared/read-bytes.ts";
import type { Gateway } from "#shared/serve/graphql-http.ts";
import { statusOfRefusal } from "#shared/serve/http-body.ts";
import type { Log } from "#shared/log.ts";
import { keyErrors } from "../access/errors.ts";
import type { ComposedGraph } from "../graph/supergraph.ts";
import type { OperationAudits } from "../audit/operation-audits.ts";
import { jsonBytesOf, type AnswerBytes } from "../graph/answer-bytes.ts";
import type { AnswerWeight } from "../graph/answer-weight.ts";
import { executePlan } from "../graph/execute-plan.ts";
import type { Operations, ParsedOperation, PlannedOperation } from "../graph/operations.ts";
import { RefusedOperation } from "../graph/refused-operation.ts";
import { laneOf, type RouterContext } from "../request-context.ts";
import type { CallerFacts } from "../graph/root-scopes.ts";
import { tellable } from "../graph/schema-secrecy.ts";
import { fetchFor, type Endpoints, type FetchDeadlines } from "../graph/subgraph-fetch.ts";
import { namesOf, operationEnded, refusedNames, type OperationNames } from "./operation-metrics.ts";
import { startDeadline, type OperationDeadlines, type RunningDeadline } from "./operation-deadline.ts";
import type { Identities } from "./identity.ts";
import type { Places } from "./rates/places.ts";
import type { ReadingTurns } from "./rates/reading-turns.ts";
import type { Readers } from "./readers.ts";
import type { TenantGate } from "./rates/tenant-gate.ts";
import { checkVariables } from "../graph/variables.ts";

/** What operations run on. */
export interface Runtime {
  graph: ComposedGraph;
  supergraphSdl: string;
  operations: Operations;
  endpoints: Endpoints;
  deadlines: FetchDeadlines;
  operationDeadlines: OperationDeadlines;
  places: Places;
  /** What waits for databases goes through the first, what waits for somebody outside through the second, what streams do through the third. */
  gate: TenantGate;
  outsideGate: TenantGate;
  streamGate: TenantGate;
  reading: ReadingTurns;
  answers: AnswerBytes;
  readers: Readers;
  identities: Pick<Identities, "watch">;
  audits: OperationAudits;
  log: Log;
}

/** Makes the gateway of a graph. */
export function createGateway(runtime: Runtime): Gateway {
  return {
    onSchemaLoadOrUpdate(listener) {
      listener({ apiSchema: runtime.graph.apiSchema, coreSupergraphSdl: runtime.supergraphSdl });
      return () => {};
    },
    load: () =>
      Promise.resolve({
        executor: ({ queryHash, document, request, context }) =>
          timed(runtime, {
            parsed: { hash: queryHash, document, operationName: request.operationName },
            variables: request.variables ?? {},
            context: context as RouterContext,
          }),
      }),
    stop: () => Promise.resolve(),
  };
}

/** How large an operation's answer may be with these variables; or why it is not run with them, in errors for the client. */
export function weighValues(
  { graph }: Pick<Runtime, "graph">,
  { node, defaults, weighAnswer }: PlannedOperation,
  { variables, caller }: { variables: Record<string, unknown>; caller: CallerFacts },
): AnswerWeight {
  const errors = tellable(checkVariables({ schema: graph.apiSchema, node, variables }), caller);
  return errors.length > 0 ? { errors, nodes: 0 } : weighAnswer({ ...defaults, ...variables });
}

interface Execution {
  parsed: ParsedOperation;
  variables: Record<string, unknown>;
  context: RouterContext;
}

/** Executes, and counts how that went. */
async function timed(runtime: Runtime, execution: Execution): Promise<ExecutionResult> {
  const startedAtMs = performance.now();
  const asked = { names: refusedNames };
  let result: Pick<ExecutionResult, "errors"> = {};
  try {
    const answered = await execute(runtime, execution, asked);
    result = answered;
    return answered;
  } catch (error) {
    result = { errors: [error as GraphQLError] };
    throw error;
  } finally {
    operationEnded(asked.names, (performance.now() - startedAtMs) / 1_000, result);
  }
}

/** @param asked  is told what the operation is counted as, once it is known. */
async function execute(
  runtime: Runtime,
  { parsed, variables, context }: Execution,
  asked: { names: OperationNames },
): Promise<ExecutionResult> {
  let deadline: RunningDeadline | undefined;
  let stopWatch = () => {};
  try {
    const planned = await runtime.operations.fromDocumentInTurns(parsed, context.info);
    asked.names = namesOf(planned);
    if (planned.node.operation === OperationTypeNode.SUBSCRIPTION) throw subscriptionOverHttp();
    const { errors, nodes } = weighValues(runtime, planned, { variables, caller: context.info });
    if (errors.length > 0) return { errors };
    // Whatever begins without a wait is begun in this turn of the main loop; the next one is looked at in another.
    context.looked?.();
    const tenantId = laneOf(context);
    const { outsideMs, operationMs } = runtime.operationDeadlines;
    deadline = startDeadline(planned.callsOutside ? outsideMs : operationMs, context.info.signal);
    const { signal, end } = deadline;
    stopWatch = endWithKey(runtime, context, end);
    const answered = { hash: parsed.hash, planned, variables, context, deadline };
    const run = () => answerAudited(runtime, answered);
    // What the router knows itself waits for nobody.
    if (planned.plan === undefined) return await answer(runtime, answered);
    const units = 1 + Math.min(maxUnits - 1, Math.floor(nodes / nodesOfUnit));
    const sizeBytes = heldBytesOf(planned, variables);
    const gate = planned.callsOutside ? runtime.outsideGate : runtime.gate;
    return await gate.run({ tenantId, units, sizeBytes, signal }, run);
  } catch (error) {
    if (error instanceof RefusedOperation) return { errors: [...error.errors] };
    if (error instanceof AppError && busyReasons.has(error.reason)) throw busy(error);
    if (error instanceof AppError && Object.hasOwn(statusOfUnauthorized, error.reason)) throw unauthorized(error);
    return { errors: [error instanceof GraphQLError ? error : new GraphQLError("plan or shape", { originalError: error as Error })] };
  } finally {
    stopWatch();
    deadline?.clear();
  }
}

/**
 * Ends what is under way for a key when that is accepted no more, over whatever it was asked. Where nobody can say so, what has begun goes on until its deadline, or until it is
 * said that the key is not.
 */
function endWithKey({ identities }: Runtime, { identity, keyHold }: RouterContext, end: RunningDeadline["end"]): () => void {
  return identities.watch(identity, {
    end: () => end(keyErrors.KEY_INVALID({})),
    isHeld: (epoch) => keyHold?.isFor(epoch) === true,
    goesOnUnknown: true,
  });
}

interface Answered {
  hash: string;
  planned: PlannedOperation;
  variables: Record<string, unknown>;
  context: RouterContext;
  deadline: RunningDeadline;
}

/** What changes something has its row in the audit before its answer leaves. */
function answerAudited(runtime: Runtime, answered: Answered): Promise<ExecutionResult> {
  const { hash, planned, variables, context, deadline } = answered;
  const { document, node } = planned;
  const run = () => answer(runtime, answered);
  if (node.operation !== OperationTypeNode.MUTATION) return run();
  deadline.changing();
  const operation = { context, hash, document, operationName: node.name?.value, variables, startedAtMs: performance.now() };
  return runtime.audits.around(operation, run);
}

async function answer(runtime: Runtime, { planned, variables, context, deadline }: Answered): Promise<ExecutionResult> {
  const { graph, endpoints, deadlines, log } = runtime;
  const isMutation = planned.node.operation === OperationTypeNode.MUTATION;
  const tenantId = laneOf(context);
  const { signal } = deadline;
  const meter = runtime.answers.open({ tenantId, isMutation });
  const reading = processReads.open({ tenantId, isMutation, signal });
  const info = { ...context.info, signal, reading };
  try {
    return await executePlan({
      graph,
      planned,
      variables,
      meter,
      fetch: fetchFor({ endpoints, info, deadlines, meter }),
      schemaTurn: () => runtime.reading.takeForSchema({ tenantId, sizeBytes: heldBytesOf(planned, variables), signal }),
      report: (cause) => log.error({ err: cause, requestId: info.requestId }, "operation failed inside"),
    });
  } finally {
    if (context.whenMade === undefined) reading.release();
    else context.whenMade(() => reading.release());
    if (context.whenAnswered === undefined) meter.release();
    else context.whenAnswered(() => meter.release());
  }
}

/** What an operation holds while it waits: its text, two bytes a character, and its variables. */
function heldBytesOf({ document }: PlannedOperation, variables: Record<string, unknown>): number {
  return 2 * (document.loc?.end ?? 0) + jsonBytesOf(variables, Infinity);
}

/** An operation is one unit of its tenant's share, and one more for each so many objects that it may return; so many at most. */
const nodesOfUnit = 50;
const maxUnits = 16;

const busyReasons: ReadonlySet<string> = new Set(["TENANT_BUSY", "ROUTER_BUSY"]);

/** Nothing was executed, so that whoever stands in front may send it again. */
function busy(error: AppError): GraphQLError {
  const http = {
    status: statusOfRefusal(error),
    headers: new HeaderMap([["retry-after", String(Math.ceil(Number(error.facts["retryAfterMs"]) / 1_000))]]),
  };
  return new GraphQLError(error.message, { originalError: error, extensions: { http } });
}

const statusOfUnauthorized: Readonly<Record<string, number>> = { KEY_MISSING: 401, KEY_INVALID: 401, SCOPE_MISSING: 403 };

function unauthorized(error: AppError): GraphQLError {
  return new GraphQLError(error.message, { originalError: error, extensions: { http: { status: statusOfUnauthorized[error.reason] } } });
}

const subscriptionOverHttp = () => {
  const error = subscriptionNotStreamed();
  return new GraphQLError(error.message, { originalError: error, extensions: { http: { status: 400 } } });
};

/** A subscription was asked for in a way that has no room for a second result. */
export const subscriptionNotStreamed = () =>
  new AppError(
    "BAD_USER_INPUT",
    "SUBSCRIPTION_OVER_HTTP",
    "A subscription is answered over WebSocket (graphql-transport-ws) at the same path, or over HTTP with accept: text/event-stream, or multipart/mixed;subscriptionSpec=1.0.",
  );
