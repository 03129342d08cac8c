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
import { closeCodes } from "#shared/serve/close-codes.ts";
import { asRequest } from "#shared/serve/graphql-http.ts";
import { statusOfRefusal } from "#shared/serve/http-body.ts";
import type { SocketExtra, SocketOptions } from "#shared/serve/websocket-server.ts";
import { hashOf } from "../graph/operations.ts";
import type { Runtime } from "./gateway.ts";
import { isRefused, prepareOperation, type PreparedOperation } from "./prepare.ts";
import type { RefusalAudit } from "../audit/refusal-audit.ts";
import { socketContext, type RouterContext } from "../request-context.ts";
import { startSubscription } from "./subscriptions.ts";

interface SocketSetting {
  server: ApolloServer<RouterContext>;
  refusals: RefusalAudit;
}

/** What the WebSocket server is to do with operations. */
export function socketOptions(runtime: Runtime, { server, refusals }: SocketSetting): SocketOptions {
  const refused = ({ request, connectionParams }: RouterExtra, error: AppError) =>
    refusals.record({ request, connectionParams, statusCode: statusOfRefusal(error), error });
  return {
    onOpen: (extra: RouterExtra, cut) => {
      const { socket, raw } = extra;
      const unread = () => socket.bufferedAmount;
      socket.once("close", runtime.readers.watch({ tenantId: () => extra.tenantId, socket: raw as Socket, unread, cut }));
    },
    onConnect: ({ connectionParams, extra }) => acknowledge(extra, connectionParams, (error) => refused(extra, error)),
    onUnread: refused,
    onRefused: ({ connectionParams, extra }, { query, operationName }, error) => {
      const context = socketContext(extra.request, connectionParams);
      const outcome = { statusCode: 400, errorCodes: [error.code], reasons: [error.reason] };
      runtime.audits.record({ context, hash: hashOf(query), operationName, variables: {}, startedAt: new Date() }, outcome);
      return [clientError(error, { requestId: context.info.requestId })];
    },
    onSubscribe: ({ connectionParams, extra }, _id, payload) => {
      const context = socketContext(extra.request, connectionParams, extra.gone);
      return prepare(runtime, payload, context);
    },
    subscribe: ({ contextValue }) => {
      const operation = contextValue as PreparedOperation;
      return startSubscription(runtime, operation, { context: operation.context });
    },
    execute: ({ contextValue }) => executeOnServer(server, contextValue as PreparedOperation),
    // Apollo Server's errors are formatted already, and graphql-ws would call toJSON() on each.
    onNext: (_context, _id, _payload, _args, { errors, ...result }) =>
      errors === undefined
        ? undefined
        : { ...result, errors: errors.map((error) => (error instanceof GraphQLError ? error.toJSON() : error)) },
  };
}

interface RouterExtra extends SocketExtra {
  tenantId?: string;
  /** As the client introduced itself; for the audit of what is refused later. */
  connectionParams?: Record<string, unknown> | undefined;
}

/** Tells the client which tenant it speaks for; one it cannot speak for ends the socket with the reason. */
function acknowledge(
  extra: RouterExtra,
  connectionParams: Record<string, unknown> | undefined,
  refused: (error: AppError) => void,
): Record<string, unknown> | false {
  const { request, socket } = extra;
  extra.connectionParams = connectionParams;
  try {
    const { info } = socketContext(request, connectionParams);
    extra.tenantId = info.tenantId;
    return { "x-tenant-id": info.tenantId };
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    refused(error);
    socket.close(closeCodes.BAD_REQUEST, closeReason(`${error.reason}: ${error.message}`));
    return false;
  }
}

/** A close frame has room for 123 bytes: cut within a character, the mark of that needs up to three. */
function closeReason(text: string): string {
  return Buffer.from(text).subarray(0, 120).toString();
}

function prepare(runtime: Runtime, payload: SubscribePayload, context: RouterContext): ExecutionArgs | readonly GraphQLError[] {
  const prepared = prepareOperation(runtime, payload, { context });
  if (isRefused(prepared)) return prepared;
  const { planned, operationName } = prepared;
  return { schema: runtime.graph.apiSchema, document: planned.document, operationName, contextValue: prepared };
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
