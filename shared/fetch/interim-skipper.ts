import type { Socket } from "node:net";

// 101 is no interim answer: after it the connection speaks something else.
const interim = /^HTTP\/1\.[01] 1(?!01)\d\d[ \r\n]/;
/** As many characters as it takes to tell. */
const toldBy = 13;
const headEnd = "\r\n\r\n";
const mostBytes = 16 * 1024;

/**
 * Takes interim answers (1xx) out of what a connection receives. A client has to put up with them unasked (RFC 9110, 15.2), and some servers
 * say "100 Continue" before they answer any POST; undici gives the connection up at it, though the answer follows.
 */
export class InterimSkipper {
  #awaitsHead = false;
  #held = "";

  constructor(socket: Socket) {
    const read = socket.read.bind(socket) as (size?: number) => Buffer | null;
    socket.read = (size) => this.#taken(read(size));
  }

  requestBegins(): void {
    this.#awaitsHead = true;
    this.#held = "";
  }

  /** What to hand on of what has come: null while it may still be an interim answer. */
  #taken(chunk: Buffer | null): Buffer | null {
    if (!this.#awaitsHead || chunk === null) return chunk;
    if (this.#held === "" && !mayBeInterim(chunk.toString("latin1", 0, toldBy))) return this.#handedOn(chunk);
    this.#held += chunk.toString("latin1");
    while (interim.test(this.#held) && this.#held.includes(headEnd)) {
      this.#held = this.#held.slice(this.#held.indexOf(headEnd) + headEnd.length);
    }
    const waits = mayBeInterim(this.#held) && this.#held.length < mostBytes;
    return waits ? null : this.#handedOn(Buffer.from(this.#held, "latin1"));
  }

  #handedOn(bytes: Buffer): Buffer {
    this.#awaitsHead = false;
    return bytes;
  }
}

function mayBeInterim(start: string): boolean {
  const head = "HTTP/1.";
  return start.length < toldBy ? head.startsWith(start.slice(0, head.length)) : interim.test(start);
}
