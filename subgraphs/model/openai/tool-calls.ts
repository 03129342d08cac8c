/**
 * Tool calls put together from their pieces. A piece belongs to the call of its id; else to that of its index; else to the last one. A name begins
 * a new call where the arguments of that one are whole, and where its id or its index is another's. The same name again adds nothing, and a piece
 * without a name never begins a call: servers give all calls index 0, give each piece a new id, or repeat name and id with each.
 */
import { Turns } from "#shared/evaluation/turns.ts";
import type { Json } from "#shared/json.ts";
import { JsonProblem, readJsonInTurns } from "#shared/json-reader.ts";
import type { ScrubbedStream, Scrubber } from "#shared/secret/scrub.ts";
import type { ChatToolCall } from "../chat.types.ts";
import type { CallPiece } from "./answer-piece.ts";
import { JsonScan, skipBlank } from "./json-scan.ts";
import { WholeCharacters } from "./whole-characters.ts";

/** Calls of all answers: many are read at once. */
const turns = new Turns();

/** A piece of a tool call, as it is shown. */
export type ToolCallDelta = { index: number; id: string | null; name: string | null; arguments: string | null };

/** The calls of one answer. */
export class ToolCalls {
  readonly #calls: OneCall[] = [];
  readonly #byId = new Map<string, OneCall>();
  readonly #byIndex = new Map<number, OneCall>();
  readonly #scrubber: Scrubber;

  /** @param scrubber  takes the provider's own secrets out of all that is shown. */
  constructor(scrubber: Scrubber) {
    this.#scrubber = scrubber;
  }

  /** Takes a piece of a stream in; undefined where it brings nothing new. In steps, for it may be of many megabytes. */
  *take(piece: CallPiece): Generator<void, ToolCallDelta | undefined> {
    const current = this.#currentOf(piece);
    if (current === undefined || beginsAnother(current, piece)) return yield* this.#begin(piece);
    if (current.isWhole && piece.name !== "") {
      current.isNamedAgain = piece.id === "" || isOfOtherIndex(current, piece);
      return undefined;
    }
    if (current.isNamedAgain && piece.arguments.trim() !== "") return yield* this.#begin({ ...piece, name: current.name });
    this.#remember(current, piece);
    return yield* current.add(piece);
  }

  /** Takes a call of a message in. Without an index it is whole, and one of its own unless it came before. */
  *takeWhole(piece: CallPiece): Generator<void, ToolCallDelta | undefined> {
    if (piece.index !== undefined) return yield* this.take(piece);
    const known = piece.id === "" ? undefined : this.#byId.get(piece.id);
    const isKnown = known?.name === piece.name && known.text === piece.arguments;
    return isKnown ? undefined : yield* this.#begin(piece);
  }

  /** How many there are so far. */
  get count(): number {
    return this.#calls.length;
  }

  /** Whether all arguments have come to their end. */
  get areWhole(): boolean {
    return this.#calls.every(({ isWhole, text }) => isWhole || text === "");
  }

  /** What still waits of their names and arguments, for it might have been the beginning of a secret. */
  rest(): ToolCallDelta[] {
    return this.#calls.flatMap((call) => call.end() ?? []);
  }

  /** The calls, each with an id of its own. Something without name and arguments is none. Read in turns: they may be many, and each of many megabytes. */
  async finish(): Promise<ChatToolCall[]> {
    const ids = new Set<string>();
    const made: ChatToolCall[] = [];
    const { text, jsonInTurns } = this.#scrubber;
    for (const call of this.#calls) {
      if (call.name === "" && call.text === "") continue;
      await turns.next();
      const { length: index } = made;
      const id = call.id === "" ? `call_${index}` : ids.has(call.id) ? `${call.id}_${index}` : call.id;
      ids.add(id);
      made.push({ id: text(id), name: text(call.name), arguments: await jsonInTurns(await parseArguments(call.text)) });
    }
    return made;
  }

  #currentOf({ id, index }: CallPiece): OneCall | undefined {
    const byId = id === "" ? undefined : this.#byId.get(id);
    if (byId !== undefined) return byId;
    return (index === undefined ? undefined : this.#byIndex.get(index)) ?? this.#calls.at(-1);
  }

  *#begin(piece: CallPiece): Generator<void, ToolCallDelta> {
    const call = new OneCall(this.#calls.length, this.#scrubber);
    this.#calls.push(call);
    this.#remember(call, piece);
    return yield* call.add(piece);
  }

  #remember(call: OneCall, { id, index }: CallPiece): void {
    if (index !== undefined) {
      this.#byIndex.set(index, call);
      call.index ??= index;
    }
    if (id !== "" && (call.id === "" || call.id === id)) this.#byId.set(id, call);
  }
}

