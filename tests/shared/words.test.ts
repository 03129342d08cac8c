import fc from "fast-check";
import { countWords, searchTerms, type SearchTerm } from "#shared/words.ts";
import { twoWays } from "../testkit/two-ways.ts";

/** Whether the search would find a text by this term: the rule of memory-search.sql.ts. */
const finds = ({ word, upTo, stems }: SearchTerm, text: string) =>
  [...countWords(text).keys()].some(
    (other) =>
      stems.includes(other) ||
      (Buffer.compare(Buffer.from(word), Buffer.from(other)) <= 0 && Buffer.compare(Buffer.from(other), Buffer.from(upTo)) <= 0),
  );
const foundBy = (query: string, text: string) => searchTerms(query).some((term) => finds(term, text));

describe("the words of a text", () => {
  it("are counted without case, accents and punctuation", () => {
    expect(countWords("Über-Café: CAFÉ, café!")).toEqual(
      new Map([
        ["uber", 1],
        ["cafe", 3],
      ]),
    );
    expect(countWords("i18n in 2026 — don't")).toEqual(
      new Map([
        ["i18n", 1],
        ["in", 1],
        ["2026", 1],
        ["don", 1],
        ["t", 1],
      ]),
    );
    expect(countWords(" …!? ")).toEqual(new Map());
  });

  it("of scripts without spaces are pairs of characters and the last one", () => {
    expect([...countWords("東京都").keys()]).toEqual(["東京", "京都", "都"]);
    expect([...countWords("iPhone東").keys()]).toEqual(["iphone", "東"]);
  });

  it("keep the marks of scripts whose vowels are marks", () => {
    expect([...countWords("हिन्दी में").keys()]).toEqual(["हिन्दी", "में"]);
  });

  it("are emojis too, without how they are drawn", () => {
    expect([...countWords("ok 👍🏽 1️⃣ ❤️🇫🇷").keys()]).toEqual(["ok", "👍", "1", "❤", "🇫🇷"]);
  });

  it.each([
    ["they come in a row", ""],
    ["something between them is not seen", "\u00ad"],
    ["something between them is taken for an accent", "\u0640"],
  ])(
    "have no more marks in a row than Unicode's own bound, also where %s: to order more takes the square of their number",
    (_, between) => {
      const marks = Array.from({ length: 40 }, () => `\u093c\u094d${between}`).join("");
      expect([...countWords(`क${marks}`).keys()].map((word) => word.length)).toEqual([31]);
      expect(foundBy(`क${marks}`, `क${marks}`)).toBe(true);
    },
  );

  it("are cut when they are endless", () => {
    expect([...countWords("x".repeat(5_000)).keys()]).toEqual(["x".repeat(64)]);
    expect(foundBy("x".repeat(5_000), "x".repeat(5_000))).toBe(true);
  });
});

describe("a query", () => {
  it.each([
    ["tee", "Trinkt gern Tee."],
    ["prefer", "She prefers mornings"],
    ["drinks", "a drink"],
    ["STRASSE", "die strasse"],
    ["resume", "Résumé"],
    ["чай", "Любит Чай"],
    ["猫", "黒猫が好き"],
    ["好き", "黒猫が好きです"],
    ["東京", "私は東京都に住んでいます"],
    ["กาแฟ", "ชอบดื่มกาแฟร้อน"],
    ["서울", "나는 서울에서 산다"],
    ["قهوة", "يحب قهوة الصباح"],
    ["환불 가능", "환불은 30일 이내에 가능합니다"],
    ["커피를", "커피가 좋다"],
    ["القهوة", "يحب قهوة الصباح"],
    ["قهوة", "يُحِبُّ القَهْوَةَ"],
    ["קפה", "הקפה חם"],
    ["הקפה", "קפה חם"],
    ["ບ", "ມັກກິນກາເຟຮ້ອນ ບ"],
    ["ກາເຟ", "ມັກກິນກາເຟຮ້ອນ"],
    ["កាហ្វេ", "ខ្ញុំចូលចិត្តផឹកកាហ្វេ"],
    ["ｺｰﾋｰ", "コーヒーが好き"],
    ["ウィスキー", "ウイスキーを飲む"],
    ["Müller".normalize("NFD"), "Müller".normalize("NFC")],
    ["Müller".normalize("NFC"), "Müller".normalize("NFD")],
    ["full123", "Ｆｕｌｌ１２３"],
    ["da nang", "Đà Nẵng".normalize("NFD")],
    ["ISIK", "ışık"],
    ["i̇stanbul", "ISTANBUL"],
    ["lastenaufzug", "Lasten\u00adaufzug"],
    ["Lasten\u00adaufzug", "lastenaufzug"],
    ["snake_case", "the snake_case_name"],
    ["camelCase", "camelCaseName"],
    ["b-c", "a-b-c"],
    ["anna@example.com", "<mailto:anna@example.com>"],
    ["example.org", "https://example.org/a?b=1#c"],
    ["550e8400-e29b", "id 550e8400-e29b-41d4-a716-446655440000"],
    ["the who", "The Who"],
    ["🍣", "we love 🍣 here"],
    ["🍣", "🍣🍺!"],
    ["❤", "I ❤️ it"],
    ["👍", "👍🏽"],
    ["👩‍👩‍👧", "the 👩‍👩‍👧 is here"],
    ["🇯🇵", "from🇯🇵"],
    ...twoWays.flatMap(([plain, written]): [string, string][] => [
      [plain, written],
      [written, plain],
      [written.toUpperCase(), plain],
    ]),
  ])("for %s finds %s", (query, text) => {
    expect(foundBy(query, text)).toBe(true);
  });

  it.each([
    ["tea", "a steak"],
    ["京都", "東京に住む"],
    ["no", "nothing"],
    ["🍣", "🍺"],
    ["🇯🇵", "🇫🇷"],
    ["mase", "Maße"],
    ["ال", "القهوة"],
    ["ガス", "カス"],
    ["name", "camelCaseName"],
  ])("for %s does not find %s", (query, text) => {
    expect(foundBy(query, text)).toBe(false);
  });

  it("has each word once, and 64 at most", () => {
    expect(searchTerms("a b a").map((term) => term.word)).toEqual(["a", "b"]);
    expect(searchTerms(Array.from({ length: 500 }, (_, i) => `w${i}`).join(" "))).toHaveLength(64);
    expect(searchTerms("漢".repeat(3) + "字かな交じり文".repeat(50)).length).toBeLessThanOrEqual(64);
  });

  it("for any word of any text finds the text", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme", minLength: 1, maxLength: 40 }), (text) => {
        const words = [...countWords(text).keys()];
        expect(words.every((word) => foundBy(word, text))).toBe(true);
      }),
    );
  });
});
