import { Field, Int, ObjectType, registerEnumType } from "type-graphql";
import { JsonObjectScalar } from "#shared/graphql/scalars.ts";
import type { JsonObject } from "#shared/json.ts";

/** Whose memories an agent reads and writes. */
export enum MemoryScopeType {
  TENANT = "TENANT",
  USER = "USER",
  SESSION = "SESSION",
  AGENT = "AGENT",
  TEAM = "TEAM",
}
registerEnumType(MemoryScopeType, {
  name: "MemoryScopeType",
  description: "Whose memory it is.",
  valuesConfig: {
    TENANT: { description: "Everybody of the tenant." },
    USER: { description: "One user." },
    SESSION: { description: "One conversation." },
    AGENT: { description: "One agent." },
    TEAM: { description: "One team." },
  },
});

/** What an agent remembers: read before a run, written after it. */
@ObjectType({ description: "What an agent remembers: read before a run, written after a model call that succeeded." })
export class MemoryPolicy {
  @Field(() => Boolean, { description: "Whether memories are read before a run." })
  enabled!: boolean;

  @Field(() => MemoryScopeType, { description: "Whose memories are read and written." })
  memoryScope!: MemoryScopeType;

  @Field(() => Int, { description: "The most memories that are put into the prompt: 0 to 50." })
  readTopK!: number;

  @Field(() => Boolean, { description: "Whether a run writes a conversation memory." })
  writeEnabled!: boolean;

  @Field(() => JsonObjectScalar, { description: "{ write_importance_score }: 0 to 100, the importance of the memories that are written." })
  config!: JsonObject;
}
