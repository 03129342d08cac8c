/** The one reader of bodies as text: for the graph's own requests, tools, sources of documents and model providers. */
import { isUtf8 } from "node:buffer";
import { TextDecoder } from "node:util";
import { ownTurn } from "#shared/own-turn.ts";
import { finishInTurns } from "#shared/pieces.ts";
import { isJsonType, isTextType, readMediaType, type MediaType } from "./media-type.ts";

// Names in use that the Encoding Standard does not know; all others that it does not know count as none.
const aliases: Readonly<Record<string, string>> = { "latin-1": "latin1", utf16: "utf-16", "utf16-le": "utf-16le", "utf16-be": "utf-16be" };

/**
 * A body as text. A byte order mark decides, then the charset of its label, else it is UTF-8, as it is where the label names a charset that
 * nobody knows. What does not fit becomes U+FFFD.
 */
export function bodyText(body: Uint8Array, contentType: string | undefined): string {
  return decoderFor(body, readMediaType(contentType)).decode(body);
}

/** As {@link bodyText}, and a long body piece by piece, each in a turn of the main loop of its own: of some charsets a MiB takes 20 ms. */
export function bodyTextInTurns(body: Uint8Array, contentType: string | undefined): Promise<string> {
  return decodedInTurns(decoderFor(body, readMediaType(contentType)), body);
}

/** A body of the pieces in which it came, copied in turns of the main loop: of 100 MiB that takes 0.1 s. */
export function joinedInTurns(chunks: readonly Uint8Array[]): Promise<Uint8Array> {
  return finishInTurns(
    (function* () {
      const body = Buffer.allocUnsafe(chunks.reduce((sum, { byteLength }) => sum + byteLength, 0));
      let at = 0;
      for (const chunk of chunks) {
        body.set(chunk, at);
        at += chunk.byteLength;
        yield;
      }
      return body;
    })(),
  );
}

/**
 * As {@link bodyTextInTurns}; undefined where the body is binary: its type promises no text and it is none, or it has U+0000 in it and is no JSON.
 */
export async function textOrBinary(body: Uint8Array, contentType: string | undefined): Promise<string | undefined> {
  const type = readMediaType(contentType);
  const decoder = decoderFor(body, type);
  if (isJsonType(type)) return decodedInTurns(decoder, body);
  const text = isTextType(type) ? await decodedInTurns(decoder, body) : await strictText(body, decoder.encoding);
  return text === undefined || text.includes("\u0000") ? undefined : text;
}

/** Bytes that are decoded at a stretch: 10 ms of the slowest charset, Shift_JIS. */
const pieceBytes = 512 << 10;
/** The same of UTF-8 that is whole: it takes a millisecond a MiB. */
const utf8Bytes = 8 << 20;

async function decodedInTurns(decoder: TextDecoder, body: Uint8Array): Promise<string> {
  const { byteLength } = body;
  if (byteLength <= pieceBytes || (byteLength <= utf8Bytes && decoder.encoding === "utf-8" && isUtf8(body))) return decoder.decode(body);
  const pieces: string[] = [];
  for (let at = 0; at < byteLength; at += pieceBytes) {
    await ownTurn();
    pieces.push(decoder.decode(body.subarray(at, at + pieceBytes), { stream: true }));
  }
  pieces.push(decoder.decode());
  return pieces.join("");
}

/** A body that comes in pieces, read as {@link bodyText} reads it whole. */
export class BodyTextStream {
  #head: Uint8Array[] = [];
  #decoder: { decode(bytes: Uint8Array, options: { stream: boolean }): string } | undefined;

  /** Takes a piece in, and gives the text that is whole of it. */
  push(bytes: Uint8Array, contentType: string | undefined): string {
    if (this.#decoder !== undefined) return this.#decoder.decode(bytes, { stream: true });
    this.#head.push(bytes);
    const size = this.#head.reduce((sum, { length }) => sum + length, 0);
    return size < headBytes ? "" : this.#open(contentType, { stream: true });
  }

  /** The body is at its end: gives what was held back. */
  end(contentType: string | undefined): string {
    return this.#decoder?.decode(new Uint8Array(), { stream: false }) ?? this.#open(contentType, { stream: false });
  }

  #open(contentType: string | undefined, options: { stream: boolean }): string {
    const head = Buffer.concat(this.#head.splice(0));
    const type = readMediaType(contentType);
    const decoder = decoderFor(head.subarray(0, headBytes), type);
    // Browsers read event streams as UTF-8 whatever the label says, so that nobody notices a wrong one.
    const isDoubtful = type.essence === "text/event-stream" && decoder.encoding !== "utf-8" && markedEncoding(head) === undefined;
    this.#decoder = isDoubtful ? new LineDecoder(decoder) : decoder;
    return this.#decoder.decode(head, options);
  }
}

/** As many bytes as tell a byte order mark, or the order of two of JSON's first characters. */
const headBytes = 4;
const lineFeed = 10;

/** Lines that are UTF-8, or what their label says. */
class LineDecoder {
  readonly #labelled: TextDecoder;
  #rest: Uint8Array[] = [];

  constructor(labelled: TextDecoder) {
    this.#labelled = labelled;
  }

  decode(bytes: Uint8Array, { stream }: { stream: boolean }): string {
    const cut = stream ? bytes.lastIndexOf(lineFeed) + 1 : bytes.length;
    if (cut === 0 && stream) return (this.#rest.push(bytes), "");
    const lines = Buffer.concat([...this.#rest, bytes.subarray(0, cut)]);
    this.#rest = [bytes.subarray(cut)];
    return isUtf8(lines) ? lines.toString("utf8") : this.#labelled.decode(lines);
  }
}

async function strictText(body: Uint8Array, encoding: string): Promise<string | undefined> {
  try {
    return await decodedInTurns(new TextDecoder(encoding, { fatal: true }), body);
  } catch {
    return undefined;
  }
}

function decoderFor(body: Uint8Array, type: MediaType): TextDecoder {
  const marked = markedEncoding(body);
  if (marked !== undefined) return new TextDecoder(marked);
  const label = type.charset?.toLowerCase() ?? "utf-8";
  const decoder = knownDecoder(aliases[label] ?? label) ?? new TextDecoder();
  // "utf-16" says nothing of the order, and JSON needs no label at all: its first character is ASCII.
  const isOpen = label === "utf-16" || type.charset === undefined || decoder.encoding === "utf-8";
  return isOpen && isJsonType(type) ? (unmarkedUtf16(body) ?? decoder) : decoder;
}

function knownDecoder(label: string): TextDecoder | undefined {
  try {
    return new TextDecoder(label);
  } catch {
    return undefined;
  }
}

function markedEncoding([first, second, third]: Uint8Array): string | undefined {
  if (first === 0xef && second === 0xbb && third === 0xbf) return "utf-8";
  if (first === 0xfe && second === 0xff) return "utf-16be";
  return first === 0xff && second === 0xfe ? "utf-16le" : undefined;
}

function unmarkedUtf16({ length, 0: first, 1: second }: Uint8Array): TextDecoder | undefined {
  if (length < 2 || length % 2 !== 0 || (first === 0) === (second === 0)) return undefined;
  return new TextDecoder(first === 0 ? "utf-16be" : "utf-16le");
}
