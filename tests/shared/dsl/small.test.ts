import fc from "fast-check";
import { isSmall, smallLimits } from "#shared/dsl/small.ts";
import { nodeSpecs } from "#shared/dsl/node-specs.ts";
import { compileTemplate } from "#shared/template/template.ts";
import { linearFilters } from "#shared/template/simple.ts";
import type { Json, JsonObject } from "#shared/json.ts";
import type { TemplateScope } from "#shared/template/scope.ts";

const scopeOf = (input: JsonObject): TemplateScope => ({ input, state: {}, nodes: {}, current: { node_id: "n" } });
const template = (text: Json, input: JsonObject = {}) => isSmall(nodeSpecs["template-transform"], { template: text }, scopeOf(input));
const expression = (text: string, input: JsonObject = {}) => isSmall(nodeSpecs["if-else"], { expression: text }, scopeOf(input));

describe("what is small", () => {
  it.each([
    "plain text",
    "{{ input.a }} and {{ nodes.step-1.output.items[0].name }}",
    "{{ input.a | slice: 0, 48 | upcase }}",
    '{{ input.a | default: "none" }} {{ input.list | size }}',
  ])("is a template of text, paths and filters that multiply nothing: %s", (text) => {
    expect(template(text)).toBe(true);
  });

  it.each([
    "{% for i in input.list %}x{% endfor %}",
    "{% assign a = input.a %}",
    "{{ (1..3) | first }}",
    '{{ input.list | map: "a" }}',
    '{{ input.a | replace: "a", "bbbb" }}',
    "{{ input.a | append: input.a }}",
    "{{ input[input.key] }}",
    "{{ input.a == 1 }}",
    "{{ input.a | json | json | json | json | json }}",
    "x".repeat(smallLimits.configChars + 1),
    `{{ ${"input[".repeat(101)}1${"]".repeat(101)} }}`,
  ])("is no template with a tag, an operator, another filter, a computed step or much text: %s", (text) => {
    expect(template(text)).toBe(false);
  });

  it.each([
    "input.score >= 5 and not input.blocked",
    'has(input.a) && input.a.startsWith("x")',
    'input.kind in ["a", "b"] || size(input.list) > 3',
    '"retrieve-docs" in nodes ? true : false',
    "(input.total - input.discount) * 1.19 < 500",
  ])("is an expression that looks at each value once: %s", (text) => {
    expect(expression(text)).toBe(true);
  });

  it.each([
    "input.list.exists(i, i > 3)",
    "[input.a, input.a] == []",
    '{"a": input.a} == {}',
    'input.a.matches("a+")',
    "input.list[input.n] == 1",
    `${"(".repeat(31)}true${")".repeat(31)}`,
    `input.a == "${"x".repeat(1_000)}"`,
  ])("is no expression that loops, builds, matches, computes a step, or is long: %s", (text) => {
    expect(expression(text)).toBe(false);
  });

  it("reads little: each value counts as often as it is read", () => {
    const half = "x".repeat(smallLimits.readUnits / 2);
    expect(template("{{ input.a }}", { a: half })).toBe(true);
    expect(template("{{ input.a }}{{ input.a }}{{ input.a }}", { a: half })).toBe(false);
    expect(template({ one: "{{ input.a }}", list: ["{{ input.a }}", "{{ input.a }}"] }, { a: half })).toBe(false);
    expect(expression("input.a + input.a + input.a == input.b", { a: half, b: "" })).toBe(false);
  });

  it("may ask how many there are, or whether a key is there, of what is large", () => {
    const list = Array.from({ length: smallLimits.readUnits + 1 }, () => 1);
    expect(template("{{ input.list.size }}", { list })).toBe(true);
    expect(template("{{ input.list }}", { list })).toBe(false);
    expect(expression('size(input.list) > 3 && "a" in input', { list })).toBe(true);
    expect(expression("1 in input.list", { list })).toBe(false);
  });

  it("makes little: at most a few times what it reads, whatever it is", () => {
    const literal = fc.oneof(
      fc.integer({ min: -99, max: 999_999 }).map(String),
      fc.stringMatching(/^[a-z<"]{0,40}$/).map((text) => `'${text}'`),
    );
    const filter = fc
      .tuple(fc.constantFrom(...linearFilters), fc.array(literal, { maxLength: 2 }))
      .map(([name, args]) => ` | ${name}${args.length > 0 ? `: ${args.join(", ")}` : ""}`);
    const output = fc
      .tuple(
        fc.constantFrom("input.a", "input.b.c", "input.list", "input.list.0", "input.n", "input.none"),
        fc.array(filter, { maxLength: 4 }),
      )
      .map(([path, filters]) => `{{ ${path}${filters.join("")} }}`);
    const texts = fc.array(output, { maxLength: 8 }).map((outputs) => outputs.join(" "));
    const input = fc.record({
      a: fc.string({ unit: fc.constantFrom('"', "\\", "ﬃ", "a", "\n"), maxLength: 3_000, size: "max" }),
      b: fc.record({ c: fc.jsonValue() }),
      list: fc.array(fc.string(), { maxLength: 50 }),
      n: fc.double({ noNaN: true }),
    });
    fc.assert(
      fc.property(texts, input, (text, value) => {
        const scope = scopeOf(value);
        fc.pre(isSmall(nodeSpecs["template-transform"], { template: text }, scope));
        let made = "";
        try {
          made = compileTemplate(text).renderText(scope);
        } catch {
          // A filter that does not take such an argument.
        }
        // JSON of JSON doubles what is escaped; three times as often as anything else grows.
        expect(made.length).toBeLessThanOrEqual(32 * (smallLimits.readUnits + smallLimits.configChars));
      }),
      { numRuns: 300 },
    );
  });
});
