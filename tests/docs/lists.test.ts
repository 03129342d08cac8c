/** Lists in the documents are those of the code, whole and nothing beyond. */
import "reflect-metadata";
import { readFileSync } from "node:fs";
import { buildSchema } from "graphql";
import { dslIssueCodes } from "#shared/dsl/issue.ts";
import { nodeSpecs } from "#shared/dsl/node-specs.ts";
import { nodeTypeAliases, nodeTypes } from "#shared/dsl/node-types.ts";
import { AppError, errorCodes, type ErrorCode } from "#shared/errors.ts";
import { statusOfRefusal } from "#shared/serve/http-body.ts";
import { allowedFilters, allowedTags } from "#shared/template/engine.ts";
import { FinishReason } from "../../subgraphs/model/chat.types.ts";
import { read } from "./documents.ts";

const dsl = readFileSync("docs/dsl.md", "utf8");
const errors = readFileSync("docs/errors.md", "utf8");
const live = readFileSync("docs/live.md", "utf8");
const schema = buildSchema(readFileSync("codegen/schema.graphql", "utf8"));

/** A section by its heading, to the next heading of its level or above. */
function section(text: string, heading: string): string {
  const level = /^#+/.exec(heading)![0].length;
  const [, rest = ""] = text.split(`\n${heading}\n`);
  return rest.split(new RegExp(`^#{1,${level}} `, "m"))[0]!;
}

/** The cells of a section's tables, without heads. */
function rows(text: string): string[][] {
  const lines = text.split("\n").filter((line) => line.startsWith("|"));
  return lines
    .filter((line, at) => !/^\|[\s|:-]+\|$/.test(line) && !/^\|[\s|:-]+\|$/.test(lines[at + 1] ?? ""))
    .map((line) =>
      line
        .slice(1, -1)
        .split(/(?<!\\)\|/)
        .map((cell) => cell.trim()),
    );
}

const codeSpans = (text = "") => [...text.matchAll(/`([^`]+)`/g)].map(([, span = ""]) => span);
const sorted = (items: Iterable<string>) => [...new Set(items)].sort();

describe("docs/dsl.md lists", () => {
  it("the types of nodes and their aliases", () => {
    const headings = [...section(dsl, "## Node types").matchAll(/^### (\S+)$/gm)].map(([, type]) => type);
    expect(headings).toEqual([...nodeTypes]);
    const aliases = nodeTypes.flatMap((type) => {
      const [, alias] = /^\s*Alias `(\w+)`/.exec(section(dsl, `### ${type}`)) ?? [];
      return alias === undefined ? [] : [[alias, type]];
    });
    expect(Object.fromEntries(aliases)).toEqual(nodeTypeAliases);
  });

  it.each([...nodeTypes])("the keys of %s, and which are templates", (type) => {
    const text = section(dsl, `### ${type}`);
    const { keys, templates } = nodeSpecs[type];
    const table = rows(text.split("A message has:")[0]!).map(([cell = ""]) => cell.replace(/\([^)]*\)/g, ""));
    if (table.length === 0) {
      for (const key of keys) expect(text).toContain(`\`${key}\``);
      return;
    }
    expect(sorted(table.flatMap(codeSpans))).toEqual(sorted(keys));
    const marked = table.filter((cell) => cell.includes("**T**")).flatMap(codeSpans);
    expect(sorted(marked)).toEqual(sorted(templates.map(({ field }) => field).filter((field) => !field.includes("*"))));
  });

  it("why an answer ended", () => {
    const [, table = ""] = section(dsl, "### llm").split(/^\| `finish_reason` .*$/m);
    expect(rows(table).flatMap(([cell]) => codeSpans(cell))).toEqual(Object.values(FinishReason).map((reason) => reason.toLowerCase()));
  });

  it("tags and filters of templates", () => {
    const [, tags = ""] = /^- Tags: (.*?)\. /m.exec(dsl) ?? [];
    expect(sorted(codeSpans(tags))).toEqual(sorted(allowedTags));
    const [, filters = ""] = /^- Filters: (.*?)\n- /ms.exec(dsl) ?? [];
    expect(sorted(codeSpans(filters.split("Not there:")[0]))).toEqual(sorted(allowedFilters));
  });

  it("what validation finds, each with its severity", () => {
    const table = rows(section(dsl, "## What validation finds"));
    expect(sorted(table.flatMap(([cell]) => codeSpans(cell)))).toEqual(sorted(dslIssueCodes));
    const severities = new Map(table.flatMap(([cell, severity = ""]) => codeSpans(cell).map((code) => [code, severity] as const)));
    const sources = read(["shared/dsl/**/*.ts"]);
    const made = sources.flatMap(({ text }) =>
      [...text.matchAll(/\bissues\.(error|warning)\(\s*"([A-Z_]+)"/g)].map(([, how = "", code = ""]) => ({
        code,
        severity: how.toUpperCase(),
      })),
    );
    expect(made.length).toBeGreaterThan(25);
    expect(made.filter(({ code, severity }) => severities.get(code) !== severity)).toEqual([]);
  });
});

