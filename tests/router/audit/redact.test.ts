import { readFileSync } from "node:fs";
import { buildSchema, getOperationAST, parse } from "graphql";
import { redacted, Redactor } from "../../../router/audit/redact.ts";

const schema = buildSchema(readFileSync(new URL("../../../codegen/schema.graphql", import.meta.url), "utf8"), { assumeValid: true });
const redactor = new Redactor(schema);

function shown(text: string, variables: Record<string, unknown>) {
  const document = parse(text);
  return redactor.show(document, getOperationAST(document)!, variables);
}

const create = "mutation ($input: CreateModelProviderInput!) { createModelProvider(input: $input) { id } }";

describe("variables in the audit", () => {
  it.each<[string, string, Record<string, unknown>, unknown]>([
    ["none are null", "{ services { name } }", {}, null],
    ["an id is shown", "query ($id: ID!) { app(id: $id) { id } }", { id: "a-1" }, { id: "a-1" }],
    ["an id that is long is cut", "query ($id: ID!) { app(id: $id) { id } }", { id: "x".repeat(300) }, { id: `${"x".repeat(100)}…` }],
    ["a code is shown", "query ($c: String!) { appByCode(code: $c) { id } }", { c: "shop" }, { c: "shop" }],
    [
      "a number is shown, and no text in its place",
      "query ($n: Int, $m: Int) { apps(first: $n, last: $m) { nodes { id } } }",
      { n: 3, m: "s3cret" },
      { n: 3, m: redacted },
    ],
    [
      "a reason of people is not",
      "mutation ($id: ID!, $r: String) { cancelRun(id: $id, reason: $r) { id } }",
      { id: "1", r: "s3cret" },
      { id: "1", r: redacted },
    ],
    [
      "a variable that is used at a place shown and at one that is not, is not",
      "mutation ($t: String!) { a: createApp(input: { code: $t, name: $t }) { id } b: createTool(input: { code: $t, name: $t, description: $t, toolType: HTTP }) { id } }",
      { t: "s3cret" },
      { t: redacted },
    ],
    ["one that is used nowhere is not", "query ($t: String) { services { name } }", { t: "s3cret" }, { t: redacted }],
    ["one that is declared nowhere is not there", "query ($t: String) { services { name } }", { other: "s3cret" }, {}],
    [
      "one that is within JSON is not",
      "mutation ($t: String) { createRun(input: { input: { a: $t } }) { id } }",
      { t: "s3cret" },
      { t: redacted },
    ],
    [
      "an input object is shown by its fields, without those that it does not have",
      create,
      {
        input: { code: "own", name: "Own", apiKey: "s3cret", headers: { "x-key": "s3cret" }, baseUrl: "https://h/?key=s3cret", s3cret: 1 },
      },
      { input: { code: "own", name: "Own", apiKey: redacted, headers: redacted, baseUrl: redacted } },
    ],
    ["what is no object is not shown", create, { input: "s3cret" }, { input: redacted }],
    ["what is no text is not shown as one", create, { input: { code: { s3cret: 1 } } }, { input: { code: redacted } }],
    [
      "an enum that is none is not shown",
      'mutation ($t: ToolType!) { createTool(input: { code: "a", name: "a", toolType: $t }) { id } }',
      { t: "s3cret" },
      { t: redacted },
    ],
    ["null stays", create, { input: { code: null } }, { input: { code: null } }],
    ["a type that is none is not shown", "query ($t: Nothing) { services { name } }", { t: "s3cret" }, { t: redacted }],
    [
      "what cannot be stored is replaced",
      "query ($c: String!) { appByCode(code: $c) { id } }",
      { c: "a\u0000b\ud800" },
      { c: "a\ufffdb\ufffd" },
    ],
    ["names of objects' own members are no values", "query ($constructor: ID) { app(id: $constructor) { id } }", {}, {}],
  ])("%s", (_what, text, variables, expected) => {
    expect(shown(text, variables)).toEqual(expected);
  });

  it("are cut where they are large: texts, lists, all together", () => {
    const long = "x".repeat(1_000_000);
    expect(shown("query ($c: String!) { appByCode(code: $c) { id } }", { c: long })).toEqual({ c: `${"x".repeat(256)}…` });
    const many = shown("query ($i: [ID!]) { runs(filter: { id: $i }) { nodes { id } } }", {
      i: Array.from({ length: 10_000 }, (_, i) => `${i}`),
    });
    expect((many!["i"] as string[]).slice(-2)).toEqual(["19", "[9980 more]"]);
    const names = Array.from({ length: 60 }, (_, i) => `v${i}`);
    const all = `query (${names.map((n) => `$${n}: String`).join(" ")}) { ${names.map((n) => `${n}: appByCode(code: $${n}) { id }`).join(" ")} }`;
    const kept = shown(all, Object.fromEntries(names.map((n) => [n, long])))!;
    expect(kept["…"]).toBe("[cut]");
    expect(Buffer.byteLength(JSON.stringify(kept))).toBeLessThan(4_200);
  });
});
