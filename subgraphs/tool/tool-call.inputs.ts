import { Field, ID, InputType } from "type-graphql";
import { JsonObjectScalar } from "#shared/graphql/scalars.ts";
import type { JsonObject } from "#shared/json.ts";

/** What to call, and with what. */
@InputType({
  description:
    "What to call: toolBindingId, or toolId for its latest version without a binding, or neither and config.url or config.base_url.",
})
export class InvokeToolInput {
  @Field(() => ID, { nullable: true, description: "The binding to call through." })
  toolBindingId?: string | null;

  @Field(() => ID, { nullable: true, description: "The tool; not needed beside a binding." })
  toolId?: string | null;

  @Field(() => ID, {
    nullable: true,
    description:
      "The version that a run has frozen. It wins over the binding's, and is called even when tool or binding were archived or deleted since: frozen runs go on.",
  })
  toolVersionId?: string | null;

  @Field(() => JsonObjectScalar, {
    nullable: true,
    description:
      "The tool's input: the query of GET, HEAD and DELETE, the JSON body of other methods; query and body of config win over it. Checked against the version's input schema where given. At most 4 MiB.",
  })
  arguments?: JsonObject | null;

  @Field(() => JsonObjectScalar, {
    nullable: true,
    description:
      "The caller's own url, base_url, path, query, body, headers, timeout_seconds; they win over the binding's and the version's. method counts where the version names none; timeout_seconds up to the platform's limit. At most 4 MiB.",
  })
  config?: JsonObject | null;

  @Field(() => String, {
    nullable: true,
    description: "Sent as Idempotency-Key unless config.headers has one: 1 to 255 printable ASCII characters.",
  })
  idempotencyKey?: string | null;
}
