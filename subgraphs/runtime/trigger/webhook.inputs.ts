import { Directive, Field, ID, InputType, Int, ObjectType } from "type-graphql";
import { OwnLimit } from "#shared/graphql/argument-limits.ts";
import { JsonObjectScalar } from "#shared/graphql/scalars.ts";
import type { JsonObject } from "#shared/json.ts";
import { SignatureEncoding, TriggerStatus, WebhookAnswer } from "./trigger.enums.ts";
import { Webhook } from "./webhook.entity.ts";

/** How calls are signed. */
@InputType({
  description:
    "How calls are signed: HMAC-SHA256 with the webhook's secret. GitHub: header x-hub-signature-256, prefix sha256=. Stripe: header stripe-signature, prefix v1=, signedText {timestamp}.{body}. Slack: header x-slack-signature, prefix v0=, signedText v0:{timestamp}:{body}, timestampHeader x-slack-request-timestamp.",
})
export class WebhookSignatureInput {
  @Field(() => String, { description: "The header with the signature." })
  header!: string;

  @Field(() => SignatureEncoding, { nullable: true, defaultValue: "HEX", description: "How its bytes are written." })
  encoding?: SignatureEncoding | null;

  @Field(() => String, {
    nullable: true,
    description: "What stands before it in the header, such as sha256=; up to 50 characters, nothing unless given.",
  })
  prefix?: string | null;

  @Field(() => String, {
    nullable: true,
    description:
      "What is signed: {body}, which stands there unless given, with {timestamp} and {id} (that of deliveryHeader) where the sender signs them too; up to 200 characters.",
  })
  signedText?: string | null;

  @Field(() => String, {
    nullable: true,
    description: "The header with the time, in seconds since 1970; unless given it stands as t= beside the signature.",
  })
  timestampHeader?: string | null;

  @Field(() => Int, {
    nullable: true,
    description: "How old, in seconds, what was signed may be: 1 to 86,400; 300 unless given, where signedText has {timestamp}.",
  })
  toleranceSeconds?: number | null;
}

/** A new webhook. */
@InputType({ description: "A new webhook." })
export class CreateWebhookInput {
  @Field(() => String, { description: "For people: 1 to 200 characters." })
  name!: string;

  @Field(() => ID, { description: "The workflow whose published version runs: the one that is published at each call." })
  workflowId!: string;

  @Field(() => ID, { nullable: true, description: "This version of it runs instead, whatever is published." })
  workflowVersionId?: string | null;

  @Field(() => WebhookAnswer, { nullable: true, defaultValue: "AT_ONCE", description: "What it answers." })
  answer?: WebhookAnswer | null;

  @Field(() => Int, { nullable: true, defaultValue: 30, description: "How long OUTPUT waits for the run's end: 1 to 30 seconds." })
  answerSeconds?: number | null;

  @Field(() => WebhookSignatureInput, { nullable: true, description: "How calls are signed; without it whoever has the URL may call." })
  signature?: WebhookSignatureInput | null;

  @Field(() => String, {
    nullable: true,
    description: "With a signature: the sender's secret, 8 to 500 characters; one is made unless given.",
  })
  secret?: string | null;

  @Field(() => String, {
    nullable: true,
    description:
      "The header by which the sender numbers its deliveries, such as x-github-delivery: two with the same make one run. Idempotency-Key unless given.",
  })
  deliveryHeader?: string | null;

  @Field(() => [String], {
    nullable: true,
    description:
      "Headers that become part of the run's input, beside content-type and user-agent: up to 20, none that carries credentials.",
  })
  headers?: string[] | null;
}

/** What is to be changed of a webhook. */
@InputType({ description: "What is to be changed of a webhook; what is left out stays." })
export class UpdateWebhookInput {
  @Field(() => String, { nullable: true, description: "Another name." })
  name?: string | null;

  @Field(() => ID, { nullable: true, description: "Another version; null: the published one, at each call." })
  workflowVersionId?: string | null;

  @Field(() => TriggerStatus, { nullable: true, description: "Whether it makes runs." })
  status?: TriggerStatus | null;

  @Field(() => WebhookAnswer, { nullable: true, description: "What it answers." })
  answer?: WebhookAnswer | null;

  @Field(() => Int, { nullable: true, description: "How long OUTPUT waits: 1 to 30 seconds." })
  answerSeconds?: number | null;

  @Field(() => [String], { nullable: true, description: "Other headers, all of them." })
  headers?: string[] | null;
}

/** Which webhooks to list. */
@InputType({ description: "Which webhooks to list; all that is given must hold." })
export class WebhookFilter {
  @Field(() => ID, { nullable: true, description: "Only those of this workflow." })
  workflowId?: string | null;

  @Field(() => TriggerStatus, { nullable: true, description: "Only those of this status." })
  status?: TriggerStatus | null;
}

/** A webhook with what is shown once. */
@ObjectType({ description: "A webhook that was made just now, or whose secret was." })
export class CreatedWebhook {
  @Field(() => String, {
    nullable: true,
    description: "Where it is called, by POST: whoever has it may. Shown this once; null: the secret alone was made anew.",
  })
  url!: string | null;

  @Field(() => String, {
    nullable: true,
    description: "The secret that calls are signed with, shown this once; null: they are not signed.",
  })
  secret!: string | null;

  @Field(() => Webhook, { description: "What is kept of it." })
  webhook!: Webhook;
}

/** A call, as the router hands it on. */
@InputType({ description: "What came to a webhook." })
@Directive("@inaccessible")
export class HookCallInput {
  @OwnLimit()
  @Field(() => String, { description: "The token of its URL." })
  token!: string;

  @Field(() => String, { description: "POST." })
  method!: string;

  @OwnLimit()
  @Field(() => String, { description: "What stood behind the question mark." })
  query!: string;

  @Field(() => JsonObjectScalar, { description: "Its headers, by their names in lower case." })
  headers!: JsonObject;

  @OwnLimit()
  @Field(() => String, { description: "Its body in base64." })
  body!: string;
}

/** What a token stands for. */
@ObjectType({ description: "A webhook that is there." })
@Directive("@inaccessible")
export class FoundHook {
  @Field(() => ID, { description: "Its id." })
  id!: string;
}

/** What came of a call. */
@ObjectType({ description: "The run that a call made." })
@Directive("@inaccessible")
export class HookRun {
  @Field(() => ID, { description: "The run." })
  runId!: string;

  @Field(() => Int, { description: "So many seconds its output is waited for; 0: it is not." })
  waitSeconds!: number;
}

/** A run that was waited for. */
@ObjectType({ description: "How a run ended." })
@Directive("@inaccessible")
export class HookOutput {
  @Field(() => Int, { description: "The status of the answer over HTTP." })
  status!: number;

  @Field(() => String, { description: "What the body is." })
  contentType!: string;

  @Field(() => String, { description: "The answer." })
  body!: string;
}
