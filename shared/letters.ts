/**
 * Letters and digits that people write in two ways and Unicode does not take apart: `Straße` is looked for as `strasse`, `Łódź` as `lodz`, `コーヒー` as `こーひー`. Each
 * stands for what keyboards without it have. Memories keep their words: what is folded another way needs a migration of memory, as 0003-letters-folded and
 * 0008-kana-and-digits are, and to be asked for as it was before (older-words.ts) while processes write that do not know it.
 */
const olderFolds = foldsOf([
  // Latin: as PostgreSQL's unaccent has them, and letters of African languages and of Azerbaijani.
  ...["ßss", "æae", "œoe", "þth", "øo", "łl", "đd", "ðd", "ıi", "ħh", "ŧt", "ŋn", "əe", "ɛe", "ɔo", "ɨi", "ʉu"],
  ...["ɓb", "ɗd", "ɖd", "ɠg", "ǥg", "ƙk", "ɲn", "ƥp", "ʋv", "ƴy", "ƒf", "ƶz"],
  // Greek: the sigma that ends a word. Arabic: alefs, as its writers leave out what stands on them.
  ...["ςσ", "أا", "إا", "آا", "ٱا"],
]);
const folds: Folds = {
  ...olderFolds,
  ...foldsOf([
    // Arabic: the ends of words, which its writers interchange, and the letters that keyboards of Persian and Urdu have for its own.
    ...["ةه", "ىي", "یي", "کك"],
    // Japanese: ァ to ヶ, ヽ and ヾ stand behind their hiragana.
    ...[...run(0x30a1, 0x30f6), ...run(0x30fd, 0x30fe)].map((code) => String.fromCodePoint(code, code - 0x60)),
    ...digits(),
  ]),
};
const [foldable, olderFoldable] = [folds, olderFolds].map((of) => new RegExp(`[${Object.keys(of).join("")}]`, "g")) as [RegExp, RegExp];

type Folds = Readonly<Record<string, string>>;

/** A text in small letters with those of {@link folds} folded. */
export function foldLetters(text: string): string {
  return text.replace(foldable, (letter) => folds[letter]!);
}

/** The same as memory's processes did before its migration 0008. */
export function foldOlderLetters(text: string): string {
  return text.replace(olderFoldable, (letter) => olderFolds[letter]!);
}

/** By letter what it is folded to: of each entry, the first and the rest. */
function foldsOf(entries: readonly string[]): Folds {
  return Object.fromEntries(entries.map(([letter = "", ...plain]) => [letter, plain.join("")]));
}

/** Of scripts that have spaces: of Arabic, Persian, and from Devanagari to Malayalam, where ten begin every 128 characters. */
function digits(): string[] {
  const zeros = [0x660, 0x6f0, ...Array.from({ length: 9 }, (_, script) => 0x966 + 0x80 * script)];
  return zeros.flatMap((zero) => run(zero, zero + 9).map((code) => `${String.fromCodePoint(code)}${code - zero}`));
}

function run(first: number, last: number): number[] {
  return Array.from({ length: last - first + 1 }, (_, index) => first + index);
}
