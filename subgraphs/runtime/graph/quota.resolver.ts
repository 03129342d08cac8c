import { Arg, Ctx, Field, Float, Int, Mutation, ObjectType, Query, Resolver } from "type-graphql";
import { Needs, NeedsAdmin } from "#shared/graphql/needs.ts";
import { TenantQuotaInput } from "./quota.inputs.ts";
import * as quotas from "./quota.service.ts";
import type { RuntimeContext } from "./runtime.context.ts";

/** What a tenant may have, and what it has. */
@ObjectType({
  description:
    "What a tenant may have of the platform, and what it has. What would make a run beyond it (createRun, retryRun, forkRun and their like) is RESOURCE_EXHAUSTED, QUOTA_EXCEEDED; runs that are there go on.",
})
export class TenantQuota {
  @Field(() => Int, { nullable: true, description: "Runs that may wait to be executed; null: any number." })
  queuedRuns!: number | null;

  @Field(() => Int, { nullable: true, description: "Runs that may be executed at the same time; null: any number." })
  runningRuns!: number | null;

  @Field(() => Int, { nullable: true, description: "Runs that may be created within an hour; null: any number." })
  runsPerHour!: number | null;

  @Field(() => Int, { nullable: true, description: "MiB of artifacts that may be stored; null: any number." })
  storageMib!: number | null;

  @Field(() => Int, { description: "Runs that wait now; counted up to one more than may, and where any number may up to one." })
  queuedRunsNow!: number;

  @Field(() => Int, { description: "Runs that are executed now; counted up to one more than may, and where any number may up to one." })
  runningRunsNow!: number;

  @Field(() => Int, {
    description:
      "Runs that were created within the last hour, but for those that are deleted; counted up to one more than may, and where any number may up to one.",
  })
  runsOfLastHour!: number;

  @Field(() => Float, { description: "Bytes of artifacts, counted some two minutes ago." })
  storageBytes!: number;
}

/** Quotas in the graph. */
@Resolver()
export class QuotaResolver {
  @Needs("run:read")
  @Query(() => TenantQuota, { nullable: true, description: "What the tenant may have, and what it has now." })
  tenantQuota(@Ctx() context: RuntimeContext): Promise<TenantQuota> {
    return quotas.tenantQuota(context);
  }

  @NeedsAdmin()
  @Mutation(() => TenantQuota, {
    nullable: true,
    description:
      "For the operator: sets what the tenant of the request (x-tenant-id) may have, instead of what everybody may; without a quota it may have that again. Holds within 10 seconds.",
  })
  setTenantQuota(
    @Arg("quota", () => TenantQuotaInput, { nullable: true, description: "Null: what everybody may have." })
    quota: TenantQuotaInput | null | undefined,
    @Ctx() context: RuntimeContext,
  ): Promise<TenantQuota> {
    return quotas.setTenantQuota(context, quota);
  }
}
