/**
 * What somebody looks for, with the operators that web searches have: `"a phrase"` and its words stand side by side, `-word` (or `-"a phrase"`) and what has
 * it is left out, `this OR that` (or `|`) and one of them is there. Without operators any word finds. The search of memories and that of documents read
 * queries by this; what the one leaves out the other does.
 */
import { isCutAsBefore, termsOfText, termsWithOlder } from "./older-words.ts";
import { charactersOf, isUnspaced, maxTerms, olderPiecesOf, piecesOf, termsOf, unspaced, type SearchTerm } from "./words.ts";

/** Words side by side. */
export interface Phrase {
  /** As {@link charactersOf} cuts them; at most 64. */
  sequence: string[];
  /** Words of an index that a text with the phrase has, each in a range, and no more of them than its sequence has; where it is more than one, only the text tells whether they stand side by side. */
  ranges: WordRange[];
  /** The same in memories whose words were kept before they were cut as today (older-words.ts); empty: they are the same. */
  older: WordRange[];
}

interface WordRange {
  low: string;
  high: string;
}

/** One of what a text must have: a phrase, or a word as it finds, by its beginning too. */
export type Choice = { phrase: Phrase } | { term: SearchTerm };

/** A query, read. */
export interface SearchQuery {
  /** What it is without operators, and without that which is left out. */
  text: string;
  /** Words that find, at most 64. */
  terms: SearchTerm[];
  /** Of each group a text has one choice at least. */
  required: Choice[][];
  /** No text has one of these. */
  excluded: Phrase[];
}

/** A part of a query: what stands between spaces, or between quotes. */
interface Unit {
  text: string;
  kind: "plain" | "quoted" | "excluded";
  /** Of its words, of scripts without spaces characters, so many stand in an operator. */
  most: number;
}

/** Of words that repeat, and of what has none, no more are read. */
const maxUnits = 20_000;
// A quote behind a letter or a digit closes, or means inches; behind letters of scripts without spaces it may open.
const opening = String.raw`(?:[“„]|(?<![[\p{L}\p{N}]--[${unspaced}]])["＂”])`;
const unitPattern = new RegExp(String.raw`(?<minus>(?<!\S)[\-－−])?${opening}(?<quoted>[^"＂“”„]*)["＂“”]|(?<word>[^\s"＂“”„]+)`, "gv");
const minus = /^[-－−](?=[\p{L}\p{N}\p{Extended_Pictographic}])/u;
const or = /^(?:OR|\||｜)$/;

/** Reads a query. Its first 64 different words count, those that are left out among them, and the first 64 that stand in operators, repeated or not. */
export function readQuery(query: string): SearchQuery {
  const groups = groupsOf(query);
  const found = groups.filter(([first]) => first!.kind !== "excluded");
  const excluded = groups.filter(([first]) => first!.kind === "excluded").flat();
  const required = found.filter((group) => group.length > 1 || group[0]!.kind === "quoted");
  const texts = found.flat().map(({ text }) => text);
  return {
    text: excluded.length + required.length === 0 ? query : texts.join(" "),
    terms: termsWithOlder(texts),
    required: required.map((group) => group.map(choiceOf)),
    excluded: excluded.map(phraseOf),
  };
}

/** Whether texts of one thing have, together, what a query requires and nothing that it leaves out; how well it fits is not asked. */
export function admits({ required, excluded }: SearchQuery, texts: readonly string[]): boolean {
  if (required.length + excluded.length === 0) return true;
  const words = texts.map((text) => `\n${charactersOf(text).join("\n")}\n`).join("\n");
  const has = ({ sequence }: Phrase) => words.includes(`\n${sequence.join("\n")}\n`);
  const hasTerm = ({ word, upTo, stems }: SearchTerm) =>
    words.includes(upTo === word ? `\n${word}\n` : `\n${word}`) || stems.some((stem) => words.includes(`\n${stem}\n`));
  return (
    !excluded.some(has) &&
    required.every((group) => group.some((choice) => ("phrase" in choice ? has(choice.phrase) : hasTerm(choice.term))))
  );
}

/** Whether an index of words cannot say all of what a query requires and leaves out: where words of a phrase stand it does not know. */
export function asksForText({ required, excluded }: SearchQuery): boolean {
  const isLong = ({ ranges, older }: Phrase) => ranges.length > 1 || older.length > 1;
  return excluded.some(isLong) || required.flat().some((choice) => "phrase" in choice && isLong(choice.phrase));
}

