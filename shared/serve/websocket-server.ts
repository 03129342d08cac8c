/**
 * Speaks graphql-transport-ws on sockets that an HTTP server upgrades: with limits, pings, and a log that takes what goes wrong.
 */
import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import type { GraphQLError } from "graphql";
import { handleProtocols, makeServer, type Context, type ServerOptions, type SubscribePayload } from "graphql-ws";
import { WebSocketServer, type RawData, type WebSocket } from "ws";
import { clientError } from "#shared/client-error.ts";
import { clientLeft } from "#shared/client-left.ts";
import { AppError, defineErrors } from "#shared/errors.ts";
import { closeCodes, closeReason } from "./close-codes.ts";
import { refuseUpgrade } from "./http-answer.ts";
import { bodyErrors } from "./http-body.ts";
import type { Log } from "#shared/log.ts";
import { isNestedTooDeep, maxNesting, nestedTooDeep } from "#shared/json/nesting.ts";
import { isJsonObject } from "#shared/json.ts";
import { readJsonInTurns } from "#shared/json-reader.ts";
import { longNumberRefusal, longNumberRefusalInTurns } from "#shared/json/numbers.ts";
import { sizeRefusalInTurns } from "#shared/json/value-count.ts";
import { pieceUnits } from "#shared/pieces.ts";

/** What is known of a socket beside its messages. */
export interface SocketExtra extends Record<PropertyKey, unknown> {
  request: IncomingMessage;
  socket: WebSocket;
  /** What the socket writes to. */
  raw: Duplex;
  /** Fires when the socket has closed, or with what ends its operations before. */
  gone: AbortSignal;
  /** Ends what its operations do, with why; they are answered, and the socket stays open. */
  end: (why: AppError) => void;
  /** Why the operation is refused that the message asks for which is being read; known from its text alone. */
  refusal?: AppError | undefined;
  /** Whether it was told why the socket ends, by whoever ends it for what it sent: it is told once, whatever else comes. */
  isEndTold?: boolean;
}

export interface SocketOptions extends ServerOptions<Record<string, unknown>, SocketExtra> {
  /** Hears of a new socket; `cut` ends it as one whose reader is too slow. */
  onOpen?: (extra: SocketExtra, cut: () => void) => void;
  /** Hears of a message that is not read, or asks for what it may not, with why; the socket ends with it, and so that is heard once. */
  onUnread?: (extra: SocketExtra, error: AppError) => void;
  /** Tells the client of an operation that is refused before it is looked at: above the limit of its socket, with a number that is not kept, or with too many keys. */
  onRefused?: (context: SocketContext, payload: SubscribePayload, error: AppError) => Promise<readonly GraphQLError[]>;
  /** Reads a message of so many bytes, which is a long one, when it is its sender's turn; at once unless given. @throws AppError RESOURCE_EXHAUSTED: there is no room for it; any error where the socket has gone */
  readLong?: (extra: SocketExtra, sizeBytes: number, read: () => Promise<void>) => Promise<void>;
}

/** A socket as graphql-ws knows it. */
export type SocketContext = Context<Record<string, unknown>, SocketExtra>;

export interface WebSocketLimits {
  /** Sockets at once; those above it are refused with 503. */
  maxSockets: number;
  maxMessageBytes: number;
  /** Keys that one object of a message may have; any unless given. */
  maxKeys?: number | undefined;
  /** Operations that one socket may have open. */
  maxOperations: number;
  /** A socket that has this much waiting for it and is sent more is dropped: streams wait for their reader, answers to what it sends do not. */
  maxBufferedBytes: number;
  /** A socket that does not say connection_init within this time is closed with 4408. */
  initMs: number;
  /** A socket that answers no ping within this time is dropped; it is also the time between two pings. */
  pingMs: number;
}

export interface GraphqlWebSockets {
  /** Takes a socket over from its HTTP server; gives why where it was refused, and was told so: SOCKETS_LIMIT, SOCKET_HANDSHAKE_INVALID. */
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): AppError | undefined;
  /** Ends all sockets with code 1001; those that stay open after `graceMs` are cut. */
  close(graceMs: number): Promise<void>;
}

const defaultLimits: WebSocketLimits = {
  maxSockets: 8_000,
  maxMessageBytes: 4 << 20,
  maxOperations: 200,
  maxBufferedBytes: 32 << 20,
  initMs: 5_000,
  pingMs: 12_000,
};

/** A socket that has less than this waiting for it is told what comes at once; above it, streams wait for their reader. */
const unreadBytes = 256 << 10;

