import { Field, ID, InputType } from "type-graphql";
import { OwnLimit } from "#shared/graphql/argument-limits.ts";
import { JsonObjectScalar } from "#shared/graphql/scalars.ts";
import type { JsonObject } from "#shared/json.ts";
import { ToolStatus, ToolType } from "./tool.entity.ts";

/** A new tool. */
@InputType({ description: "A new tool. It can be called once it has a version (or where the caller gives the URL)." })
export class CreateToolInput {
  @Field(() => String, { description: "Unique in the tenant: 1 to 64 letters, digits, '.', '_' or '-', a letter or digit first." })
  code!: string;

  @Field(() => String, { description: "For people: 1 to 200 characters." })
  name!: string;

  @Field(() => ToolType, { description: "HTTP. MCP is not available yet." })
  toolType!: ToolType;

  @OwnLimit()
  @Field(() => String, { nullable: true, description: "For people and models: up to 5,000 characters." })
  description?: string | null;
}

/** What to change; what is left out stays. */
@InputType({ description: "What to change of a tool; what is left out stays." })
export class UpdateToolInput {
  @Field(() => String, { nullable: true, description: "For people: 1 to 200 characters; null leaves it." })
  name?: string | null;

  @OwnLimit()
  @Field(() => String, { nullable: true, description: "For people and models: up to 5,000 characters; null clears it." })
  description?: string | null;

  @Field(() => ToolStatus, { nullable: true, description: "ARCHIVED: takes no new calls. ACTIVE: takes calls again. null leaves it." })
  status?: ToolStatus | null;
}

/** A new version; it is never changed again. */
@InputType({ description: "A new version of a tool; it is never changed again." })
export class CreateToolVersionInput {
  @Field(() => ID, { description: "The tool." })
  toolId!: string;

  @Field(() => JsonObjectScalar, {
    nullable: true,
    description: "JSON Schema (2020-12) of the arguments, at most 64 KiB; {} unless given. $ref within the document only.",
  })
  inputSchema?: JsonObject | null;

  @Field(() => JsonObjectScalar, { nullable: true, description: "JSON Schema of the answer, at most 64 KiB; {} unless given." })
  outputSchema?: JsonObject | null;

  @Field(() => JsonObjectScalar, {
    description:
      "HTTP: url, base_url, path, method (GET unless given), query, headers, body, timeout_seconds; at most 64 KiB. Headers that look like credentials are encrypted and never read back; they need url or base_url beside them.",
  })
  invokeConfig!: JsonObject;
}
