import { createEgressPolicy } from "#shared/fetch/egress.ts";
import { defineSubgraph } from "#shared/graphql/subgraph.ts";
import { Tools } from "./migrations/0001-tools.ts";
import { JsonAsWritten0002 } from "./migrations/0002-json-as-written.ts";
import { DataKeys0003 } from "./migrations/0003-data-keys.ts";
import { OfferedToolsResolver } from "./offered-tools.resolver.ts";
import { ToolBinding } from "./tool-binding.entity.ts";
import { ToolBindingResolver } from "./tool-binding.resolver.ts";
import { ToolVersion } from "./tool-version.entity.ts";
import type { ToolServices } from "./tool.context.ts";
import { sealedTables } from "./tool-reseal.sql.ts";
import { Tool } from "./tool.entity.ts";
import { toolLoaders, type ToolLoaders } from "./tool.loaders.ts";
import { ToolResolver, ToolVersionResolver } from "./tool.resolver.ts";

/** Tools, their versions (input schema, how they are invoked), bindings with base URLs and secrets, and the calls themselves. */
export const toolSubgraph = defineSubgraph<ToolLoaders, ToolServices>({
  name: "tool",
  entities: [Tool, ToolVersion, ToolBinding],
  resolvers: [ToolResolver, ToolVersionResolver, ToolBindingResolver, OfferedToolsResolver],
  references: {
    Tool: (ids, { loaders }) => Promise.all(ids.map((id) => loaders.tool.load(id))),
    ToolVersion: (ids, { loaders }) => Promise.all(ids.map((id) => loaders.toolVersion.load(id))),
    ToolBinding: (ids, { loaders }) => Promise.all(ids.map((id) => loaders.toolBinding.load(id))),
  },
  migrations: [
    { name: "0001-tools", class: Tools },
    { name: "0002-json-as-written", class: JsonAsWritten0002 },
    { name: "0003-data-keys", class: DataKeys0003 },
  ],
  sealedTables,
  keepsReads: true,
  loaders: ({ db }) => toolLoaders(db),
  open: async ({ env }) => ({ services: { egress: createEgressPolicy({ allow: env.egressAllow }) }, close: async () => {} }),
});
