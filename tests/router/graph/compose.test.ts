import { readdirSync, readFileSync } from "node:fs";
import { basename } from "node:path";
import { fileURLToPath } from "node:url";
import { composeSupergraph } from "../../../router/graph/compose.ts";
import { loadSupergraph, printApiSchema, supergraphOf } from "../../../router/graph/supergraph.ts";
import { fixtureSubgraphs } from "../../testkit/fixture-subgraphs.ts";

const link = 'extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@key"])';

describe("composition", () => {
  it("does not depend on the order of the subgraphs", () => {
    const { runs, traces } = fixtureSubgraphs();
    expect(composeSupergraph([runs, traces]).supergraphSdl).toBe(composeSupergraph([traces, runs]).supergraphSdl);
  });

  it("prints the public schema without what is inaccessible or federation's own", () => {
    const { runs, traces } = fixtureSubgraphs();
    const api = printApiSchema(loadSupergraph(composeSupergraph([runs, traces]).supergraphSdl));
    expect(api).toContain("cost: Float");
    expect(api).not.toMatch(/secret|_entities|@join|@key/);
  });

  it("lists every problem with the names of the subgraphs", () => {
    const sources = [
      { name: "one", sdl: `${link} type Query { a: Int } type T @key(fields: "id") { id: ID! same: Int other: Int }` },
      { name: "two", sdl: `${link} type T @key(fields: "id") { id: ID! same: String other: String }` },
    ];
    expect(() => composeSupergraph(sources)).toThrow(/do not compose:\n- .*one.*two/s);
  });
});

describe("a field that requires others", () => {
  const owner = {
    name: "owner",
    sdl: `${link} type Query { t: T } type T @key(fields: "id") { id: ID! price(in: String): Int inner: Inner } type Inner { size(of: Int): Int }`,
  };
  const requiring = (fields: string) => ({
    name: "other",
    sdl: `extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@key", "@requires", "@external"])
      type T @key(fields: "id") { id: ID! price(in: String): Int @external inner: Inner @external made: Int @requires(fields: ${JSON.stringify(fields)}) }
      type Inner { size(of: Int): Int @external }`,
  });

  it.each(['price(in: "EUR")', 'id price(in: "EUR")', "inner { size(of: 1) }"])("may not require one with arguments: %s", (fields) => {
    expect(() => composeSupergraph([owner, requiring(fields)])).toThrow(
      /do not compose:\n- \[other\] The field "made" has @requires with arguments/,
    );
  });

  it("may require one without", () => {
    expect(composeSupergraph([owner, requiring("price inner { size }")]).supergraphSdl).toContain("requires:");
  });
});

describe("the router's supergraph", () => {
  /** What codegen wrote, without its notice. */
  const committed = (path: string) => readFileSync(new URL(`../../../codegen/${path}`, import.meta.url), "utf8").replace(/^(#.*|)\n/gm, "");
  const sources = () => {
    const files = readdirSync(fileURLToPath(new URL("../../../codegen/subgraphs", import.meta.url)));
    return files.map((file) => {
      const text = readFileSync(new URL(`../../../codegen/subgraphs/${file}`, import.meta.url), "utf8");
      return { name: basename(file, ".graphql"), sdl: text.slice(text.indexOf("\n\n") + 2, -1) };
    });
  };

  it("is the committed one while the subgraphs are those that it was composed of", async () => {
    const { supergraphSdl } = await supergraphOf(sources());
    expect(supergraphSdl).toMatch(/^# Generated/);
    expect(supergraphSdl.replace(/^(#.*|)\n/gm, "")).toBe(committed("supergraph.graphql"));
    expect(composeSupergraph(sources()).supergraphSdl.replace(/^\n/gm, "").trim()).toBe(committed("supergraph.graphql").trim());
  });

  it("is composed anew when one of them says something else", async () => {
    const changed = sources().map((source) => ({ ...source, sdl: `${source.sdl}\n\nscalar Changed` }));
    const { supergraphSdl } = await supergraphOf(changed);
    expect(supergraphSdl).toContain("scalar Changed");
    expect(supergraphSdl).not.toMatch(/^# Generated/);
  });
});
