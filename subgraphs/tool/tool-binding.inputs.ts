import { Field, ID, InputType } from "type-graphql";
import { JsonObjectScalar } from "#shared/graphql/scalars.ts";
import type { JsonObject } from "#shared/json.ts";

/** A new binding of a tool. */
@InputType({ description: "A new binding of a tool." })
export class CreateToolBindingInput {
  @Field(() => ID, { description: "The tool." })
  toolId!: string;

  @Field(() => ID, { nullable: true, description: "The version that is called; left out or null: always the latest." })
  toolVersionId?: string | null;

  @Field(() => String, { description: "For people: 1 to 200 characters." })
  name!: string;

  @Field(() => JsonObjectScalar, {
    nullable: true,
    description:
      "base_url, headers, timeout_seconds, and requires_approval (true, or an expression over arguments: a person is asked before a run calls it); {} unless given; at most 64 KiB. Headers that look like credentials (authorization, x-api-key, …) are taken as secretHeaders.",
  })
  config?: JsonObject | null;

  @Field(() => JsonObjectScalar, {
    nullable: true,
    description:
      "{ name: value }, at most 64 KiB: encrypted, never read back, and sent only to the origin of the binding's base_url (else of the version's url or base_url). BAD_USER_INPUT where there is none of these.",
  })
  secretHeaders?: JsonObject | null;
}

/** What to change; what is left out stays. */
@InputType({ description: "What to change of a binding; what is left out stays." })
export class UpdateToolBindingInput {
  @Field(() => ID, { nullable: true, description: "null: always the latest version." })
  toolVersionId?: string | null;

  @Field(() => String, { nullable: true, description: "For people: 1 to 200 characters; null leaves it." })
  name?: string | null;

  @Field(() => JsonObjectScalar, {
    nullable: true,
    description:
      'Replaces the whole config but its secret headers (shown as "***", which keeps them), at most 64 KiB; null empties it. CONFLICT when it moves stored secrets to another origin.',
  })
  config?: JsonObject | null;

  @Field(() => JsonObjectScalar, { nullable: true, description: "Replaces all secret headers, at most 64 KiB; null removes them." })
  secretHeaders?: JsonObject | null;
}
