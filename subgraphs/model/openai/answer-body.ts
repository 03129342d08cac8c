/**
 * A provider's body as a row of events, whatever its label says: server-sent events, one JSON value, several of them one behind the other, or a
 * mixture. The first character that is no blank decides. Odd lines of a stream that harm nobody are left out.
 */
import { createParser, type EventSourceParser } from "eventsource-parser";
import { Turns } from "#shared/evaluation/turns.ts";
import type { Json } from "#shared/json.ts";
import { JsonProblem, readJsonInTurns } from "#shared/json-reader.ts";
import { readJson } from "#shared/json/nesting.ts";
import { finishInTurns, pieceUnits } from "#shared/pieces.ts";
import { withoutStacks } from "#shared/without-stacks.ts";
import { isOpening, JsonScan, skipBlank, splitSteps, splitValues } from "./json-scan.ts";

/**
 * Values that came, with the name of their event; the mark that nothing follows; words that are no JSON; JSON of more values than may be, with what is too
 * much; or a long text, which {@link longEvents} reads.
 */
export type BodyEvent = ReadEvent | LongText;

/** An event that was read. */
export type ReadEvent =
  | { kind: "values"; values: readonly Json[]; name: string | undefined }
  | { kind: "done" }
  | { kind: "words"; words: string }
  | { kind: "excess"; excess: string; isOfBody?: true };

/** A text that takes longer to read than a turn of the main loop has. */
export interface LongText {
  kind: "long";
  text: string;
  name: string | undefined;
}

/** Characters of a body that are kept for the error that may have to show them. */
const headCharacters = 500;
/** Pieces of a body that bring nothing, lines or values: some servers send a few, and JSON over several lines has as many as it is long. */
export const mostEmptyPieces = 100_000;
/** Of all bodies. */
const turns = new Turns();
/** Said of a body with more of them. */
export const tooManyEmpty = `has more than ${mostEmptyPieces} pieces that bring nothing`;

/** A body that is read as it comes. */
export class AnswerBody {
  #mode: "blank" | "json" | "lines" | "page" = "blank";
  #beganAsJson = false;
  #head = "";
  #events: BodyEvent[] = [];
  readonly #json = new ValueRow();
  readonly #parser: EventSourceParser;
  /** Lines that are no fields: JSON without `data:`, or the rest of JSON that was written over several lines. */
  #strayLines: string[] = [];
  readonly #stray = new ValueRow();
  #emptyPieces = 0;

