import { defineSubgraph, type SubgraphDefinition } from "#shared/graphql/subgraph.ts";
import type { AccessServices, ProbeServices } from "./access.services.ts";
import { RequestAudits } from "./migrations/0001-request-audits.ts";
import { RequestAudit } from "./request-audit.entity.ts";
import { RequestAuditResolver } from "./request-audit.resolver.ts";
import { ServiceHealthResolver } from "./service-health.resolver.ts";

/** The router's own part of the graph. `probe` asks all subgraphs, this one too; whoever wants the schema only gives it an empty one. */
export function accessSubgraph(probe: ProbeServices): SubgraphDefinition<undefined, AccessServices> {
  return defineSubgraph<undefined, AccessServices>({
    name: "access",
    entities: [RequestAudit],
    resolvers: [RequestAuditResolver, ServiceHealthResolver],
    references: {
      RequestAudit: (ids, { db }) =>
        db.read(async ({ em }) => {
          const found = new Map((await em.find(RequestAudit, { id: [...new Set(ids)] })).map((audit) => [audit.id, audit]));
          return ids.map((id) => found.get(id) ?? null);
        }),
    },
    migrations: [{ name: "0001-request-audits", class: RequestAudits }],
    open: () => Promise.resolve({ services: { probe }, close: () => Promise.resolve() }),
  });
}