/** Makes the WebSocket half of a server; `options.onSubscribe` is called for operations within the limits only. */
export function graphqlWebSockets(options: SocketOptions, setting: { log: Log; limits?: Partial<WebSocketLimits> }): GraphqlWebSockets {
  const limits = { ...defaultLimits, ...setting.limits };
  const server = makeServer<Record<string, unknown>, SocketExtra>({
    ...options,
    ...contained(options, setting.log),
    connectionInitWaitTimeout: limits.initMs,
    onSubscribe: (context, id, payload) => {
      const isTooMany = Object.keys(context.subscriptions).length > limits.maxOperations;
      const error = isTooMany ? socketErrors.SOCKET_OPERATIONS_LIMIT({ limit: limits.maxOperations }) : context.extra.refusal;
      if (error !== undefined) return options.onRefused?.(context, payload, error) ?? [clientError(error)];
      return contain(
        setting.log,
        () => options.onSubscribe?.(context, id, payload),
        (error) => [error],
      );
    },
  });
  const sockets = new WebSocketServer({ noServer: true, maxPayload: limits.maxMessageBytes, handleProtocols });
  const accept = (socket: WebSocket, request: IncomingMessage, raw: Duplex) => {
    keepAlive(socket, limits.pingMs);
    const controller = new AbortController();
    const extra: SocketExtra = { request, socket, raw, gone: controller.signal, end: (why) => controller.abort(why) };
    options.onOpen?.(extra, () => cutSlow(socket));
    // A frame that is none may come while the socket closes for something else: ws has no word for that, so the mark is asked.
    const unread = (error: AppError) => {
      if (extra.isEndTold !== true) options.onUnread?.(extra, error);
      extra.isEndTold = true;
    };
    socket.on("error", (error) => {
      setting.log.debug({ err: error }, "websocket failed");
      const refused = frameRefusal(error, limits);
      if (refused !== undefined) unread(refused);
    });
    const closed = server.opened(
      adapter(socket, {
        raw,
        log: setting.log,
        limits,
        unread,
        extra,
        readLong: (sizeBytes, read) => options.readLong?.(extra, sizeBytes, read) ?? read(),
      }),
      extra,
    );
    socket.once("close", (code, reason) => {
      controller.abort(clientLeft());
      closed(code, String(reason)).catch((error: unknown) => setting.log.error({ err: error }, "websocket not cleaned up"));
    });
  };
  let isClosing = false;
  return {
    upgrade(request, socket, head) {
      if (sockets.clients.size >= limits.maxSockets) {
        refuseUpgrade(socket, "503 Service Unavailable");
        return socketErrors.SOCKETS_LIMIT({ limit: limits.maxSockets });
      }
      let isTaken = false;
      sockets.handleUpgrade(request, socket, head, (ready) => {
        isTaken = true;
        accept(ready, request, socket);
      });
      // It was answered at once, unless its client is gone or the server stops.
      return isTaken || isClosing || socket.destroyed ? undefined : socketErrors.SOCKET_HANDSHAKE_INVALID({});
    },
    close(graceMs) {
      isClosing = true;
      return closeAll(sockets, graceMs);
    },
  };
}

/**
 * The hooks of an operation, whose failure ends that operation and no other: to graphql-ws an exception is the socket's, and with it go all
 * the streams that it carries.
 */
function contained({ execute, subscribe, onNext }: SocketOptions, log: Log): Pick<SocketOptions, "execute" | "subscribe" | "onNext"> {
  const failed = (error: GraphQLError) => ({ errors: [error], data: null });
  return {
    ...(execute && { execute: (args) => contain(log, () => execute(args), failed) }),
    ...(subscribe && { subscribe: (args) => contain(log, () => subscribe(args), failed) }),
    ...(onNext && {
      onNext: (...given) =>
        contain(
          log,
          () => onNext(...given),
          (error) => ({ errors: [error.toJSON()], data: null }),
        ),
    }),
  };
}

async function contain<T, F>(log: Log, work: () => T, failed: (error: GraphQLError) => F): Promise<Awaited<T> | F> {
  try {
    return await work();
  } catch (error) {
    return failed(clientError(error, { report: (cause) => log.error({ err: cause }, "operation failed inside") }));
  }
}

interface AdapterSetting {
  /** What the socket writes to. */
  raw: Duplex;
  log: Log;
  limits: Pick<WebSocketLimits, "maxBufferedBytes" | "maxKeys">;
  unread: (error: AppError) => void;
  extra: SocketExtra;
  readLong: (sizeBytes: number, read: () => Promise<void>) => Promise<void>;
}

