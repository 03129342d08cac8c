/**
 * Numbers that JSON can write and a double does not say: `7615917337495251231` would be read as 7615917337495251000, and nobody would hear of it. The one
 * rule: what somebody sends us is refused, with its place; what comes from outside (tools, sources, models) keeps its digits, as text.
 *
 * A whole number is said when the double is written with the same digits. A fraction of up to 17 digits is: so many name a double, and writers of
 * doubles use them. A longer one is where it is the double itself, written out (0.1 as 0.1000000000000000056). Native JSON.parse tells no digits but to
 * a reviver, which takes fifty times as long; so the text is looked through, and only where it has such a number at first sight.
 */
import { defineErrors, type AppError } from "#shared/errors.ts";
import { finishInTurns, pieceUnits } from "#shared/pieces.ts";

/** A number whose digits a double does not keep. */
export interface LongNumber {
  /** As it was written. */
  digits: string;
  /** Keys and indexes down to it. */
  path: readonly (string | number)[];
  /** Its place in the text. */
  at: number;
}

const numberErrors = defineErrors({
  NUMBER_NOT_KEPT: {
    code: "BAD_USER_INPUT",
    message: (f: { field: string; value: string; readAs: string }) =>
      `${f.field} is the number ${f.value}, which would be read as ${f.readAs}. Give it as a string.`,
  },
});

/** Digits of a number that a message repeats. */
const shownDigits = 60;
/** So many digits name every double. */
const doubleDigits = 17;
/** As many as toPrecision writes. */
const mostDigits = 100;

/** Whether a double says what a number says that is written as JSON or GraphQL write it. */
export function isKept(digits: string): boolean {
  if (digits.length <= 15 && !/[eE]/.test(digits)) return true;
  const value = Number(digits);
  if (!Number.isFinite(value)) return false;
  if (Number.isSafeInteger(value) && String(value) === digits) return true;
  const given = decimal(digits);
  if (given.digits === "") return true;
  if (value === 0) return false;
  if (isSame(given, decimal(String(value)))) return true;
  const length = given.digits.length;
  if (given.power >= 0 || length > mostDigits) return false;
  return length <= doubleDigits || isSame(given, decimal(value.toPrecision(length)));
}

/** Whether a JSON text may have such a number: false is certain. */
export function mayHaveLongNumbers(text: string): boolean {
  return firstSight.test(text);
}

/** The numbers of a JSON text that a double does not say, in reading order; of a text that is no JSON, anything. */
export function longNumbers(text: string): Iterable<LongNumber> {
  return mayHaveLongNumbers(text) ? new NumberScan(text).longNumbers() : [];
}

/** A JSON text with the digits of such numbers as texts. `kept`: what became of them, the first hundred. */
export function withDigitsKept(text: string): { text: string; kept: LongNumber[] } {
  const pieces: string[] = [];
  const kept: LongNumber[] = [];
  let end = 0;
  for (const number of longNumbers(text)) {
    pieces.push(text.slice(end, number.at), '"', number.digits, '"');
    end = number.at + number.digits.length;
    if (kept.length < 100) kept.push(number);
  }
  return end === 0 ? { text, kept } : { text: pieces.join("") + text.slice(end), kept };
}

/**
 * Why a JSON text that somebody sends is refused; undefined: it is not. Numbers that are too large for any double are left to whoever reads the value.
 *
 * @param root  what its place begins with, where it does not begin with a key.
 */
export function longNumberRefusal(text: string, root = ""): AppError | undefined {
  for (const number of longNumbers(text))
    if (Number.isFinite(Number(number.digits))) return notKept(placeOf(number, root) || "It", number.digits);
  return undefined;
}

/** As {@link longNumberRefusal}, a long text in turns of the main loop. */
export async function longNumberRefusalInTurns(text: string, root = ""): Promise<AppError | undefined> {
  return text.length <= pieceUnits ? longNumberRefusal(text, root) : finishInTurns(refusalSteps(text, root));
}

function* refusalSteps(text: string, root: string): Generator<void, AppError | undefined> {
  if (!(yield* sightSteps(text))) return undefined;
  for (const number of new NumberScan(text).steps()) {
    if (number === undefined) yield;
    else if (Number.isFinite(Number(number.digits))) return notKept(placeOf(number, root) || "It", number.digits);
  }
  return undefined;
}

/** Pieces overlap by more than the shortest of such a number has, so that none is cut in all of them. */
function* sightSteps(text: string): Generator<void, boolean> {
  for (let from = 0; from < text.length; from += pieceUnits) {
    if (mayHaveLongNumbers(text.slice(from, from + pieceUnits + 32))) return true;
    yield;
  }
  return false;
}

/** @throws AppError NUMBER_NOT_KEPT, as {@link longNumberRefusal} says */
export function refuseLongNumbers(text: string, root?: string): void {
  const refusal = longNumberRefusal(text, root);
  if (refusal !== undefined) throw refusal;
}

/** NUMBER_NOT_KEPT. */
export function notKept(field: string, digits: string): AppError {
  return numberErrors.NUMBER_NOT_KEPT({ field, value: brief(digits), readAs: String(Number(digits)) });
}

