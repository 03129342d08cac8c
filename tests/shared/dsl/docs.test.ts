import { readFileSync } from "node:fs";
import { dslIssueCodes } from "#shared/dsl/issue.ts";
import { nodeTypes, type NodeType } from "#shared/dsl/node-types.ts";
import { nodeSpecs } from "#shared/dsl/node-specs.ts";
import { validateDsl } from "#shared/dsl/validate.ts";
import { compileExpression } from "#shared/expression/expression.ts";
import type { JsonObject } from "#shared/json.ts";

const text = readFileSync("docs/dsl.md", "utf8");
const blocks = (language: string) =>
  [...text.matchAll(new RegExp(`^\`\`\`${language}\n(.*?)^\`\`\``, "gms"))].map((match) => match[1] ?? "");

describe("docs/dsl.md", () => {
  it("has a valid example of every node type", () => {
    const examples = blocks("json").map((block) => JSON.parse(block) as JsonObject);
    const nodes = examples.filter((example) => "type" in example);
    const documents = examples.filter((example) => "nodes" in example);
    const inDocuments = documents.flatMap((document) => (document["nodes"] as JsonObject[]).map((node) => node["type"] as string));
    const alone = nodes.map((node) => node["type"] as string);
    expect(alone).toEqual(nodeTypes.filter((type) => alone.includes(type)));
    expect(nodeTypes.filter((type) => !alone.includes(type) && !inDocuments.includes(type))).toEqual([]);
    for (const whole of documents) expect(validateDsl(whole)).toEqual([]);
    const edges = nodes.slice(1).flatMap((node, i) => {
      const edge = { source: nodes[i]?.["id"], target: node["id"] };
      const { type, config } = nodes[i] as { type: NodeType; config: JsonObject };
      const routes = nodeSpecs[type].routes(config);
      return routes.length > 0 ? routes.map((condition) => ({ ...edge, condition })) : [edge];
    });
    // The order of the page is not that of a flow, so what they read need not be upstream.
    expect(validateDsl({ nodes, edges }).filter(({ code }) => code !== "REFERENCE_NOT_UPSTREAM")).toEqual([]);
  });

  it("names every config key and every issue code", () => {
    for (const type of nodeTypes) for (const key of nodeSpecs[type].keys) expect(text).toContain(`\`${key}\``);
    for (const code of dslIssueCodes) expect(text).toContain(`\`${code}\``);
  });

  it("has expressions that can be read", () => {
    const lines = blocks("cel").flatMap((block) => block.trim().split("\n"));
    expect(lines.length).toBeGreaterThan(3);
    for (const line of lines) expect(compileExpression(line).source).toBe(line);
  });
});