function adapter(socket: WebSocket, { raw, log, limits: { maxBufferedBytes, maxKeys }, unread, extra, readLong }: AdapterSetting) {
  const gather = gatherWrites(raw);
  // One for all that wait for it: each listener of its own would be kept by the socket.
  let closed: Promise<void> | undefined;
  const untilClosed = () => (closed ??= new Promise((resolve) => socket.once("close", () => resolve())));
  return {
    protocol: socket.protocol,
    // Waits until the bytes are on their way where many are waiting already, so that a client that does not read stops its own streams.
    send(text: string): Promise<void> | void {
      const waitingBytes = socket.bufferedAmount;
      if (waitingBytes > maxBufferedBytes) cutSlow(socket);
      if (socket.readyState === socket.CLOSED) return undefined;
      // Its streams end with it: until then none of them goes on.
      if (socket.readyState !== socket.OPEN) return untilClosed();
      gather();
      if (waitingBytes < unreadBytes) return socket.send(text);
      return new Promise((resolve) => socket.send(text, () => resolve()));
    },
    close(code: number, reason?: string) {
      const refused = closedFor[code];
      if (refused !== undefined) unread(refused());
      socket.close(code, reason);
    },
    // Its type knows texts alone; it takes what was read of one, too.
    onMessage: (listener: (message: string) => Promise<void>) => {
      const take = (text: string, refusal: AppError | undefined, message: unknown = text): void => {
        if (refusal?.reason === "NESTED_TOO_DEEP") {
          unread(refusal);
          return socket.close(closeCodes.BAD_REQUEST, `Messages nest ${maxNesting} levels at most`);
        }
        // Read by onSubscribe, which is called before the listener waits for anything.
        extra.refusal = refusal;
        listener(message as string).catch((error: unknown) => {
          // graphql-ws knows the message, and throws for it comes from the wrong side.
          if (isOfServers(text)) {
            unread(socketErrors.SOCKET_MESSAGE_INVALID({}));
            return socket.close(closeCodes.BAD_REQUEST, "Only servers send such a message");
          }
          log.error({ err: error }, "websocket message failed");
          socket.close(closeCodes.INTERNAL, "Internal server error");
        });
      };
      const takeInTurns = async (text: string): Promise<void> => {
        const tooMuch = await sizeRefusalInTurns(text, maxKeys);
        // Nobody reads it.
        const isDeep = tooMuch?.reason === "NESTED_TOO_DEEP";
        const read = isDeep ? undefined : await readJsonInTurns(text, { isOurs: true });
        const refusal = tooMuch ?? (await longNumberRefusalInTurns(text));
        // What is wrong with one that is no object graphql-ws says by its text.
        if (socket.readyState === socket.OPEN) take(text, refusal, isJsonObject(read) ? read : text);
      };
      // Messages are taken in the order in which they came: those behind a long one wait for it.
      let long: Promise<void> | undefined;
      socket.on("message", (message: RawData) => {
        // Its client may not know yet that it is closed: nobody could be told what came of it.
        if (socket.readyState !== socket.OPEN) return;
        const text = String(message);
        if (long === undefined && text.length <= pieceUnits)
          return take(text, isNestedTooDeep(text) ? nestedTooDeep() : longNumberRefusal(text));
        socket.pause();
        const taken = (long ?? Promise.resolve())
          .then(() => readLong(Buffer.byteLength(text), () => takeInTurns(text)))
          .catch((error: unknown) => {
            if (socket.readyState !== socket.OPEN) return;
            if (error instanceof AppError && error.code === "RESOURCE_EXHAUSTED") {
              unread(error);
              return socket.close(closeCodes.TRY_AGAIN_LATER, closeReason(`${error.reason}: ${error.message}`));
            }
            log.error({ err: error }, "websocket message failed");
            socket.close(closeCodes.INTERNAL, "Internal server error");
          })
          .then(() => {
            if (long !== taken) return;
            long = undefined;
            socket.resume();
          });
        long = taken;
      });
    },
  };
}

/** Whether it is a message that servers send to clients. */
function isOfServers(text: string): boolean {
  try {
    const { type } = JSON.parse(text) as { type?: unknown };
    return typeof type === "string" && ["connection_ack", "next", "error"].includes(type);
  } catch {
    return false;
  }
}

/**
 * Holds back what is written until the current turn of the event loop is over: the frames of a page leave in one write. A tick would end
 * before the second frame is there, for each goes through promises.
 */
function gatherWrites(raw: Duplex): () => void {
  let isGathering = false;
  return () => {
    if (isGathering) return;
    isGathering = true;
    raw.cork();
    setImmediate(() => {
      isGathering = false;
      raw.uncork();
    });
  };
}

/** A reader that reads on meets the reason behind what it has not read yet; it has a moment for it. */
const cutMs = 2_000;

