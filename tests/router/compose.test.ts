import { composeSupergraph, loadSupergraph, printApiSchema } from "../../router/compose.ts";
import { fixtureSubgraphs } from "../testkit/fixture-subgraphs.ts";

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