describe("docs/errors.md lists", () => {
  it("the codes that a node run or a run may end with, but those of subgraphs that have a README", () => {
    const sources = read(["subgraphs/runtime/{nodes,owner}/**/*.ts"]);
    const made = sources.flatMap(({ text }) =>
      [...text.matchAll(/\bcode(?:: | = )"([A-Z][A-Z0-9]*(?:_[A-Z0-9]+)*)"/g)].map(([, code = ""]) => code),
    );
    const wanted = made.filter((code) => !(errorCodes as readonly string[]).includes(code) || code === "INTERNAL");
    const told = section(errors, "## Errors of nodes");
    expect(wanted.length).toBeGreaterThan(15);
    expect(sorted(wanted).filter((code) => !new RegExp(`\\b${code}\\b`).test(told))).toEqual([]);
  });

  it("what is refused before it is executed, with the status that it has", () => {
    const [table = ""] = section(errors, "## HTTP status").split("\n\nA query may come by GET");
    const told = rows(table).flatMap(([status, cell = ""]) =>
      (cell.match(/\b[A-Z]+(?:_[A-Z]+)+\b/g) ?? []).map((reason) => ({ status: Number(status), reason })),
    );
    const sources = read(["{router,shared}/**/*.ts"]);
    const codes = new Map(
      sources.flatMap(({ text }) =>
        [...text.matchAll(/^ {2}([A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+): \{\s*code: "([A-Z_]+)"/gm)].map(
          ([, reason = "", code = ""]) => [reason, code as ErrorCode] as const,
        ),
      ),
    );
    // Those of an executed document have their status where they are answered: tests/router.
    const elsewhere = ["VARIABLES_TOO_LARGE", "SUBSCRIPTION_NOT_BY_GET"];
    const refused = told.filter(({ reason }) => codes.has(reason) && !elsewhere.includes(reason));
    expect(refused.length).toBeGreaterThan(12);
    for (const { reason, status } of refused)
      expect([reason, statusOfRefusal(new AppError(codes.get(reason)!, reason, ""))]).toEqual([reason, status]);
    const guards = read([
      "router/edge/browser-guard.ts",
      "router/edge/http-streams.ts",
      "router/edge/rates/tenant-gate.ts",
      "shared/serve/http-body.ts",
    ]);
    const wanted = guards.flatMap(({ text }) =>
      [...text.matchAll(/^ {2}([A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+): \{\s*code: /gm)].map(([, reason = ""]) => reason),
    );
    expect(wanted.filter((reason) => !told.some((each) => each.reason === reason))).toEqual([]);
  });
});

describe("docs/live.md lists", () => {
  it("the subscriptions of the graph, with their arguments", () => {
    const [table = ""] = live.split("\n```graphql");
    const told = rows(table).flatMap(([cell]) => codeSpans(cell));
    const fields = Object.values(schema.getSubscriptionType()!.getFields());
    const withArguments = ({ name, args }: (typeof fields)[number]) => `${name}(${sorted(args.map((arg) => arg.name)).join(", ")})`;
    const inOrder = (call: string) => call.replace(/\((.*)\)/, (_, names: string) => `(${sorted(names.split(", ")).join(", ")})`);
    expect(sorted(told.map(inOrder))).toEqual(sorted(fields.map(withArguments)));
  });
});
