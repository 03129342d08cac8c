import { AppError } from "#shared/errors.ts";
import { compileExpression } from "#shared/expression/expression.ts";
import type { Json } from "#shared/json.ts";
import type { TemplateScope } from "#shared/template/scope.ts";
import { ends } from "../../testkit/ends.ts";

const scope: TemplateScope = {
  input: { budget: 1200.5, tags: ["vip", "new"], items: [{ price: 3 }, { price: 30 }], constructor: { evil: true } },
  state: { score: 5, zero: 0, done: true, off: false, name: "Ada", nothing: null, "lead-score": 7, not: "field", empty: [] },
  nodes: {
    check: { output: { ok: true, route: "true", codes: [200, 404] }, text: "yes" },
    "retrieve-docs": { output: { retrieved_documents: [{ title: "Refunds" }] }, text: "found" },
  },
  current: { node_id: "here" },
};

const evaluate = (source: string): Json => compileExpression(source).evaluate(scope);

function failureOf(call: () => unknown): AppError {
  try {
    call();
  } catch (error) {
    if (error instanceof AppError) return error;
    throw error;
  }
  throw new Error("it did not fail");
}

describe("expression", () => {
  it.each<[string, Json]>([
    // S-51 and the ways to write numbers
    ["state.score >= 5", true],
    ["state.score >= 5.0", true],
    ["state.score > 5", false],
    ["state.score + 1 == 6", true],
    ["state.score * 2 - 1", 9],
    ["state.score / 2", 2.5],
    ["state.score % 2 == 1", true],
    ["-state.score < -4", true],
    ["size(input.tags) * 2 == 4", true],
    ["input.tags.size() + 0.5", 2.5],
    ["size(input.tags) / size(input.items)", 1],
    ["int(input.budget) + 1", 1201],
    ["double('2.5') * 2", 5],
    ["string(state.score) + '!'", "5!"],
    ["(state.score + 1) * (2 + 3)", 30],
    ["state.score in [1, 5, 7]", true],
    ["1 in [1.0]", true],
    // parentheses, text, lists, maps
    ["state.name == 'Ada' && (state.off || state.done)", true],
    ["state.name.startsWith('A') && state.name.contains('d') && state.name.endsWith('a')", true],
    ["state.name.lowerAscii() == 'ada' && ' x '.trim() == 'x' && state.name.upperAscii() == 'ADA'", true],
    ["state.name.matches('^A[a-z]+$')", true],
    ["'vip' in input.tags", true],
    ["input.items.exists(i, i.price > 20)", true],
    ["input.items.all(i, i.price > 2)", true],
    ["input.items.exists_one(i, i.price == 3)", true],
    ["input.items.filter(i, i.price > 5).map(i, i.price * 2)", [60]],
    ["state.done ? 'a' : 'b'", "a"],
    ["{'k': state.score, 'l': [1, null]}", { k: 5, l: [1, null] }],
    ["state.empty == []", true],
    ["type(state.score) == double", true],
    // paths
    ['nodes["retrieve-docs"].text', "found"],
    ['nodes["retrieve-docs"].output.retrieved_documents[0].title == "Refunds"', true],
    ["nodes.check.output.codes[1]", 404],
    ['state["lead-score"] - 1', 6],
    ["current.node_id", "here"],
    ["state.not == 'field'", true],
    // missing and null
    ["has(state.missing)", false],
    ["has(state.score)", true],
    ["has(state.nothing)", false],
    ["state.nothing == null", true],
    ['"nope" in nodes', false],
    ["has(state.missing) && state.missing > 3", false],
    ["state.done || state.missing", true],
    // Python's words
    ["state.done and not state.off", true],
    ["True and not False", true],
    ["state.nothing == None", true],
    ["not state.name == 'Bob'", true],
    ["not (state.score > 3 and state.done) or state.off", false],
    ["'x' not in input.tags", true],
    ["not 'vip' in input.tags", false],
    ["not not state.done", true],
    ["'not and or True' + \"None\" == 'not and or TrueNone'", true],
    ["state.score == 5 and (state.name == \"Ada\" or not state.done) and 'a' not in ['b']", true],
    ["input.items.exists(i, not i.price < 20 and i.price != 31)", true],
    ["size([not state.off, not state.done]) == 2", true],
    ["// a comment and so on\nstate.done", true],
  ])("evaluates %s", (source, expected) => {
    expect(evaluate(source)).toEqual(expected);
  });

  it.each([
    ["state.score", "number", "5"],
    ["state.name", "string", '"Ada"'],
    ["state.nothing", "null", "null"],
    ["state.zero", "number", "0"],
    ["input.tags", "list", '["vip","new"]'],
    ["nodes.check.output", "object", "{"],
  ])("refuses %s as a condition, naming the %s", (source, type, value) => {
    const failure = failureOf(() => compileExpression(source).test(scope));
    expect(failure.reason).toBe("EXPRESSION_NOT_BOOLEAN");
    expect(failure.message).toContain(type);
    expect(failure.message).toContain(value);
  });

  it("tests conditions that give a bool", () => {
    expect(compileExpression("state.score >= 5").test(scope)).toBe(true);
    expect(compileExpression("state.off").test(scope)).toBe(false);
  });

  it("sees an iteration's item, which a name of the expression's own hides", () => {
    const within = { ...scope, item: { n: 1 }, index: 4 };
    expect(compileExpression("item.n + index").evaluate(within)).toBe(5);
    expect(compileExpression("item + index", ["item"]).evaluate(within, { item: 10 })).toBe(14);
    expect(compileExpression("item == null").test(scope)).toBe(true);
  });

  it.each([
    ["state.missing > 3", "state.missing", "has(state.missing)"],
    ["nodes.check.output.nope == 1", "nodes.check.output.nope", "has(nodes.check.output.nope)"],
    ["state.nothing.deep", "state.nothing.deep", "has(state.nothing.deep)"],
    ['state["no-key"] == 1', 'state["no-key"]', '"no-key" in state'],
    ["nodes.gone.text == 'x'", "nodes.gone", '"gone" in nodes'],
    ["input.constructor.missing", "input.constructor.missing", "has(input.constructor.missing)"],
    ["state.constructor", "state.constructor", "has(state.constructor)"],
    ["state.__proto__", "state.__proto__", "has(state.__proto__)"],
  ])("fails on the missing value of %s with its path and the way out", (source, path, wayOut) => {
    const failure = failureOf(() => evaluate(source));
    expect(failure).toMatchObject({ reason: "EXPRESSION_FAILED", facts: { path } });
    expect(failure.message).toContain(wayOut);
  });

  it.each([
    ["state.name > 5", "> cannot be applied to (string, double)"],
    ["state.score + 'x'", "+ cannot be applied to (double, string)"],
    ["!state.score", "! cannot be applied to (double)"],
    ["state.score / state.zero", "division by zero"],
    ["state.score % 0", "remainder by zero"],
    ["timestamp('2026-01-01T00:00:00Z')", "nothing that JSON can say"],
    ["input.tags[7]", "there is nothing at"],
    ["input.tags.length > 0", "write size(input.tags)"],
  ])("fails on %s, saying why", (source, why) => {
    expect(failureOf(() => evaluate(source))).toMatchObject({ reason: "EXPRESSION_FAILED" });
    expect(failureOf(() => evaluate(source)).message).toContain(why);
  });

  it.each([
    ["nodes.retrieve-docs.text == 'x'", 'nodes["retrieve-docs"].text'],
    ["nodes.a-b-c.output.x > 1", 'nodes["a-b-c"].output.x'],
    ["nodes.step-1.text == 'x'", 'nodes["step-1"].text'],
    ["state.lead-score > 5", 'state["lead-score"]'],
    ["nodes.check.output.my-field", 'nodes.check.output["my-field"]'],
    ["nodes.check-input.text", 'nodes["check-input"].text'],
    ["state.score > 1 and not nodes.a-b.text == 'x'", 'nodes["a-b"].text'],
  ])("recognises the subtraction in %s and offers %s", (source, offer) => {
    const failure = failureOf(() => compileExpression(source));
    expect(failure.reason).toBe("EXPRESSION_INVALID");
    expect(failure.message).toContain("is a subtraction here");
    expect(failure.message).toContain(offer);
  });

  it("still subtracts", () => {
    expect(evaluate("state.score-state.zero-1")).toBe(4);
    expect(evaluate("size(input.tags)-1")).toBe(1);
    expect(evaluate("input.items.map(i, i.price - state.score)")).toEqual([-2, 25]);
  });

  it.each([
    ["state.score >", 1, "something must follow"],
    ["", 1, "ends too early"],
    ["score > 5", 1, "state.score"],
    ["state.a == 1 and\n  state.b = 2", 2, "write =="],
    ["{{ state.score }} > 5", 1, "no {{ }}"],
    ["len(input.tags) > 1", 1, "size("],
    ["state.name.startswith('a')", 1, "startsWith"],
    ["nodes.a-2b.text == 'x'", 1, 'nodes["a-2b"]'],
    ["state.a b", 1, "cannot go on with"],
    ["has(state)", 1, "has(state.key)"],
    ["(".repeat(3_000) + "1" + ")".repeat(3_000), 1, "nested too deeply"],
    ["'" + "a".repeat(10_001) + "'", 1, "10000"],
    ["1" + "+1".repeat(4_000), 1, "nested too deeply"],
  ])("refuses it (%#) with line and hint", (source, line, hint) => {
    const failure = failureOf(() => compileExpression(source));
    expect(failure).toMatchObject({ reason: "EXPRESSION_INVALID", facts: { line } });
    expect(failure.message).toContain(hint);
  });

  it("keeps columns true through Python's words", () => {
    const failure = failureOf(() => compileExpression("not (state.a) and not score > 5"));
    expect(failure.facts).toMatchObject({ line: 1, column: 23 });
  });

  it("names what it reads, with positions, but not what its loops bind", () => {
    const source = 'nodes.a.text == input.q and\n state.list.exists(i, i.x == nodes["b-c"].output[state.k].y) and has(state.z)';
    const references = compileExpression(source).references;
    expect(references.map(({ path, line, column }) => `${path.join(".")}@${line}:${column}`)).toEqual([
      "nodes.a.text@1:1",
      "input.q@1:17",
      "state.list@2:2",
      "nodes.b-c.output@2:30",
      "state.k@2:50",
      "state.z@2:70",
    ]);
  });

  it("stops a loop bomb", () => {
    const list = Array.from({ length: 3_000 }, (_, i) => i);
    const bomb = "state.list.exists(a, state.list.exists(b, state.list.exists(c, a + b + c < 0)))";
    const failure = ends(() => failureOf(() => compileExpression(bomb).evaluate({ ...scope, state: { list } })));
    expect(failure).toMatchObject({ reason: "EXPRESSION_TOO_SLOW", facts: { limitMs: 500 } });
  });

  it.each([
    ["state.list.map(x, x * 2)", 20_000],
    ["state.list.filter(x, x >= 100)", 19_900],
    ["state.list.map(x, {'number': x}).filter(x, x.number % 2 == 0)", 10_000],
    ["state.list.map(x, [x, x])", 20_000],
  ])("goes through a long list: %s", (source, size) => {
    const list = Array.from({ length: 20_000 }, (_, i) => i);
    const value = ends(() => compileExpression(source).evaluate({ ...scope, state: { list } })) as Json[];
    expect(value).toHaveLength(size);
    expect(compileExpression(`${source}.exists(x, false)`).evaluate({ ...scope, state: { list } })).toBe(false);
  });

  it("joins lists, and leaves those that it joined as they were", () => {
    expect(evaluate("[state.empty + [1]].map(a, [a + [2], a + [3], a, a + a, [0] + a])")).toEqual([[[1, 2], [1, 3], [1], [1, 1], [0, 1]]]);
    expect(evaluate("[input.tags + ['x']].map(a, [a + ['y']].map(b, [a == ['vip', 'new', 'x'], size(b), b[3], b[0], 'y' in a]))")).toEqual([
      [[true, 4, "y", "vip", false]],
    ]);
    expect(failureOf(() => evaluate("([1] + [2])[2] == 1")).reason).toBe("EXPRESSION_FAILED");
  });

  it("adds to a long list without copying it, as often as it likes", () => {
    const list = Array.from({ length: 50_000 }, (_, i) => i);
    const value = (source: string) => compileExpression(source).evaluate({ ...scope, state: { list } });
    expect(
      value("[state.list + [-1]].map(a, [size(a), a[0], a[49999], a[50000], size(a + [7]), (a + [7])[50001], size(a), -1 in a])"),
    ).toEqual([[50_001, 0, 49_999, -1, 50_002, 7, 50_001, true]]);
    expect(value("size(state.list.filter(x, x < 2000).map(i, size(state.list + [i])))")).toBe(2_000);
    // Each begins with the one before, which has another after it already.
    const nested = Array.from({ length: 30 }, (_, k) => `.map(a, [a + [${k}], a + [-1]][1])`).join("");
    expect(value(`[state.list.filter(x, x < 40)]${nested}.map(a, [size(a), a[39], a[69], a[40]])`)).toEqual([[70, 39, -1, -1]]);
  });

  it.each([
    ["lists", ".map(x, [x, x])"],
    ["objects", ".map(x, {'a': x, 'b': x})"],
  ])("refuses a value of %s that is large only when it is written out", (_, step) => {
    expect(failureOf(() => evaluate(`[1]${step.repeat(30)}`))).toMatchObject({ reason: "EXPRESSION_TOO_LARGE" });
  });

  it("refuses a pattern longer than its limit and takes hostile ones in linear time", () => {
    const state = { text: "a".repeat(100_000), pattern: "(x|a?)".repeat(200) };
    expect(compileExpression("state.text.matches('(a+)+$') && !state.text.matches('^(a|a)*b$')").test({ ...scope, state })).toBe(true);
    expect(failureOf(() => compileExpression("state.text.matches(state.pattern)").test({ ...scope, state })).message).toContain("1000");
  });

  it.each([
    ["input.id == 7615917337495251231", 1, 13],
    ["state.done and\n  input.ids.exists(i, i == -9007199254740993)", 2, 28],
    ["state.score > 0.123456789012345678", 1, 15],
    ["state.score in [1, 9007199254740993]", 1, 20],
    ["state.score < 1e400", 1, 15],
  ])("refuses a number whose digits a double does not keep: %s", (source, line, column) => {
    const failure = failureOf(() => compileExpression(source));
    expect([failure.reason, failure.facts]).toMatchObject(["EXPRESSION_INVALID", { line, column }]);
    expect(failure.message).toContain("as a text, in quotation marks");
  });

  it("compares long digits as texts, and makes no number of them in silence", () => {
    const input = { id: "7615917337495251231", n: "12" };
    const test = (source: string) => compileExpression(source).test({ ...scope, input });
    expect(test("input.id == '7615917337495251231' && input.id != '7615917337495251000'")).toBe(true);
    expect(
      test(
        "double(input.n) == 12.0 && int(input.n) + 1 == 13 && double('1e3') == 1000 && state.score == 9007199254740992 - 9007199254740987",
      ),
    ).toBe(true);
    for (const source of ["double(input.id) > 1.0", "int(input.id) > 1"])
      expect(failureOf(() => test(source))).toMatchObject({
        reason: "EXPRESSION_FAILED",
        message: expect.stringContaining("compare it as a text"),
      });
    expect(failureOf(() => test("input.id > 5")).reason).toBe("EXPRESSION_FAILED");
    for (const text of ["x", "", " ", "NaN", "12px"])
      expect(failureOf(() => test(`double('${text}') > 5`)).message).toContain(`"${text}" is no number`);
  });
});
