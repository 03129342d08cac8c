/** The model subgraph as llm nodes call it. */
import type { RuntimeChatCompletionSubscription } from "#codegen/subgraph-clients/model/graphql.ts";
import { graphql } from "#codegen/subgraph-clients/model/gql.ts";
import type { SubgraphCaller } from "#shared/endpoint/caller.ts";
import { AppError } from "#shared/errors.ts";
import type { ModelCompletion, ModelPort, PortCall } from "../nodes/ports/model.port.ts";

const streamDocument = graphql(`
  subscription RuntimeChatCompletion($input: ChatCompletionInput!) {
    chatCompletionStream(input: $input) {
      delta
      reasoningDelta
      completion {
        id
        model
        content
        toolCalls {
          id
          name
          arguments
        }
        finishReason
        providerFinishReason
        reasoning
        promptTokens
        completionTokens
        cachedTokens
        reasoningTokens
        omittedParameters
        price
        durationMs
      }
    }
  }
`);

/** The port over whatever reaches the model subgraph: its schema in this process, or HTTP. */
export function modelClient(call: SubgraphCaller): ModelPort {
  return {
    async complete(request, port, onDelta) {
      const stream = call.subscribe({
        subgraph: "model",
        document: streamDocument,
        variables: { input: { ...request, caller: port.caller ?? null, idempotencyKey: port.idempotencyKey } },
        info: requestOf(port),
      });
      const stop = () => void stream.return?.();
      port.signal.addEventListener("abort", stop, { once: true });
      try {
        const completion = await lastOf(stream, onDelta, port.signal);
        // Over one socket with others: to let it wait would let them wait.
        void port.arrives((completion.content?.length ?? 0) + (completion.reasoning?.length ?? 0));
        return completion;
      } finally {
        port.signal.removeEventListener("abort", stop);
        await stream.return?.();
      }
    },
  };
}

async function lastOf(
  stream: AsyncIterableIterator<RuntimeChatCompletionSubscription>,
  onDelta: Parameters<ModelPort["complete"]>[2],
  signal: AbortSignal,
): Promise<ModelCompletion> {
  for await (const { chatCompletionStream: event } of stream) {
    // The schema says JSON where the port says Json.
    if (event.completion) return event.completion as ModelCompletion;
    if (event.reasoningDelta) onDelta(event.reasoningDelta, "reasoning");
    if (event.delta) onDelta(event.delta, "text");
  }
  signal.throwIfAborted();
  throw new AppError("DOWNSTREAM_UNAVAILABLE", "MODEL_STREAM_ENDED", "The model's answer ended before it was whole.", {
    retryable: true,
    effectUnknown: true,
    platformFault: true,
  });
}

/** The identity of a port's call, as every subgraph call carries it. */
export function requestOf({ tenantId, requestId, traceparent, signal }: PortCall) {
  return { tenantId, requestId, traceparent, signal };
}