/** One call, as far as it has come. */
class OneCall {
  /** Among the calls of the answer. */
  readonly #place: number;
  id = "";
  name = "";
  /** It was whole, and its name came once more: what follows is another call of the same function. */
  isNamedAgain = false;
  /** The provider's; undefined where it gave none. */
  index: number | undefined;
  readonly #characters = new WholeCharacters();
  readonly #scrubber: Scrubber;
  readonly #shownName: ScrubbedStream;
  readonly #shownText: ScrubbedStream;
  #scan = new JsonScan();
  #parts: string[] = [];
  #isWhole = false;

  constructor(place: number, scrubber: Scrubber) {
    this.#place = place;
    this.#scrubber = scrubber;
    this.#shownName = scrubber.stream();
    this.#shownText = scrubber.stream();
  }

  /** Whether anything of its arguments has come. */
  get hasBegun(): boolean {
    return this.#parts.length > 0;
  }

  /** Whether its arguments are a JSON object or a list, from its beginning to its end. */
  get isWhole(): boolean {
    return this.#isWhole;
  }

  get text(): string {
    if (this.#parts.length > 1) this.#parts = [this.#parts.join("")];
    return this.#parts[0] ?? "";
  }

  *add({ id, name: named, arguments: given }: CallPiece): Generator<void, ToolCallDelta> {
    const isNewId = this.id === "" && id !== "";
    if (isNewId) this.id = id;
    // A name may come in pieces too.
    const more = named === this.name ? "" : named;
    this.name += more;
    const text = this.#characters.push(given);
    yield* this.#addArguments(text);
    const name = this.#shownName.push(more);
    const shown = { name: name === "" ? null : name, arguments: this.#shownText.push(text) };
    return { index: this.#place, id: isNewId ? this.#scrubber.text(id) : null, ...shown };
  }

  /** What waits; undefined where nothing does. */
  end(): ToolCallDelta | undefined {
    const [name, text] = [this.#shownName.end(), this.#shownText.end()];
    if (name === "" && text === "") return undefined;
    return { index: this.#place, id: null, name: name === "" ? null : name, arguments: text };
  }

  *#addArguments(text: string): Generator<void, void> {
    if (text === "") return;
    // Some begin with an empty object, and stream the arguments behind it.
    if (this.#isWhole && this.#parts.length === 1 && this.#parts[0]?.trim() === "{}" && text.trim() !== "") this.#parts = [];
    this.#parts.push(text);
    const end = yield* this.#scan.steps(text);
    this.#isWhole = end < 0 ? this.#isWhole && skipBlank(text, 0) === text.length : skipBlank(text, end) === text.length;
  }
}

/** Whether a piece is of another call than that which it would belong to. */
function beginsAnother(current: OneCall, piece: CallPiece): boolean {
  const { id, name, arguments: text } = piece;
  if (name === "") return false;
  const isSameId = id !== "" && id === current.id;
  const isOtherId = id !== "" && current.id !== "" && !isSameId;
  const isOtherIndex = isOfOtherIndex(current, piece);
  // The name of a call may come behind its id; but not under another id, in another place.
  if (current.name === "") return isOtherIndex && isOtherId;
  if (isOtherIndex && !isSameId) return true;
  const isOtherName = name !== current.name;
  // Two calls of one function without arguments: a piece that brought nothing else would bring nothing at all.
  if (!current.isWhole && !isOtherName) return isOtherId && !current.hasBegun && text.trim() === "";
  if (!current.isWhole) return isOtherId || current.hasBegun;
  const isRepeated = isSameId && text === current.text;
  return isOtherName || isOtherId || (text.trim() !== "" && !isRepeated);
}

function isOfOtherIndex(current: OneCall, { index }: CallPiece): boolean {
  return index !== undefined && current.index !== undefined && index !== current.index;
}

/** Models write broken JSON at times: the caller gets the text and can say so to the model. */
async function parseArguments(text: string): Promise<Json> {
  if (text.trim() === "") return {};
  const value = await readArguments(text);
  if (value === undefined) return text;
  // Some write JSON into the text of JSON.
  const inner = typeof value === "string" && value.trim().startsWith("{") ? await readArguments(value) : undefined;
  return inner ?? value;
}

/** undefined: it is no JSON, or has more values than a model's arguments may. */
async function readArguments(text: string): Promise<Json | undefined> {
  const value = await readJsonInTurns(text, { told: () => {} });
  return value instanceof JsonProblem ? undefined : value;
}
