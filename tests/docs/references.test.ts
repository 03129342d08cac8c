/** What the documents point to is there: files, anchors, scripts, commands and their flags, variables, exports; and what they show can be read. */
import "reflect-metadata";
import { execFileSync } from "node:child_process";
import { existsSync, globSync, readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import type { Command } from "commander";
import { buildSchema, parse, validate } from "graphql";
import { dslLimits } from "#shared/dsl/document.ts";
import { validateDsl } from "#shared/dsl/validate.ts";
import { errorCodes } from "#shared/errors.ts";
import { expressionLimits } from "#shared/expression/language.ts";
import { isJsonObject, type Json } from "#shared/json.ts";
import { maxPageSize } from "#shared/page-size.ts";
import type { CliContext } from "../../cli/context.ts";
import { defaultGate, outsideGate, type GateLimits } from "../../router/edge/rates/tenant-gate.ts";
import { answerLimits } from "../../router/graph/answer-bytes.ts";
import { defaultLimits } from "../../router/graph/limits.ts";
import { maxPlannedBytes } from "../../router/graph/operations.ts";
import { pointsUnlessPriced, rootPricesOf } from "../../router/graph/root-points.ts";
import { loadSupergraph } from "../../router/graph/supergraph.ts";
import { variableLimits } from "../../router/graph/variables.ts";
import { maxOutputBytes } from "../../subgraphs/runtime/nodes/storable.ts";
import { documents, type Page } from "./documents.ts";

const pages = documents();
const everywhere = pages.map(({ text }) => text).join("\n");
const manifest = JSON.parse(readFileSync("package.json", "utf8")) as { scripts: Record<string, string> };

describe("what the documents point to", () => {
  it("has files behind its links, and headings behind their anchors", () => {
    const links = pages.flatMap(({ path, text }) =>
      [...withoutBlocks(text).matchAll(/\]\((?!https?:)([^)#\s]*)(?:#([^)\s]+))?\)/g)].map(([, target = "", anchor]) => ({
        at: path,
        file: target === "" ? path : normalize(join(dirname(path), target)),
        anchor,
      })),
    );
    expect(links.length).toBeGreaterThan(30);
    expect(links.filter(({ file }) => !existsSync(file))).toEqual([]);
    expect(links.filter(({ file, anchor }) => anchor !== undefined && !anchorsOf(file).includes(anchor))).toEqual([]);
  });

  it("has the files that it names", () => {
    const files = pages.flatMap(({ path, text }) =>
      [...withoutBlocks(text).matchAll(/`([\w./-]+\.(?:ts|mjs|cjs|py|md|json))`/g)].map(([, file = ""]) => ({ path, file })),
    );
    expect(files.length).toBeGreaterThan(60);
    expect(files.filter(({ path, file }) => !isThere(path, file))).toEqual([]);
  });

  it("has the scripts and the commands that it tells to run, with their flags", () => {
    const scripts = [...everywhere.matchAll(/\bnpm (?:run (?:--silent )?([a-z:]+)|(start|test))\b/g)].map(
      (found) => found[1] ?? found[2] ?? "",
    );
    expect(scripts).toEqual(expect.arrayContaining(["start", "test", "check", "codegen", "bench", "smoke", "demo"]));
    expect(scripts.filter((script) => !(script in manifest.scripts))).toEqual([]);
    const lines = [...everywhere.matchAll(/node cli\/bin\.mjs ([a-z]+)([^\n`#]*)/g)];
    expect(new Set(lines.map(([, name]) => name))).toEqual(
      new Set([
        "agents",
        "answer",
        "follow",
        "keys",
        "migrate",
        "router",
        "run",
        "secrets",
        "skills",
        "smoke",
        "start",
        "subgraph",
        "teams",
        "worker",
      ]),
    );
    const others = [
      ...everywhere.matchAll(/`(worker|migrate|run|start) (--[^`]*)`/g),
      ...everywhere.matchAll(/npm run (smoke)(?: -- (.*))?/g),
    ];
    const flags = [...lines, ...others].flatMap(([, name = "", rest = ""]) =>
      (rest.match(/--[a-z][a-z-]*/g) ?? []).map((flag) => `${name} ${flag}`),
    );
    expect(flags).toEqual(expect.arrayContaining(["run --follow", "worker --only", "migrate --status"]));
    expect(flags.filter((flag) => !commandFlags().includes(flag))).toEqual([]);
  });

  it("names no variable that is not read", () => {
    const example = readFileSync(".env.example", "utf8");
    const known = new Set(example.match(/AGENT_PLATFORM_[A-Z_]+/g));
    const ofSubgraph = /^AGENT_PLATFORM_(?:ACCESS|AGENT|MEMORY|MODEL|RUNTIME|SESSION|SKILL|TEAM|TOOL|WORKFLOW)_(?:DATABASE|SUBGRAPH)_URL$/;
    const named = [...everywhere.matchAll(/AGENT_PLATFORM_[A-Z_]*[A-Z]/g)].map(([name]) => name);
    expect(named.length).toBeGreaterThan(30);
    expect(named.filter((name) => !known.has(name) && !ofSubgraph.test(name))).toEqual([]);
  });

  it("has the codes of errors, and no others", () => {
    const [, section = ""] = /^## Codes$(.*?)^## /ms.exec(pageAt("docs/errors.md"))!;
    expect([...section.matchAll(/^\| ([A-Z_]+) /gm)].map(([, code]) => code)).toEqual([...errorCodes]);
  });
});

describe("what the documents show", () => {
  it.each(blocksOf("json"))("is JSON, and a document that can run: %s", (_at, block) => {
    const value = JSON.parse(block) as Json;
    if (!isJsonObject(value) || (!("nodes" in value) && !("config" in value))) return;
    const document = "nodes" in value ? value : { nodes: [value], edges: [] };
    const issues = validateDsl(document).filter(
      ({ code }) => !["REFERENCE_UNKNOWN_NODE", "CONDITION_MISSING", "ROUTE_MISSING"].includes(code),
    );
    expect(issues).toEqual([]);
  });

  it.each([...blocksOf("bash"), ...blocksOf("sh")])("is shell: %s", (_at, block) => {
    expect(() => execFileSync("bash", ["-n"], { input: block, stdio: ["pipe", "ignore", "pipe"] })).not.toThrow();
  });

  it("asks of the graph what it takes, in the shell too", () => {
    const schema = buildSchema(readFileSync("codegen/schema.graphql", "utf8"));
    const requests = [...blocksOf("bash"), ...blocksOf("sh")].flatMap(([at, block]) =>
      [...block.replaceAll(/'\$\w+'/g, "ID").matchAll(/(?:ask|-d) '(\{"query".*?\})'(?=[)\s|])/gs)].map(([, body = ""]) => ({ at, body })),
    );
    expect(requests.length).toBeGreaterThan(5);
    const problems = requests.flatMap(({ at, body }) => {
      const { query } = JSON.parse(body) as { query: string };
      return validate(schema, parse(query)).map(({ message }) => `${at}: ${message}`);
    });
    expect(problems).toEqual([]);
  });

  it("imports what is exported", async () => {
    const imports = blocksOf("ts").flatMap(([, block]) =>
      [...block.matchAll(/import \{ ([\w, ]+) \} from "\.\/([^"]+)"/g)].map(([, names = "", file = ""]) => ({
        names: names.split(", "),
        file,
      })),
    );
    expect(imports.length).toBeGreaterThan(2);
    for (const { names, file } of imports) {
      const module = (await import(`../../${file}`)) as Record<string, unknown>;
      expect(names.filter((name) => !(name in module))).toEqual([]);
    }
  });

  it("has the figures of the limits in code", () => {
    const number = (value: number) => value.toLocaleString("en-US");
    const limits = defaultLimits;
    const operations = pageAt("docs/operations.md");
    expect(operations).toContain(
      `${number(limits.maxTokens)} tokens, ${limits.maxDepth} levels, ${limits.maxAliases} aliases (${limits.maxIntrospectionAliases} where it asks for the schema), ${number(limits.maxFields)} fields (${number(limits.maxDifferentFields)} where those of one name in one place are one), ${limits.maxFragments} fragments, ${limits.maxFragmentDepth} within each other, ${limits.maxBranches} branches (fields with fields beneath them), ${number(limits.maxComparisons)} comparisons`,
    );
    expect(operations).toContain(`${limits.maxPoints} points: a look-up ${pointsUnlessPriced.query},`);
    const { points: priced } = rootPricesOf(loadSupergraph(readFileSync("codegen/supergraph.graphql", "utf8")).supergraph.schema);
    for (const [name, points] of [...priced.query, ...priced.mutation].filter(([each]) => !each.startsWith("execute")))
      expect(operations).toMatch(new RegExp(`\\b${name}\\b[^|0-9]* ${points}\\b`));
    expect(operations).toContain(
      `${number(limits.maxNodes)} objects (AGENT_PLATFORM_MAX_NODES), ${number(limits.maxValues)} fields (ten for each of these objects); of the schema ${number(limits.maxSchemaValues)}`,
    );
    expect(operations).toContain(`${number(variableLimits.maxValues)} values, ${number(variableLimits.maxItems)} items`);
    const { requestBytes, totalBytes } = answerLimits();
    expect(operations).toContain(`${requestBytes >> 20} MiB; all that are not sent yet ${totalBytes >> 20} MiB`);
    const share = (gate: GateLimits) => [gate.units, gate.tenantUnits];
    const [[units, tenantUnits], [outside, tenantOutside]] = [share(defaultGate), share(outsideGate)];
    expect(operations).toContain(`${units} units, ${tenantUnits} for one tenant`);
    expect(operations).toContain(`${outside} and ${tenantOutside}. Others wait ${defaultGate.waitMs / 1_000} s`);
    expect(operations).toContain(`Kept plans take ${maxPlannedBytes >> 20} MiB`);
    expect(operations).toMatch(new RegExp(`one page +\\| ${maxPageSize} items`));
    expect(operations).toContain(`${maxOutputBytes / 1_048_576} MiB; above 2 kB`);
    const dsl = pageAt("docs/dsl.md");
    expect(dsl).toContain(`${number(dslLimits.nodes)} nodes, ${number(dslLimits.edges)} edges, nested ${dslLimits.depth} deep`);
    expect(dsl).toContain(`${number(expressionLimits.sourceChars)} characters`);
    expect(dsl).toContain(`${expressionLimits.evaluateMs} ms; patterns of \`matches\` ${number(expressionLimits.patternChars)} characters`);
  });
});

function pageAt(path: string): string {
  const page = pages.find((each) => each.path === path);
  if (page === undefined) throw new Error(`no page ${path}`);
  return page.text;
}

function withoutBlocks(text: string): string {
  return text.replaceAll(/^```.*?^```/gms, "");
}

function blocksOf(language: string): [at: string, block: string][] {
  const ofPage = ({ path, text }: Page) =>
    [...text.matchAll(new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\``, "gms"))].map(([, block = ""], i): [string, string] => [
      `${path} #${i + 1}`,
      block,
    ]);
  return pages.flatMap(ofPage);
}

