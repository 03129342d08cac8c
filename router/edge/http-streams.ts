/**
 * Subscriptions over HTTP: an answer that is written as events come, for proxies and clients without WebSockets. The same engine, limits, tenants
 * and audit as over a WebSocket; who reads slowly stops their own stream, and who leaves ends it.
 */
import { once } from "node:events";
import type { ServerResponse } from "node:http";
import type { ApolloServer } from "@apollo/server";
import { OperationTypeNode, type GraphQLError, type ExecutionResult, type FormattedExecutionResult } from "graphql";
import { clientError } from "#shared/client-error.ts";
import { AppError, defineErrors } from "#shared/errors.ts";
import { asRequest } from "#shared/serve/graphql-http.ts";
import { sendJson } from "#shared/serve/http-answer.ts";
import { statusOfRefusal } from "#shared/serve/http-body.ts";
import { keyErrors } from "../access/errors.ts";
import { hashOf, type PlannedOperation } from "../graph/operations.ts";
import type { RouterContext } from "../request-context.ts";
import type { Runtime } from "./gateway.ts";
import type { Identities } from "./identity.ts";
import type { AskedOperation } from "./asked-operation.ts";
import { documentOf, isRefused, prepareOperation, type PreparedOperation } from "./prepare.ts";
import { both, type Leave } from "./rates/places.ts";
import type { StreamFormat } from "./stream-formats.ts";
import { ofChange } from "./operation-deadline.ts";
import { isEffective, startSubscription } from "./subscriptions.ts";

export interface StreamBounds {
  /** Answers that are streams, at once: each holds a connection. Those above are refused with 503. */
  maxStreams: number;
  /** Of these for one tenant; those above are refused with 429. */
  tenantStreams: number;
  /** The time between two heartbeats of a stream that has nothing to tell. */
  heartbeatMs: number;
}

/** A fifth of the connections; the time of the WebSocket's pings. */
export const defaultStreamBounds: StreamBounds = { maxStreams: 2_000, tenantStreams: 1_000, heartbeatMs: 12_000 };

const streamErrors = defineErrors({
  TENANT_STREAMS_LIMIT: {
    code: "RESOURCE_EXHAUSTED",
    message: (f: { tenantId: string; limit: number }) =>
      `Tenant ${f.tenantId} has ${f.limit} streams open over HTTP. Close some, or use a WebSocket, which carries many.`,
  },
  // An EventSource that lost its connection asks again, by itself.
  SUBSCRIPTION_NOT_BY_GET: {
    code: "BAD_USER_INPUT",
    message: (f: { fields: string }) => `A GET may be repeated by whoever carries it, and ${f.fields} would be done again. Send a POST.`,
  },
  STREAMS_LIMIT: {
    code: "RESOURCE_EXHAUSTED",
    message: (f: { limit: number }) => `${f.limit} streams are open over HTTP. Try again later, or use a WebSocket, which carries many.`,
  },
});

/** An operation whose answer is to be a stream. */
export interface StreamedOperation {
  asked: AskedOperation;
  format: StreamFormat;
  response: ServerResponse;
  context: RouterContext;
  /** Ends the operation before its answer has begun: it is of the context's signal. */
  ends: AbortController;
  /** A GET changes nothing, so that a mutation by it is not answered. */
  isGet: boolean;
}

export interface HttpStreamsSetting {
  server: ApolloServer<RouterContext>;
  bounds: StreamBounds;
  identities: Identities;
}

/** The streams of one router. */
export class HttpStreams {
  readonly #runtime: Runtime;
  readonly #setting: HttpStreamsSetting;
  /** What ends each of them. */
  readonly #open = new Set<() => void>();
  /** Those that are open, and those that are prepared to be: of all tenants, and of each. */
  #taken = 0;
  readonly #tenants = new Map<string, number>();

  constructor(runtime: Runtime, setting: HttpStreamsSetting) {
    this.#runtime = runtime;
    this.#setting = setting;
  }

  /** Streams that are open. */
  get size(): number {
    return this.#open.size;
  }

