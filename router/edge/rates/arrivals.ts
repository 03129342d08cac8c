/**
 * Requests that come in together are begun a few in each turn of the main loop, and those who send them take turns: hundreds that one client sends at once would
 * share a turn otherwise, and everybody would wait until the last of them was looked at. One that comes alone is begun at once.
 */
import type { Socket } from "node:net";

/** Begun in one turn; each takes some tenths of a millisecond until it waits for something. */
const begunInTurn = 8;
/** Requests of one connection that wait (HTTP pipelining) before it is read no further. */
const mostOfConnection = 16;

/** A request that has come in, or an operation on a WebSocket. */
export interface Arrival {
  /** The connection of a request; an operation's WebSocket bounds by itself how many it has. */
  socket?: Socket;
  /** Under which name it waits; asked where it does. */
  lane: () => string;
  /** Not called when the connection has ended before its turn: nobody is there to be answered. */
  begin: () => void;
}

/** See above. */
export class Arrivals {
  /** Those that wait, by lane; lanes in the order of their turns. */
  readonly #lanes = new Map<string, Set<Arrival>>();
  readonly #ofConnection = new WeakMap<Socket, number>();
  #begun = 0;
  #isCounting = false;

  /** Begins it, in this turn or in a later one. */
  take(arrival: Arrival): void {
    this.#count();
    if (this.#lanes.size > 0 || this.#begun >= begunInTurn) return this.#wait(arrival);
    this.#begun += 1;
    arrival.begin();
  }

  /** Settles when an operation may be begun. */
  turn(lane: () => string): Promise<void> {
    return new Promise((resolve) => this.take({ lane, begin: resolve }));
  }

  #wait(arrival: Arrival): void {
    const lane = arrival.lane();
    const waiting = this.#lanes.get(lane);
    if (waiting === undefined) this.#lanes.set(lane, new Set([arrival]));
    else waiting.add(arrival);
    if (arrival.socket && this.#counted(arrival.socket, 1) === mostOfConnection) arrival.socket.pause();
  }

  /** An immediate runs once in each turn, behind what came in. */
  #count(): void {
    if (this.#isCounting) return;
    this.#isCounting = true;
    setImmediate(() => this.#nextTurn());
  }

  #nextTurn(): void {
    this.#isCounting = false;
    this.#begun = 0;
    for (const [lane, waiting] of this.#lanes) {
      if (this.#begun >= begunInTurn) break;
      this.#begun += 1;
      this.#beginFirst(lane, waiting);
    }
    if (this.#lanes.size > 0) this.#count();
  }

  #beginFirst(lane: string, waiting: Set<Arrival>): void {
    // None that is empty stays.
    const arrival = waiting.values().next().value!;
    waiting.delete(arrival);
    this.#lanes.delete(lane);
    // To the end, where the loop over the lanes comes to it again.
    if (waiting.size > 0) this.#lanes.set(lane, waiting);
    if (arrival.socket && this.#counted(arrival.socket, -1) === mostOfConnection - 1) arrival.socket.resume();
    if (arrival.socket?.destroyed !== true) arrival.begin();
  }

  #counted(socket: Socket, more: 1 | -1): number {
    const count = (this.#ofConnection.get(socket) ?? 0) + more;
    this.#ofConnection.set(socket, count);
    return count;
  }
}
