import type { JsonObject } from "#shared/json.ts";
import { renderDeep } from "#shared/template/render-deep.ts";
import type { TemplateScope } from "#shared/template/scope.ts";

const scope: TemplateScope = {
  input: { q: "x" },
  state: { n: 3, o: { k: [1] }, long: "a".repeat(300_000) },
  nodes: {},
  current: { node_id: "n" },
};

describe("renderDeep", () => {
  it("renders every text, keeps types, keys and what is no text", () => {
    const value = { a: "{{ state.n }}", b: ["{{ state.o }}", "n is {{ state.n }}"], "{{key}}": { c: 1, d: null, e: true, f: "plain" } };
    expect(renderDeep(value, scope)).toEqual({ a: 3, b: [{ k: [1] }, "n is 3"], "{{key}}": { c: 1, d: null, e: true, f: "plain" } });
  });

  it("has one budget for the whole value", () => {
    const value = Array.from({ length: 5 }, () => "{{ state.long }}");
    expect(renderDeep(value.slice(0, 3), scope)).toHaveLength(3);
    expect(() => renderDeep(value, scope)).toThrow(
      expect.objectContaining({ reason: "TEMPLATE_TOO_LARGE", facts: { limitBytes: 1_048_576 } }) as Error,
    );
  });

  it("keeps a key named __proto__ as a key and nothing more", () => {
    const value = JSON.parse('{"__proto__": {"polluted": "{{ state.n }}"}}') as JsonObject;
    const rendered = renderDeep(value, scope) as JsonObject;
    expect(Object.keys(rendered)).toEqual(["__proto__"]);
    expect(({} as JsonObject)["polluted"]).toBeUndefined();
  });
});
