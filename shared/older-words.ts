/**
 * Words of a query as memories of before keep them. Migration 0008 of memory folds those that are there; processes of the version before, which may write beside
 * new ones, go on with theirs, and what had a character that nobody sees stays cut at it. So a query asks for its words as that version would have, too: what was found
 * by a spelling is found by it still. Once no such process is left, only what had such a character needs it.
 */
import { maxTerms, olderPiecesOf, piecesOf, termsOf, type OlderRange, type SearchTerm } from "./words.ts";

/** Ranges of older words that a query asks for: as many as its own words have. */
const maxOlder = 4 * maxTerms;

/** The words of texts, each once, in their order, 64 at most, with those that they were before. */
export function termsWithOlder(texts: readonly string[]): SearchTerm[] {
  const terms = new Map<string, SearchTerm>();
  let room = maxOlder;
  for (const term of [...new Set(texts)].flatMap(termsOfText)) {
    if (!terms.has(term.word) && terms.size >= maxTerms) continue;
    const known = terms.get(term.word)?.older ?? [];
    const others = term.older.filter(({ low }) => known.every((range) => range.low !== low)).slice(0, room);
    room -= others.length;
    terms.set(term.word, { ...term, older: [...known, ...others] });
  }
  return [...terms.values()];
}

/** The words of a text, with those that they were before; where they were more, the first has them all. */
export function termsOfText(text: string): SearchTerm[] {
  const terms = piecesOf(text).flatMap(termsOf);
  const older = olderPiecesOf(text).flatMap(termsOf);
  if (older.length === terms.length) return terms.map((term, index) => withOlder(term, rangesOf(older[index]!)));
  return terms.map((term, index) =>
    index > 0
      ? term
      : withOlder(
          term,
          older.map(({ word }) => ({ low: word, high: word, word: term.word })),
        ),
  );
}

/** Whether a text was as many pieces before as it is now. */
export function isCutAsBefore(text: string): boolean {
  return piecesOf(text).length === olderPiecesOf(text).length;
}

function rangesOf({ word, upTo, stems }: SearchTerm): OlderRange[] {
  return [{ low: word, high: upTo, word }, ...stems.map((stem) => ({ low: stem, high: stem, word }))];
}

function withOlder(term: SearchTerm, ranges: readonly OlderRange[]): SearchTerm {
  const own = [term.word, ...term.stems];
  const others = new Map(ranges.filter(({ low }) => !own.includes(low)).map((range) => [range.low, range]));
  return { ...term, older: [...others.values()] };
}
