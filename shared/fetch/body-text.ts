/** The one reader of bodies as text: for tools, sources of documents and model providers. */
import { TextDecoder } from "node:util";
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

/** As {@link bodyText}; undefined where the body is binary: its type promises no text and it is none, or it has U+0000 in it and is no JSON. */
export function textOrBinary(body: Uint8Array, contentType: string | undefined): string | undefined {
  const type = readMediaType(contentType);
  const decoder = decoderFor(body, type);
  if (isJsonType(type)) return decoder.decode(body);
  const text = isTextType(type) ? decoder.decode(body) : strictText(body, decoder.encoding);
  return text === undefined || text.includes("\u0000") ? undefined : text;
}

function strictText(body: Uint8Array, encoding: string): string | undefined {
  try {
    return new TextDecoder(encoding, { fatal: true }).decode(body);
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
