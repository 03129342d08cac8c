import { Entity, PrimaryKey, Property } from "@mikro-orm/decorators/legacy";
import { Directive, Field, ID, ObjectType } from "type-graphql";
import { JsonObjectScalar } from "#shared/graphql/scalars.ts";
import type { JsonObject } from "#shared/json.ts";
import { MissedRuns, TriggerStatus } from "./trigger.enums.ts";

/** Makes runs of a workflow at planned times. */
@Directive('@key(fields: "id")')
@ObjectType({ description: "Makes a run of a workflow at each time that a cron expression plans." })
@Entity({ tableName: "schedule" })
export class Schedule {
  @Field(() => ID, { description: "Opaque id." })
  @PrimaryKey({ type: "text" })
  id!: string;

  @Property({ type: "text" })
  tenantId!: string;

  @Field(() => String, { description: "For people." })
  @Property({ type: "text" })
  name!: string;

  @Property({ type: "text" })
  workflowId!: string;

  /** null: the published one, at each time. */
  @Property({ type: "text", nullable: true })
  workflowVersionId!: string | null;

  @Field(() => String, { description: "Minute, hour, day of the month, month, day of the week." })
  @Property({ type: "text" })
  cron!: string;

  @Field(() => String, { description: "The zone whose clock it goes by, as IANA names it." })
  @Property({ type: "text" })
  zone!: string;

  @Field(() => MissedRuns, { description: "What is done about planned times that passed while no run could be made." })
  @Property({ type: "text" })
  missed!: MissedRuns;

  @Field(() => TriggerStatus, { description: "Whether it makes runs." })
  @Property({ type: "text" })
  status!: TriggerStatus;

  @Field(() => JsonObjectScalar, {
    description: "What templates of its runs see as input, with schedule: { id, name, plannedAt } beside it.",
  })
  @Property({ type: "json", columnType: "json" })
  input!: JsonObject;

  /** Grows with each change and each firing. */
  @Property({ type: "integer" })
  revision!: number;

  @Field(() => Date, { nullable: true, description: "The planned time of its next run; null: it is paused." })
  @Property({ type: "datetime", columnType: "timestamptz", nullable: true })
  nextAt!: Date | null;

  /** When it is tried: later than planned where it was refused, or somebody has it in hand. */
  @Property({ type: "datetime", columnType: "timestamptz", nullable: true })
  dueAt!: Date | null;

  @Property({ type: "integer" })
  attempts!: number;

  @Field(() => Date, { nullable: true, description: "The planned time of its last run; null: it has made none." })
  @Property({ type: "datetime", columnType: "timestamptz", nullable: true })
  lastPlannedAt!: Date | null;

  @Field(() => Date, { nullable: true, description: "When it made its last run; null: it has made none." })
  @Property({ type: "datetime", columnType: "timestamptz", nullable: true })
  lastFiredAt!: Date | null;

  @Property({ type: "text", nullable: true })
  lastRunId!: string | null;

  @Field(() => Date, { nullable: true, description: "The last planned time for which no run was made, by SKIP; null: there was none." })
  @Property({ type: "datetime", columnType: "timestamptz", nullable: true })
  lastMissedAt!: Date | null;

  @Property({ type: "text", nullable: true })
  errorCode!: string | null;

  @Property({ type: "text", nullable: true })
  errorReason!: string | null;

  @Property({ type: "text", nullable: true })
  errorMessage!: string | null;

  @Property({ type: "datetime", columnType: "timestamptz", nullable: true })
  errorAt!: Date | null;

  @Field(() => Date, { description: "When it was made." })
  @Property({ type: "datetime", columnType: "timestamptz" })
  createdAt!: Date;

  @Field(() => Date, { description: "When its owner changed it last." })
  @Property({ type: "datetime", columnType: "timestamptz" })
  updatedAt!: Date;
}
