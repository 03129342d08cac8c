/** Secret headers that were sealed before tenants had data keys, by `secrets rewrap`. */
import { resealBy, resealed, type SealedTable } from "#shared/graphql/reseal.ts";
import type { JsonObject } from "#shared/json.ts";
import type { SecretBox } from "#shared/secret/secrets.ts";
import { bindingText, sealedHeadersOf, withSealedHeaders } from "./secret-headers.ts";

interface ConfigRow {
  id: string;
  config: JsonObject;
}

/** The statements of a table; index tool_binding_list, tool_version_number (a tenant's versions are few enough to be sorted). */
function configTable(table: "tool_binding" | "tool_version", column: "config" | "invoke_config"): SealedTable {
  return {
    table: `tool.${table}`,
    reseal: resealBy<ConfigRow>({
      read: `select id, ${column} config from tool.${table}
        where tenant_id = $1 and id > $2 and ${column}::text ~ '"sealed"\\s*:\\s*"(v1|m1)\\.'
        order by id limit 100 for update`,
      write: `update tool.${table} set ${column} = $3 where tenant_id = $1 and id = $2`,
      change: ({ id, config }, box) => [JSON.stringify(resealedConfig(config, box, `${table}:${id}`))],
    }),
  };
}

/** All that the subgraph has. */
export const sealedTables: readonly SealedTable[] = [configTable("tool_binding", "config"), configTable("tool_version", "invoke_config")];

function resealedConfig(config: JsonObject, box: SecretBox, owner: string): JsonObject {
  const headers = Object.entries(sealedHeadersOf(config)).map(([name, { sealed, origin }]) => {
    const binding = bindingText({ owner, origin }, name);
    return [name, { sealed: resealed(box, sealed, binding), origin }] as const;
  });
  return withSealedHeaders(config, Object.fromEntries(headers));
}
