import type { Json, JsonObject } from "#shared/json.ts";
import { arrange, listNode } from "../../../subgraphs/runtime/nodes/list.node.ts";
import { orFailure } from "../../../subgraphs/runtime/nodes/outcome.ts";
import { fakeNodeContext } from "../../testkit/node-context.ts";

const context = (config: JsonObject, rows: Json, input: JsonObject = {}) =>
  fakeNodeContext({ config: { items: "{{ input.rows }}", ...config }, scope: { input: { rows, ...input } } });
const run = (config: JsonObject, rows: Json, input: JsonObject = {}) => listNode.run(context(config, rows, input));
/** What is left of the rows; they are [id, n] pairs or plain values. */
const left = async (config: JsonObject, rows: Json) => {
  const outcome = await run(config, rows);
  if (outcome.kind !== "completed") throw new Error(JSON.stringify(outcome));
  const { items, count } = outcome.outputJson as { items: Json[]; count: number };
  expect(count).toBe(items.length);
  return items;
};

describe("a list node", () => {
  it.each<[string, JsonObject, Json[], Json[]]>([
    ["gives what it was given", {}, [3, 1, 2], [3, 1, 2]],
    ["gives nothing of nothing", { filter: "item > 1", sort: {}, unique: true, first: 3 }, [], []],
    ["filters by the item", { filter: "item > 1" }, [3, 1, 2], [3, 2]],
    ["filters by its place", { filter: "index % 2 == 0" }, ["a", "b", "c"], ["a", "c"]],
    ["sorts numbers", { sort: {} }, [10, 9, -1, 2], [-1, 2, 9, 10]],
    ["sorts downwards", { sort: { order: "desc" } }, [1, 3, 2], [3, 2, 1]],
    ["sorts texts by code units", { sort: {} }, ["b", "B", "a", "ä"], ["B", "a", "b", "ä"]],
    ["sorts truth", { sort: {} }, [true, false], [false, true]],
    ["puts null last", { sort: {} }, [2, null, 1], [1, 2, null]],
    ["puts null last, downwards too", { sort: { order: "desc" } }, [null, 1, 2], [2, 1, null]],
    [
      "leaves out what is there already",
      { unique: true },
      [1, "1", 1, { a: 1, b: 2 }, { b: 2, a: 1 }, null, null],
      [1, "1", { a: 1, b: 2 }, null],
    ],
    ["leaves out nothing where it is told so", { unique: false }, [1, 1], [1, 1]],
    ["takes the first", { first: 2 }, [3, 1, 2], [3, 1]],
    ["takes all where there are fewer", { first: 9 }, [3, 1], [3, 1]],
    ["does all of it in that order", { filter: "item < 9", sort: { order: "desc" }, unique: true, first: 2 }, [9, 1, 5, 5, 7], [7, 5]],
  ])("%s", async (_, config, rows, expected) => {
    expect(await left(config, rows)).toEqual(expected);
  });

  it("keeps what is equal in its order, upwards and downwards, and the first of what is the same", async () => {
    const rows = [..."abcdefghij"].map((id, index) => ({ id, n: index % 3 }));
    const ids = async (config: JsonObject) => (await left(config, rows)).map((row) => (row as JsonObject)["id"]).join("");
    expect(await ids({ sort: { by: "item.n" } })).toBe("adgjbehcfi");
    expect(await ids({ sort: { by: "item.n", order: "desc" } })).toBe("cfibehadgj");
    expect(await ids({ unique: "item.n" })).toBe("abc");
    expect(await ids({ sort: { by: "item.id", order: "desc" }, unique: "item.n", first: 2 })).toBe("ji");
  });

  it("sees the scope beside the item", async () => {
    expect(
      await run(
        { filter: "item.price <= input.most && item.city in input.cities" },
        [
          { price: 1, city: "Bern" },
          { price: 9, city: "Bern" },
          { price: 1, city: "Rome" },
        ],
        { most: 5, cities: ["Bern"] },
      ),
    ).toMatchObject({
      outputJson: { items: [{ price: 1, city: "Bern" }], count: 1 },
    });
  });

  it.each<[string, JsonObject, Json, string, string]>([
    ["what is no list", {}, { a: 1 }, "LIST_INVALID", "config.items gives no list but an object"],
    ["what is not there", {}, null, "LIST_INVALID", "no list but null"],
    ["an item without what is asked for", { filter: "item.price > 1" }, [{ price: 2 }, {}], "EXPRESSION_FAILED", "item.price"],
    ["a filter that gives no truth", { filter: "item" }, [1], "EXPRESSION_NOT_BOOLEAN", "must give true or false"],
    ["kinds that have no order", { sort: {} }, [1, "a"], "LIST_NOT_SORTABLE", "a number for one item and a text for another"],
    ["objects, which have none", { sort: {} }, [{ a: 1 }, { a: 2 }], "LIST_NOT_SORTABLE", "an object; sort by a number"],
  ])("fails of %s, with a code and the next step", async (_, config, rows, code, message) => {
    expect(await run(config, rows)).toMatchObject({ kind: "failed", code, message: expect.stringContaining(message), retryable: false });
  });

  it("refuses more items than it takes, and says how many", () => {
    const items = Array.from({ length: 100_001 }, () => 1);
    const scope = { input: { rows: items }, state: {}, nodes: {}, current: { node_id: "n" } };
    const outcome = orFailure(() => arrange({ config: { items: "{{ input.rows }}" }, scope }));
    expect(outcome).toMatchObject({ kind: "failed", code: "LIST_TOO_LARGE", message: expect.stringContaining("100001") });
  });

  it("ends with a closed code where it takes too long, and keeps no other tenant waiting", async () => {
    const rows = Array.from({ length: 50_000 }, (_, n) => n);
    const slow = { filter: "input.rows.exists(x, x == item + 0.5)" };
    expect(await run(slow, rows)).toMatchObject({ kind: "failed", code: "EXPRESSION_TOO_SLOW" });
  });

  it("asks no expression of items in a main loop: only a list without one is arranged there", async () => {
    expect(run({}, [1, 2])).not.toBeInstanceOf(Promise);
    const many = Array.from({ length: 20_000 }, () => 1);
    const elsewhere = [run({ filter: "item > 0" }, [1, 2]), run({ sort: { by: "item" } }, [1, 2]), run({}, many)];
    for (const outcome of elsewhere) expect(outcome).toBeInstanceOf(Promise);
    expect((await Promise.all(elsewhere.map(async (outcome) => outcome))).map(({ kind }) => kind)).toEqual([
      "completed",
      "completed",
      "completed",
    ]);
  });
});
