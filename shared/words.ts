/**
 * What a search knows of a text: its words, without case and accents, `ß` as `ss` (letters.ts); an emoji is a word. Scripts that are written without spaces, or that add endings to
 * words (Chinese, Japanese, Thai, Korean, ...), are cut into pairs of characters, so that any part of a sentence is found. The search of memories and that
 * of documents both look for these, so what the one finds the other finds. Memories keep their words: what is cut another way is not found in old ones.
 */
import { foldLetters, foldOlderLetters } from "./letters.ts";

/** Words that count in a query. */
export const maxTerms = 64;
const maxWordLength = 64;
/** Sorts behind whatever begins with the same characters (in the C collation). */
const last = "\u{10FFFF}";

/** Characters of scripts without spaces between words, as a class of a regular expression has them. */
export const unspaced = String.raw`\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}ー`;
const emoji = String.raw`\p{Regional_Indicator}{2}|\p{Extended_Pictographic}`;
const pieces = new RegExp(`[${unspaced}]+|${emoji}|(?:(?![${unspaced}])[\\p{L}\\p{N}\\p{M}])+`, "gu");
const startsUnspaced = new RegExp(`^[${unspaced}]`, "u");
/**
 * Accents, how an emoji is drawn, and what Hebrew and Arabic may be written without: points, vowel signs, the line that makes a word longer. The marks of
 * other scripts are letters of their own.
 */
const accents = new RegExp(
  String.raw`[\u0300-\u036f\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7\u0640\u064b-\u0652\u0670\ufe00-\ufe0f\u20e3]`,
  "g",
);
/** Where a line may be broken within a word, and marks that nobody sees: a word that was copied from a page has them. */
const unseen = /[\u00ad\u2060\ufeff]/g;
/** Written at a noun, of which it is no part: `القهوة` is the coffee, and so is `הקפה`. */
const articles = [
  { of: /^\p{Script=Arabic}+$/u, article: "ال" },
  { of: /^\p{Script=Hebrew}+$/u, article: "ה" },
];
const isAscii = /^[\0-\x7f]*$/;
/**
 * More marks in a row than any language has, Unicode's own bound of them (UAX 15, Stream-Safe Text). To put marks in order takes the square of their number:
 * 50,000 took 2 s, and texts are looked at in main loops. The two of half-width katakana are letters that become marks.
 */
const tooManyMarks = /([\p{M}\uff9e\uff9f]{30})[\p{M}\uff9e\uff9f]+/gu;

/** The words of a text, in its order. */
export function wordsOf(text: string): string[] {
  return piecesOf(text).flatMap((piece) => {
    if (!isUnspaced(piece)) return cut(piece);
    const characters = [...piece];
    // The last character begins no pair: alone it is found by a query for it.
    return [...pairsOf(characters), characters.at(-1)!];
  });
}

/** Whether a piece is cut into pairs of characters. */
export function isUnspaced(piece: string): boolean {
  return startsUnspaced.test(piece);
}

/** The words of a text one after another, of scripts without spaces the characters: where these follow each other, the text has the phrase. */
export function charactersOf(text: string): string[] {
  return piecesOf(text).flatMap((piece) => (isUnspaced(piece) ? [...piece] : [cut(piece)]));
}

/** How often each word stands in a text. */
export function countWords(text: string): Map<string, number> {
  const counts = new Map<string, number>();
  for (const word of wordsOf(text)) counts.set(word, (counts.get(word) ?? 0) + 1);
  return counts;
}

/** A word that is looked for. */
export interface SearchTerm {
  /** Found as it is: counts fully. */
  word: string;
  /** Found in this range too, such as all that begins with the word: counts half. Equal to `word`: nothing else. */
  upTo: string;
  /** Found as these too, half: the word without its ending. */
  stems: string[];
  /** Found in these ranges too where words were kept before they were cut as today (older-words.ts); of the search of memories alone. */
  older: OlderRange[];
}

/** Words of memories from before. */
export interface OlderRange {
  low: string;
  high: string;
  /** That of them which counts fully; the others, half. */
  word: string;
}

/** The words of a query, each once, in its order. */
export function searchTerms(query: string): SearchTerm[] {
  const terms = new Map<string, SearchTerm>();
  for (const piece of piecesOf(query)) {
    for (const term of termsOf(piece)) terms.set(term.word, term);
    if (terms.size >= maxTerms) break;
  }
  return [...terms.values()].slice(0, maxTerms);
}

/** What a piece of a query looks for: a word, or the pairs of its characters. */
export function termsOf(piece: string): SearchTerm[] {
  if (!isUnspaced(piece)) return [spacedTerm(cut(piece))];
  const characters = [...piece];
  if (characters.length === 1) return [{ word: piece, upTo: piece + last, stems: [], older: [] }];
  return pairsOf(characters).map((pair) => ({ word: pair, upTo: pair, stems: [], older: [] }));
}

/**
 * Of a word of three letters or more whatever begins with it counts too; of one of five or more also the word less one or two letters. Arabic and Hebrew words
 * are also those with the article, or without.
 */
function spacedTerm(word: string): SearchTerm {
  const upTo = word.length >= 3 ? word + last : word;
  const stems = word.length >= 5 ? [word.slice(0, -1), word.slice(0, -2)] : [];
  return { word, upTo, stems: [...stems, ...withArticle(word)], older: [] };
}

function withArticle(word: string): string[] {
  const article = articles.find(({ of }) => of.test(word))?.article;
  if (article === undefined || word.length < 3) return [];
  return word.startsWith(article) && word.length >= article.length + 3 ? [word.slice(article.length)] : [article + word];
}

/** A text cut where words end; what is written without spaces between them is one piece. */
export function piecesOf(text: string): string[] {
  if (isAscii.test(text)) return text.toLowerCase().match(/[a-z0-9]+/g) ?? [];
  return foldLetters(normalized(withoutAccents(text).replace(unseen, ""))).match(pieces) ?? [];
}

/** The same as memories' words were cut before migration 0008 of memory: letters less folded, and two pieces where one has a character that nobody sees. */
export function olderPiecesOf(text: string): string[] {
  if (isAscii.test(text)) return piecesOf(text);
  return foldOlderLetters(normalized(withoutAccents(text))).match(pieces) ?? [];
}

function withoutAccents(text: string): string {
  return normalized(text).toLowerCase().normalize("NFKD").replace(accents, "");
}

/** Each time anew: where letters between marks were taken away, more of these stand in a row. */
function normalized(text: string): string {
  return text.replace(tooManyMarks, "$1").normalize("NFKC");
}

function pairsOf(characters: readonly string[]): string[] {
  return characters.slice(1).map((character, index) => characters[index]! + character);
}

function cut(word: string): string {
  return word.length <= maxWordLength ? word : [...word].slice(0, maxWordLength).join("");
}