/** A text as a query of its words alone, for what people say is no query: they quote, and they count below zero. */
export function withoutOperators(text: string): string {
  // Quotes first: behind one a minus begins a word.
  return text
    .replace(/["＂“”„|｜]/g, " ")
    .replace(/(?<!\S)[-－−]+/g, " ")
    .replace(/(?<!\S)OR(?!\S)/g, "or");
}

/** The parts of a query; those that OR stands between are a group. OR that stands between no two is a word. */
function groupsOf(query: string): Unit[][] {
  const groups: Unit[][] = [];
  let joins: Unit | undefined;
  const words = new Set<string>();
  let room = maxTerms;
  for (const unit of unitsOf(query)) {
    if (words.size >= maxTerms || room <= 0) break;
    const before = groups.at(-1);
    if (joins === undefined && unit.kind === "plain" && or.test(unit.text)) {
      joins = unit;
      continue;
    }
    const pieces = piecesOf(unit.text);
    if (pieces.length === 0) continue;
    // Cut, it would leave out more than is asked for. Of one that is longer than all there is room for, the first words say enough.
    if (unit.kind === "excluded" && room < maxTerms && charactersOf(unit.text).length > room) break;
    for (const piece of pieces) words.add(piece);
    const isJoined = joins !== undefined && before !== undefined && [unit, before[0]!].every(({ kind }) => kind !== "excluded");
    // A word becomes part of an operator by the OR behind it.
    if (isJoined && before.length === 1 && before[0]!.kind === "plain") room -= cutTo(before[0]!, room);
    if (isJoined || unit.kind !== "plain") room -= cutTo(unit, room);
    if (isJoined) before.push(unit);
    else groups.push(...wordOf(joins), [unit]);
    joins = undefined;
  }
  return [...groups, ...wordOf(joins)];
}

/** Lets words of a part stand in an operator, as many as there is room for, and one at least. @returns how many do */
function cutTo(unit: Unit, room: number): number {
  unit.most = Math.max(1, Math.min(charactersOf(unit.text).length, room));
  return unit.most;
}

function wordOf(unit: Unit | undefined): Unit[][] {
  return unit === undefined || piecesOf(unit.text).length === 0 ? [] : [[unit]];
}

function* unitsOf(query: string): Generator<Unit> {
  let read = 0;
  for (const { groups: { minus: isMinus, quoted, word = "" } = {}, index } of query.matchAll(unitPattern)) {
    if (read++ >= maxUnits) return;
    if (quoted !== undefined) yield { text: quoted, kind: isMinus ? "excluded" : "quoted", most: 0 };
    else if (minus.test(word) && /^\s?$/.test(query.charAt(index - 1))) yield { text: word.slice(1), kind: "excluded", most: 0 };
    else yield { text: word, kind: "plain", most: 0 };
  }
}

function choiceOf(unit: Unit): Choice {
  const pieces = piecesOf(unit.text);
  const isWord = unit.kind === "plain" && pieces.length === 1 && !isUnspaced(pieces[0]!) && isCutAsBefore(unit.text);
  return isWord ? { term: termsOfText(unit.text)[0]! } : { phrase: phraseOf(unit) };
}

function phraseOf({ text, most }: Unit): Phrase {
  const ranges = rangesOf(firstOf(piecesOf(text), most));
  // Where one word was two, both: then the text is asked.
  const older = rangesOf(firstOf(olderPiecesOf(text), isCutAsBefore(text) ? most : most + 1));
  const isAsBefore = older.length === ranges.length && older.every(({ low }, index) => low === ranges[index]!.low);
  return { sequence: charactersOf(text).slice(0, most), ranges, older: isAsBefore ? [] : older };
}

function rangesOf(pieces: readonly string[]): WordRange[] {
  return pieces.flatMap((piece) => termsOf(piece).map(({ word, upTo }) => ({ low: word, high: isUnspaced(piece) ? upTo : word })));
}

/** The first pieces of a text that have so many words together, of scripts without spaces characters; the last of them is cut. */
function firstOf(pieces: readonly string[], most: number): string[] {
  let room = most;
  return pieces.flatMap((piece) => {
    const kept = (isUnspaced(piece) ? [...piece] : [piece]).slice(0, room);
    room -= kept.length;
    return kept.length === 0 ? [] : [kept.join("")];
  });
}
