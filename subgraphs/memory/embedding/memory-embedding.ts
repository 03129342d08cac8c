import { Field, Int, ObjectType, registerEnumType } from "type-graphql";

/** How far the embedding of a tenant's memories is. */
export enum MemoryEmbeddingState {
  OFF = "OFF",
  EMBEDDING = "EMBEDDING",
  REEMBEDDING = "REEMBEDDING",
  READY = "READY",
  FAILING = "FAILING",
}
registerEnumType(MemoryEmbeddingState, {
  name: "MemoryEmbeddingState",
  description: "How far the embedding of the tenant's memories is.",
  valuesConfig: {
    OFF: { description: "No active model provider has an embeddingModel, or nothing was ever embedded." },
    EMBEDDING: { description: "Some memories wait to be embedded." },
    REEMBEDDING: {
      description: "The model, or the dimension of its vectors, has changed: older vectors are not searched until they are made anew.",
    },
    READY: { description: "All are embedded but those that the model refused." },
    FAILING: { description: "The model does not answer, or not with vectors; it is asked again later, at the latest after 10 minutes." },
  },
});

/** How far the embedding of a tenant's memories is. */
@ObjectType({ description: "How far the embedding of the tenant's memories is: it happens in the background." })
export class MemoryEmbedding {
  @Field(() => MemoryEmbeddingState, { description: "What is going on." })
  state!: MemoryEmbeddingState;

  @Field(() => String, { nullable: true, description: "The model of the vectors that are searched; null: there are none." })
  model!: string | null;

  @Field(() => Int, { nullable: true, description: "The numbers of each of these vectors; null: there are none." })
  dimension!: number | null;

  @Field(() => Int, { description: "Memories that vectors find, counted up to 100,000." })
  ready!: number;

  @Field(() => Int, {
    description: "Memories that wait, those with a vector of another model among them; of either kind counted up to 100,000.",
  })
  waiting!: number;

  @Field(() => Int, { description: "Memories that the model refused; they are tried again when they change, or the model does." })
  failed!: number;

  @Field(() => String, {
    nullable: true,
    description: "OFF and FAILING: why, as a reason of an error, such as MODEL_PROVIDER_UNREACHABLE; else null.",
  })
  problem!: string | null;

  @Field(() => Boolean, {
    description:
      "True: the database has pgvector, and an index for common dimensions. False: the newest of a scope are compared one by one.",
  })
  isIndexed!: boolean;
}