/** Where a number stands, for a message: `variables.input.id`; empty for a text that is nothing else. */
export function placeOf({ path }: Pick<LongNumber, "path">, root = ""): string {
  const steps = [...(root === "" ? [] : [root]), ...path].map((step) => String(step).slice(0, 100));
  return (steps.length <= 12 ? steps : [...steps.slice(0, 6), "…", ...steps.slice(-5)]).join(".");
}

function brief(digits: string): string {
  return digits.length > shownDigits ? `${digits.slice(0, shownDigits)}…` : digits;
}

// What stands in a text has a quotation mark before it. Up to 15 digits and an exponent of two are always said.
const firstSight = /(?:^|[[:,\s])-?(?:\d[\d.]{15}|\d[\d.]*[eE][+-]?\d{3})/;

/** digits × 10^power, without zeros at either end; no digits: zero. */
interface Decimal {
  digits: string;
  power: number;
  negative: boolean;
}

function decimal(written: string): Decimal {
  const [, sign, whole = "", fraction = "", exponent = "0"] = /^([+-]?)(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d+))?$/.exec(written) ?? [];
  const digits = (whole + fraction).replace(/^0+/, "");
  const short = withoutZerosBehind(digits);
  return { digits: short, power: Number(exponent) - fraction.length + digits.length - short.length, negative: sign === "-" };
}

/** Not by /0+$/, which is quadratic in zeros that are followed by something else. */
function withoutZerosBehind(digits: string): string {
  let end = digits.length;
  while (end > 0 && digits[end - 1] === "0") end -= 1;
  return digits.slice(0, end);
}

function isSame(one: Decimal, other: Decimal): boolean {
  return one.digits === other.digits && one.power === other.power && one.negative === other.negative;
}

const [quote, backslash, comma, colon, openList, closeList, openObject, closeObject, minus, zero, nine] = [...'"\\,:[]{}-09'].map(
  (character) => character.charCodeAt(0),
) as [number, number, number, number, number, number, number, number, number, number, number];

/** Characters of a piece of the work: less than a millisecond where all of them are such numbers. */
const stepUnits = 8_192;

/** Goes through a JSON text once, and knows at each number where it stands. */
class NumberScan {
  readonly #text: string;
  /** An index, or where the key begins; of an object without one yet, -1. */
  readonly #steps: number[] = [];
  readonly #isList: boolean[] = [];

  constructor(text: string) {
    this.#text = text;
  }

  *longNumbers(): Generator<LongNumber, void, undefined> {
    for (const number of this.steps()) if (number !== undefined) yield number;
  }

  /** The same, and undefined between two pieces of the work. */
  *steps(): Generator<LongNumber | undefined, void, undefined> {
    const text = this.#text;
    let lastString = 0;
    let pauseAt = stepUnits;
    for (let at = 0; at < text.length; at += 1) {
      if (at >= pauseAt) {
        pauseAt = at + stepUnits;
        yield undefined;
      }
      const code = text.charCodeAt(at);
      if (code === quote) {
        lastString = at;
        at = endOfString(text, at);
      } else if (code === minus || (code >= zero && code <= nine)) {
        const digits = text.slice(at, endOfNumber(text, at));
        if (!isKept(digits)) yield { digits, path: this.#path(), at };
        at += digits.length - 1;
      } else this.#step(code, lastString);
    }
  }

  #step(code: number, lastString: number): void {
    const last = this.#steps.length - 1;
    if (code === openList || code === openObject) {
      this.#steps.push(code === openList ? 0 : -1);
      this.#isList.push(code === openList);
    } else if (code === closeList || code === closeObject) {
      this.#steps.pop();
      this.#isList.pop();
    } else if (code === colon && this.#isList[last] === false) this.#steps[last] = lastString;
    else if (code === comma && this.#isList[last] === true) this.#steps[last] = (this.#steps[last] ?? 0) + 1;
  }

  #path(): (string | number)[] {
    return this.#steps.map((step, index) => (this.#isList[index] === true ? step : this.#keyAt(step)));
  }

  #keyAt(start: number): string {
    const written = start < 0 ? '""' : this.#text.slice(start, endOfString(this.#text, start) + 1);
    try {
      return JSON.parse(written) as string;
    } catch {
      // Not every text was parsed before.
      return written;
    }
  }
}

/** The place of the quotation mark that ends a string. */
function endOfString(text: string, start: number): number {
  let at = start + 1;
  while (at < text.length && text.charCodeAt(at) !== quote) at += text.charCodeAt(at) === backslash ? 2 : 1;
  return at;
}

function endOfNumber(text: string, start: number): number {
  let at = start + 1;
  while (at < text.length && isOfNumber(text.charCodeAt(at))) at += 1;
  return at;
}

/** Digits, signs, points, e and E. */
function isOfNumber(code: number): boolean {
  return (code >= zero && code <= nine) || code === 0x2e || code === minus || code === 0x2b || code === 0x65 || code === 0x45;
}
