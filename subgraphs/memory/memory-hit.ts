import { Field, Float, ObjectType } from "type-graphql";
import { Memory } from "./memory.entity.ts";

/** A memory that a search found. */
@ObjectType({ description: "A memory that a search found." })
export class MemoryHit {
  @Field(() => Memory, { description: "The memory." })
  memory!: Memory;

  @Field(() => Float, { description: "0 to 1: how much of the query it has, rare words counting more, moved by its importance." })
  score!: number;
}
