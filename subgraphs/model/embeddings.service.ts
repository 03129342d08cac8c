import { checkJsonSize } from "#shared/fields.ts";
import type { CreateEmbeddingsInput } from "./chat.inputs.ts";
import type { Embeddings } from "./chat.types.ts";
import { modelErrors } from "./errors.ts";
import type { ModelContext } from "./model.context.ts";
import { checkIdempotencyKey } from "./openai/chat-request.ts";
import { mostNumbers, readEmbeddings } from "./openai/embeddings-answer.ts";
import { requestJson, stopsOf } from "./openai/transport.ts";
import { chooseProvider, circuitKey, deadlinesOf, profileOf } from "./providers/provider-choice.ts";
import { CallMeter } from "./usage/usage.service.ts";

const maxTexts = 2_048;
const requestBytes = 4 * 1024 * 1024;
/** 2,048 vectors of 3,072 numbers, as JSON text, and some. */
const answerBytes = 128 * 1024 * 1024;
/** The same, as values. */
const answerValues = 9_000_000;
/** Values of an answer that are no numbers of vectors; and of each vector's item. */
const besideVectors = 10_000;
const besideVector = 20;

/** Embeds texts. @throws AppError of `modelErrors`, as completeChat does */
export async function createEmbeddings(context: ModelContext, input: CreateEmbeddingsInput): Promise<Embeddings> {
  checkInput(input);
  const provider = await chooseProvider(context, input.providerCode);
  const model = input.model ?? provider.embeddingModel;
  if (model === null) throw modelErrors.MODEL_REQUIRED({ field: "model", provider: provider.code, setting: "embeddingModel" });
  const { tenantId, traceparent, signal, services } = context;
  const pass = services.circuits.enter(circuitKey(context, { provider, model }), provider.code);
  const measured = new CallMeter(context);
  measured.begin({ providerCode: provider.code, model, operation: "EMBEDDINGS", prices: provider.prices });
  const profile = profileOf(context, { provider, model, given: { model, input: input.input, encoding_format: "float" } });
  try {
    const answer = await requestJson({
      tenantId,
      provider,
      path: "/embeddings",
      body: profile.body,
      afterRefusal: (refusal) => profile.afterRefusal(refusal),
      model,
      traceparent,
      idempotencyKey: input.idempotencyKey ?? undefined,
      stops: stopsOf(signal),
      deadlines: deadlinesOf(services.deadlines, { provider }),
      maxBytes: answerBytes,
      mostValues: Math.min(answerValues, besideVectors + input.input.length * (mostNumbers + besideVector)),
    });
    pass.answered();
    const read = await readEmbeddings(provider, answer, input.input.length);
    await measured.completed({ promptTokens: read.promptTokens });
    return { ...read, model: read.model || model };
  } catch (error) {
    pass.failed(error);
    await measured.failed(error);
    throw error;
  } finally {
    pass.left();
  }
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