  /** Answers an operation; false where it is none that needs a stream, and a whole answer is as welcome. */
  async answer(streamed: StreamedOperation, acceptsWhole: boolean): Promise<boolean> {
    const { asked, response, context, isGet } = streamed;
    const planned = await this.#planned(asked, context.info);
    const kind = planned?.node.operation;
    if (acceptsWhole && kind !== OperationTypeNode.SUBSCRIPTION) return false;
    if (isGet && kind === OperationTypeNode.MUTATION) return false;
    if (isGet && planned !== undefined && isEffective(planned)) {
      response.setHeader("allow", "POST");
      await this.#refuse(streamed, streamErrors.SUBSCRIPTION_NOT_BY_GET({ fields: planned.rootFields.join(", ") }), 405);
      return true;
    }
    const leave = await this.#enter(streamed);
    if (leave === undefined) return true;
    try {
      const prepared = await prepareOperation(this.#runtime, asked, { context });
      context.looked?.();
      if (isRefused(prepared)) refuseOperation(response, prepared);
      else await this.#stream(streamed, prepared);
    } finally {
      leave();
    }
    return true;
  }

  /** Whether an operation is a subscription that can be planned. */
  async isSubscription(asked: AskedOperation, caller: RouterContext["info"]): Promise<boolean> {
    return (await this.#planned(asked, caller))?.node.operation === OperationTypeNode.SUBSCRIPTION;
  }

  /** Ends all streams: their clients are to subscribe again, elsewhere. */
  close(): void {
    for (const cut of this.#open) cut();
  }

  /** undefined: it cannot be planned, and is refused wherever it goes. */
  async #planned({ query, operationName }: AskedOperation, caller: RouterContext["info"]): Promise<PlannedOperation | undefined> {
    try {
      return await this.#runtime.operations.fromTextInTurns(query, operationName || undefined, caller);
    } catch {
      return undefined;
    }
  }

  /** Takes a stream's places; undefined where it was refused one, and its client has been told. */
  async #enter(streamed: StreamedOperation): Promise<Leave | undefined> {
    const { response, context } = streamed;
    try {
      return this.#places(response, context);
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
      response.setHeader("retry-after", "1");
      await this.#refuse(streamed, error, statusOfRefusal(error));
      return undefined;
    }
  }

  async #refuse({ asked, response, context }: StreamedOperation, error: AppError, statusCode: number): Promise<void> {
    sendJson(response, statusCode, { errors: [clientError(error, { requestId: context.info.requestId })] });
    const { query, operationName, variables } = asked;
    const document = await documentOf(this.#runtime, query);
    const operation = { context, hash: hashOf(query), document, operationName, variables: variables ?? {}, startedAtMs: performance.now() };
    this.#runtime.audits.record(operation, { statusCode, errorCodes: [error.code], reasons: [error.reason] });
  }

  /** A stream is a connection like a WebSocket, and one of the fewer that may be streams. */
  #places(response: ServerResponse, context: RouterContext): Leave {
    const { tenantId } = context.info;
    const { maxStreams, tenantStreams } = this.#setting.bounds;
    if ((this.#tenants.get(tenantId) ?? 0) >= tenantStreams) throw streamErrors.TENANT_STREAMS_LIMIT({ tenantId, limit: tenantStreams });
    if (this.#taken >= maxStreams) throw streamErrors.STREAMS_LIMIT({ limit: maxStreams });
    const leaveAddress = this.#runtime.places.ofAddress(response.req);
    try {
      const leavePlaces = both(leaveAddress, this.#runtime.places.ofCaller(context));
      return both(leavePlaces, this.#take(tenantId));
    } catch (error) {
      leaveAddress();
      throw error;
    }
  }

  #take(tenantId: string): Leave {
    this.#taken += 1;
    this.#tenants.set(tenantId, (this.#tenants.get(tenantId) ?? 0) + 1);
    return () => {
      this.#taken -= 1;
      const left = this.#tenants.get(tenantId)! - 1;
      if (left > 0) this.#tenants.set(tenantId, left);
      else this.#tenants.delete(tenantId);
    };
  }

  async #stream({ format, response, context, ends }: StreamedOperation, prepared: PreparedOperation): Promise<void> {
    const { tenantId, requestId } = context.info;
    const cut = () => endWith(response, format.cut(stops));
    let over = undefined as AppError | undefined;
    const ended = (why: "REFUSED" | "UNKNOWN") => {
      over = whyEnded[why]();
      // Before it has begun it ends by this, and its result says why.
      ends.abort(over);
      if (!response.headersSent) return;
      const error = clientError(over, { requestId }).toJSON();
      endWith(response, why === "REFUSED" ? format.refused(error) : format.cut(error));
    };
    this.#open.add(cut);
    this.#watch(response, tenantId);
    // Queries and mutations end with their key wherever they are answered.
    const stopWatch = isSubscription(prepared) ? this.#setting.identities.watch(context.identity, { end: ended }) : () => {};
    try {
      const results = await this.#results(prepared);
      if (over === undefined) await writeAll(results, { format, response, bounds: this.#setting.bounds });
      else refuseOperation(response, endedBy(isEffective(prepared.planned) ? ofChange(over) : over, results, requestId));
    } catch (error) {
      // An answer that has begun cannot say so any more: it breaks off.
      if (response.headersSent) response.destroy();
      throw error;
    } finally {
      // Not with its close, which may have been before it began.
      stopWatch();
      this.#open.delete(cut);
    }
  }

  #watch(response: ServerResponse, tenantId: string): void {
    const { socket } = response;
    if (socket === null || response.closed) return;
    const reader = { tenantId: () => tenantId, socket, unread: () => response.writableLength, cut: () => void response.destroy() };
    response.once("close", this.#runtime.readers.watch(reader));
  }

  async #results(prepared: PreparedOperation): Promise<AsyncIterableIterator<Result> | Result> {
    const { source: query, variables, operationName, context } = prepared;
    const { server } = this.#setting;
    if (isSubscription(prepared)) return startSubscription(this.#runtime, prepared, { context });
    const named = operationName === undefined ? {} : { operationName };
    const { body } = await asRequest(context.info, () =>
      server.executeOperation({ query, variables, ...named }, { contextValue: context }),
    );
    if (body.kind !== "single") throw new Error("an incremental answer was not asked for");
    return body.singleResult;
  }
}

const isSubscription = ({ planned }: PreparedOperation) => planned.node.operation === OperationTypeNode.SUBSCRIPTION;

/** Said to who reads a stream when the router stops. */
const stops = {
  message: "The router stops. Subscribe again behind the last cursor.",
  extensions: { code: "DOWNSTREAM_UNAVAILABLE", reason: "SUBSCRIPTION_UPSTREAM_LOST", retryable: true, platformFault: true },
};

/** Why a stream ends whose key is accepted no more, or of whose key nobody can say whether it is. */
const whyEnded = {
  REFUSED: () => keyErrors.KEY_INVALID({}),
  UNKNOWN: () => keyErrors.KEYS_UNAVAILABLE({ retryAfterMs: 1_000 }),
};

/** What a subscription is told that ended before it had told anything. One that could not be stopped any more has just begun. */
function endedBy(why: unknown, results: AsyncIterableIterator<Result> | Result, requestId: string): readonly GraphQLError[] {
  if (!(Symbol.asyncIterator in results)) return results.errors as readonly GraphQLError[];
  results.return?.().catch(() => {});
  return [clientError(why, { requestId })];
}

function refuseOperation(response: ServerResponse, errors: readonly GraphQLError[]): void {
  const status = statusOf(errors);
  if (status === 429 || status === 503) response.setHeader("retry-after", "1");
  sendJson(response, status, { errors });
}

/** 401 without a key, 403 without a scope, 429 where the tenant has as many open as it may, 503 where nobody can say whether the key holds. */
function statusOf(errors: readonly GraphQLError[]): number {
  const { code } = errors[0]?.extensions ?? {};
  if (code === "UNAUTHENTICATED") return 401;
  if (code === "RESOURCE_EXHAUSTED") return 429;
  if (code === "DOWNSTREAM_UNAVAILABLE") return 503;
  return code === "FORBIDDEN" ? 403 : 400;
}

type Result = ExecutionResult | FormattedExecutionResult;

interface Writing {
  format: StreamFormat;
  response: ServerResponse;
  bounds: StreamBounds;
}

/** Writes results as they come; returns when there are no more, or nobody is there to read them. */
async function writeAll(results: AsyncIterableIterator<Result> | Result, writing: Writing): Promise<void> {
  const { format, response, bounds } = writing;
  const stream = Symbol.asyncIterator in results ? results : undefined;
  const gone = () => void stream?.return?.().catch(() => {});
  response.once("close", gone);
  if (response.destroyed || response.writableEnded) return gone();
  response.writeHead(200, { "content-type": format.contentType, "cache-control": "no-store", "x-accel-buffering": "no" });
  response.write(format.begin);
  const beat = () => void (response.writableEnded || response.writableNeedDrain || response.write(format.heartbeat));
  const heart = setInterval(beat, bounds.heartbeatMs);
  try {
    if (stream === undefined) response.write(format.result(results as Result));
    else for await (const result of stream) if (!(await written(format.result(result), writing))) return;
    endWith(response, format.complete);
  } finally {
    clearInterval(heart);
    gone();
  }
}

/**
 * Ends a stream with its last words, unless it has ended. Whoever reads slowly has not heard them for a while, and what is written behind them is an error of the
 * response, which nobody would handle.
 */
function endWith(response: ServerResponse, last: string): void {
  if (!response.writableEnded) response.end(last);
}

/** Writes, and waits for the reader where much waits for it already; false where it is gone. One that is too slow is cut, as every reader. */
async function written(text: string, { response }: Writing): Promise<boolean> {
  if (response.destroyed || response.writableEnded) return false;
  if (response.write(text)) return true;
  const end = new AbortController();
  const settled = { signal: end.signal };
  await Promise.race([once(response, "drain", settled), once(response, "close", settled)]).catch(() => {});
  end.abort();
  return !response.destroyed && !response.writableEnded;
}
