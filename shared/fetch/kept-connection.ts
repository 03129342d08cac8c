/**
 * Connections that are kept for further requests, and what happens when the other side has closed one just as a request goes out. Such a
 * request was not looked at in all likelihood, but only one without effect may be sent once more (RFC 9110, 9.2.2). undici does not say
 * which connection a request goes over, so each of its clients, which has one connection at a time, is watched.
 */
import type { Socket } from "node:net";
import { Client, Pool, type buildConnector, type Dispatcher } from "undici";
import { InterimSkipper } from "./interim-skipper.ts";

/** A request's failure on a connection that had served others, before a byte of an answer came. */
export class LostBeforeAnswer extends Error {
  override readonly name = "LostBeforeAnswer";
}

/** A pool of connections that tell {@link LostBeforeAnswer}. */
export function watchedPool(origin: string | URL, options: Pool.Options, connect: buildConnector.connector): Pool {
  return new Pool(origin, { ...options, connect, factory: (of, given) => watchedClient(of, given, connect) });
}

/** A connection as its requests use it. */
interface Connection {
  socket: Socket | undefined;
  skipper: InterimSkipper | undefined;
  requests: number;
}

/** One connection at a time, watched. */
export function watchedClient(origin: string | URL, options: Client.Options, connect: buildConnector.connector): Client {
  const connection: Connection = { socket: undefined, skipper: undefined, requests: 0 };
  const client = new Client(origin, {
    ...options,
    connect: (target, callback) =>
      connect(target, (...[error, socket]) => {
        if (error) return callback(error, null);
        Object.assign(connection, { socket, skipper: new InterimSkipper(socket), requests: 0 });
        callback(null, socket);
      }),
  });
  const watched = client.compose((dispatch) => (request, handler) => dispatch(request, watchedHandler(handler, connection)));
  // The pool knows its clients by identity, which what compose() makes has not.
  client.dispatch = watched.dispatch;
  return client;
}

type Handler = Dispatcher.DispatchHandler;

/** Passes everything on, and names the failure of a request that a kept connection swallowed. */
function watchedHandler(handler: Handler, connection: Connection): Handler {
  let socket: Socket | undefined;
  let wasUsed = false;
  let bytesBefore = 0;
  return passedOn(handler, {
    onRequestStart(controller, context) {
      socket = connection.socket;
      wasUsed = connection.requests++ > 0;
      bytesBefore = socket?.bytesRead ?? 0;
      connection.skipper?.requestBegins();
      handler.onRequestStart?.(controller, context);
    },
    onResponseError(controller, error) {
      const isLost = wasUsed && !controller.aborted && socket?.bytesRead === bytesBefore;
      handler.onResponseError?.(controller, isLost ? new LostBeforeAnswer("no answer came", { cause: error }) : error);
    },
  });
}

/** A handler with some of its methods replaced. undici's DecoratorHandler allows one response a request, and knows no 1xx before it. */
export function passedOn(handler: Handler, replaced: Handler): Handler {
  return {
    onRequestStart: (...given) => handler.onRequestStart?.(...given),
    onRequestUpgrade: (...given) => handler.onRequestUpgrade?.(...given),
    onResponseStart: (...given) => handler.onResponseStart?.(...given),
    onResponseData: (...given) => handler.onResponseData?.(...given),
    onResponseEnd: (...given) => handler.onResponseEnd?.(...given),
    onResponseError: (...given) => handler.onResponseError?.(...given),
    ...replaced,
  };
}
