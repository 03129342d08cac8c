import { Directive, Field, ID, Int, ObjectType } from "type-graphql";
import { NodeRunStatusEnum } from "../run.enums.ts";
import { Usage } from "../run.entity.ts";
import type { NodeRunStatus } from "../../queue/statuses.ts";

/** A node run without its payload (input, output). It is a row, or a ready node that has none yet and is shown as QUEUED. */
@Directive('@key(fields: "id")')
@ObjectType({ description: "One node of a run, executed or to be executed." })
export class NodeRun {
  @Field(() => ID, { description: "Opaque id; the same on every attempt." })
  id!: string;

  runId!: string;

  @Field(() => String, {
    description:
      "Where it stands in its run: the node's id; of a part of another's work behind that one's path, such as each#17/fetch for item 17 of each.",
  })
  path!: string;

  parentPath!: string | null;

  /** Its place in the order of creation: its row's number, or for one without a row a number above all rows. */
  seq!: number;

  @Field(() => String, { description: "The node's id in the DSL." })
  nodeId!: string;

  @Field(() => String, {
    description:
      "The node's type, aliases resolved: if-else for condition. frame: an item of an iteration, or a round of a loop, with all that its body does for it.",
  })
  nodeType!: string;

  @Field(() => NodeRunStatusEnum, { description: "Where it stands." })
  status!: NodeRunStatus;

  @Field(() => Int, { description: "1 for the first attempt; 2 and more after failures that were tried again." })
  attempt!: number;

  @Field(() => String, { nullable: true, description: "Who executed it last, by the name that it gave itself; null: nobody yet." })
  workerKey!: string | null;

  @Field(() => String, {
    nullable: true,
    description:
      "WAITING: for what: PERSON, APPROVAL (of a call; APPROVED: given, and the call is about to be made), CALLBACK, TIMER, CHILD (a run of its own, which childRun has), RETRY (the pause before the next attempt) or OUTCOME_UNKNOWN; else null.",
  })
  waitReason!: string | null;

  childRunId!: string | null;

  @Field(() => String, {
    nullable: true,
    description: "Who answered it first, by the name of whoever authenticated them, or that a link was made for; null: nobody has.",
  })
  answeredBy!: string | null;

  @Field(() => Date, { nullable: true, description: "When it was answered; null: it was not." })
  answeredAt!: Date | null;

  @Field(() => String, {
    nullable: true,
    description:
      "FAILED: what went wrong, a code of the platform or of the executor outside. CANCELLED: RUN_CANCELLED, SIBLING_FAILED or RUN_ENDED. Else null.",
  })
  errorCode!: string | null;

  @Field(() => String, { nullable: true, description: "FAILED: what happened, for people; else null." })
  errorMessage!: string | null;

  @Field(() => Usage, { description: "Model calls of this node run." })
  usage!: Usage;

  @Field(() => Date, { description: "When it was first stored; of a queued node that is not stored yet, when its run was created." })
  createdAt!: Date;

  @Field(() => Date, { nullable: true, description: "When its last attempt began; null: none has." })
  startedAt!: Date | null;

  @Field(() => Date, { nullable: true, description: "When it finished; null: it has not." })
  endedAt!: Date | null;
}
