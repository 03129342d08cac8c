import type { Choice, Phrase, SearchQuery } from "#shared/search-query.ts";
import type { SearchTerm } from "#shared/words.ts";

/** What a query requires and leaves out, as far as the index of words knows it. */
export interface QueryConditions {
  /** What follows a condition: empty, or begins with `and`. */
  sql: string;
  values: (string | string[])[];
}

/** Looks that the planner may join. It tries in which order: for 64 of them, which a phrase may have, it took a second, and they find nothing more. */
const mostJoined = 8;

/**
 * The conditions of a query on a memory. That words of a phrase stand side by side they do not ask. Index: primary key (memory_id, word).
 *
 * @param memoryId  SQL of the memory's id
 * @param after  how many parameters the statement has before
 */
export function queryConditions({ required, excluded }: SearchQuery, memoryId: string, after: number): QueryConditions {
  const values: QueryConditions["values"] = [];
  const place = (value: string | string[]) => `$${after + values.push(value)}`;
  // With an offset a look stays one of its own: it is made where those before it have found theirs.
  const offset = looksOf({ required, excluded }) > mostJoined ? " offset 0" : "";
  const hasWhere = (condition: string) =>
    `exists (select from memory.memory_word h where h.tenant_id = $1 and h.memory_id = ${memoryId} and ${condition}${offset})`;
  const has = ({ low, high }: { low: string; high: string }) => hasWhere(`h.word >= ${place(low)} and h.word <= ${place(high)}`);
  const hasAll = (ranges: Phrase["ranges"]) => `(${ranges.map(has).join(" and ")})`;
  const waysOf = ({ ranges, older }: Phrase) => [ranges, older].filter(({ length }) => length > 0);
  const hasPhrase = (phrase: Phrase) => waysOf(phrase).map(hasAll).join(" or ");
  const hasChoice = (choice: Choice) => ("phrase" in choice ? hasPhrase(choice.phrase) : rangesOf(choice.term).map(has).join(" or "));
  const requires = required.map((group) => `(${group.map(hasChoice).join(" or ")})`);
  // Of what is longer the text is asked.
  const leftOut = excluded.flatMap(waysOf).flatMap((ranges) => (ranges.length === 1 ? ranges : []));
  const words = leftOut.filter(({ low, high }) => low === high).map(({ low }) => low);
  const leavesOut = leftOut.filter(({ low, high }) => low !== high).map((range) => `not ${has(range)}`);
  // One look for all of them: the words of a memory lie side by side in the index.
  if (words.length > 0) leavesOut.push(`not ${hasWhere(`h.word = any(${place(words)}::text[])`)}`);
  const sql = [...requires, ...leavesOut].map((condition) => ` and ${condition}`).join("");
  return { sql, values };
}

/** How many looks a query has at most. */
function looksOf({ required, excluded }: Pick<SearchQuery, "required" | "excluded">): number {
  const ofPhrase = ({ ranges, older }: Phrase) => ranges.length + older.length;
  const ofChoice = (choice: Choice) => ("phrase" in choice ? ofPhrase(choice.phrase) : rangesOf(choice.term).length);
  return required.flat().reduce((sum, choice) => sum + ofChoice(choice), 0) + excluded.reduce((sum, phrase) => sum + ofPhrase(phrase), 0);
}

function rangesOf({ word, upTo, stems, older }: SearchTerm): { low: string; high: string }[] {
  return [{ low: word, high: upTo }, ...stems.map((stem) => ({ low: stem, high: stem })), ...older];
}
