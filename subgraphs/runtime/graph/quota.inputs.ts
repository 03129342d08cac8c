import { Field, InputType, Int } from "type-graphql";

/** What the tenant may have. */
@InputType({ description: "What the tenant may have. What is left out, or null, has no limit." })
export class TenantQuotaInput {
  @Field(() => Int, { nullable: true, description: "Runs that wait to be executed; 0 to 1,000,000." })
  queuedRuns?: number | null;

  @Field(() => Int, { nullable: true, description: "Runs that are executed at the same time; 0 to 1,000,000." })
  runningRuns?: number | null;

  @Field(() => Int, { nullable: true, description: "Runs that are created within an hour; 0 to 1,000,000." })
  runsPerHour?: number | null;

  @Field(() => Int, {
    nullable: true,
    description: "MiB of artifacts, which are outputs above 2 kB and what nodes left behind; 0 to 1,000,000,000.",
  })
  storageMib?: number | null;
}
