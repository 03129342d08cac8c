import { Field, InputType, Int, ObjectType } from "type-graphql";
import { ApiKey } from "./api-key.entity.ts";

/** A new key. */
@InputType({ description: "A new key of the caller's tenant." })
export class CreateApiKeyInput {
  @Field(() => String, { description: "For people: 1 to 200 characters." })
  name!: string;

  @Field(() => [String], {
    nullable: true,
    description:
      "What it may do, as noun:verb such as run:write; reader, runner and builder stand for several. Left out: everything of its tenant. No scope that the caller's own key lacks can be given.",
  })
  scopes?: string[] | null;

  @Field(() => Date, { nullable: true, description: "From then on it is not accepted; in the future. Left out: it does not expire." })
  expiresAt?: Date | null;
}

/** How a key is replaced. */
@InputType({ description: "How a key is replaced by a new one." })
export class RotateApiKeyInput {
  @Field(() => Int, {
    nullable: true,
    description: "For so many seconds the old key is accepted beside the new one: 0 to 2,592,000 (30 days); 86,400 (a day) unless given.",
  })
  overlapSeconds?: number | null;
}

/** A key with its secret. */
@ObjectType({ description: "A key that was made just now." })
export class CreatedApiKey {
  @Field(() => String, { description: "The key itself, shown this once." })
  secret!: string;

  @Field(() => ApiKey, { description: "What is kept of it." })
  apiKey!: ApiKey;
}
