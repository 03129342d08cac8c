/**
 * Requests that come in together are begun a few in each turn of the main loop, and those who send them take turns: hundreds that one client sends at once would
 * share a turn otherwise, and everybody would wait until the last of them was looked at. One that comes alone is begun at once. Half of each turn is for tenants: whoever
 * has none has as many names as addresses.
 */
import type { Socket } from "node:net";

/** Begun in one turn; each takes some tenths of a millisecond until it waits for something. */
const begunInTurn = 8;
/** Requests of one connection that wait (HTTP pipelining) before it is read no further. */
const mostOfConnection = 16;
/** Above it a connection is cut: one read brings up to 64 KiB, which is fewer operations of GraphQL than these, and of requests that are next to nothing thousands. */
const mostBeforeCut = 700;

/** Under which name something waits. */
export interface Lane {
  name: string;
  /** Whether it is a tenant's, and not an address'. */
  isTenants: boolean;
}

/** A request that has come in, or an operation on a WebSocket. */
export interface Arrival {
  /** The connection of a request; an operation's WebSocket bounds by itself how many it has. */
  socket?: Socket;
  /** Asked where it waits. */
  lane: () => Lane;
  /** Not called when the connection has ended before its turn: nobody is there to be answered. */
  begin: () => void;
}

type Lanes = Map<string, Set<Arrival>>;

/** See above. */
export class Arrivals {
  /** Those that wait, by their lanes' names; lanes in the order of their turns. */
  readonly #ofTenants: Lanes = new Map();
  readonly #ofOthers: Lanes = new Map();
  readonly #ofConnection = new WeakMap<Socket, number>();
  readonly #onCut: () => void;
  #begun = 0;
  #waiting = 0;
  #isCounting = false;

  /** @param onCut  told of each connection that is cut for what it has waiting. */
  constructor(onCut = () => {}) {
    this.#onCut = onCut;
  }

  /** How many wait. */
  get waiting(): number {
    return this.#waiting;
  }

  /** Begins it, in this turn or in a later one; not at all where its connection has ended. */
  take(arrival: Arrival): void {
    // The rest of what was read when it was cut.
    if (arrival.socket?.destroyed === true) return;
    this.#count();
    if (this.#waiting > 0 || this.#begun >= begunInTurn) return this.#wait(arrival);
    this.#begun += 1;
    arrival.begin();
  }

  /** Settles when an operation may be begun. */
  turn(lane: () => Lane): Promise<void> {
    return new Promise((resolve) => this.take({ lane, begin: resolve }));
  }

  #wait(arrival: Arrival): void {
    const { name, isTenants } = arrival.lane();
    const lanes = isTenants ? this.#ofTenants : this.#ofOthers;
    const waiting = lanes.get(name);
    if (waiting === undefined) lanes.set(name, new Set([arrival]));
    else waiting.add(arrival);
    this.#waiting += 1;
    if (arrival.socket) this.#waits(arrival.socket);
  }

  #waits(socket: Socket): void {
    if (!this.#ofConnection.has(socket)) socket.on("resume", () => this.#isReadTooFar(socket) && pauseAnew(socket));
    const count = this.#counted(socket, 1);
    // Node's parser reads on behind each request, and whenever an answer is finished: it is paused anew then, before anything more is read.
    if (count >= mostOfConnection) socket.pause();
    if (count <= mostBeforeCut) return;
    socket.destroy();
    this.#onCut();
  }

  #isReadTooFar(socket: Socket): boolean {
    return this.#ofConnection.get(socket)! >= mostOfConnection;
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
    this.#beginOf(this.#ofTenants, begunInTurn / 2);
    this.#beginOf(this.#ofOthers, begunInTurn);
    this.#beginOf(this.#ofTenants, begunInTurn);
    if (this.#waiting > 0) this.#count();
  }

  /** @param until  how many have been begun in this turn then, at most. */
  #beginOf(lanes: Lanes, until: number): void {
    for (const [name, waiting] of lanes) {
      if (this.#begun >= until) break;
      const arrival = this.#firstOf(waiting);
      lanes.delete(name);
      // To the end, where the loop comes to it again.
      if (waiting.size > 0) lanes.set(name, waiting);
      if (arrival !== undefined) this.#beginIt(arrival);
    }
  }

  #beginIt({ socket, begin }: Arrival): void {
    this.#begun += 1;
    if (socket && this.#counted(socket, -1) === mostOfConnection - 1) socket.resume();
    begin();
  }

  /** Those whose connection has ended are passed over: they take nobody's turn. */
  #firstOf(waiting: Set<Arrival>): Arrival | undefined {
    for (const arrival of waiting) {
      waiting.delete(arrival);
      this.#waiting -= 1;
      if (arrival.socket?.destroyed !== true) return arrival;
    }
    return undefined;
  }

  #counted(socket: Socket, more: 1 | -1): number {
    const count = (this.#ofConnection.get(socket) ?? 0) + more;
    this.#ofConnection.set(socket, count);
    return count;
  }
}

/**
 * Where it was paused between Node's call to resume it and the event that tells of that, it is paused already as a stream, and says nothing of being so again; but Node's
 * server has begun to read at the event before this, and stops by another alone.
 */
function pauseAnew(socket: Socket): void {
  const isSilent = socket.isPaused();
  socket.pause();
  if (isSilent) socket.emit("pause");
}
