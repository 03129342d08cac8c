import { Entity, PrimaryKey, Property } from "@mikro-orm/decorators/legacy";
import { Directive, Field, Float, ID, ObjectType, registerEnumType } from "type-graphql";

/** How a call of a model ended. */
export enum ModelCallOutcome {
  COMPLETED = "COMPLETED",
  FAILED = "FAILED",
  CANCELLED = "CANCELLED",
}
registerEnumType(ModelCallOutcome, {
  name: "ModelCallOutcome",
  description: "How a call of a model ended.",
  valuesConfig: {
    COMPLETED: { description: "It was answered whole." },
    FAILED: { description: "The provider refused it, or did not answer." },
    CANCELLED: { description: "Its caller went before it was answered; what the provider charges for it is not known." },
  },
});

/** One entry of the ledger of model calls: figures, no texts. */
@Directive('@key(fields: "id")')
@ObjectType({ description: "A call of a model that has ended: figures, no texts." })
@Entity({ tableName: "model_call" })
export class ModelCall {
  @Field(() => ID, { description: "Opaque id." })
  @PrimaryKey({ type: "text" })
  id!: string;

  @Property({ type: "text" })
  tenantId!: string;

  @Field(() => String, { nullable: true, description: "The id that its caller gave it, by which it is counted once; null: none." })
  @Property({ type: "text", nullable: true })
  callId!: string | null;

  @Field(() => ID, { nullable: true, description: "The run that it was made for; null: none." })
  @Property({ type: "text", nullable: true })
  runId!: string | null;

  @Field(() => ID, { nullable: true, description: "The node run that it was made for; null: none." })
  @Property({ type: "text", nullable: true })
  nodeRunId!: string | null;

  @Field(() => String, { nullable: true, description: "The provider's code; null: the platform's configured provider." })
  @Property({ type: "text", nullable: true })
  providerCode!: string | null;

  @Field(() => String, { description: "The model as it was asked for." })
  @Property({ type: "text" })
  model!: string;

  @Field(() => ModelCallOutcome, { description: "How it ended." })
  @Property({ type: "text" })
  outcome!: ModelCallOutcome;

  @Field(() => String, { nullable: true, description: "Why it failed or was cancelled, as a closed code; null: it was not." })
  @Property({ type: "text", nullable: true })
  errorReason!: string | null;

  @Field(() => Float, { description: "Tokens of the prompt, or of the embedded texts; 0 where the provider did not say." })
  @Property({ type: "double" })
  promptTokens!: number;

  @Field(() => Float, { description: "Of these, those that the provider had in its cache." })
  @Property({ type: "double" })
  cachedTokens!: number;

  @Field(() => Float, { description: "Tokens produced." })
  @Property({ type: "double" })
  completionTokens!: number;

  @Field(() => Float, { description: "Of these, those that were thought, not said." })
  @Property({ type: "double" })
  reasoningTokens!: number;

  @Field(() => Float, {
    nullable: true,
    description: "What it has cost, by the prices that its provider had then; null: its model had none, or it was not answered.",
  })
  @Property({ type: "double", nullable: true })
  price!: number | null;

  @Field(() => Float, { description: "How long it took, in milliseconds." })
  @Property({ type: "double" })
  durationMs!: number;

  @Field(() => Date, { description: "When it ended." })
  @Property({ type: "datetime", columnType: "timestamptz" })
  createdAt!: Date;
}
