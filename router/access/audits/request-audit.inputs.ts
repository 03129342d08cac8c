import { Field, InputType } from "type-graphql";
import type { SecurityEvent } from "#shared/security-events.ts";
import { AuditEvent } from "./request-audit.entity.ts";

/** Which audits to list. */
@InputType({ description: "Which audits to list; all that is given must hold." })
export class RequestAuditFilter {
  @Field(() => String, { nullable: true, description: "Those of one request." })
  requestId?: string | null;

  @Field(() => String, { nullable: true, description: "Those of operations with this name." })
  operationName?: string | null;

  @Field(() => String, { nullable: true, description: "Those that asked for this root field." })
  rootField?: string | null;

  @Field(() => String, { nullable: true, description: "Those with an error of this code." })
  errorCode?: string | null;

  @Field(() => AuditEvent, { nullable: true, description: "Those that are this event." })
  event?: SecurityEvent | null;

  @Field(() => Date, { nullable: true, description: "Those that began at this time or later." })
  createdAfter?: Date | null;

  @Field(() => Date, { nullable: true, description: "Those that began before this time." })
  createdBefore?: Date | null;
}
