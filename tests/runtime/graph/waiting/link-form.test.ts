import "reflect-metadata";
import type { JsonObject } from "#shared/json.ts";
import { formAnswer, formFields } from "../../../../subgraphs/runtime/graph/waiting/link-form.ts";
import { answerPage } from "../../../../subgraphs/runtime/graph/waiting/link-page.ts";
import { formProperties } from "../../../../subgraphs/runtime/graph/waiting/form-properties.ts";
import { shownWaiting, type WaitingRow } from "../../../../subgraphs/runtime/graph/waiting/waiting.entity.ts";

const rowOf = (form: JsonObject): WaitingRow => ({
  ...{ id: "r:ask", runId: "r", path: "ask", isOpen: true, reason: "PERSON", attempt: 1 },
  ...{ question: { form }, nodeType: "human-input", dueMs: null, sinceMs: null },
});
const pageOf = (form: JsonObject, fields?: Record<string, string>) =>
  answerPage({ waiting: shownWaiting(rowOf(form)), formToken: "x", ...(fields !== undefined && { fields: new URLSearchParams(fields) }) });
const valuesOf = (form: JsonObject, fields: Record<string, string>) =>
  formAnswer(rowOf(form), new URLSearchParams(fields)).answer.outputJson;
const formOf = (properties: JsonObject, more: JsonObject = {}): JsonObject => ({ properties, ...more });
const referring = (count: number, more: (index: number) => JsonObject = () => ({})): JsonObject =>
  Object.fromEntries(Array.from({ length: count }, (_, index) => [`p${index}`, { $ref: "#/$defs/c", ...more(index) }]));
/** Wide enough for the largest form (32 KiB) to have some hundreds of references to it as well. */
const digits = Array.from({ length: 8_190 }, (_, index) => index % 10);

describe("the page of a form", () => {
  it.each<[string, JsonObject]>([
    ["one list of choices", { enum: digits }],
    ["a list of few long choices", { enum: ["<".repeat(10_000), "b"] }],
    ["a long title", { title: "<".repeat(10_000), type: "string" }],
    ["a long description", { description: "<".repeat(10_000), type: "string" }],
    ["a default that is wide when it is shown", { default: JSON.parse("[".repeat(500) + "]".repeat(500)) }],
  ])("is no larger than two megabytes where hundreds refer to %s", (_, c) => {
    const form = formOf(referring(630), { $defs: { c } });
    expect(pageOf(form).length).toBeLessThan(2_000_000);
    expect(formFields(form)).toHaveLength(630);
  });

  it("shows 5,000 choices, and asks for JSON where there are more", () => {
    const form = formOf(referring(4), { $defs: { c: { enum: digits.slice(0, 1_500) } } });
    expect(formFields(form).map(({ kind }) => kind)).toEqual(["choice", "choice", "choice", "json"]);
    expect(pageOf(form).match(/<option /g)).toHaveLength(3 * 1_501);
    expect(valuesOf(form, { "field.p0": "12", "field.p3": "7" })).toEqual({ p0: 2, p3: 7 });
  });

  it("keeps of each property what it shows, however wide what it refers to is", () => {
    const wide = Object.fromEntries(Array.from({ length: 200 }, (_, index) => [`x${index}`, true]));
    const chain = Array.from({ length: 14 }, (_, index) => [`c${index}`, { $ref: `#/$defs/c${index + 1}`, ...wide }]);
    const $defs = { c: { $ref: "#/$defs/c0", ...wide }, ...Object.fromEntries(chain), c14: { type: "number", ...wide } };
    const found = formProperties(
      formOf(
        referring(100, () => ({ title: "T" })),
        { $defs },
      ),
    );
    expect(found.map(({ schema }) => schema)).toEqual(Array.from({ length: 100 }, () => ({ title: "T", type: "number" })));
  });

  it.each(["constructor", "toString", "__proto__", "none"])("shows a line whose format is %p", (format) => {
    expect(pageOf(formOf({ a: { type: "string", format } }))).toContain('<input type="text" id="field.a"');
  });
});

describe("a yes or no", () => {
  const ok = { type: "boolean" };
  const none = { additionalProperties: false };
  it.each<[string, JsonObject]>([
    ["oneOf", { oneOf: [{ properties: { ok } }, none] }],
    ["then", { if: { required: ["a"] }, then: { properties: { ok } } }],
    ["dependentSchemas", { dependentSchemas: { a: { properties: { ok } } } }],
    ["a reference of an alternative", { anyOf: [{ $ref: "#/$defs/x" }, none], $defs: { x: { properties: { ok } } } }],
  ])("that stands only in an alternative (%s) may be left out", (_, form) => {
    expect(valuesOf(form, {})).toEqual({});
    expect(valuesOf(form, { "field.ok": "" })).toEqual({});
    expect(valuesOf(form, { "field.ok": "true" })).toEqual({ ok: true });
    expect(valuesOf(form, { "field.ok": "false" })).toEqual({ ok: false });
    const options = '<option value=""></option><option value="true">Yes</option><option value="false" selected>No</option>';
    expect(pageOf(form, { "field.ok": "false" })).toContain(`<select id="field.ok" name="field.ok">${options}</select>`);
  });

  it.each<[string, JsonObject]>([
    ["of the form", { properties: { ok } }],
    ["of all of it", { allOf: [{ properties: { ok } }] }],
    [
      "of an alternative that all of it has too",
      { allOf: [{ anyOf: [{ $ref: "#/$defs/x" }] }, { $ref: "#/$defs/x" }], $defs: { x: { properties: { ok } } } },
    ],
    ["that is asked of everybody", { required: ["ok"], oneOf: [{ properties: { ok } }] }],
  ])("%s is no where it is not ticked", (_, form) => {
    expect(valuesOf(form, {})).toEqual({ ok: false });
    expect(valuesOf(form, { "field.ok": "true" })).toEqual({ ok: true });
    expect(pageOf(form)).toContain('type="checkbox"');
  });
});
