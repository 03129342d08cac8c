import { Field, Float, Int, ObjectType } from "type-graphql";
import { JsonObjectScalar, JsonScalar } from "#shared/graphql/scalars.ts";
import type { Json, JsonObject } from "#shared/json.ts";

/** What a tool answered. */
@ObjectType({ description: "What a tool answered. Secrets in it are replaced by ***." })
export class ToolResult {
  @Field(() => Boolean, { description: "Whether the status is 200 to 299." })
  ok!: boolean;

  @Field(() => Int, { nullable: true, description: "The HTTP status; never null now, for tools of type HTTP are the only ones." })
  status!: number | null;

  @Field(() => String, {
    nullable: true,
    description: "The answer where it is text, or JSON that is not read; null where it is JSON, binary or empty.",
  })
  outputText!: string | null;

  @Field(() => JsonScalar, {
    nullable: true,
    description: "The answer where it is JSON; { content_type, size_bytes, base64 } where it is binary; else null.",
  })
  outputJson!: Json;

  @Field(() => [String], {
    description:
      "Where outputJson has the digits of a number as text, for a double does not keep them, such as `user.id`: at most 10 places, [] where there are none.",
  })
  numbersAsText!: string[];

  @Field(() => JsonObjectScalar, {
    description: "The answer's headers, names in lower case. set-cookie is a list; of others, values of one name are joined by a comma.",
  })
  headers!: JsonObject;

  @Field(() => Float, { description: "Milliseconds from the request to the last byte." })
  durationMs!: number;

  @Field(() => String, {
    nullable: true,
    description:
      "TOOL_HTTP_ERROR where ok is false, TOOL_ANSWER_NOT_JSON where the answer says it is JSON and is not, or is too much of it to be read (1,000,000 values, 50,000 keys in one object); else null.",
  })
  errorCode!: string | null;

  @Field(() => String, { nullable: true, description: "The error, for people; null where there is none." })
  errorMessage!: string | null;

  @Field(() => JsonObjectScalar, {
    description:
      "What was called: { tool_id, tool_code, tool_version_id, tool_binding_id, method, url }; credentials in the url's query are replaced by ***. redirected_by is the status of the redirect that a call with an effect was answered with; then the answer is what the redirect leads to.",
  })
  resolved!: JsonObject;
}
