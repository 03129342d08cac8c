/**
 * The WebSockets of one subgraph. Whoever opens one shows by a token that it is a process of the platform; for whoever does not, such as one of the version before,
 * there are few and small ones, and each ends that brings no operation with a token of its own. So a stranger who reaches the port has neither all sockets
 * nor the memory.
 */
import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import type { AppError } from "#shared/errors.ts";
import { handedOnByHeaders } from "#shared/endpoint/request-transport.ts";
import type { InternalKeys } from "#shared/trust/internal-keys.ts";
import { readToken, requireOperation, upgradeText } from "#shared/trust/token.ts";
import { closeCodes } from "./close-codes.ts";
import type { Log } from "#shared/log.ts";
import {
  graphqlWebSockets,
  type GraphqlWebSockets,
  type SocketExtra,
  type SocketOptions,
  type WebSocketLimits,
} from "./websocket-server.ts";

export interface ServedSocketsSetting {
  log: Log;
  /** Those whose tokens are believed. */
  keys: InternalKeys;
  maxBodyBytes: number;
  sockets: Partial<WebSocketLimits> | undefined;
  strangers: Partial<StrangersLimits> | undefined;
}

/** Of sockets for which nobody has vouched. */
export interface StrangersLimits {
  maxSockets: number;
  maxMessageBytes: number;
  /** What one of them does not read. */
  maxBufferedBytes: number;
  /** For such a socket to bring an operation of the platform's; else it is closed with 4401. */
  operationMs: number;
}

/** 125 MB in all. */
const defaultStrangers: StrangersLimits = { maxSockets: 100, maxMessageBytes: 256 << 10, maxBufferedBytes: 1 << 20, operationMs: 10_000 };

export class ServedSockets implements GraphqlWebSockets {
  readonly #name: string;
  readonly #keys: InternalKeys;
  readonly #known: GraphqlWebSockets;
  readonly #strangers: GraphqlWebSockets;

  /** @param options  of sockets; what they call with one is that an operation with a token came over it. */
  constructor(
    name: string,
    options: (trusted: (extra: SocketExtra) => void) => SocketOptions,
    { log, keys, maxBodyBytes, sockets, strangers }: ServedSocketsSetting,
  ) {
    this.#name = name;
    this.#keys = keys;
    // The one socket of a router carries the streams of all its users.
    const limits = { maxOperations: 100_000, maxBufferedBytes: 1 << 30, maxMessageBytes: maxBodyBytes, ...sockets };
    const { operationMs, ...few } = { ...defaultStrangers, ...strangers };
    const timers = new WeakMap<SocketExtra, NodeJS.Timeout>();
    const trusted = (extra: SocketExtra) => clearTimeout(timers.get(extra));
    const onOpen = (extra: SocketExtra) => {
      const end = () => extra.socket.close(closeCodes.UNAUTHORIZED, "No operation with a token of the platform came");
      timers.set(extra, setTimeout(end, operationMs));
      extra.gone.addEventListener("abort", () => trusted(extra), { once: true });
    };
    this.#known = graphqlWebSockets(
      options(() => {}),
      { log, limits },
    );
    this.#strangers = graphqlWebSockets({ ...options(trusted), onOpen }, { log, limits: { ...limits, ...few } });
  }

  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): AppError | undefined {
    return (this.#isKnown(request) ? this.#known : this.#strangers).upgrade(request, socket, head);
  }

  async close(graceMs: number): Promise<void> {
    await Promise.all([this.#known.close(graceMs), this.#strangers.close(graceMs)]);
  }

  #isKnown({ headers }: IncomingMessage): boolean {
    try {
      const claims = readToken(handedOnByHeaders(headers).token, { audience: this.#name, keys: this.#keys.all });
      requireOperation(claims, upgradeText, this.#name);
      return true;
    } catch {
      return false;
    }
  }
}
