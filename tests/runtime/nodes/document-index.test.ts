import { indexDocuments, readDocuments } from "../../../subgraphs/runtime/nodes/document-index.ts";
import type { Json } from "#shared/json.ts";

function search(query: string, documents: Json, topK = 10) {
  return indexDocuments(readDocuments(documents) ?? []).search(query, topK);
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

  it("may be texts, or objects with text or content; their position is their id where they have none", () => {
    expect(readDocuments(["one", { content: "two" }, { id: 7, title: "t", text: "three" }])).toMatchObject([
      { id: "0", title: "", text: "one" },
      { id: "1", text: "two" },
      { id: "7", title: "t", text: "three" },
    ]);
  });

  it.each([[null], [{}], ["text"], [[1]], [[{ title: "no text" }]], [[null]]])("are not read from %j", (value) => {
    expect(readDocuments(value)).toBeNull();
  });
});
