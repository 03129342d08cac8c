/**
 * graphql-transport-ws at the router. Subscriptions go to the engine of subscriptions.ts, queries and mutations through Apollo
 * Server like those over HTTP. What is wrong with an operation is told in an `error` message, before anything begins.
 */
import type { Socket } from "node:net";
import type { ApolloServer } from "@apollo/server";
import { GraphQLError, type ExecutionArgs, type ExecutionResult } from "graphql";
import type { SubscribePayload } from "graphql-ws";
import { clientError } from "#shared/client-error.ts";
import { AppError } from "#shared/errors.ts";
import { closeCodes, closeReason } from "#shared/serve/close-codes.ts";
import { asRequest } from "#shared/serve/graphql-http.ts";
import { statusOfRefusal } from "#shared/serve/http-body.ts";
import type { SocketExtra, SocketOptions } from "#shared/serve/websocket-server.ts";
import { hashOf } from "../graph/operations.ts";
import type { Runtime } from "./gateway.ts";
import { keyErrors } from "../access/errors.ts";
import type { WatchedEnd } from "../access/keys/key-watch.ts";
import type { Identities, Identity } from "./identity.ts";
import type { Arrivals } from "./rates/arrivals.ts";
import type { OperationBodies } from "./rates/operation-bodies.ts";
import type { Places } from "./rates/places.ts";
import { documentOf, isRefused, prepareOperation, type PreparedOperation } from "./prepare.ts";
import type { Rates } from "./rates/rates.ts";
import { countedAs } from "./rates/seen-from.ts";
import type { RefusalAudit } from "../audit/refusal-audit.ts";
import { laneOf, socketContext, tenantLane, type RouterContext } from "../request-context.ts";
import { startSubscription } from "./subscriptions.ts";
import { UnderWay } from "./under-way.ts";

interface SocketSetting {
  server: ApolloServer<RouterContext>;
  refusals: RefusalAudit;
  identities: Identities;
  rates: Rates;
  arrivals: Arrivals;
  bodies: OperationBodies;
}

/** What the WebSocket server is to do with operations. */
export function socketOptions(runtime: Runtime, { server, refusals, identities, rates, arrivals, bodies }: SocketSetting): SocketOptions {
  const refused = ({ request, connectionParams, identity = identities.nobody }: RouterExtra, error: AppError) =>
    refusals.record({ request, connectionParams, identity, statusCode: statusOfRefusal(error), error });
  const identityOf = ({ identity = identities.nobody }: RouterExtra) => identity;
  /** Whether the key is accepted may have changed since the socket was opened, which may not be closed yet. */
  const againOf = (extra: RouterExtra) =>
    identities.again(identityOf(extra)).catch((error: unknown) => {
      if (error instanceof AppError) refused(extra, error);
      throw error;
    });
  return {
    onOpen: (extra: RouterExtra, cut) => {
      const { socket, raw } = extra;
      const unread = () => socket.bufferedAmount;
      socket.once("close", runtime.readers.watch({ tenantId: () => extra.tenantId, socket: raw as Socket, unread, cut }));
    },
    onConnect: ({ connectionParams, extra }) =>
      acknowledge(extra, { connectionParams, identities, rates, places: runtime.places, refused }),
    onUnread: refused,
    readLong: async ({ tenantId, request, gone }: RouterExtra, sizeBytes, read) => {
      const room = bodies.of(tenantId ?? `(no tenant) ${countedAs(request)}`, gone);
      try {
        room.came(sizeBytes);
        await room.inTurn(read);
      } finally {
        room.leave();
      }
    },
    onRefused: async ({ connectionParams, extra }, { query, operationName }, error) => {
      const context = socketContext(extra.request, connectionParams, { identity: identityOf(extra) });
      const outcome = { statusCode: 400, errorCodes: [error.code], reasons: [error.reason] };
      const document = await documentOf(runtime, query);
      runtime.audits.record(
        { context, hash: hashOf(query), document, operationName, variables: {}, startedAtMs: performance.now() },
        outcome,
      );
      return [clientError(error, { requestId: context.info.requestId })];
    },
    onSubscribe: async ({ connectionParams, extra }: { connectionParams?: Record<string, unknown>; extra: RouterExtra }, _id, payload) => {
      await arrivals.turn(() => tenantLane(extra.tenantId!));
      const identity = await againOf(extra);
      const context = socketContext(extra.request, connectionParams, { identity, signal: extra.gone });
      try {
        // It counts as one over HTTP does.
        await rates.address(extra.request);
        await rates.caller(context);
        return await prepare(runtime, payload, { context, underWay: underWayOf(extra) });
      } catch (error) {
        if (!(error instanceof AppError)) throw error;
        refused(extra, error);
        return [clientError(error, { requestId: context.info.requestId })];
      }
    },
    subscribe: ({ contextValue }) => {
      const { operation, underWay } = contextValue as SocketOperation;
      const { context } = operation;
      return underWay.run(context, () => startSubscription(runtime, operation, { context }));
    },
    execute: ({ contextValue }) => {
      const { operation, underWay } = contextValue as SocketOperation;
      return underWay.run(operation.context, () => executeOnServer(server, operation));
    },
    // Apollo Server's errors are formatted already, and graphql-ws would call toJSON() on each.
    onNext: (_context, _id, _payload, _args, { errors, ...result }) =>
      errors === undefined
        ? undefined
        : { ...result, errors: errors.map((error) => (error instanceof GraphQLError ? error.toJSON() : error)) },
  };
}

