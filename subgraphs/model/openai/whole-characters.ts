/**
 * Texts that come in pieces, cut where no character is: models write tokens, and some servers send half of an emoji. The half waits for the other
 * one; a half that stays alone is handed on, and replaced where it is stored, as any other, with a mark.
 */
export class WholeCharacters {
  #half = "";

  /** Takes a piece in, and gives what is whole of it. */
  push(piece: string): string {
    const text = this.#half + piece;
    const last = text.charCodeAt(text.length - 1);
    const isHalf = last >= 0xd800 && last <= 0xdbff;
    this.#half = isHalf ? text.slice(-1) : "";
    return isHalf ? text.slice(0, -1) : text;
  }

  /** What still waits. */
  end(): string {
    const half = this.#half;
    this.#half = "";
    return half;
  }
}
