import type { FilterQuery } from "@mikro-orm/postgresql";
import { Arg, Args, Ctx, FieldResolver, ID, Query, Resolver, Root } from "type-graphql";
import type { SubgraphContext } from "#shared/graphql/context.ts";
import { Needs } from "#shared/graphql/needs.ts";
import { connectionType, listPage, PageArgs, type Connection } from "#shared/graphql/pagination.ts";
import type { AccessContext } from "../access.services.ts";
import { ApiKey } from "../keys/api-key.entity.ts";
import { RequestAudit } from "./request-audit.entity.ts";
import { RequestAuditFilter } from "./request-audit.inputs.ts";

const RequestAuditConnection = connectionType("RequestAudit", () => RequestAudit);

/** The audit in the graph. */
@Resolver(() => RequestAudit)
export class RequestAuditResolver {
  @Needs("audit:read")
  @Query(() => RequestAudit, { nullable: true, description: "An audited operation by id; null where there is none." })
  requestAudit(
    @Arg("id", () => ID, { description: "The audit's id. A malformed one is an unknown one." }) id: string,
    @Ctx() { db }: SubgraphContext,
  ): Promise<RequestAudit | null> {
    return db.read(({ em }) => em.findOne(RequestAudit, { id }));
  }

  @Needs("audit:read")
  @Query(() => RequestAuditConnection, {
    nullable: true,
    description:
      "What the tenant asked of the router, newest first. A mutation has its row before its answer; others appear within about a second.",
  })
  requestAudits(
    @Arg("filter", () => RequestAuditFilter, { nullable: true, description: "Which ones; all unless given." })
    filter: RequestAuditFilter | null,
    @Args(() => PageArgs) page: PageArgs,
    @Ctx() { db }: SubgraphContext,
  ): Promise<Connection<RequestAudit>> {
    return db.read(({ em }) => listPage(em, RequestAudit, page, { where: conditions(filter ?? {}) }));
  }

  @FieldResolver(() => ApiKey, {
    nullable: true,
    description:
      "The API key that asked, as it is now; null: none did, or one that the operator has for any tenant, of which apiKeyId tells.",
  })
  apiKey(@Root() { apiKeyId }: RequestAudit, @Ctx() { loaders }: AccessContext): Promise<ApiKey | null> | null {
    return apiKeyId === null ? null : loaders.apiKey.load(apiKeyId);
  }
}

function conditions(filter: RequestAuditFilter): FilterQuery<RequestAudit> {
  const { requestId, operationName, rootField, errorCode, event, createdAfter, createdBefore } = filter;
  return {
    ...(requestId != null && { requestId }),
    ...(operationName != null && { operationName }),
    ...(rootField != null && { rootFields: { $contains: [rootField] } }),
    ...(errorCode != null && { errorCodes: { $contains: [errorCode] } }),
    ...(event != null && { event }),
    ...((createdAfter != null || createdBefore != null) && {
      createdAt: { ...(createdAfter != null && { $gte: createdAfter }), ...(createdBefore != null && { $lt: createdBefore }) },
    }),
  };
}
