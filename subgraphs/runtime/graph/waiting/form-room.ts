/** How much of a form a page shows: hundreds of properties may refer to one long list, or to one long text. Pure. */
import type { Json } from "#shared/json.ts";

/** In all. More than anybody looks through. */
const mostChoices = 5_000;
/** Of titles, descriptions, choices and defaults, before they are escaped: a form that refers to nothing twice (32 KiB) has room several times over. */
const mostCharacters = 256 * 1024;

/** One a page; the answer of a form is read with another one, which gives the same. */
export class FormRoom {
  #choices = mostChoices;
  #characters = mostCharacters;
  /** What many refer to is measured once. */
  readonly #lengths = new Map<Json, number>();

  /** Whether there was room for it; then it has it. */
  holds(value: Json): boolean {
    const length = this.#lengthOf(value);
    if (length > this.#characters) return false;
    this.#characters -= length;
    return true;
  }

  /** As {@link holds}, for all of them or none. */
  holdsChoices(choices: Json[]): boolean {
    if (choices.length > this.#choices || !this.holds(choices)) return false;
    this.#choices -= choices.length;
    return true;
  }

  #lengthOf(value: Json): number {
    if (typeof value === "string") return value.length;
    let length = this.#lengths.get(value);
    if (length === undefined) this.#lengths.set(value, (length = JSON.stringify(value, null, 2).length));
    return length;
  }
}
