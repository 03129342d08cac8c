import { defineSubgraph, type SubgraphDefinition } from "#shared/graphql/subgraph.ts";
import { accessLoaders, type AccessLoaders } from "./access.loaders.ts";
import type { AccessServices, ProbeServices } from "./access.services.ts";
import { ApiKey } from "./keys/api-key.entity.ts";
import { ApiKeyResolver } from "./keys/api-key.resolver.ts";
import type { KeyRing } from "./keys/key-ring.ts";
import { RequestAudits } from "./migrations/0001-request-audits.ts";
import { EngineRole } from "./migrations/0002-engine-role.ts";
import { AuditedChanges } from "./migrations/0003-audited-changes.ts";
import { ApiKeys } from "./migrations/0004-api-keys.ts";
import { RateCounts } from "./migrations/0005-rate-counts.ts";
import { Secrets0006 } from "./migrations/0006-secrets.ts";
import { AuditRetention } from "./migrations/0007-audit-retention.ts";
import { AuditChain0008 } from "./migrations/0008-audit-chain.ts";
import { ReplacedKeys0009 } from "./migrations/0009-replaced-keys.ts";
import { RequestAudit } from "./audits/request-audit.entity.ts";
import { RequestAuditResolver } from "./audits/request-audit.resolver.ts";
import { PartHealthResolver } from "./part-health.resolver.ts";
import { Secret } from "./secrets/secret.entity.ts";
import { SecretResolver } from "./secrets/secret.resolver.ts";
import { ServiceHealthResolver } from "./service-health.resolver.ts";

const resolvers = [RequestAuditResolver, ApiKeyResolver, SecretResolver, ServiceHealthResolver, PartHealthResolver];

const references: SubgraphDefinition<AccessLoaders, AccessServices>["references"] = {
  ApiKey: (ids, { loaders }) => Promise.all(ids.map((id) => loaders.apiKey.load(id))),
  RequestAudit: (ids, { loaders }) => Promise.all(ids.map((id) => loaders.requestAudit.load(id))),
  Secret: (ids, { loaders }) => Promise.all(ids.map((id) => loaders.secret.load(id))),
};

/**
 * The router's own part of the graph. `probe` asks all subgraphs, this one too; whoever wants the schema only gives it an empty one. `parts`: what a
 * supervisor tells, where there is one. `keys`: those of the router that it runs in.
 */
export function accessSubgraph(
  probe: ProbeServices,
  parts: AccessServices["parts"] = () => [],
  keys?: KeyRing,
): SubgraphDefinition<AccessLoaders, AccessServices> {
  return defineSubgraph<AccessLoaders, AccessServices>({
    name: "access",
    entities: [RequestAudit, ApiKey, Secret],
    resolvers,
    references,
    migrations: [
      { name: "0001-request-audits", class: RequestAudits },
      { name: "0002-engine-role", class: EngineRole },
      { name: "0003-audited-changes", class: AuditedChanges },
      { name: "0004-api-keys", class: ApiKeys },
      { name: "0005-rate-counts", class: RateCounts },
      { name: "0006-secrets", class: Secrets0006 },
      { name: "0007-audit-retention", class: AuditRetention },
      { name: "0008-audit-chain", class: AuditChain0008 },
      { name: "0009-replaced-keys", class: ReplacedKeys0009 },
    ],
    sealedTables: [],
    loaders: ({ db }) => accessLoaders(db),
    open: () => Promise.resolve({ services: { probe, parts, keys }, close: () => Promise.resolve() }),
  });
}
