/** Letters that a keyboard has beside those of a word, once its accents are gone. */
const alphabets = [
  { of: /^[a-z]+$/, letters: "abcdefghijklmnopqrstuvwxyz" },
  { of: /^[а-я]+$/, letters: "абвгдежзиклмнопрстуфхцчшщъыьэюя" },
  { of: /^[α-ω]+$/, letters: "αβγδεζηθικλμνξοπρσςτυφχψω" },
];
const lengths = { least: 4, most: 24 };

/**
 * The words that differ from a word by one letter: left out, one too many, another one, or two that changed places. A word of four letters has some 230, one of
 * 24 some 1,300; shorter and longer ones, numbers and other scripts have none.
 */
export function misspellings(word: string): string[] {
  const letters = alphabets.find(({ of }) => of.test(word))?.letters;
  if (letters === undefined || word.length < lengths.least || word.length > lengths.most) return [];
  const found = new Set<string>();
  for (let at = 0; at <= word.length; at++) {
    const [before, after] = [word.slice(0, at), word.slice(at)];
    found.add(before + after.slice(1));
    if (after.length > 1) found.add(before + after[1]! + after[0]! + after.slice(2));
    for (const letter of letters) {
      found.add(before + letter + after);
      if (after !== "") found.add(before + letter + after.slice(1));
    }
  }
  found.delete(word);
  return [...found];
}
