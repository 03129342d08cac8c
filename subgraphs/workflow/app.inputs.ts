import { Field, ID, InputType } from "type-graphql";
import { OwnLimit } from "#shared/graphql/argument-limits.ts";
import { JsonObjectScalar } from "#shared/graphql/scalars.ts";
import type { JsonObject } from "#shared/json.ts";
import { AppStatus } from "./app.entity.ts";
import { VersionStatus } from "./version-status.ts";

/** A new app. */
@InputType({ description: "A new app." })
export class CreateAppInput {
  @Field(() => String, { description: "Unique in the tenant: 1 to 64 letters, digits, '.', '_' or '-', a letter or digit first." })
  code!: string;

  @Field(() => String, { description: "For people: 1 to 200 characters." })
  name!: string;

  @OwnLimit()
  @Field(() => String, { nullable: true, description: "For people: up to 5,000 characters." })
  description?: string | null;
}

/** What to change; what is left out stays. */
@InputType({ description: "What to change of an app; what is left out stays." })
export class UpdateAppInput {
  @Field(() => String, { nullable: true, description: "For people: 1 to 200 characters; null leaves it." })
  name?: string | null;

  @OwnLimit()
  @Field(() => String, { nullable: true, description: "For people: up to 5,000 characters; null clears it." })
  description?: string | null;

  @Field(() => AppStatus, {
    nullable: true,
    description: "ARCHIVED hides nothing; it says that the app is no longer in use. null leaves it.",
  })
  status?: AppStatus | null;
}

/** A new version of an app. */
@InputType({ description: "A new version of an app; it is never changed again." })
export class CreateAppVersionInput {
  @Field(() => ID, { description: "The app." })
  appId!: string;

  @Field(() => ID, { description: "A version of one of the app's workflows, not archived." })
  workflowVersionId!: string;

  @Field(() => JsonObjectScalar, { nullable: true, description: "Settings for the app's clients: up to 64 KiB; {} unless given." })
  config?: JsonObject | null;

  @Field(() => VersionStatus, { defaultValue: VersionStatus.DRAFT, nullable: true, description: "DRAFT or PUBLISHED." })
  status?: VersionStatus | null;
}
