import fc from "fast-check";
import type { Json } from "#shared/json.ts";
import { characterAt, characterCount, charactersOf } from "#shared/template/characters.ts";
import { compileTemplate } from "#shared/template/template.ts";

const render = (source: string, input: Record<string, Json> = {}): Json =>
  compileTemplate(source).render({ input, state: {}, nodes: {}, current: { node_id: "n" } });

describe("an order in a template", () => {
  const numbers = [0, 5, -1, 1.5];
  const others: (Json | undefined)[] = [undefined, null, "", "10", "5", true, false, [], [3], [5, 1], {}, { size: 1 }];

  it.each(["<", "<=", ">", ">="])("%s is false between a number and what is none, on either side", (operator) => {
    for (const number of numbers) {
      for (const other of others) {
        const input = {
          ...(other === undefined ? {} : { other }),
          number,
          nested: { list: [{ number, ...(other === undefined ? {} : { other }) }] },
        };
        for (const source of [
          `{{ input.other ${operator} input.number }}`,
          `{{ input.number ${operator} input.other }}`,
          `{{ input.other ${operator} ${number} }}`,
          `{% for i in input.nested.list %}{{ i.number ${operator} i.other }}{% endfor %}`,
          `{% if input.other ${operator} input.number %}true{% else %}false{% endif %}`,
          `{% unless input.number ${operator} input.other %}false{% endunless %}`,
        ])
          expect(String(render(source, input))).toBe("false");
      }
    }
  });

  it.each(["<", "<=", ">", ">="])("%s is false between two things that are neither numbers nor texts, and with nil", (operator) => {
    for (const one of others) {
      for (const other of others) {
        if (typeof one === "string" && typeof other === "string") continue;
        expect(render(`{{ input.one ${operator} input.other }}`, { one: one ?? null, other: other ?? null })).toBe(false);
      }
      expect(render(`{{ input.one ${operator} nil }}`, { one: one ?? null })).toBe(false);
      expect(render(`{{ nil ${operator} input.one }}`, { one: one ?? null })).toBe(false);
    }
  });

  it("holds between two numbers and between two texts", () => {
    expect(render("{{ input.a < input.b }}{{ input.a <= 1 }}{{ input.b > 1 }}{{ 2 >= input.b }}", { a: 1, b: 2 })).toBe("truetruetruetrue");
    expect(render("{{ input.a < input.b }}{{ input.b > 'a' }}{{ input.a >= 'b' }}", { a: "a", b: "b" })).toBe("truetruefalse");
    expect(render("{% for i in (1..3) %}{% if forloop.index >= 2 %}{{ i }}{% endif %}{% endfor %}")).toBe("23");
  });
});

describe("a text in a template", () => {
  it.each<[string, Json]>([
    ["{{ input.s | size }}", 3],
    ["{{ input.s.size }}", 3],
    ["{{ input.s.length }}", 3],
    ["{{ input.s | split: '' | size }}", 3],
    ["{{ input.s | split: '' | reverse | join: '' }}", "b😀a"],
    ["{% assign c = input.s | split: '' %}{{ c[1] }}{{ c.last }}", "😀b"],
    ["{{ input.s[1] }}", "😀"],
    ["{{ input.s[-1] }}", "b"],
    ["{{ input.s.1 }}", "😀"],
    ["{{ input.s['1'] }}", "😀"],
    ["{{ input.s[3] }}", null],
    ["{{ input.s | first }}{{ input.e | first }}", "a😀"],
    ["{{ input.e | last }}", "😀"],
    ["{{ input.s | slice: 1 }}", "😀"],
    ["{{ input.s | slice: -2, 2 }}", "😀b"],
    ["{{ input.s | truncate: 2, '' }}", "a😀"],
    ["{{ input.s | replace: '', '-' }}", "a-😀-b"],
    ["{{ input.list.0 | size }}", 2],
    ["{% for t in input.list %}{{ t | size }}{{ t[0] }}{{ t.size }};{% endfor %}", "2😀2;1x1;"],
    ["{{ '' | size }}{{ '' | first }}{{ '' | split: '' | size }}", "00"],
    ["{{ input.list | size }}{{ input.list | first }}{{ input.missing | size }}", "2😀😀0"],
  ])("%s counts characters, never halves: %j", (source, expected) => {
    expect(render(source, { s: "a😀b", e: "😀", list: ["😀😀", "x"] })).toEqual(expected);
  });

  it("has the characters that Array.from finds", () => {
    const text = fc.string({ unit: fc.constantFrom("a", "ü", "😀", "👩‍👩‍👧", "\ud83d", "\ude00", "\u0000") });
    fc.assert(
      fc.property(text, fc.integer({ min: -9, max: 9 }), (given, index) => {
        expect(characterCount(given)).toBe(Array.from(given).length);
        expect(characterAt(given, index)).toBe(Array.from(given).at(index));
        expect(charactersOf(given).join("")).toBe(given);
      }),
    );
  });
});

describe("a long number in a template", () => {
  it.each([
    "{{ 7615917337495251231 }}",
    "a\n{% if input.id == 9007199254740993 %}{% endif %}",
    "{{ input.n | plus: 0.123456789012345678 }}",
  ])("is refused where it stands, with its place: %j", (source) => {
    expect(() => render(source)).toThrow(
      expect.objectContaining({ reason: "TEMPLATE_INVALID", message: expect.stringContaining("in quotation marks") }) as Error,
    );
  });

  it("that is a text is no number to a filter, in silence", () => {
    for (const source of [
      "{{ input.id | plus: 1 }}",
      "{{ 1 | plus: input.id }}",
      "{{ input.id | to_integer }}",
      "{{ input.ids | sum }}",
      "{{ input.id | round }}",
    ]) {
      expect(() => render(source, { id: "7615917337495251231", ids: [1, "9007199254740993"] })).toThrow(
        expect.objectContaining({ reason: "TEMPLATE_FAILED", message: expect.stringContaining("in a code node") }) as Error,
      );
    }
    expect(render("{{ '12' | plus: '9007199254740000' }}")).toBe(9007199254740012);
  });

  it("that is a text keeps its digits on its way", () => {
    const input = { id: "7615917337495251231" };
    expect(render("{{ input.id }}/{{ input | json }}", input)).toBe('7615917337495251231/{"id":"7615917337495251231"}');
    expect(render("{{ input.id }}", input)).toBe("7615917337495251231");
    expect(render("{% if input.id == '7615917337495251231' %}y{% endif %}", input)).toBe("y");
  });
});
