import type { MigrationEntry } from "#shared/db/database.ts";
import { agentSubgraph } from "../../../subgraphs/agent/subgraph.ts";
import { memorySubgraph } from "../../../subgraphs/memory/subgraph.ts";
import { sessionSubgraph } from "../../../subgraphs/session/subgraph.ts";
import { skillSubgraph } from "../../../subgraphs/skill/subgraph.ts";
import { teamSubgraph } from "../../../subgraphs/team/subgraph.ts";
import { toolSubgraph } from "../../../subgraphs/tool/subgraph.ts";
import { workflowSubgraph } from "../../../subgraphs/workflow/subgraph.ts";
import { query } from "../../testkit/admin-query.ts";
import { ask } from "../../testkit/graph.ts";
import { startTestPlatform } from "../../testkit/platform.ts";

const subgraphs: { name: string; migrations: readonly MigrationEntry[] }[] = [
  ...[workflowSubgraph, sessionSubgraph, agentSubgraph, teamSubgraph, skillSubgraph, toolSubgraph, memorySubgraph],
];

async function apply(url: string, way: "up" | "down"): Promise<void> {
  for (const { migrations } of subgraphs) {
    const entry = migrations.find(({ name }) => name === "0002-json-as-written")!;
    const migration = new entry.class(undefined as never, undefined as never);
    await migration[way]();
    for (const statement of migration.getQueries()) await query(url, String(statement));
  }
}

/** The columns of the seven schemas that hold JSON, with their type. */
function jsonColumns(url: string): Promise<object[]> {
  const names = subgraphs.map(({ name }) => `'${name}'`).join(", ");
  return query(
    url,
    `select table_schema || '.' || table_name || '.' || column_name as name, data_type as type from information_schema.columns
     where table_schema in (${names}) and data_type in ('json', 'jsonb') order by 1`,
  );
}

describe("the migrations to JSON as it was written", () => {
  it("convert what is there both ways, all that callers give, and the services go on", async () => {
    await using platform = await startTestPlatform({ workers: 0 });
    const url = platform.database.adminUrl;
    const remember = async (metadata: object): Promise<string> => {
      const input = { scopeType: "TENANT", contentText: "c", metadata };
      const create = "mutation ($input: CreateMemoryInput!) { createMemory(input: $input) { id } }";
      return (await ask<{ createMemory: { id: string } }>(platform, create, { input })).createMemory.id;
    };
    const metadataOf = async (id: string) =>
      JSON.stringify(
        (await ask<{ memory: { metadata: object } }>(platform, "query ($id: ID!) { memory(id: $id) { metadata } }", { id })).memory
          .metadata,
      );
    const written = { zeta: 1, alpha: 2, m: "ü" };
    const sorted = JSON.stringify({ m: "ü", zeta: 1, alpha: 2 });

    const before = await remember(written);
    const after = (await jsonColumns(url)) as { name: string; type: string }[];
    expect(after.filter(({ type }) => type !== "json")).toEqual([]);
    expect(await metadataOf(before)).toBe(JSON.stringify(written));

    await apply(url, "down");
    expect(await jsonColumns(url)).toEqual(after.map(({ name }) => ({ name, type: "jsonb" })));
    expect(await metadataOf(before)).toBe(sorted);
    const between = await remember(written);
    expect(await metadataOf(between)).toBe(sorted);

    await apply(url, "up");
    expect(await jsonColumns(url)).toEqual(after);
    expect([await metadataOf(before), await metadataOf(between), await metadataOf(await remember(written))]).toEqual([
      sorted,
      sorted,
      JSON.stringify(written),
    ]);
  });
});
