/**
 * Looks for forms of secrets (secret-forms.ts) in texts, whole ones and such as come in pieces, in time that grows with the text alone: neither a long secret nor a text that
 * nearly has it many times may hold the main loop. Every occurrence is hidden, those that overlap as one: whoever makes one secret end where another begins shows nothing of it.
 */
import { hiddenValue } from "./credentials.ts";
import { FormTree, type Place } from "./form-tree.ts";

/** How much of a form the pattern has: a regular expression of all of a long one is refused by the engine, with the secret in its error. */
const anchorLength = 16;
/** More make a pattern that is slower than following the text. */
const maxAnchors = 1_000;

export class FormSearch {
  readonly tree: FormTree;
  /** Where forms begin, in texts that mostly have none. undefined: anywhere. */
  readonly #pattern: RegExp | undefined;
  /** No text that is shorter has a form. */
  readonly #shortest: number;

  constructor(forms: readonly string[]) {
    this.tree = new FormTree(forms);
    this.#shortest = forms.reduce((shortest, { length }) => Math.min(shortest, length), Infinity);
    const anchors = [...new Set(forms.map((form) => form.slice(0, anchorLength)))];
    // One pattern of all: 4 ms a MiB with three keys, 80 ns for a short text; a search for each takes 840 ns for that (Node 24, November 2026).
    if (anchors.length <= maxAnchors)
      this.#pattern = new RegExp(anchors.map((anchor) => anchor.replace(/[\\^$.*+?()[\]{}|/-]/g, "\\$&")).join("|"), "g");
  }

  /** A whole text with each form hidden. */
  text(value: string): string {
    if (value.length < this.#shortest || this.#anchorFrom(value, 0) === undefined) return value;
    const stream = new FormStream(this);
    return stream.push(value) + stream.end();
  }

  /** The first place in a text, from one on, where a form may begin; the text's length where none does. */
  beginningFrom(text: string, from: number): number {
    // What is cut off at the end may be the beginning of an anchor.
    const cut = Math.max(from, text.length - anchorLength + 1);
    return cut === from ? from : Math.min(this.#anchorFrom(text, from) ?? cut, cut);
  }

  #anchorFrom(text: string, from: number): number | undefined {
    if (this.#pattern === undefined) return from;
    this.#pattern.lastIndex = from;
    return this.#pattern.exec(text)?.index;
  }
}

/** What is hidden of a text, by places in it. */
interface Hidden {
  from: number;
  to: number;
  /** Whether the mark for it was given. */
  isGiven: boolean;
}

/** A text that comes in pieces. What may be the beginning of a secret waits for what follows. */
export class FormStream {
  readonly #search: FormSearch;
  /** The beginning of a form that the text ends with. */
  readonly #place: Place = { form: 0, depth: 0 };
  /** What waits, and where in the text it begins. */
  #waiting = "";
  #from = 0;
  /** In order; none overlaps another. */
  readonly #hidden: Hidden[] = [];
  /** How much of the text is given. */
  #given = 0;

  constructor(search: FormSearch) {
    this.#search = search;
  }

  /** Takes a piece in, and gives what is sure. */
  push(piece: string): string {
    const begin = this.#from + this.#waiting.length;
    this.#waiting += piece;
    let shown = "";
    for (let index = 0; index < piece.length; index++) {
      if (this.#place.depth === 0) index = this.#search.beginningFrom(piece, index);
      const length = this.#search.tree.follow(this.#place, piece.charCodeAt(index));
      if (length === 0) continue;
      const end = begin + index + 1;
      this.#hide(end - length, end);
      shown += this.#give(end - this.#place.depth);
    }
    shown += this.#give(begin + piece.length - this.#place.depth);
    this.#waiting = this.#waiting.slice(this.#given - this.#from);
    this.#from = this.#given;
    return shown;
  }

  /** Nothing follows: gives what waited, once. */
  end(): string {
    const shown = this.#give(this.#from + this.#waiting.length);
    this.#waiting = "";
    this.#from = this.#given;
    this.#hidden.length = this.#place.form = this.#place.depth = 0;
    return shown;
  }

  /** Those that overlap become one: a place between them would tell where one of them ends. */
  #hide(from: number, to: number): void {
    const one: Hidden = { from, to, isGiven: false };
    while (this.#hidden.length > 0 && this.#hidden.at(-1)!.to > from) {
      const last = this.#hidden.pop()!;
      one.from = Math.min(one.from, last.from);
      one.isGiven ||= last.isGiven;
    }
    this.#hidden.push(one);
  }

  /** Gives the text up to a place: no form that is found later begins before it. */
  #give(until: number): string {
    let shown = "";
    let past = 0;
    for (const one of this.#hidden) {
      if (one.from >= until) break;
      shown += this.#slice(one.from) + (one.isGiven ? "" : hiddenValue);
      one.isGiven = true;
      this.#given = Math.min(one.to, until);
      if (one.to > until) break;
      past += 1;
    }
    if (past > 0) this.#hidden.splice(0, past);
    shown += this.#slice(until);
    this.#given = until;
    return shown;
  }

  #slice(to: number): string {
    return this.#waiting.slice(this.#given - this.#from, Math.max(this.#given, to) - this.#from);
  }
}
