import fc from "fast-check";
import { searchTerms, wordsOf } from "#shared/words.ts";
import { indexDocuments, readDocuments, searchOnce } from "../../../subgraphs/runtime/nodes/retrieval/document-index.ts";
import type { Json } from "#shared/json.ts";
import { operatorCases, operatorTexts } from "../../testkit/operator-cases.ts";
import { twoWays } from "../../testkit/two-ways.ts";

function search(query: string, documents: Json, topK = 10) {
  return indexDocuments(readDocuments(documents)?.documents ?? []).search(query, topK);
}

const ids = (found: { id: string }[]) => found.map(({ id }) => id);

const shop: Json = [
  { id: "returns", title: "Returns", text: "You may return goods within 30 days." },
  { id: "refunds", title: "Refunds", text: "Refunds are paid to your card within 5 days of a return." },
  { id: "shipping", title: "Shipping", text: "We ship within 2 days.", lang: "en" },
];

describe("documents", () => {
  it("are found by their words, the best first, each with its score", () => {
    const found = search("refund to my card", shop);
    expect(ids(found)[0]).toBe("refunds");
    expect(found[0]?.score).toBeGreaterThan(0);
    expect(found.map(({ score }) => score)).toEqual(found.map(({ score }) => score).toSorted((a, b) => b - a));
  });

  it("score as BM25+ says", () => {
    // Two documents of one field, "a b" and "a c"; k 1.2, b 0.7, d 0.5. For "b": idf = ln(1 + 1.5/1.5), tf = 1, average length.
    const [found] = search("b", ["a b", "a c"]);
    expect(found?.score).toBeCloseTo(Math.log(2) * (0.5 + (1 * 2.2) / (1 + 1.2)), 10);
  });

  it("weigh a word in the title more than one in the text", () => {
    expect(
      ids(
        search("blue", [
          { id: "text", title: "x", text: "blue" },
          { id: "title", title: "blue", text: "x" },
        ]),
      ),
    ).toEqual(["title", "text"]);
  });

  it("weigh a rare word more than a common one", () => {
    expect(ids(search("common rare", ["common one", "common two", "common three", { id: "rare", text: "rare four" }]))[0]).toBe("rare");
  });

  it("are not found without a word of the query, nor by an empty query", () => {
    expect(search("submarine", shop)).toEqual([]);
    expect(search(" ?! ", shop)).toEqual([]);
    expect(search("anything", [])).toEqual([]);
  });

  it("are found up to topK, equals in their own order", () => {
    const same = ["a", "b", "c", "d"].map((id) => ({ id, text: "same words" }));
    expect(ids(search("same", same, 3))).toEqual(["a", "b", "c"]);
  });

  it("keep what else they carry, and may repeat ids", () => {
    expect(search("shipping", shop)[0]).toMatchObject({ id: "shipping", lang: "en" });
    expect(
      ids(
        search("x", [
          { id: "a", text: "x" },
          { id: "a", text: "x" },
        ]),
      ),
    ).toEqual(["a", "a"]);
  });

  it("are found in scripts without spaces, and in any Unicode form", () => {
    expect(
      ids(
        search("退款", [
          { id: "zh", text: "您可以在三十天内申请退款。" },
          { id: "other", text: "运费" },
        ]),
      ),
    ).toEqual(["zh"]);
    expect(ids(search("cafe\u0301", [{ id: "fr", text: "Le CAFÉ" }]))).toEqual(["fr"]);
  });

  it.each(twoWays)("are found as they are written and as keyboards have it: %s, %s", (plain, written) => {
    expect(search(plain, [`a ${written}`])).toHaveLength(1);
    expect(search(written, [`a ${plain}`])).toHaveLength(1);
  });

  it.each(operatorCases)("have what the operators of a query ask for: %s", (query, found) => {
    const { documents } = readDocuments([...operatorTexts])!;
    for (const asked of [indexDocuments(documents).search(query, 10), searchOnce(documents, query, 10)])
      expect(asked.map(({ text }) => text).toSorted()).toEqual(found.toSorted());
  });

  it("have a phrase in the title or in the text, not across both", () => {
    const documents = [
      { id: "across", title: "green", text: "tea" },
      { id: "title", title: "green tea", text: "x" },
      { id: "text", title: "x", text: "green tea" },
    ];
    expect(ids(search('"green tea"', documents)).toSorted()).toEqual(["text", "title"]);
    expect(ids(search("green -tea", documents))).toEqual([]);
  });

  it("may be texts, or objects with text or content; their position is their id where they have none", () => {
    expect(readDocuments(["one", { content: "two" }, { id: 7, title: "t", text: "three" }])).toMatchObject({
      documents: [
        { id: "0", title: "", text: "one" },
        { id: "1", text: "two" },
        { id: "7", title: "t", text: "three" },
      ],
      withoutText: 0,
    });
  });

  it("are no worse for one that is none: a null text is an empty one, anything else is left out, and both are counted", () => {
    const good = { id: "good", title: null, text: "refunds" };
    const titled = { id: null, title: "Refunds", text: null };
    expect(readDocuments([good, titled, { title: "x" }, 5, null, { text: 7 }, { content: null }])).toEqual({
      documents: [
        { id: "good", title: "", text: "refunds" },
        { id: "1", title: "Refunds", text: "" },
        { id: "6", title: "", text: "", content: null },
      ],
      withoutText: 6,
    });
    expect(ids(search("refunds", [null, titled, good]))).toEqual(["1", "good"]);
    expect(readDocuments([{ text: null }])).toMatchObject({ withoutText: 1 });
  });

  it.each([
    ["cafe", "Le café ferme à midi"],
    ["CAFÉ", "le cafe"],
    ["환불 가능", "환불은 30일 이내에 가능합니다"],
    ["退款", "您可以在三十天内申请退款。"],
    ["猫", "黒猫が好き"],
    ["🍣", "we love 🍣 here"],
    ["refunds", "a refund"],
    ["ref", "refunds"],
  ])("are found by %s, as memories are: %s", (query, text) => {
    for (const documents of [
      [{ id: "it", text }, "other"],
      [{ id: "it", title: text, text: "" }, "other"],
    ]) {
      expect(ids(search(query, documents))).toEqual(["it"]);
      expect(ids(searchOnce(readDocuments(documents)!.documents, query, 5))).toEqual(["it"]);
    }
    expect(
      searchTerms(query).some(({ word, upTo, stems }) =>
        wordsOf(text).some((other) => stems.includes(other) || (other >= word && other <= upTo)),
      ),
    ).toBe(true);
  });

  it("are found by the same words whether they are asked once or again, with the same scores", () => {
    const text = fc
      .array(fc.constantFrom("refund", "refunds", "ref", "re", "café", "환불은", "退款吗", "猫", "🍣", "Ω", "x"), { maxLength: 6 })
      .map((words) => words.join(" "));
    fc.assert(
      fc.property(fc.array(text, { maxLength: 6 }), text, (texts, query) => {
        const documents = readDocuments(texts)!.documents;
        expect(searchOnce(documents, query, 9)).toEqual(indexDocuments(documents).search(query, 9));
      }),
    );
  });

  it.each([[null], [{}], ["text"], [[1]], [[{ title: "no text" }]], [[null]]])("are not read from %j", (value) => {
    expect(readDocuments(value)).toBeNull();
  });
});
