/**
 * Follows a text through the forms of secrets (secret-forms.ts), one character at a time, as Aho and Corasick do: at each place it knows the longest beginning of a
 * form that the text ends with there. So what a text costs grows with the text alone, whatever stands in it: no limit on comparing is needed, and none can be used up.
 *
 * A node is a beginning of a form: the first form that has it, in their order, and how much of it. So the forms themselves are the edges, of which nothing is stored but
 * where two forms part.
 */

/** A node: the beginning of a form. The root is `{ form: 0, depth: 0 }`. */
export interface Place {
  form: number;
  /** How many characters of the form. */
  depth: number;
}

export class FormTree {
  /** Sorted, each once. */
  readonly #forms: readonly string[];
  /** By form: how much of it the form before it has too. These nodes are the earlier form's. */
  readonly #shared: number[] = [0];
  /** By form: whose node it leaves the tree of the earlier ones at. */
  readonly #parents: number[] = [0];
  /** By form: the number of its node of depth 0; the next ones follow. */
  readonly #numbers: number[] = [];
  #nodes = 0;
  /** By node, by character: the form that goes on there, where it is another than the node's. */
  readonly #branches = new Map<number, Map<number, number>>();
  /** The forms, the longest first. */
  readonly #byLength: readonly number[];
  /** Up to which depth nodes know where they fall: as deep as texts have been yet, for most texts have nothing of a long secret. */
  #known = 0;
  /** By node: the longest other node that it ends with, and the longest form. */
  #fallForms = new Int32Array();
  #fallDepths = new Int32Array();
  #endings = new Int32Array();

  constructor(forms: readonly string[]) {
    // By code units, as they are compared here.
    this.#forms = [...new Set(forms)].sort();
    for (const { length } of this.#forms) {
      this.#numbers.push(this.#nodes);
      this.#nodes += length + 1;
    }
    this.#byLength = this.#forms.map((_, form) => form).sort((a, b) => this.#forms[b]!.length - this.#forms[a]!.length);
    this.#branch();
  }

  /** Finds where each form leaves those before it. */
  #branch(): void {
    const path = [{ form: 0, from: -1 }];
    for (let form = 1; form < this.#forms.length; form++) {
      const depth = commonLength(this.#forms[form - 1]!, this.#forms[form]!);
      while (path.at(-1)!.from >= depth) path.pop();
      const parent = path.at(-1)!.form;
      path.push({ form, from: depth });
      this.#shared.push(depth);
      this.#parents.push(parent);
      const node = this.#numbers[parent]! + depth;
      const edges = this.#branches.get(node) ?? new Map<number, number>();
      this.#branches.set(node, edges.set(this.#forms[form]!.charCodeAt(depth), form));
    }
  }

  /** Goes on by a character of the text. @returns how long the longest form is that the text ends with; 0: with none */
  follow(place: Place, character: number): number {
    this.#step(place, character);
    if (place.depth === 0) return 0;
    if (place.depth > this.#known) this.#learn(place.depth);
    return this.#endings[this.#numbers[place.form]! + place.depth]!;
  }

  #step(place: Place, character: number): void {
    for (;;) {
      const node = this.#numbers[place.form]! + place.depth;
      const isOwn = this.#forms[place.form]!.charCodeAt(place.depth) === character;
      const form = isOwn ? place.form : this.#branches.get(node)?.get(character);
      if (form !== undefined) {
        place.form = form;
        place.depth += 1;
        return;
      }
      if (place.depth === 0) return;
      place.form = this.#fallForms[node]!;
      place.depth = this.#fallDepths[node]!;
    }
  }

  #learn(depth: number): void {
    if (this.#known === 0) [this.#fallForms, this.#fallDepths, this.#endings] = [this.#table(), this.#table(), this.#table()];
    for (let level = this.#known + 1; level <= depth; level++) {
      for (const form of this.#byLength) {
        if (this.#forms[form]!.length < level) break;
        if (this.#shared[form]! < level) this.#learnNode(form, level);
      }
    }
    this.#known = depth;
  }

  #table(): Int32Array<ArrayBuffer> {
    return new Int32Array(this.#nodes);
  }

  /** Its parent's fall goes on by the same character: all of that is less deep, and known. */
  #learnNode(form: number, depth: number): void {
    const text = this.#forms[form]!;
    const parent = this.#numbers[this.#shared[form] === depth - 1 ? this.#parents[form]! : form]! + depth - 1;
    const fall: Place = { form: this.#fallForms[parent]!, depth: this.#fallDepths[parent]! };
    if (depth > 1) this.#step(fall, text.charCodeAt(depth - 1));
    const node = this.#numbers[form]! + depth;
    this.#fallForms[node] = fall.form;
    this.#fallDepths[node] = fall.depth;
    this.#endings[node] = text.length === depth ? depth : this.#endings[this.#numbers[fall.form]! + fall.depth]!;
  }
}

function commonLength(a: string, b: string): number {
  let length = 0;
  while (length < a.length && a.charCodeAt(length) === b.charCodeAt(length)) length++;
  return length;
}
