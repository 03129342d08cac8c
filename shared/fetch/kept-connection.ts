/**
 * Connections that are kept for further requests, and what happens when the other side has closed one just as a request goes out. Such a
 * request was not looked at in all likelihood, but only one without effect may be sent once more (RFC 9110, 9.2.2). undici does not say
 * which connection a request goes over, so each of its clients, which has one connection at a time, is watched.
 *
 * undici gives a connection up that was idle for as long as the other side keeps it, less two seconds, but its clock counts half a second a tick, however late that comes: in a
 * process that is busy it is late by seconds, and whatever goes out then is swallowed. So idle time is looked at by the real clock as well.
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
  /** When its last answer ended; undefined: there was none, or one comes. */
  idleFromMs: number | undefined;
  /** How long it may be idle. */
  keptMs: number;
}

/** As undici has it: what the other side says, less two seconds; four where it says nothing. */
const unsaidMs = 4_000;
const marginMs = 2_000;

/** One connection at a time, watched. */
export function watchedClient(origin: string | URL, options: Client.Options, connect: buildConnector.connector): Client {
  const connection: Connection = { socket: undefined, skipper: undefined, requests: 0, idleFromMs: undefined, keptMs: unsaidMs };
  const client = new Client(origin, {
    ...options,
    connect: (target, callback) =>
      connect(target, (...[error, socket]) => {
        if (error) return callback(error, null);
        Object.assign(connection, { socket, skipper: new InterimSkipper(socket), requests: 0, idleFromMs: undefined });
        callback(null, socket);
      }),
  });
  const watched = client.compose((dispatch) => (request, handler) => {
    closeStale(connection);
    return dispatch(request, watchedHandler(handler, connection));
  });
  // The pool knows its clients by identity, which what compose() makes has not.
  client.dispatch = watched.dispatch;
  return client;
}

/** The request that comes now waits for a new one. */
function closeStale(connection: Connection): void {
  const { socket, idleFromMs, keptMs } = connection;
  if (idleFromMs === undefined || performance.now() - idleFromMs <= keptMs) return;
  connection.idleFromMs = undefined;
  socket?.destroy();
}

/** @param hint  the other side's header keep-alive, such as `timeout=5`. */
function keptMsOf(hint: string | string[] | undefined): number {
  const seconds = /timeout=\s*(\d+)/i.exec(String(hint ?? ""))?.[1];
  return seconds === undefined ? unsaidMs : Math.max(0, Number(seconds) * 1_000 - marginMs);
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
      connection.idleFromMs = undefined;
      connection.skipper?.requestBegins();
      handler.onRequestStart?.(controller, context);
    },
    onResponseStart(controller, status, headers, message) {
      connection.keptMs = keptMsOf(headers["keep-alive"]);
      handler.onResponseStart?.(controller, status, headers, message);
    },
    onResponseEnd(controller, trailers) {
      connection.idleFromMs = performance.now();
      handler.onResponseEnd?.(controller, trailers);
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
