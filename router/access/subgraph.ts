import { defineSubgraph, type SubgraphDefinition } from "#shared/graphql/subgraph.ts";
import type { AccessServices, ProbeServices } from "./access.services.ts";
import { RequestAudits } from "./migrations/0001-request-audits.ts";
import { EngineRole } from "./migrations/0002-engine-role.ts";
import { AuditedChanges } from "./migrations/0003-audited-changes.ts";
import { RequestAudit } from "./request-audit.entity.ts";
import { RequestAuditResolver } from "./request-audit.resolver.ts";
import { PartHealthResolver } from "./part-health.resolver.ts";
import { ServiceHealthResolver } from "./service-health.resolver.ts";

/**
 * The router's own part of the graph. `probe` asks all subgraphs, this one too; whoever wants the schema only gives it an empty one. `parts`: what a
 * supervisor tells, where there is one.
 */
export function accessSubgraph(
  probe: ProbeServices,
  parts: AccessServices["parts"] = () => [],
): SubgraphDefinition<undefined, AccessServices> {
  return defineSubgraph<undefined, AccessServices>({
    name: "access",
    entities: [RequestAudit],
    resolvers: [RequestAuditResolver, ServiceHealthResolver, PartHealthResolver],
    references: {
      RequestAudit: (ids, { db }) =>
        db.read(async ({ em }) => {
          const found = new Map((await em.find(RequestAudit, { id: [...new Set(ids)] })).map((audit) => [audit.id, audit]));
          return ids.map((id) => found.get(id) ?? null);
        }),
    },
    migrations: [
      { name: "0001-request-audits", class: RequestAudits },
      { name: "0002-engine-role", class: EngineRole },
      { name: "0003-audited-changes", class: AuditedChanges },
    ],
    open: () => Promise.resolve({ services: { probe, parts }, close: () => Promise.resolve() }),
  });
}
