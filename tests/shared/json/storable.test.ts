import fc from "fast-check";
import type { Json } from "#shared/json.ts";
import { maxStorableDepth, NotStorable, requireStorableText, storableJson, storableText } from "#shared/json/storable.ts";

/** A list in a list, so many levels. */
function nested(levels: number): Json {
  return Array.from({ length: levels - 1 }).reduce<Json>((inner) => [inner], []);
}

function refusal(check: () => unknown): Pick<NotStorable, "kind" | "problem"> {
  try {
    check();
  } catch (cause) {
    if (cause instanceof NotStorable) return { kind: cause.kind, problem: cause.problem };
    throw cause;
  }
  throw new Error("it was not refused");
}

describe("storableJson", () => {
  it("reads back without absent keys, and shares nothing with what was given", () => {
    const given = { zeta: [1, -0.5, true, null, ""], alpha: { "": {}, gone: undefined }, text: "ü \u{1F600}" };
    const { value, text } = storableJson(given, "outputJson");
    expect(text).toBe('{"zeta":[1,-0.5,true,null,""],"alpha":{"":{}},"text":"ü \u{1F600}"}');
    expect(value).toEqual(JSON.parse(text));
    given.zeta.push(2);
    expect(value).toEqual(JSON.parse(text));
  });

  it("gives any JSON back as it is, keys that are dangerous elsewhere too", () => {
    const key = fc.oneof(fc.constantFrom("__proto__", "constructor", "toString", "", "10", "2"), fc.string());
    const { json } = fc.letrec<{ json: Json }>((tie) => ({
      json: fc.oneof(
        { depthSize: "small", withCrossShrink: true },
        fc.string(),
        fc.double({ noNaN: true, noDefaultInfinity: true }),
        fc.boolean(),
        fc.constant(null),
        fc.array(tie("json"), { maxLength: 4 }),
        fc.array(fc.tuple(key, tie("json")), { maxLength: 4 }).map((entries) => Object.fromEntries(entries) as Json),
      ),
    }));
    fc.assert(
      fc.property(json, (given) => {
        const { text, value } = storableJson(given, "x");
        expect(text).toBe(JSON.stringify(given));
        expect(JSON.stringify(value)).toBe(text);
      }),
    );
  });

  it.each([
    ["a lone surrogate", { a: "x\ud800" }, "text", "x.a has half a character (a lone surrogate)"],
    ["a lone surrogate as a key", { b: [{ ["\udfff"]: 1 }] }, "text", "x.b.0.\ufffd has half a character (a lone surrogate)"],
    ["NUL", ["a", ["a\u0000b"]], "text", "x.1.0 has the character NUL (\\u0000)"],
    ["a number that JSON has not", { n: -Infinity }, "value", "x.n is -Infinity"],
    ["what is no JSON", { f: new Set() }, "value", "x.f is a Set"],
    ["what nests too deep", nested(maxStorableDepth + 1), "deep", "x.0.0.0.0.0.….0.0.0.0.0 is nested more than 256 deep"],
  ])("refuses %s with its place", (_name, given, kind, problem) => {
    expect(refusal(() => storableJson(given, "x"))).toEqual({ kind, problem });
  });

  it("takes what nests just deep enough", () => {
    expect(storableJson(nested(maxStorableDepth), "x").text).toHaveLength(2 * maxStorableDepth);
  });

  it("counts keys and texts against the limit, and names the whole", () => {
    expect(storableJson({ abc: ["de"] }, "x", { maxBytes: 5 }).text).toBe('{"abc":["de"]}');
    expect(refusal(() => storableJson({ abc: ["def"] }, "x", { maxBytes: 5 }))).toEqual({
      kind: "large",
      problem: "x is larger than 5 bytes",
    });
  });
});

describe("requireStorableText", () => {
  it("gives the text back, or says what is wrong with it", () => {
    expect(requireStorableText("a \u{1F600}", "name")).toBe("a \u{1F600}");
    expect(refusal(() => requireStorableText("\u0000", "name"))).toEqual({ kind: "text", problem: "name has the character NUL (\\u0000)" });
  });
});

describe("storableText", () => {
  it("makes visible what cannot be stored, and leaves the rest", () => {
    expect(storableText("a\u0000b\ud800c \u{1F600}")).toBe("a\ufffdb\ufffdc \u{1F600}");
  });
});
