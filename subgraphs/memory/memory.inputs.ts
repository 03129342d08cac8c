import { ArgsType, Field, InputType, Int } from "type-graphql";
import { OwnLimit } from "#shared/graphql/argument-limits.ts";
import { JsonObjectScalar } from "#shared/graphql/scalars.ts";
import type { JsonObject } from "#shared/json.ts";
import { PageArgs } from "#shared/graphql/pagination.ts";
import { MemorySearchMode } from "./search/memory-search-mode.ts";
import { MemoryScopeType } from "./memory.entity.ts";

/** Something to remember. */
@InputType({ description: "Something to remember. scopeId defaults to the tenant where scopeType is TENANT and is required elsewhere." })
export class CreateMemoryInput {
  @Field(() => MemoryScopeType, { description: "Whose memory it is." })
  scopeType!: MemoryScopeType;

  @Field(() => String, {
    nullable: true,
    description:
      "Which user, session, agent or team: 1 to 200 characters. NOT_FOUND where there is no such session, agent or team; a user's id is the client's own, and kept as it is given.",
  })
  scopeId?: string | null;

  @Field(() => String, { defaultValue: "fact", nullable: true, description: "fact, preference, conversation, ...: 1 to 64 characters." })
  memoryType?: string | null;

  @OwnLimit()
  @Field(() => String, { description: "What is remembered: at least a character, at most 100,000 bytes of UTF-8." })
  contentText!: string;

  @Field(() => JsonObjectScalar, { nullable: true, description: "The client's own: {} unless given; at most 16 KiB." })
  metadata?: JsonObject | null;

  @Field(() => Int, { defaultValue: 50, nullable: true, description: "0 to 100: how much it counts in a search." })
  importanceScore?: number | null;

  @Field(() => Date, { nullable: true, description: "A time in the future, from which on it is gone; never unless given." })
  expiresAt?: Date | null;

  @Field(() => String, {
    nullable: true,
    description:
      "1 to 200 characters. Asking again with it and the same input gives the first memory; other input is CONFLICT, IDEMPOTENCY_KEY_REUSED.",
  })
  idempotencyKey?: string | null;
}

/** What to change; what is left out stays. */
@InputType({ description: "What to change of a memory; what is left out stays." })
export class UpdateMemoryInput {
  @Field(() => String, { nullable: true, description: "1 to 64 characters; null leaves it." })
  memoryType?: string | null;

  @OwnLimit()
  @Field(() => String, { nullable: true, description: "At least a character, at most 100,000 bytes of UTF-8; null leaves it." })
  contentText?: string | null;

  @Field(() => JsonObjectScalar, { nullable: true, description: "Replaces all of it: at most 16 KiB; null leaves it." })
  metadata?: JsonObject | null;

  @Field(() => Int, { nullable: true, description: "0 to 100; null leaves it." })
  importanceScore?: number | null;

  @Field(() => Date, { nullable: true, description: "A time in the future; null: it never expires." })
  expiresAt?: Date | null;
}

/** What to look for, and where. */
@InputType({ description: "What to look for, and where." })
export class SearchMemoriesInput {
  @OwnLimit()
  @Field(() => String, { description: "Words in any language: 1 to 10,000 characters, of which the first 64 words count." })
  query!: string;

  @Field(() => MemoryScopeType, { nullable: true, description: "Only memories of this kind of scope." })
  scopeType?: MemoryScopeType | null;

  @Field(() => String, { nullable: true, description: "Only memories of this user, session, agent or team: 1 to 200 characters." })
  scopeId?: string | null;

  @Field(() => String, { nullable: true, description: "Only memories of this type." })
  memoryType?: string | null;

  @Field(() => Int, { defaultValue: 10, nullable: true, description: "The most hits: 1 to 100." })
  limit?: number | null;

  @Field(() => MemorySearchMode, {
    defaultValue: MemorySearchMode.AUTO,
    nullable: true,
    description: "How; AUTO unless given.",
  })
  mode?: MemorySearchMode | null;
}

/** Which memories, and which page of them. */
@ArgsType()
export class MemoriesArgs extends PageArgs {
  @Field(() => MemoryScopeType, { nullable: true, description: "Only memories of this kind of scope." })
  scopeType?: MemoryScopeType | null;

  @Field(() => String, { nullable: true, description: "Only memories of this user, session, agent or team." })
  scopeId?: string | null;

  @Field(() => String, { nullable: true, description: "Only memories of this type." })
  memoryType?: string | null;
}
