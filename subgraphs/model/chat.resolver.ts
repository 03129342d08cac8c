import { Arg, Ctx, Mutation, Resolver, Root, Subscription } from "type-graphql";
import { Needs } from "#shared/graphql/needs.ts";
import { Costs, heavyPoints, WaitsOutside } from "#shared/graphql/cost.ts";
import { asksFor } from "#shared/graphql/selection.ts";
import { ownTurn } from "#shared/own-turn.ts";
import { ChatCompletionInput, CreateEmbeddingsInput } from "./chat.inputs.ts";
import { completeChat, streamCompletion } from "./chat.service.ts";
import { ChatCompletion, ChatCompletionChunk, Embeddings } from "./chat.types.ts";
import type { CompletionEvent } from "./completion-events.ts";
import { createEmbeddings } from "./embeddings.service.ts";
import type { ModelContext } from "./model.context.ts";

/** The graph goes through each number of each vector: vectors that come one by one it goes through in several turns of the main loop. */
type AnsweredEmbeddings = Omit<Embeddings, "vectors"> & { vectors: Promise<number[]>[] };

/** Numbers that it goes through in one turn, about. */
const numbersInTurn = 16_384;

function vectorsInTurns(vectors: readonly number[][]): Promise<number[]>[] {
  let turn = ownTurn();
  let numbers = 0;
  return vectors.map((vector) => {
    if (numbers > 0 && numbers + vector.length > numbersInTurn) {
      // One after the other: turns that are asked for ahead are all others' to wait for.
      turn = turn.then(() => ownTurn());
      numbers = 0;
    }
    numbers += vector.length;
    return turn.then(() => vector);
  });
}

/** Completions and embeddings in the graph. */
@Resolver()
export class ChatResolver {
  @Needs("model:invoke")
  @Costs(heavyPoints)
  @WaitsOutside()
  @Mutation(() => ChatCompletion, {
    nullable: true,
    description:
      "Makes a completion. It is tried once; errors say what is known: retryable, retryAfterMs, effectUnknown. When the caller goes, the provider's request ends.",
  })
  chatCompletion(
    @Arg("input", () => ChatCompletionInput) input: ChatCompletionInput,
    @Ctx() context: ModelContext,
  ): Promise<ChatCompletion> {
    return completeChat(context, input);
  }

  @Needs("model:invoke")
  @Costs(heavyPoints)
  @WaitsOutside()
  @Mutation(() => Embeddings, {
    nullable: true,
    description:
      "Embeds texts, in one request to the provider. It is tried once; errors say what is known: retryable, retryAfterMs, effectUnknown.",
  })
  async createEmbeddings(
    @Arg("input", () => CreateEmbeddingsInput) input: CreateEmbeddingsInput,
    @Ctx() context: ModelContext,
  ): Promise<AnsweredEmbeddings> {
    const { vectors, ...more } = await createEmbeddings(context, input);
    return { ...more, vectors: vectorsInTurns(vectors) };
  }

  @Needs("model:invoke")
  @Costs(heavyPoints)
  @WaitsOutside()
  @Subscription(() => ChatCompletionChunk, {
    description:
      "The completion as it is produced: deltas of what is asked for, then one event that carries the whole completion. A failure is an event with the error, and the last. Ending the subscription ends the provider's request at once.",
    subscribe: ({ args, context, info }) =>
      streamCompletion(context as ModelContext, args["input"] as ChatCompletionInput, (field) => asksFor(info, field)),
  })
  chatCompletionStream(
    @Arg("input", () => ChatCompletionInput) _input: ChatCompletionInput,
    @Root() event: CompletionEvent,
  ): ChatCompletionChunk {
    if ("failure" in event) throw event.failure;
    return event.chunk;
  }
}
