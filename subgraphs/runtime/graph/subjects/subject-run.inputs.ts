/**
 * What the inputs of runs of agents, teams and skills have in common. Fields that stand behind those of their own kind are decorators: inherited ones stand before them in
 * the schema.
 */
import { Field, ID, InputType, Int } from "type-graphql";
import { RunExecutionEnum } from "../run.enums.ts";

/** Who executes a run. */
@InputType({ description: "Who executes a run." })
export abstract class ExecuteSubjectRunInput {
  @Field(() => String, { description: "Who executes it, in its node runs: 1 to 200 characters." })
  workerKey!: string;
}

/** Who executes the next run of a kind. */
@InputType({ description: "Who executes the next run." })
export abstract class ClaimSubjectRunInput extends ExecuteSubjectRunInput {
  @Field(() => Int, {
    nullable: true,
    defaultValue: 300,
    description: "1 to 3,600. The run is owned for as long as it is executed; when this process dies, others may take it after 30 seconds.",
  })
  leaseSeconds?: number | null;

  @dryRunField("without calling a model or a tool.")
  dryRun?: boolean | null;
}

/** A version in the place of the published one. @param does  what it does in the run */
export function versionField(does: string): PropertyDecorator {
  const description = `The version that ${does}, a draft too, an archived one not; the published one unless given: CONFLICT where there is none.`;
  return Field(() => ID, { nullable: true, description });
}

/** The key of a request that may be sent again. */
export function idempotencyKeyField(): PropertyDecorator {
  const description =
    "1 to 200 characters. Asking again with it and the same input gives the first run; other input is CONFLICT, IDEMPOTENCY_KEY_REUSED.";
  return Field(() => String, { nullable: true, description });
}

/** Who executes the run. @param mutation  the one by which others than workers do */
export function executionField(mutation: string): PropertyDecorator {
  const description = `Who executes it: workers, as soon as one is free, or whoever calls ${mutation}.`;
  return Field(() => RunExecutionEnum, { nullable: true, defaultValue: "WORKERS", description });
}

/** Whether nothing outside is called. @param meaning  what follows from true */
export function dryRunField(meaning = "no model and no tool is called; outputJson says what would have been asked."): PropertyDecorator {
  return Field(() => Boolean, { nullable: true, defaultValue: false, description: `True: ${meaning}` });
}
