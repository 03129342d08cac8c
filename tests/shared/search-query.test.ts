import fc from "fast-check";
import { admits, asksForText, readQuery, withoutOperators } from "#shared/search-query.ts";
import { searchTerms } from "#shared/words.ts";

/** Characters that operators are made of, and some that are none. */
const queries = fc.string({ unit: fc.constantFrom(...'"“”„＂-－|OR aé茶5.\n\0\ud800\u200f\u200b') });

describe("a query", () => {
  it.each<[string, object]>([
    ['green "black tea" -"hot milk" -sugar', { text: "green black tea", required: 1, excluded: 2 }],
    ['a OR "b c" | d e', { text: "a b c d e", required: 1, excluded: 0 }],
    ["-a -b", { text: "", required: 0, excluded: 2 }],
    ['"" "?!" -? OR', { text: '"" "?!" -? OR', required: 0, excluded: 0 }],
    ["well-known e-mail --flag", { text: "well-known e-mail --flag", required: 0, excluded: 0 }],
  ])("is read: %s", (query, expected) => {
    const { text, required, excluded } = readQuery(query);
    expect({ text, required: required.length, excluded: excluded.length }).toEqual(expected);
  });

  it("without operators finds by all of its words, whatever it is", () => {
    fc.assert(
      fc.property(queries, (query) => {
        const plain = readQuery(withoutOperators(query));
        expect([plain.required, plain.excluded]).toEqual([[], []]);
        expect(plain.terms).toEqual(searchTerms(withoutOperators(query)));
      }),
    );
  });

  it("leaves out nothing by a part of a phrase for which there is no room", () => {
    const words = Array.from({ length: 63 }, (_, word) => `w${word}`).join(" ");
    expect(readQuery(`"${words}" -"green tea"`).excluded).toEqual([]);
    expect(readQuery(`"${words}" -green`).excluded).toMatchObject([{ sequence: ["green"] }]);
  });

  it("has bounds: 64 words that find, and not many more that are asked for", () => {
    for (const query of [
      '"a b" '.repeat(10_000),
      "-a ".repeat(10_000),
      "a OR ".repeat(10_000),
      "a OR b ".repeat(10_000),
      "the ".repeat(10_000) + '"a"',
      `"${"ab ".repeat(10_000)}"`,
      `-"${"ab ".repeat(10_000)}"`,
      `"${"茶".repeat(10_000)}"`,
      `"${"茶 ".repeat(10_000)}"`,
      `"${"a b ".repeat(32)}" `.repeat(64),
      `-"${"a b ".repeat(32)}" `.repeat(64),
      `"${"茶水".repeat(32)}" `.repeat(64),
      `${"茶水".repeat(32)} OR `.repeat(64),
      "sugar OR honey ".repeat(64),
      `${"sugar OR honey ".repeat(31)} OR "${"a b ".repeat(32)}"`,
      ...["a\u00ad", "a\u00adb ", "コ\u2060", "کی "].flatMap((part) =>
        [part, `"${part}" `, `-${part} `, `${part} OR `].map((of) => of.repeat(2_500)),
      ),
      Array.from({ length: 900 }, (_, i) => `x${i}`).join("\u00ad"),
      `"${"ラ茶".repeat(32)}" `.repeat(64),
    ]) {
      const { terms, required, excluded } = readQuery(query);
      const phrases = [...required.flat().flatMap((choice) => ("phrase" in choice ? [choice.phrase] : [])), ...excluded];
      const sought = required.flat().flatMap((choice) => ("term" in choice ? [choice.term, ...choice.term.stems] : []));
      expect(terms.length).toBeLessThanOrEqual(64);
      expect(sought.length + phrases.flatMap(({ ranges }) => ranges).length).toBeLessThanOrEqual(195);
      expect(terms.flatMap(({ older }) => older).length).toBeLessThanOrEqual(256);
      expect(phrases.flatMap(({ older }) => older).length).toBeLessThanOrEqual(195);
      if (query.startsWith("the")) expect(required).toHaveLength(1);
      for (const { sequence, ranges } of phrases) {
        expect(sequence.length).toBeLessThanOrEqual(64);
        expect(ranges.length).toBeLessThanOrEqual(sequence.length);
      }
    }
  });

  it("of a phrase asks for the first 64 words, in whatever script, and of phrases for the first 64 together", () => {
    const words = Array.from({ length: 70 }, (_, i) => `w${i}`).join(" ");
    const characters = Array.from({ length: 70 }, (_, i) => String.fromCodePoint(0x4e00 + i)).join("");
    const [first64, firstCharacters] = [words.split(" ").slice(0, 64).join(" "), characters.slice(0, 64)];
    const of = (text: string) => readQuery(`"${text}"`);
    for (const [phrase, first] of [
      [words, first64],
      [characters, firstCharacters],
    ] as const) {
      expect(of(phrase).required).toEqual(of(first).required);
      expect([admits(of(phrase), [`${first} z`]), admits(of(phrase), [first.slice(0, -2)])]).toEqual([true, false]);
    }
    const repeated = readQuery(`"${"a ".repeat(60)}" "${"a ".repeat(60)}"`);
    expect(repeated.required.flat().map((choice) => "phrase" in choice && choice.phrase.sequence.length)).toEqual([60, 4]);
  });

  it("asks for texts only where words of a phrase are to stand side by side", () => {
    const asking = ['"green tea"', 'a -"green tea"', "a -不喝咖啡", 'a OR "b c"'];
    for (const query of asking) expect([query, asksForText(readQuery(query))]).toEqual([query, true]);
    for (const query of ["green tea", '"tea"', "a -tea", '"绿茶"', "a OR b"])
      expect([query, asksForText(readQuery(query))]).toEqual([query, false]);
  });

  it("admits a phrase within one of some texts, not across them", () => {
    const query = readQuery('"green tea"');
    expect([admits(query, ["", "green tea"]), admits(query, ["green", "tea"])]).toEqual([true, false]);
    expect(admits(readQuery("green -tea"), ["green", "tea"])).toBe(false);
  });
});
