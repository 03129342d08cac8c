import { Entity, Enum, PrimaryKey, Property } from "@mikro-orm/decorators/legacy";
import { Directive, Field, Float, ID, Int, ObjectType, registerEnumType } from "type-graphql";
import { JsonObjectScalar } from "#shared/graphql/scalars.ts";
import type { JsonObject } from "#shared/json.ts";
import type { SecurityEvent } from "#shared/security-events.ts";

/** What kind of operation; as stored, which is as GraphQL writes it in documents. */
export enum OperationType {
  QUERY = "query",
  MUTATION = "mutation",
  SUBSCRIPTION = "subscription",
  UNKNOWN = "unknown",
}
registerEnumType(OperationType, {
  name: "OperationType",
  description: "What kind of operation.",
  valuesConfig: {
    QUERY: { description: "It reads." },
    MUTATION: { description: "It changes something." },
    SUBSCRIPTION: { description: "It watches." },
    UNKNOWN: { description: "The document could not be read; or the row is of no operation, but of an event in a run." },
  },
});

/** What an audit means for security. */
export enum AuditEvent {
  AUTH_FAILED = "AUTH_FAILED",
  TENANT_MISMATCH = "TENANT_MISMATCH",
  KEY_CHANGED = "KEY_CHANGED",
  SECRET_CHANGED = "SECRET_CHANGED",
  EGRESS_BLOCKED = "EGRESS_BLOCKED",
  SANDBOX_LIMIT = "SANDBOX_LIMIT",
  AUDITS_DROPPED = "AUDITS_DROPPED",
}
registerEnumType(AuditEvent, {
  name: "AuditEvent",
  description: "What an audit means for security.",
  valuesConfig: {
    AUTH_FAILED: { description: "Who asked could not show who they are." },
    TENANT_MISMATCH: { description: "A key asked for another tenant than its own." },
    KEY_CHANGED: { description: "An API key was made, changed, rotated or revoked." },
    SECRET_CHANGED: {
      description: "A secret was made, changed or deleted, or the secret or the URL of a webhook; of its value nothing is in the row.",
    },
    EGRESS_BLOCKED: { description: "A call to an address that is not allowed was blocked, of an operation or of a run's node." },
    SANDBOX_LIMIT: { description: "A program of a run's node reached a limit of the sandbox." },
    AUDITS_DROPPED: { description: "Audits of queries were dropped, for more came than could be stored; details.count of them." },
  } satisfies Record<SecurityEvent, object>,
});

/** One operation that somebody asked of the router. Written by audit-writer.ts only. */
@Directive('@key(fields: "id")')
@ObjectType({
  description:
    "One operation that was asked of the router: who, what, with which outcome. The document is not kept, and of variables nothing that may be a secret.",
})
@Entity({ tableName: "request_audit" })
export class RequestAudit {
  @Field(() => ID, { description: "Opaque id." })
  @PrimaryKey({ type: "text" })
  id!: string;

  @Property({ type: "text" })
  tenantId!: string;

  @Field(() => String, {
    description: "x-request-id, as the client sent it or the router made it; of an event in a run that of the request that made the run.",
  })
  @Property({ type: "text" })
  requestId!: string;

  @Field(() => ID, { nullable: true, description: "The id of the API key that asked; null: none did." })
  @Property({ type: "text", nullable: true })
  apiKeyId!: string | null;

  @Field(() => String, { nullable: true, description: "The operation's name; null where it has none or could not be read." })
  @Property({ type: "text", nullable: true })
  operationName!: string | null;

  @Field(() => OperationType, { description: "What kind of operation it was." })
  @Enum({ items: () => OperationType, type: "text" })
  operationType!: OperationType;

  @Field(() => String, { description: "SHA-256 of the document's text, in hex." })
  @Property({ type: "text" })
  operationHash!: string;

  @Field(() => [String], { description: 'The root fields asked for, such as ["createRun"], not their aliases; the first 50.' })
  @Property({ type: "string[]", columnType: "text[]" })
  rootFields!: string[];

  @Field(() => JsonObjectScalar, {
    nullable: true,
    description:
      'The variables, at most 4 KiB. Texts that may be secrets, or what somebody wrote, are "[redacted]"; long ones are cut. Null: there are none, or the document could not be read.',
  })
  @Property({ type: "json", columnType: "jsonb", nullable: true })
  variables!: JsonObject | null;

  @Field(() => Int, {
    description:
      "The HTTP status; over WebSocket the same as it would be over HTTP. 0: a change whose outcome is not known, for it is under way, or the process died before its answer.",
  })
  @Property({ type: "integer" })
  statusCode!: number;

  @Field(() => [String], { description: "extensions.code of the errors, each once; empty when all went well." })
  @Property({ type: "string[]", columnType: "text[]" })
  errorCodes!: string[];

  @Field(() => Float, { description: "Milliseconds from its beginning to its end, also for a subscription." })
  @Property({ type: "double", columnType: "double precision" })
  durationMs!: number;

  @Field(() => String, { nullable: true, description: "The address that the request came from; null: not known." })
  @Property({ type: "text", nullable: true })
  clientIp!: string | null;

  @Field(() => String, { nullable: true, description: "The client's User-Agent; null: it sent none." })
  @Property({ type: "text", nullable: true })
  userAgent!: string | null;

  @Field(() => AuditEvent, { nullable: true, description: "What it means for security; null: nothing." })
  @Enum({ items: () => AuditEvent, type: "text", nullable: true })
  event!: SecurityEvent | null;

  @Field(() => JsonObjectScalar, {
    nullable: true,
    description:
      "Facts of the event: reason, mutations, or count and since; of one in a run runId, nodeId and attempt, with count where it happened that often. Null where there is none.",
  })
  @Property({ type: "json", columnType: "jsonb", nullable: true })
  details!: JsonObject | null;

  @Field(() => Date, { description: "When the operation began." })
  @Property({ type: "datetime", columnType: "timestamptz" })
  createdAt!: Date;
}
