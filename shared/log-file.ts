/**
 * A log's file, as pino's destination. What cannot be written is counted and dropped: a full disk stops nothing that is logged, fills no memory, and never
 * keeps a process from ending. (pino's own destination writes without end at an exit on a full disk.)
 */
import { write, writeSync } from "node:fs";

const mostBytes = 16 << 20;
const largestWriteBytes = 1 << 20;

export class LogFile {
  readonly #descriptor: number;
  readonly #name: string;
  readonly #lines: string[] = [];
  #bytes = 0;
  /** On its way to the system. */
  #flight: Buffer | undefined;
  #lost = 0;
  readonly #waiting: (() => void)[] = [];

  /** @param name  of the log, for the line that tells of lost ones. */
  constructor(descriptor: number, name: string) {
    this.#descriptor = descriptor;
    this.#name = name;
    process.on("exit", () => this.flushSync());
  }

  /** Takes a line, to be written soon. */
  write(line: string): void {
    const bytes = Buffer.byteLength(line);
    if (this.#bytes + bytes > mostBytes) return void this.#lost++;
    this.#lines.push(line);
    this.#bytes += bytes;
    if (this.#flight === undefined) this.#send(this.#next());
  }

  /** Writes what waits, once; what cannot be written is lost. pino calls it after a fatal line. */
  flushSync(): void {
    // What is on its way is the system's.
    try {
      for (let chunk = this.#next(); chunk.length > 0; chunk = this.#next()) writeSync(this.#descriptor, chunk);
    } catch {
      // An end always ends.
    }
  }

  /** Calls back when nothing waits to be written any more. */
  flush(callback: () => void): void {
    if (this.#flight === undefined) return void queueMicrotask(callback);
    this.#waiting.push(callback);
  }

  #next(): Buffer {
    let taken = 0;
    let bytes = 0;
    while (taken < this.#lines.length && bytes < largestWriteBytes) bytes += Buffer.byteLength(this.#lines[taken++]!);
    const lines = this.#lines.splice(0, taken);
    this.#bytes -= bytes;
    return Buffer.from(lines.join(""));
  }

  #send(chunk: Buffer): void {
    this.#flight = chunk;
    write(this.#descriptor, chunk, (error, written) => {
      this.#flight = undefined;
      if (error) this.#lost += linesOf(chunk);
      else if (written < chunk.length) return this.#send(chunk.subarray(written));
      else if (this.#lost > 0) this.#tellLost();
      if (this.#lines.length > 0) this.#send(this.#next());
      else if (this.#flight === undefined) for (const callback of this.#waiting.splice(0)) callback();
    });
  }

  /** A line about lines, when there is room for one. */
  #tellLost(): void {
    const line = {
      level: 40,
      time: Date.now(),
      pid: process.pid,
      name: this.#name,
      lines: this.#lost,
      msg: "the log could not be written; lines are lost",
    };
    this.#lost = 0;
    this.write(`${JSON.stringify(line)}\n`);
  }
}

function linesOf(chunk: Buffer): number {
  let count = 0;
  for (const byte of chunk) if (byte === 10) count++;
  return count;
}
