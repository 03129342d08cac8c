import { Directive, Field, Float, ID, ObjectType } from "type-graphql";
import { JsonObjectScalar } from "#shared/graphql/scalars.ts";
import type { JsonObject } from "#shared/json.ts";
import type { SpanStatus } from "../../queue/statuses.ts";
import { SpanStatusEnum } from "../run.enums.ts";

/** One span of a run's trace: the run itself, a node run, or a call that a node made. */
@Directive('@key(fields: "id")')
@ObjectType({ description: "One span of a run's trace: the run itself, a node run, or a call that a node made." })
export class TraceSpan {
  @Field(() => ID, { description: "Opaque id." })
  id!: string;

  runId!: string;

  path!: string | null;

  @Field(() => String, { description: "W3C trace id, 32 hex digits; one for a run." })
  traceId!: string;

  @Field(() => String, { description: "W3C span id, 16 hex digits." })
  spanId!: string;

  @Field(() => String, {
    nullable: true,
    description: "The span id of the span that this one is part of, which may be the caller's own; null: none.",
  })
  parentSpanId!: string | null;

  @Field(() => String, { description: "RUN, NODE, MODEL, TOOL, HTTP or CODE." })
  spanType!: string;

  @Field(() => String, { description: "What was done, such as the node's id, `chat gpt-4o-mini` or `GET example.com`." })
  name!: string;

  @Field(() => SpanStatusEnum, { description: "How it went; UNSET while it goes on." })
  status!: SpanStatus;

  @Field(() => Date, { description: "When it began." })
  startedAt!: Date;

  @Field(() => Date, { nullable: true, description: "When it ended; null: it goes on." })
  endedAt!: Date | null;

  @Field(() => Float, { nullable: true, description: "Milliseconds from beginning to end; null: it goes on." })
  durationMs!: number | null;

  @Field(() => JsonObjectScalar, {
    description:
      "Facts about it, named as OpenTelemetry does where it has a name. RUN: run.id, tenant.id, app.id, workflow.id, workflow.version.id, session.id, those that there are.",
  })
  attributes!: JsonObject;

  @Field(() => String, { nullable: true, description: "ERROR: what went wrong, as NodeRun.errorCode; else null." })
  errorCode!: string | null;

  @Field(() => String, { nullable: true, description: "ERROR: what happened, for people; else null." })
  errorMessage!: string | null;
}
