import { z } from "zod";
import { checkJsonSize } from "#shared/fields.ts";
import type { CreateEmbeddingsInput } from "./chat.inputs.ts";
import type { Embeddings } from "./chat.types.ts";
import { modelErrors } from "./errors.ts";
import type { ModelContext } from "./model.context.ts";
import { checkIdempotencyKey } from "./openai/chat-request.ts";
import { requestJson } from "./openai/transport.ts";
import { chooseProvider } from "./provider-choice.ts";
import { startCall } from "./usage.service.ts";

const maxTexts = 2_048;
const requestBytes = 4 * 1024 * 1024;
/** 2,048 vectors of 3,072 numbers, as JSON text, and some. */
const answerBytes = 128 * 1024 * 1024;

const answer = z.looseObject({
  model: z.string().nullish(),
  data: z.array(z.looseObject({ index: z.number().int().nullish(), embedding: z.array(z.number()).min(1) })),
  usage: z.looseObject({ prompt_tokens: z.number().nonnegative().nullish() }).nullish(),
});

/** Embeds texts. @throws AppError of `modelErrors`, as completeChat does */
export async function createEmbeddings(context: ModelContext, input: CreateEmbeddingsInput): Promise<Embeddings> {
  checkInput(input);
  const provider = await chooseProvider(context, input.providerCode);
  const model = input.model ?? provider.embeddingModel;
  if (model === null) throw modelErrors.MODEL_REQUIRED({ field: "model", provider: provider.code, setting: "embeddingModel" });
  const { traceparent, signal, services } = context;
  const measured = startCall(context, { providerCode: provider.code, model, operation: "EMBEDDINGS" });
  try {
    const body = { model, input: input.input, encoding_format: "float" };
    const parsed = answer.safeParse(
      await requestJson({
        provider,
        path: "/embeddings",
        body,
        model,
        traceparent,
        idempotencyKey: input.idempotencyKey ?? undefined,
        signal,
        deadlines: services.deadlines,
        maxBytes: answerBytes,
      }),
    );
    const problem = parsed.success
      ? countProblem(parsed.data.data.length, input.input.length)
      : `${parsed.error.issues[0]?.path.join(".")}: ${parsed.error.issues[0]?.message}`;
    if (!parsed.success || problem !== undefined) {
      throw modelErrors.MODEL_ANSWER_INVALID({
        provider: provider.code,
        problem: problem ?? "unreadable",
        retryable: true,
        effectUnknown: false,
      });
    }
    const { data, usage } = parsed.data;
    const promptTokens = Math.round(usage?.prompt_tokens ?? 0);
    measured.completed({ promptTokens });
    const ordered = data.every(({ index }) => index != null) ? data.toSorted((a, b) => a.index! - b.index!) : data;
    return { model: parsed.data.model || model, vectors: ordered.map(({ embedding }) => embedding), promptTokens };
  } catch (error) {
    measured.failed(error);
    throw error;
  }
}

function countProblem(vectors: number, texts: number): string | undefined {
  return vectors === texts ? undefined : `it has ${vectors} vectors for ${texts} texts`;
}

function checkInput({ input, idempotencyKey }: CreateEmbeddingsInput): void {
  checkIdempotencyKey(idempotencyKey);
  if (input.length < 1 || input.length > maxTexts) {
    throw modelErrors.MODEL_INPUT_INVALID({
      field: "input",
      value: input.length,
      problem: `it has ${input.length} texts; give 1 to ${maxTexts}.`,
    });
  }
  const empty = input.findIndex((text) => text === "");
  if (empty >= 0) throw modelErrors.MODEL_INPUT_INVALID({ field: `input[${empty}]`, value: "", problem: "it is empty." });
  checkJsonSize("input", input, requestBytes);
}
