import { Field, ID, InputType } from "type-graphql";
import { JsonObjectScalar } from "#shared/graphql/scalars.ts";
import type { JsonObject } from "#shared/json.ts";
import { MissedRuns, TriggerStatus } from "./trigger.enums.ts";

const cronText =
  "Five fields: minute, hour, day of the month, month, day of the week, such as 30 6 * * 1-5; or @hourly, @daily, @weekly, @monthly, @yearly. Fields have *, lists, ranges, steps, names (MON, JAN), L (the last), W (the nearest weekday), MON#1 (the first).";

/** A new schedule. */
@InputType({ description: "A new schedule." })
export class CreateScheduleInput {
  @Field(() => String, { description: "For people: 1 to 200 characters." })
  name!: string;

  @Field(() => ID, { description: "The workflow whose published version runs: the one that is published at each time." })
  workflowId!: string;

  @Field(() => ID, { nullable: true, description: "This version of it runs instead, whatever is published." })
  workflowVersionId?: string | null;

  @Field(() => String, { description: cronText })
  cron!: string;

  @Field(() => String, { nullable: true, defaultValue: "UTC", description: "The zone whose clock it goes by, such as Europe/Berlin." })
  zone?: string | null;

  @Field(() => JsonObjectScalar, { nullable: true, description: "What templates see as input: up to 64 KiB; {} unless given." })
  input?: JsonObject | null;

  @Field(() => MissedRuns, { nullable: true, defaultValue: "SKIP", description: "What is done about planned times that passed unused." })
  missed?: MissedRuns | null;
}

/** What is to be changed of a schedule. */
@InputType({ description: "What is to be changed of a schedule; what is left out stays." })
export class UpdateScheduleInput {
  @Field(() => String, { nullable: true, description: "Another name." })
  name?: string | null;

  @Field(() => ID, { nullable: true, description: "Another version; null: the published one, at each time." })
  workflowVersionId?: string | null;

  @Field(() => String, { nullable: true, description: `Another expression; it is next due by that. ${cronText}` })
  cron?: string | null;

  @Field(() => String, { nullable: true, description: "Another zone; it is next due by that." })
  zone?: string | null;

  @Field(() => JsonObjectScalar, { nullable: true, description: "Another input, the whole of it." })
  input?: JsonObject | null;

  @Field(() => MissedRuns, { nullable: true, description: "Another policy." })
  missed?: MissedRuns | null;
}

/** Which schedules to list. */
@InputType({ description: "Which schedules to list; all that is given must hold." })
export class ScheduleFilter {
  @Field(() => ID, { nullable: true, description: "Only those of this workflow." })
  workflowId?: string | null;

  @Field(() => TriggerStatus, { nullable: true, description: "Only those of this status." })
  status?: TriggerStatus | null;
}
