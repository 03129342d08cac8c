import { Entity, Enum, PrimaryKey, Property } from "@mikro-orm/decorators/legacy";
import { Directive, Field, ID, ObjectType, registerEnumType } from "type-graphql";
import { JsonObjectScalar } from "#shared/graphql/scalars.ts";
import type { JsonObject } from "#shared/json.ts";

/** How far a run request has come. */
export enum RunRequestStatus {
  PENDING = "PENDING",
  DISPATCHED = "DISPATCHED",
  FAILED = "FAILED",
}
registerEnumType(RunRequestStatus, {
  name: "RunRequestStatus",
  description: "How far a run request has come.",
  valuesConfig: {
    PENDING: { description: "Recorded; dispatchRunRequest starts its run." },
    DISPATCHED: { description: "Its run was created." },
    FAILED: { description: "The runtime refused the run for good; errorMessage says why." },
  },
});

/** Who advances a run. */
export enum RunExecution {
  WORKERS = "WORKERS",
  MANUAL = "MANUAL",
}
registerEnumType(RunExecution, {
  name: "RunExecution",
  description: "Who advances a run.",
  valuesConfig: {
    WORKERS: { description: "Any worker takes it; while one owns it the execute… mutations are refused with CONFLICT, RUN_OWNED." },
    MANUAL: { description: "Only the execute… mutations and executors outside the platform advance it." },
  },
});

/** The node that a run begins with, as it was asked for. */
export interface InitialNode {
  nodeId: string;
  nodeType?: string | null;
}

/** The wish of a conversation to run something; it keeps the run's id once there is one. */
@Directive('@key(fields: "id")')
@ObjectType({ description: "What a conversation asked to run, and the run that came of it." })
@Entity({ tableName: "run_request" })
export class RunRequest {
  @Field(() => ID, { description: "Opaque id." })
  @PrimaryKey({ type: "text" })
  id!: string;

  @Property({ type: "text" })
  tenantId!: string;

  @Property({ type: "text" })
  sessionId!: string;

  @Field(() => RunRequestStatus, { description: "PENDING until it is dispatched." })
  @Enum({ items: () => RunRequestStatus, type: "text" })
  status!: RunRequestStatus;

  @Property({ type: "text" })
  appId!: string;

  @Property({ type: "text", nullable: true })
  appVersionId!: string | null;

  @Property({ type: "text" })
  workflowId!: string;

  @Property({ type: "text" })
  workflowVersionId!: string;

  @Field(() => JsonObjectScalar, { description: "The run's input; a message that came with the request is its `query`." })
  @Property({ type: "json", columnType: "json" })
  input!: JsonObject;

  @Property({ type: "json", columnType: "json", nullable: true })
  initialNode!: InitialNode | null;

  @Enum({ items: () => RunExecution, type: "text" })
  execution!: RunExecution;

  @Property({ type: "text", nullable: true })
  runId!: string | null;

  @Field(() => String, { nullable: true, description: "FAILED: why no run came of it, for people; else null." })
  @Property({ type: "text", nullable: true })
  errorMessage!: string | null;

  @Field(() => Date, { description: "When it was recorded." })
  @Property({ type: "datetime", columnType: "timestamptz" })
  createdAt!: Date;

  @Field(() => Date, { nullable: true, description: "When its run was created; null: it has none yet." })
  @Property({ type: "datetime", columnType: "timestamptz", nullable: true })
  dispatchedAt!: Date | null;
}