function cutSlow(socket: WebSocket): void {
  if (socket.readyState !== socket.OPEN) return;
  socket.close(closeCodes.READER_TOO_SLOW, "Read faster, or subscribe again behind the last cursor");
  const timer = setTimeout(() => socket.terminate(), cutMs);
  socket.once("close", () => clearTimeout(timer));
}

function keepAlive(socket: WebSocket, pingMs: number): void {
  let answered = true;
  const timer = setInterval(() => {
    // While a long message is read nothing else is, an answer neither.
    if (socket.isPaused) return void (answered = true);
    if (!answered) return socket.terminate();
    answered = false;
    socket.ping();
  }, pingMs);
  socket.on("pong", () => (answered = true));
  socket.once("close", () => clearInterval(timer));
}

async function closeAll(sockets: WebSocketServer, graceMs: number): Promise<void> {
  const closed = new Promise<void>((resolve) => sockets.close(() => resolve()));
  for (const socket of sockets.clients) socket.close(closeCodes.GOING_AWAY, "Going away");
  const cut = setTimeout(() => {
    for (const socket of sockets.clients) socket.terminate();
  }, graceMs);
  await Promise.all([...sockets.clients].map((socket) => new Promise((resolve) => socket.once("close", resolve))));
  clearTimeout(cut);
  await closed;
}

const socketErrors = defineErrors({
  SOCKET_OPERATIONS_LIMIT: {
    code: "RESOURCE_EXHAUSTED",
    message: (f: { limit: number }) => `One socket may have ${f.limit} operations open.`,
  },
  SOCKETS_LIMIT: {
    code: "RESOURCE_EXHAUSTED",
    message: (f: { limit: number }) => `${f.limit} WebSockets are open, which is all there may be.`,
  },
  SOCKET_HANDSHAKE_INVALID: {
    code: "BAD_USER_INPUT",
    message: (_: object) => "The upgrade is no WebSocket's. Send GET with Sec-WebSocket-Key and Sec-WebSocket-Version: 13.",
  },
  SOCKET_PROTOCOL_UNKNOWN: {
    code: "BAD_USER_INPUT",
    message: (_: object) => "The socket speaks no subprotocol that is known here. Offer graphql-transport-ws.",
  },
  SOCKET_FRAME_INVALID: { code: "BAD_USER_INPUT", message: (_: object) => "The socket sent a frame that is no WebSocket's." },
  SOCKET_MESSAGE_INVALID: {
    code: "BAD_USER_INPUT",
    message: (_: object) => "The message is none that clients send in graphql-transport-ws: JSON with type, and what that type has.",
  },
  SOCKET_NOT_INITIALIZED: {
    code: "UNAUTHENTICATED",
    message: (_: object) => "An operation came before the connection was acknowledged. Send connection_init, and wait for connection_ack.",
  },
  SOCKET_INITIALIZED_TWICE: { code: "BAD_USER_INPUT", message: (_: object) => "connection_init came twice. Send it once." },
  SOCKET_OPERATION_ID_TAKEN: {
    code: "CONFLICT",
    message: (_: object) => "The id of an operation is that of one that is open. Give each an id of its own.",
  },
});

/** Why graphql-ws closes sockets, by its codes. One that says nothing in time has asked for nothing that could be refused. */
const closedFor: Record<number, (() => AppError) | undefined> = {
  [closeCodes.BAD_REQUEST]: () => socketErrors.SOCKET_MESSAGE_INVALID({}),
  [closeCodes.UNAUTHORIZED]: () => socketErrors.SOCKET_NOT_INITIALIZED({}),
  [closeCodes.SUBPROTOCOL_NOT_ACCEPTABLE]: () => socketErrors.SOCKET_PROTOCOL_UNKNOWN({}),
  [closeCodes.SUBSCRIBER_ALREADY_EXISTS]: () => socketErrors.SOCKET_OPERATION_ID_TAKEN({}),
  [closeCodes.TOO_MANY]: () => socketErrors.SOCKET_INITIALIZED_TWICE({}),
};

/** Why a frame was not read; undefined where it is the connection that failed. */
function frameRefusal(error: Error, { maxMessageBytes }: WebSocketLimits): AppError | undefined {
  const code = "code" in error ? String(error.code) : "";
  if (!code.startsWith("WS_ERR_")) return undefined;
  const isTooLarge = code.endsWith("_LENGTH") && code.startsWith("WS_ERR_UNSUPPORTED_");
  return isTooLarge ? bodyErrors.BODY_TOO_LARGE({ limitBytes: maxMessageBytes }) : socketErrors.SOCKET_FRAME_INVALID({});
}
