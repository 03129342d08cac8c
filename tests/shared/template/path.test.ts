import fc from "fast-check";
import { textEngine } from "#shared/template/engine.ts";
import { partsOf } from "#shared/template/path.ts";
import type { TemplateScope } from "#shared/template/scope.ts";
import { compileTemplate } from "#shared/template/template.ts";
import { ValueContext } from "#shared/template/values.ts";

const key = fc.constantFrom("a", "b-c", "0", "1", "size", "first", "last", "length", "constructor", "__proto__", "text", "output", "x_y");
const value = fc.letrec((tie) => ({
  any: fc.oneof({ depthSize: "small" }, fc.constantFrom(null, true, 0, 1.5, "", "text", "ü", "a😀"), tie("list"), tie("object")),
  list: fc.array(tie("any"), { maxLength: 3 }),
  object: fc.dictionary(key, tie("any"), { maxKeys: 4, noNullPrototype: true }),
})).object as fc.Arbitrary<TemplateScope["state"]>;
const path = fc.tuple(fc.constantFrom("state", "input", "nodes", "current", "other"), fc.array(key, { maxLength: 4 }));

describe("paths without the Liquid machinery", () => {
  it("render what Liquid itself renders", () => {
    fc.assert(
      fc.property(value, value, path, fc.boolean(), (state, input, [root, keys], quoted) => {
        const dotted = [root, ...keys.map((part) => (quoted ? `["${part}"]` : `.${part}`))].join("");
        const source = `<{{ ${dotted} }}> {{${dotted}}}`;
        const scope: TemplateScope = { state, input, nodes: {}, current: { node_id: "n" } };
        expect(partsOf(textEngine.parse(source))).not.toBeNull();
        expect(compileTemplate(source).renderText(scope)).toBe(
          textEngine.renderSync(textEngine.parse(source), new ValueContext(scope, textEngine.options, { sync: true })),
        );
      }),
      { numRuns: 2_000 },
    );
  });

  it("leaves everything else to Liquid", () => {
    for (const source of [
      "{{ a | upcase }}",
      "{{ a[b] }}",
      "{{ a[0] }}",
      "{{ 'text' }}",
      "{{ 1 }}",
      "{{ a == b }}",
      "{% if a %}{% endif %}",
      "{{ true }}",
    ]) {
      expect(partsOf(textEngine.parse(source))).toBeNull();
    }
  });
});
