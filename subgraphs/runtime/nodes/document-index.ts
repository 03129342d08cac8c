/**
 * Ranks documents for a query by BM25 (MiniSearch's BM25+), title before text. Words are compared without regard to case; a longer query
 * word also finds words that begin with it, for less.
 */
import MiniSearch from "minisearch";
import { isJsonObject, type Json, type JsonObject } from "#shared/json.ts";

/** A document as a retriever takes it; whatever else it has is given back with it. */
export interface RetrievableDocument extends JsonObject {
  id: string;
  title: string;
  text: string;
}

/** A found document and how well it fits; scores compare within one query only. */
export type RetrievedDocument = RetrievableDocument & { score: number };

/** Documents ready to be asked. */
export interface DocumentIndex {
  /** The best `topK`, the best first; equals in the order of the documents. Empty when no word of the query occurs. */
  search(query: string, topK: number): RetrievedDocument[];
}

/**
 * Reads a list of documents: texts, or objects with `text` (or `content`), and perhaps `id` and `title`. null: it is no such list.
 */
export function readDocuments(value: Json | undefined): RetrievableDocument[] | null {
  if (!Array.isArray(value)) return null;
  const documents = value.map(readDocument);
  return documents.every((document) => document !== null) ? documents : null;
}

/** Indexes documents. @param isWanted  words for which it is false are not indexed; they count for the length of their document all the same. */
export function indexDocuments(documents: readonly RetrievableDocument[], isWanted = (_word: string) => true): DocumentIndex {
  const processTerm = (term: string) => {
    const word = term.toLowerCase();
    return isWanted(word) ? word : null;
  };
  // By position: ids are the author's and may repeat.
  const index = new MiniSearch<{ id: number; title: string; text: string }>({ fields: ["title", "text"], tokenize: words, processTerm });
  index.addAll(documents.map(({ title, text }, id) => ({ id, title, text })));
  return {
    search(query, topK) {
      const found = index.search(query, { boost: { title: 2 }, prefix: (term) => term.length >= minPrefixLength, tokenize: words });
      return found
        .sort((a, b) => b.score - a.score || (a.id as number) - (b.id as number))
        .slice(0, topK)
        .flatMap(({ id, score }) => {
          const document = documents[id as number];
          return document ? [{ ...document, score }] : [];
        });
    },
  };
}

/**
 * Searches documents that are asked once: of their words only those go into the index that the query may find. The outcome is that of an index of
 * all words, which takes ten times as long and, of documents of some megabytes, hundreds of megabytes.
 */
export function searchOnce(documents: readonly RetrievableDocument[], query: string, topK: number): RetrievedDocument[] {
  return indexDocuments(documents, wordsFoundBy(query)).search(query, topK);
}

const minPrefixLength = 4;

/** Whether a query finds a word: it has the word, or a longer beginning of it. */
function wordsFoundBy(query: string): (word: string) => boolean {
  const asked = new Set(words(query).map((word) => word.toLowerCase()));
  const lengths = [...new Set(Array.from(asked, ({ length }) => length))].filter((length) => length >= minPrefixLength);
  return (word) => asked.has(word) || lengths.some((length) => length < word.length && asked.has(word.slice(0, length)));
}

function readDocument(value: Json, position: number): RetrievableDocument | null {
  const source = typeof value === "string" ? { text: value } : value;
  if (!isJsonObject(source)) return null;
  const { id, title, text = source["content"] } = source;
  if (typeof text !== "string") return null;
  return {
    ...source,
    id: typeof id === "string" || typeof id === "number" ? String(id) : String(position),
    title: typeof title === "string" ? title : "",
    text,
  };
}

// Scripts that put no spaces between words; only for them is the slower segmenter worth its time.
const unspaced = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}\p{Script=Khmer}\p{Script=Lao}]/u;
const segmenter = new Intl.Segmenter(undefined, { granularity: "word" });

function words(text: string): string[] {
  const normal = text.normalize("NFKC");
  if (!unspaced.test(normal)) return normal.split(/[^\p{L}\p{N}\p{M}]+/u);
  return Array.from(segmenter.segment(normal), ({ segment, isWordLike }) => (isWordLike ? segment : "")).filter((word) => word !== "");
}