/** As GitHub makes them. */
function anchorsOf(file: string): string[] {
  const headings = withoutBlocks(readFileSync(file, "utf8")).matchAll(/^#+ (.*)$/gm);
  return [...headings].map(([, heading = ""]) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\s_-]/gu, "")
      .replaceAll(/\s/g, "-"),
  );
}

/** From the root, from the page's folder, or anywhere by the end of its path. */
function isThere(page: string, file: string): boolean {
  if (made.has(file) || existsSync(file) || existsSync(join(dirname(page), file))) return true;
  return globSync(`**/${file}`, { exclude: ["node_modules"] }).length > 0;
}

/** What its reader writes, and what must not be. */
const made = new Set(["watch.ts", "migrations/NNNN-what.ts", "./x.ts", "types.ts"]);

/** `<command> <flag>` of every command. */
function commandFlags(): string[] {
  return commands.flatMap((command) =>
    [command, ...command.commands].flatMap(({ options }) => options.map(({ long }) => `${command.name()} ${long}`)),
  );
}

const commands: Command[] = await Promise.all(
  globSync("cli/commands/*.ts").map(async (path) => {
    const module = (await import(`../../${path}`)) as Record<string, (context: CliContext) => Command>;
    const [, make] = Object.entries(module).find(([name]) => name.endsWith("Command"))!;
    return make({ composition: { subgraphNames: [] }, environment: {} } as unknown as CliContext);
  }),
);
