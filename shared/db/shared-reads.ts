/**
 * The same read, asked for by several at the same time. Until it is sent, whoever asks for it gets the answer of the one statement; who asks later has one of
 * their own, so nobody is given what was true before they asked.
 */

/** Reads that are not sent yet, by who asks for what. */
export class SharedReads {
  readonly #waiting = new Map<string, Promise<object[]>>();
  readonly #isOwn: (cause: unknown) => boolean;

  /** @param isOwn  whether a failure is that of whoever asked first, and says nothing of the others, who ask again */
  constructor(isOwn: (cause: unknown) => boolean) {
    this.#isOwn = isOwn;
  }

  /**
   * The rows of a read, which are not to be changed: others have them too.
   *
   * @param read  sends it; calls `sends` right before
   * @throws what `read` throws, to all who wait for it
   */
  async ask<Row extends object>(key: string, read: (sends: () => void) => Promise<Row[]>): Promise<Row[]> {
    for (;;) {
      const waiting = this.#waiting.get(key) as Promise<Row[]> | undefined;
      if (waiting === undefined) return this.#begin(key, read);
      const rows = await waiting.catch((cause: unknown) => (this.#isOwn(cause) ? undefined : Promise.reject(cause as Error)));
      if (rows !== undefined) return rows;
    }
  }

  #begin<Row extends object>(key: string, read: (sends: () => void) => Promise<Row[]>): Promise<Row[]> {
    const leave = () => {
      if (this.#waiting.get(key) === asked) this.#waiting.delete(key);
    };
    const asked = read(leave).finally(leave);
    this.#waiting.set(key, asked);
    return asked;
  }
}
