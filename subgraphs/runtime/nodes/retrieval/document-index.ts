/**
 * Ranks documents for a query by BM25 (MiniSearch's BM25+), title before text. Words, and what else a word of the query finds for less, are those of the
 * search of memories (shared/words.ts), and so are the operators of a query (shared/search-query.ts).
 */
import MiniSearch from "minisearch";
import { isJsonObject, type Json, type JsonObject } from "#shared/json.ts";
import { admits, readQuery, type SearchQuery } from "#shared/search-query.ts";
import { wordsOf } from "#shared/words.ts";

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
  /** The best `topK`, the best first; equals in the order of the documents. Empty when no word of the query occurs, unless it has none but those that it leaves out. */
  search(query: string, topK: number): RetrievedDocument[];
}

/** Documents, read. */
export interface ReadDocuments {
  documents: RetrievableDocument[];
  /** How many had none: a text that is null counts as empty, what is no document at all is left out. */
  withoutText: number;
}

/**
 * Reads a list of documents: texts, or objects with `text` (or `content`), and perhaps `id` and `title`. One that is none does not spoil the others.
 * null: it is no such list.
 */
export function readDocuments(value: Json | undefined): ReadDocuments | null {
  if (!Array.isArray(value)) return null;
  const documents = value.map(readDocument).filter((document) => document !== null);
  if (documents.length === 0 && value.length > 0) return null;
  const withoutText = value.filter((item) => textOf(item) === null).length;
  return { documents, withoutText };
}

/** Indexes documents. @param isWanted  words for which it is false are not indexed; they count for the length of their document all the same. */
export function indexDocuments(documents: readonly RetrievableDocument[], isWanted = (_word: string) => true): DocumentIndex {
  const processTerm = (word: string) => (isWanted(word) ? word : null);
  // By position: ids are the author's and may repeat.
  const index = new MiniSearch<{ id: number; title: string; text: string }>({ fields: ["title", "text"], tokenize: wordsOf, processTerm });
  index.addAll(documents.map(({ title, text }, id) => ({ id, title, text })));
  return {
    search(query, topK) {
      const asked = readQuery(query);
      const { words, prefixes, stems } = soughtBy(asked);
      // All that is said is what they are not to have: all others fit alike.
      const isWithout = asked.terms.length === 0 && asked.excluded.length > 0;
      const found = index.search(isWithout ? MiniSearch.wildcard : query, {
        // A phrase stands in the title or in the text, not across both.
        filter: ({ id }) => admits(asked, [documents[id as number]!.title, documents[id as number]!.text]),
        boost: { title: 2 },
        tokenize: () => [...words, ...stems],
        processTerm: (word) => word,
        prefix: (word) => prefixes.has(word),
        boostTerm: (word) => (stems.has(word) ? 0.5 : 1),
      });
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
  return indexDocuments(documents, wordsFoundBy(readQuery(query))).search(query, topK);
}

/** What a query looks for. */
interface Sought {
  words: ReadonlySet<string>;
  /** Of the words, those that also find what begins with them. */
  prefixes: ReadonlySet<string>;
  /** Found for half, where they are not among the words. */
  stems: ReadonlySet<string>;
}

function soughtBy({ terms }: SearchQuery): Sought {
  const words = new Set(terms.map(({ word }) => word));
  const prefixes = new Set(terms.filter(({ word, upTo }) => upTo !== word).map(({ word }) => word));
  const stems = new Set(terms.flatMap((term) => term.stems).filter((stem) => !words.has(stem)));
  return { words, prefixes, stems };
}

/** Whether a query finds a word: it has the word, or a beginning of it. */
function wordsFoundBy(query: SearchQuery): (word: string) => boolean {
  const { words, prefixes, stems } = soughtBy(query);
  const lengths = [...new Set(Array.from(prefixes, ({ length }) => length))];
  return (word) =>
    words.has(word) || stems.has(word) || lengths.some((length) => length < word.length && prefixes.has(word.slice(0, length)));
}

function readDocument(value: Json, position: number): RetrievableDocument | null {
  const text = textOf(value);
  const source = isJsonObject(value) ? value : {};
  if (text === null && !isTextless(source)) return null;
  const { id, title } = source;
  return {
    ...source,
    id: typeof id === "string" || typeof id === "number" ? String(id) : String(position),
    title: typeof title === "string" ? title : "",
    text: text ?? "",
  };
}

/** The text of what may be a document; null: it has none. */
function textOf(value: Json): string | null {
  const text = isJsonObject(value) ? (value["text"] ?? value["content"]) : value;
  return typeof text === "string" ? text : null;
}

/** Whether it says itself that it has no text. */
function isTextless({ text, content }: JsonObject): boolean {
  return (text === null && (content === undefined || content === null)) || (text === undefined && content === null);
}
