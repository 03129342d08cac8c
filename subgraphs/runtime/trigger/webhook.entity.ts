import { Entity, PrimaryKey, Property } from "@mikro-orm/decorators/legacy";
import { Directive, Field, ID, Int, ObjectType } from "type-graphql";
import { SignatureEncoding, TriggerStatus, WebhookAnswer } from "./trigger.enums.ts";
import type { SignatureRule } from "./webhook-signature.ts";

/** How calls of a webhook are signed. */
@ObjectType({ description: "How calls of a webhook are signed: HMAC-SHA256 with the webhook's secret." })
export class WebhookSignature implements SignatureRule {
  @Field(() => String, { description: "The header with the signature." })
  header!: string;

  @Field(() => SignatureEncoding, { description: "How its bytes are written." })
  encoding!: SignatureEncoding;

  @Field(() => String, { description: "What stands before it in the header; empty: nothing." })
  prefix!: string;

  @Field(() => String, { description: "What is signed." })
  signedText!: string;

  @Field(() => String, { nullable: true, description: "The header with the time; null: it stands as t= beside the signature." })
  timestampHeader!: string | null;

  @Field(() => Int, { nullable: true, description: "How old what was signed may be, in seconds; null: as old as it likes." })
  toleranceSeconds!: number | null;
}

/** Makes a run of a workflow of each call from outside. Neither its token nor its secret is here. */
@Directive('@key(fields: "id")')
@ObjectType({
  description:
    "An address that makes a run of a workflow of each call. Its URL and its secret are shown when they are made, and never again.",
})
@Entity({ tableName: "webhook" })
export class Webhook {
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

  @Property({ type: "text", nullable: true })
  workflowVersionId!: string | null;

  @Field(() => TriggerStatus, { description: "Whether it makes runs; one that is paused answers 404." })
  @Property({ type: "text" })
  status!: TriggerStatus;

  @Property({ type: "text" })
  tokenHash!: string;

  @Field(() => WebhookAnswer, { description: "What it answers." })
  @Property({ type: "text" })
  answer!: WebhookAnswer;

  @Field(() => Int, { description: "How long OUTPUT waits for the run's end, in seconds." })
  @Property({ type: "integer" })
  answerSeconds!: number;

  @Field(() => String, {
    nullable: true,
    description: "The header by which the sender numbers its deliveries: two with the same make one run. null: Idempotency-Key.",
  })
  @Property({ type: "text", nullable: true })
  deliveryHeader!: string | null;

  @Field(() => [String], { description: "Headers that are part of the run's input, beside content-type and user-agent." })
  @Property({ type: "string[]", columnType: "text[]" })
  headers!: string[];

  @Field(() => WebhookSignature, { nullable: true, description: "How calls are signed; null: whoever has the URL may call." })
  @Property({ type: "json", columnType: "json", nullable: true })
  signature!: SignatureRule | null;

  /** Sealed for this webhook, under the tenant's key. */
  @Property({ type: "text", nullable: true })
  secret!: string | null;

  /** The one before, which holds until then. */
  @Property({ type: "text", nullable: true })
  previousSecret!: string | null;

  @Field(() => Date, { nullable: true, description: "Until then the secret before the last rotation is accepted too; null: none is." })
  @Property({ type: "datetime", columnType: "timestamptz", nullable: true })
  previousUntil!: Date | null;

  @Field(() => Date, { description: "When it was made." })
  @Property({ type: "datetime", columnType: "timestamptz" })
  createdAt!: Date;

  @Field(() => Date, { description: "When it was changed last." })
  @Property({ type: "datetime", columnType: "timestamptz" })
  updatedAt!: Date;
}
