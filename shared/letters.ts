/**
 * Letters that people write in two ways and Unicode does not take apart: `Straße` is looked for as `strasse`, `Łódź` as `lodz`. Each stands for what keyboards
 * without it have. Memories keep their words: what is folded another way needs a migration of memory, as 0003-letters-folded is.
 */
const folds: Readonly<Record<string, string>> = Object.fromEntries(
  [
    // Latin: as PostgreSQL's unaccent has them, and letters of African languages and of Azerbaijani.
    ...["ßss", "æae", "œoe", "þth", "øo", "łl", "đd", "ðd", "ıi", "ħh", "ŧt", "ŋn", "əe", "ɛe", "ɔo", "ɨi", "ʉu"],
    ...["ɓb", "ɗd", "ɖd", "ɠg", "ǥg", "ƙk", "ɲn", "ƥp", "ʋv", "ƴy", "ƒf", "ƶz"],
    // Greek: the sigma that ends a word. Arabic: alefs, as its writers leave out what stands on them.
    ...["ςσ", "أا", "إا", "آا", "ٱا"],
  ].map(([letter = "", ...plain]) => [letter, plain.join("")]),
);
const foldable = new RegExp(`[${Object.keys(folds).join("")}]`, "g");

/** A text in small letters with those of {@link folds} folded. */
export function foldLetters(text: string): string {
  return text.replace(foldable, (letter) => folds[letter]!);
}
