/** A word of a query that no memory has may be misspelt: then words that memories have, and that differ by one letter, are looked for too. */
import type { Choice } from "#shared/search-query.ts";
import type { SearchTerm } from "#shared/words.ts";
import type { FoundByWords, MemorySearch, ScoredMemory } from "./memory-search.sql.ts";
import { wordsThere } from "./memory-words.sql.ts";
import type { Read } from "./noted.ts";
import { misspellings } from "./typos.ts";

/** Words of a query that are tried; the longest say most. */
const triedWords = 3;

/** Searches; and once more where misspelt words became others. */
export async function withTypos(
  read: Read,
  search: MemorySearch,
  find: (search: MemorySearch) => Promise<FoundByWords>,
): Promise<ScoredMemory[]> {
  const { hits, terms } = await find(search);
  const unknown = search.query.terms.filter((_, index) => !terms.includes(index)).map(({ word }) => word);
  const tried = unknown.toSorted((a, b) => b.length - a.length).slice(0, triedWords);
  const meant = await meantBy(read, search, tried);
  if (meant.size === 0) return hits;
  const { terms: misspelt, required } = search.query;
  const correct = (term: SearchTerm): SearchTerm => ({ ...term, stems: [...term.stems, ...(meant.get(term.word) ?? [])] });
  const choose = (choice: Choice) => ("term" in choice ? { term: correct(choice.term) } : choice);
  const query = { ...search.query, terms: misspelt.map(correct), required: required.map((group) => group.map(choose)) };
  return (await find({ ...search, query })).hits;
}

/** By misspelt word, the words of memories in the scope that may be meant. */
async function meantBy(read: Read, search: MemorySearch, words: readonly string[]): Promise<Map<string, string[]>> {
  const near = new Map(words.map((word) => [word, misspellings(word)]));
  const all = [...new Set([...near.values()].flat())];
  if (all.length === 0) return new Map();
  const there = new Set(await read((tx) => wordsThere(tx, search, all)));
  const meant = [...near].map(([word, others]) => [word, others.filter((other) => there.has(other))] as const);
  return new Map(meant.filter(([, others]) => others.length > 0));
}
