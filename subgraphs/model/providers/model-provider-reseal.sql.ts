/** Keys and headers of providers that were sealed before tenants had data keys, by `secrets rewrap`. */
import { resealBy, resealed, type SealedTable } from "#shared/graphql/reseal.ts";
import { headersBinding, keyBinding } from "./model-provider.service.ts";

interface ProviderRow {
  id: string;
  baseUrl: string;
  key: string | null;
  headers: string | null;
}

/** All that the subgraph has. Index: model_provider_list. */
export const sealedTables: readonly SealedTable[] = [
  {
    table: "model.model_provider",
    reseal: resealBy<ProviderRow>({
      read: `select id, base_url "baseUrl", api_key_sealed key, headers_sealed headers from model.model_provider
        where tenant_id = $1 and id > $2 and (api_key_sealed !~ '^t1\\.' or headers_sealed !~ '^t1\\.')
        order by id limit 100 for update`,
      write: "update model.model_provider set api_key_sealed = $3, headers_sealed = $4 where tenant_id = $1 and id = $2",
      change: (row, box) => [
        row.key && resealed(box, row.key, keyBinding(row)),
        row.headers && resealed(box, row.headers, headersBinding(row)),
      ],
    }),
  },
];