interface RouterExtra extends SocketExtra {
  tenantId?: string;
  underWay?: UnderWay;
  /** As it was when the socket was opened. */
  identity?: Identity;
  /** As the client introduced itself; for the audit of what is refused later. */
  connectionParams?: Record<string, unknown> | undefined;
}

const underWayOf = (extra: RouterExtra) => (extra.underWay ??= new UnderWay());

/** An operation that may begin, among those of its socket. */
interface SocketOperation {
  operation: PreparedOperation;
  underWay: UnderWay;
}

interface Acknowledging {
  connectionParams: Record<string, unknown> | undefined;
  identities: Identities;
  rates: Rates;
  places: Places;
  refused: (extra: RouterExtra, error: AppError) => void;
}

/** Tells the client which tenant it speaks for; one it cannot speak for, or a key that is not accepted, ends the socket with the reason. */
async function acknowledge(
  extra: RouterExtra,
  { connectionParams, identities, rates, places, refused }: Acknowledging,
): Promise<Acknowledged> {
  const { request, socket } = extra;
  extra.connectionParams = connectionParams;
  try {
    const identity = (extra.identity = await identities.of(request, connectionParams));
    // Nobody may do anything that takes a socket.
    if (identity.kind === "nobody") throw keyErrors.KEY_MISSING({});
    const context = socketContext(request, connectionParams, { identity });
    const { info } = context;
    await rates.caller(context);
    extra.tenantId = info.tenantId;
    whenClosed(socket, places.ofCaller(context));
    const underWay = underWayOf(extra);
    const end = (why: WatchedEnd) => void endSocket(extra, why);
    if (identity.kind === "key") whenClosed(socket, identities.watch(identity, { end, isHeld: (epoch) => underWay.isHeld(epoch) }));
    return { "x-tenant-id": info.tenantId };
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    // It may have sent what ended it while its key was looked up.
    if (extra.isEndTold !== true) refused(extra, error);
    extra.isEndTold = true;
    socket.close(codeOf(error), closeReason(`${error.reason}: ${error.message}`));
    return false;
  }
}

/**
 * Ends a socket with its key. Closing takes as long as its client likes: what is under way ends before, and is told so while there is room for that. Where nobody can
 * say whether the key holds, what has begun goes on until its deadline.
 */
async function endSocket(extra: RouterExtra, why: WatchedEnd): Promise<void> {
  const { code, reason } = closedBy[why];
  if (why === "REFUSED") {
    extra.end(keyErrors.KEY_INVALID({}));
    await underWayOf(extra).answered(lastAnswersMs);
  }
  extra.socket.close(code, reason);
}

/** For the answers of operations that end with the key of their socket, which is closed behind them: they wait for their rows in the audit alone. */
const lastAnswersMs = 1_000;

/** It may have closed while its key was looked up. */
function whenClosed(socket: SocketExtra["socket"], done: () => void): void {
  if (socket.readyState === socket.CLOSED) done();
  else socket.once("close", done);
}

type Acknowledged = Record<string, unknown> | false;

/** How a socket ends whose key is accepted no more, and one of whose key nobody can say so. */
const closedBy = {
  REFUSED: { code: closeCodes.FORBIDDEN, reason: "KEY_INVALID: The API key is not accepted any more." },
  UNKNOWN: { code: closeCodes.TRY_AGAIN_LATER, reason: "KEYS_UNAVAILABLE: Keys cannot be checked. Connect again." },
} as const;

function codeOf({ code, facts }: AppError): number {
  if (code === "BAD_USER_INPUT") return closeCodes.BAD_REQUEST;
  if (code === "DOWNSTREAM_UNAVAILABLE" || facts["retryAfterMs"] !== undefined) return closeCodes.TRY_AGAIN_LATER;
  // Clients do not come back by themselves upon this one.
  return code === "RESOURCE_EXHAUSTED" ? closeCodes.TOO_MANY : closeCodes.FORBIDDEN;
}

/** @throws AppError TENANT_BUSY, ROUTER_BUSY, CLIENT_LEFT, KEY_INVALID */
async function prepare(
  runtime: Runtime,
  payload: SubscribePayload,
  { context, underWay }: { context: RouterContext; underWay: UnderWay },
): Promise<ExecutionArgs | readonly GraphQLError[]> {
  const looked = await runtime.reading.take(payload, { tenantId: laneOf(context), signal: context.info.signal });
  let prepared: Awaited<ReturnType<typeof prepareOperation>>;
  try {
    prepared = await prepareOperation(runtime, payload, { context });
  } finally {
    looked();
  }
  if (isRefused(prepared)) return prepared;
  const { planned, operationName } = prepared;
  const contextValue: SocketOperation = { operation: prepared, underWay };
  return { schema: runtime.graph.apiSchema, document: planned.document, operationName, contextValue };
}

async function executeOnServer(server: ApolloServer<RouterContext>, operation: PreparedOperation): Promise<ExecutionResult> {
  const { source: query, variables, operationName, context } = operation;
  const { body } = await asRequest(context.info, () =>
    server.executeOperation({ query, variables, ...(operationName === undefined ? {} : { operationName }) }, { contextValue: context }),
  );
  if (body.kind !== "single") throw new Error("an incremental answer was not asked for");
  // Formatted errors: onNext passes them on as they are.
  return body.singleResult as ExecutionResult;
}
