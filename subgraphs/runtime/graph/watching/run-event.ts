import { Field, Int, ObjectType, registerEnumType } from "type-graphql";
import type { NodeRunStatus, RunStatus } from "../../queue/statuses.ts";
import { NodeRunStatusEnum, RunStatusEnum } from "../run.enums.ts";

/** What kind of event. */
export enum RunEventType {
  RUN_STATUS = "RUN_STATUS",
  NODE_STATUS = "NODE_STATUS",
  NODE_DELTA = "NODE_DELTA",
  SPAN = "SPAN",
}
registerEnumType(RunEventType, {
  name: "RunEventType",
  description: "What an event tells.",
  valuesConfig: {
    RUN_STATUS: { description: "The run's status changed." },
    NODE_STATUS: { description: "A node run's status changed." },
    NODE_DELTA: { description: "A node has just produced text. Live only: neither stored nor replayed." },
    SPAN: { description: "A call that a node made has ended." },
  },
});

/** One event of a run's story. */
@ObjectType({ description: "Something that happened in a run." })
export class RunEvent {
  runId!: string;

  @Field(() => String, {
    nullable: true,
    description:
      "Where the node run stands in its run, as NodeRun.path: of items of an iteration each#17 and each#17/fetch, in a sub-workflow sub/fetch. Null in RUN_STATUS events.",
  })
  path!: string | null;

  spanId!: string | null;

  @Field(() => String, {
    description: "Give it to `after` to go on behind this event. A NODE_DELTA has the cursor of the last stored event.",
  })
  cursor!: string;

  @Field(() => RunEventType, { description: "What it tells." })
  type!: RunEventType;

  @Field(() => Date, { description: "As occurredAt.", deprecationReason: "occurredAt" })
  at!: Date;

  @Field(() => RunStatusEnum, {
    nullable: true,
    description: "RUN_STATUS: as recorded at that moment, while run, nodeRun and span are read now; else null.",
  })
  runStatus!: RunStatus | null;

  @Field(() => String, { nullable: true, description: "The node's id in the DSL; null in RUN_STATUS events." })
  nodeId!: string | null;

  @Field(() => NodeRunStatusEnum, { nullable: true, description: "NODE_STATUS: as recorded at that moment; else null." })
  nodeStatus!: NodeRunStatus | null;

  @Field(() => Int, { nullable: true, description: "Which attempt of the node it was; null in RUN_STATUS events." })
  attempt!: number | null;

  @Field(() => String, {
    nullable: true,
    description:
      "NODE_DELTA: the text that an llm node has just produced; else null. Not stored and not replayed; the whole text is the node run's outputText.",
  })
  delta!: string | null;

  @Field(() => String, {
    nullable: true,
    description:
      "NODE_DELTA: what the model has just thought, kept apart from its answer; else null. Not stored and not replayed; the whole is the node run's outputJson.reasoning.",
  })
  reasoningDelta!: string | null;
}

/** A node run's change of status. */
@ObjectType({ description: "A node run's change of status." })
export class NodeRunUpdate {
  runId!: string;

  @Field(() => String, {
    description: "Where the node run stands in its run, as NodeRun.path: of items of an iteration each#17 and each#17/fetch.",
  })
  path!: string;

  @Field(() => String, { description: "Give it to `after` to go on behind this update." })
  cursor!: string;

  @Field(() => Date, { description: "As occurredAt.", deprecationReason: "occurredAt" })
  at!: Date;

  @Field(() => NodeRunStatusEnum, { description: "As recorded at that moment; nodeRun is read now." })
  status!: NodeRunStatus;
}

/** A span that was recorded. */
@ObjectType({ description: "A span of a call that a node made." })
export class TraceSpanRecord {
  runId!: string;

  spanId!: string;

  @Field(() => String, { description: "Give it to `after` to go on behind this span." })
  cursor!: string;
}