  constructor() {
    this.#parser = createParser({
      onEvent: ({ data, event }) => this.#takeData(data, event),
      onError: ({ type, line }) => this.#isEmptyTaken() && type === "unknown-field" && this.#takeStray(line ?? ""),
    });
  }

  /** The first 500 characters. */
  get head(): string {
    return this.#head.trim();
  }

  /** Whether a page for browsers came, or other markup. */
  get isPage(): boolean {
    return this.#mode === "page";
  }

  /** Whether it began with a JSON value of its own. */
  get isJson(): boolean {
    return this.#beganAsJson;
  }

  /** Takes in what has come, and gives the events in it. */
  feed(text: string): BodyEvent[] {
    if (this.#head.length < headCharacters) this.#head += text.slice(0, headCharacters - this.#head.length);
    if (this.#mode === "blank") this.#begin(text);
    else if (this.#mode === "json") this.#feedJson(text, 0);
    else if (this.#mode === "lines") this.#feedLines(text);
    return this.#events.splice(0);
  }

  /** Nothing follows: gives what was still held back. The last event needs no blank line behind it. */
  end(): BodyEvent[] {
    if (this.#mode === "lines") this.#feedLines("\n\n");
    this.#takeLines(this.#strayLines.splice(0));
    for (const row of [this.#json, this.#stray]) if (row.rest !== "") this.#events.push({ kind: "words", words: row.rest });
    return this.#events.splice(0);
  }

  #begin(text: string): void {
    const at = skipBlank(text, 0);
    if (at === text.length) return;
    this.#mode = isOpening(text, at) ? "json" : text[at] === "<" ? "page" : "lines";
    this.#beganAsJson = this.#mode === "json";
    if (this.#beganAsJson) this.#feedJson(text, at);
    // A line's field begins at its first column; blanks before the first are nobody's.
    else if (this.#mode === "lines") this.#feedLines(text.slice(at));
  }

  #feedJson(text: string, from: number): void {
    const end = this.#json.feed(text, from, (value) => this.#takeWhole(value));
    if (end === text.length) return;
    this.#mode = "lines";
    this.#feedLines(text.slice(end));
  }

  /** Each odd line is an error to the parser, and each word to JSON.parse. */
  #feedLines(text: string): void {
    withoutStacks(() => this.#parser.feed(text));
  }

  /** Whether one more piece that brings nothing may come. */
  #isEmptyTaken(): boolean {
    if (++this.#emptyPieces === mostEmptyPieces + 1) this.#events.push({ kind: "excess", excess: tooManyEmpty, isOfBody: true });
    return this.#emptyPieces <= mostEmptyPieces;
  }

  #takeData(data: string, name: string | undefined): void {
    const text = data.trim();
    const lines = this.#strayLines.splice(0);
    // Some write JSON over several lines and put `data:` before the first one only.
    if (lines.length > 0 && text !== "" && this.#takeValue([text, ...lines].join("\n"), name)) return;
    this.#takeLines(lines);
    if (text === "" || this.#takeValue(text, name)) return;
    const values = splitValues(text);
    if (values === undefined || !values.every((value) => this.#takeValue(value, name))) this.#takeWords(text, name);
  }

  #takeStray(line: string): void {
    const [, named] = /^\s*data\s*:(.*)$/i.exec(line) ?? [];
    if (named !== undefined && !this.#stray.isInside) return this.#takeData(named, undefined);
    if (this.#stray.isInside || (this.#strayLines.length === 0 && isOpening(line, skipBlank(line, 0)))) this.#takeLines([line]);
    else this.#strayLines.push(line);
  }

  /** JSON among lines that mean nothing. */
  #takeLines(lines: readonly string[]): void {
    for (const line of lines) {
      const at = skipBlank(line, 0);
      if (this.#stray.isInside || isOpening(line, at)) this.#stray.feed(`${line}\n`, at, (value) => this.#takeWhole(value));
    }
  }

  #takeWhole(value: string): void {
    if (!this.#takeValue(value, undefined)) this.#takeWords(value, undefined);
  }

  /** Whether a text is one JSON value, or the mark of the end. */
  #takeValue(text: string, name: string | undefined): boolean {
    if (/^["[]*done[\]"]*$/i.test(text)) {
      this.#events.push({ kind: "done" });
      return true;
    }
    if (text.length > pieceUnits) {
      this.#events.push({ kind: "long", text, name });
      return true;
    }
    const value = readJson(text);
    if (value === undefined) return false;
    const event = valuesOf(value, name);
    if (event.values.length > 0 || this.#isEmptyTaken()) this.#events.push(event);
    return true;
  }

  #takeWords(words: string, name: string | undefined): void {
    const events = wordsOf(words, name);
    if (events.length > 0 || this.#isEmptyTaken()) this.#events.push(...events);
  }
}

/** Reads a long text, in turns: the value or the values in it, or that it is none. */
export async function longEvents({ text, name }: LongText): Promise<ReadEvent[]> {
  const whole = await longValue(text, name);
  if (whole !== undefined) return [whole];
  const events: ReadEvent[] = [];
  for (const one of (await finishInTurns(splitSteps(text))) ?? []) {
    const read = await longValue(one, name);
    if (read === undefined) return wordsOf(text, name);
    events.push(read);
    await turns.next();
  }
  return events.length > 0 ? events : wordsOf(text, name);
}

/** undefined: the text is no JSON. */
async function longValue(text: string, name: string | undefined): Promise<ReadEvent | undefined> {
  const value = await readJsonInTurns(text, { told: () => {} });
  if (!(value instanceof JsonProblem)) return valuesOf(value, name);
  return value.excess === undefined ? undefined : { kind: "excess", excess: value.excess };
}

function valuesOf(value: Json, name: string | undefined): ReadEvent & { kind: "values" } {
  return { kind: "values", values: Array.isArray(value) ? value : [value], name };
}

function wordsOf(words: string, name: string | undefined): ReadEvent[] {
  if (isErrorName(name)) return [valuesOf(words, name)];
  return isKeepAlive(name) || isKeepAlive(words) ? [] : [{ kind: "words", words }];
}

/** JSON values one behind the other, in a text that comes in pieces. */
class ValueRow {
  #scan = new JsonScan();
  #parts: string[] = [];

  get isInside(): boolean {
    return this.#scan.isInside;
  }

  /** The beginning of a value that did not end. */
  get rest(): string {
    return this.#parts.join("");
  }

  /** Gives each value that ends; returns where something else than a value begins, or the text's length. */
  feed(text: string, from: number, take: (value: string) => unknown): number {
    let at = this.isInside ? from : skipBlank(text, from);
    while (at < text.length && (this.isInside || isOpening(text, at))) {
      const end = this.#scan.feed(text, at);
      this.#parts.push(text.slice(at, end < 0 ? text.length : end));
      if (end < 0) return text.length;
      take(this.#parts.splice(0).join(""));
      at = skipBlank(text, end);
    }
    return at;
  }
}

/** Whether an event's name says that it is an error. */
export function isErrorName(name: string | undefined): boolean {
  return name !== undefined && /(^|[._-])(error|exception|fail(ed|ure)?)$/i.test(name.trim());
}

function isKeepAlive(words: string | undefined): boolean {
  if (words === undefined || words.length > 40) return false;
  return /^[\s:"'.-]*(ping|pong|keep[-_ ]?alive|heart-?beat|undefined|none|nil|ok)?[\s:"'.-]*$/i.test(words);
}
