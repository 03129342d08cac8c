/** One subgraph as its HTTP server answers it: Apollo Server in front for the protocol and validation, the endpoint behind. */
import type { IncomingMessage, ServerResponse } from "node:http";
import { buildSubgraphSchema } from "@apollo/subgraph";
import {
  OperationTypeNode,
  parse,
  specifiedRules,
  validate,
  type ExecutionArgs,
  type GraphQLError,
  type GraphQLSchema,
  type OperationDefinitionNode,
} from "graphql";
import { clientError } from "#shared/client-error.ts";
import type { SubgraphEndpoint, SubgraphRequest } from "#shared/endpoint/endpoint.ts";
import { answerGraphql, clientGone, startGraphqlServer, type Gateway, type GraphqlContext } from "./graphql-http.ts";
import { AppError } from "#shared/errors.ts";
import { sendJson } from "./http-answer.ts";
import type { Log } from "#shared/log.ts";
import { processReads } from "#shared/read-bytes.ts";
import type { RequestInfo } from "#shared/request-info.ts";
import { handedOnByExtensions, handedOnByHeaders, requestInfo } from "#shared/endpoint/request-transport.ts";
import { operationText, readToken, requireOperation } from "#shared/trust/token.ts";
import { ServedSockets, type ServedSocketsSetting } from "./served-sockets.ts";
import type { GraphqlWebSockets, SocketExtra, SocketOptions } from "./websocket-server.ts";

export interface ServedEndpoint {
  name: string;
  answer(request: IncomingMessage, response: ServerResponse): Promise<void>;
  ready(response: ServerResponse): Promise<void>;
  sockets: GraphqlWebSockets;
  stop(): Promise<void>;
}

/** Makes the handlers of one endpoint. */
export async function serveEndpoint(endpoint: SubgraphEndpoint, setting: ServedSocketsSetting): Promise<ServedEndpoint> {
  const schema = endpoint.schema ?? buildSubgraphSchema([{ typeDefs: parse(endpoint.sdl) }]);
  const server = await startGraphqlServer<GraphqlContext>({ gateway: gatewayTo(endpoint, schema), log: setting.log });
  return {
    name: endpoint.name,
    async answer(request, response) {
      const { token, traceparent } = handedOnByHeaders(request.headers);
      // Before the body: nobody else's is read.
      const claims = readToken(token, { audience: endpoint.name, keys: setting.keys.all });
      const info = { ...requestInfo({ ...claims, traceparent }, clientGone(response)), whenSent: sentOf(response) };
      const onBody = (bytes: Buffer) => requireOperation(claims, bytes, endpoint.name);
      await answerGraphql(server, { request, response, context: { info }, maxBodyBytes: setting.maxBodyBytes, onBody });
    },
    ready: (response) => answerReady(endpoint, response, setting.log),
    sockets: new ServedSockets(endpoint.name, (trusted) => socketOptions(endpoint, schema, { ...setting, trusted }), setting),
    stop: () => server.stop(),
  };
}

/** Tells when an answer has left, or its reader. */
function sentOf(response: ServerResponse): NonNullable<RequestInfo["whenSent"]> {
  return (done) => void (response.closed ? done() : response.once("close", done));
}

/** Apollo Server has parsed and validated; the endpoint executes. */
function gatewayTo(endpoint: SubgraphEndpoint, schema: GraphQLSchema): Gateway {
  return {
    onSchemaLoadOrUpdate(listener) {
      listener({ apiSchema: schema, coreSupergraphSdl: endpoint.sdl });
      return () => {};
    },
    load: () =>
      Promise.resolve({
        executor: ({ source, document, operation, request, context }) => {
          const { variables, operationName } = request;
          const info = countedInfo(context as GraphqlContext, operation);
          return endpoint.execute({ query: source, document, variables, operationName, info });
        },
      }),
    stop: () => Promise.resolve(),
  };
}

/** Who asks, with the counting of what is read for it until its answer is made. */
function countedInfo({ info, whenMade }: GraphqlContext, { operation }: OperationDefinitionNode): RequestInfo {
  const { tenantId, signal } = info;
  const reading = processReads.open({ tenantId, isMutation: operation === OperationTypeNode.MUTATION, signal });
  whenMade?.(() => reading.release());
  return { ...info, reading };
}

interface OperationSetting extends ServedSocketsSetting {
  /** Hears of a socket over which an operation came that one of the platform's processes has signed. */
  trusted: (extra: SocketExtra) => void;
}

function socketOptions(endpoint: SubgraphEndpoint, schema: GraphQLSchema, { log, keys, trusted }: OperationSetting): SocketOptions {
  const translated = (requestId: string, errors: readonly GraphQLError[]) =>
    errors.map((error) =>
      clientError(error, { requestId, report: (cause) => log.error({ err: cause, requestId }, "operation failed inside") }),
    );
  return {
    onSubscribe: ({ extra }, _id, { query, variables, operationName, extensions }) => {
      try {
        const { token, traceparent } = handedOnByExtensions(extensions);
        const claims = readToken(token, { audience: endpoint.name, keys: keys.all });
        requireOperation(claims, operationText({ query, variables, operationName }), endpoint.name);
        trusted(extra);
        const info = requestInfo({ ...claims, traceparent });
        const document = parse(query);
        const errors = validate(schema, document, specifiedRules);
        if (errors.length > 0) return translated(info.requestId, errors);
        const request: SubgraphRequest = {
          query,
          document,
          variables: variables ?? undefined,
          operationName: operationName ?? undefined,
          info,
        };
        return { schema, document, operationName, contextValue: request } satisfies ExecutionArgs;
      } catch (error) {
        return [clientError(error)];
      }
    },
    execute: ({ contextValue }) => endpoint.execute(contextValue as SubgraphRequest),
    subscribe: ({ contextValue }) => endpoint.subscribe(contextValue as SubgraphRequest),
    onNext: (_context, _id, _payload, { contextValue }, result) => {
      if (result.errors === undefined) return undefined;
      const { requestId } = (contextValue as SubgraphRequest).info;
      return { ...result, errors: translated(requestId, result.errors as GraphQLError[]).map((error) => error.toJSON()) };
    },
  };
}

async function answerReady(endpoint: SubgraphEndpoint, response: ServerResponse, log: Log): Promise<void> {
  try {
    await endpoint.health(AbortSignal.timeout(5_000));
    sendJson(response, 200, { status: "UP" });
  } catch (error) {
    log.warn({ err: error, subgraph: endpoint.name }, "not ready");
    const message = error instanceof AppError ? error.message : "The database does not answer. The log says why.";
    sendJson(response, 503, { status: "DOWN", message });
  }
}
