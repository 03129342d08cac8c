import { Field, Float, ObjectType } from "type-graphql";
import { Memory } from "../memory.entity.ts";

/** A memory that a search found. */
@ObjectType({ description: "A memory that a search found." })
export class MemoryHit {
  @Field(() => Memory, { description: "The memory." })
  memory!: Memory;

  @Field(() => Float, {
    description:
      "0 to 1. TEXT: how much of the query it has, rare words counting more, moved by its importance and its age. VECTOR: the cosine. HYBRID: 1 for what is first by both. Scores of different modes are not comparable.",
  })
  score!: number;
}
