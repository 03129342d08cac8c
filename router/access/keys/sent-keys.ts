import type { KeyRow } from "./key.sql.ts";

interface SentKey {
  key: string;
  row: KeyRow;
}

/**
 * The key that each open connection sent last and that was found to be a row's. The same key over the same connection is known without a hash: with all that
 * goes with one it was 8 µs of each request of a busy router, where this is 0.2 (bench router, November 2026). A key is kept no longer than its connection.
 */
export class SentKeys {
  readonly #sent = new WeakMap<object, SentKey>();

  /** The row that a key was found to be of; undefined where the connection sent another one last, or none. */
  rowOf(key: string, connection: object): KeyRow | undefined {
    const sent = this.#sent.get(connection);
    return sent !== undefined && isSame(key, sent.key) ? sent.row : undefined;
  }

  keep(key: string, connection: object, row: KeyRow): void {
    this.#sent.set(connection, { key, row });
  }
}

/** In a time that tells nothing of them: behind a proxy the one who sent the other key may be somebody else. */
function isSame(a: string, b: string): boolean {
  if (a.length !== b.length) return false;
  let differing = 0;
  for (let index = 0; index < a.length; index++) differing |= a.charCodeAt(index) ^ b.charCodeAt(index);
  return differing === 0;
}
