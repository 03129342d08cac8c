/** A completion from the provider that was asked for; or, where that is down and names one, from its fallback. */
import { AppError } from "#shared/errors.ts";
import type { ChatCompletionInput } from "../chat.inputs.ts";
import { modelErrors } from "../errors.ts";
import type { ModelContext } from "../model.context.ts";
import { chatRequest, checkChatInput } from "../openai/chat-request.ts";
import { streamChat, type ChatPiece } from "../openai/chat-stream.ts";
import type { Refusal } from "../openai/refusal.ts";
import type { RequestProfile } from "../openai/request-profile.ts";
import type { Pace, ProviderCall } from "../openai/transport.ts";
import { circuitKey, chooseProvider, deadlinesOf, profileOf, type ChosenProvider } from "./provider-choice.ts";
import { circuitEvents, isProviderDown, type CircuitPass } from "./provider-circuits.ts";
import { CallMeter } from "../usage/usage.service.ts";

/** How it is asked for. */
export interface AskOptions {
  pace: Pace;
  /** The first of them that fires ends the provider's request. */
  stops: readonly AbortSignal[];
}

/** A completion that is on its way. */
export interface AskedCompletion {
  pieces: AsyncGenerator<ChatPiece, void>;
  /** Knows how the call that is being made goes. */
  meter: CallMeter;
  /** What was left out of the request, once it is answered. */
  omittedParameters(): string[];
}

/** One provider, ready to be asked. */
interface Attempt {
  provider: ChosenProvider;
  call: ProviderCall;
  profile: RequestProfile;
  input: ChatCompletionInput;
}

/**
 * Chooses a provider. Nothing is asked before the first piece is read.
 *
 * @throws AppError what can be refused before a provider is asked
 */
export async function askForCompletion(context: ModelContext, input: ChatCompletionInput, options: AskOptions): Promise<AskedCompletion> {
  checkChatInput(input);
  const first = attemptOf(context, { provider: await chooseProvider(context, input.providerCode), input, options });
  const meter = new CallMeter(context);
  const current = { attempt: first };
  return {
    pieces: piecesOf(context, { current, meter, options }),
    meter,
    omittedParameters: () => current.attempt.profile.omitted,
  };
}

interface Asking {
  /** Who is asked now. */
  current: { attempt: Attempt };
  meter: CallMeter;
  options: AskOptions;
}

/** What a provider answers, unless it is left alone just now; its circuit hears how it went. Another one is asked once, where nothing came of the first. */
async function* piecesOf(context: ModelContext, { current, meter, options }: Asking): AsyncGenerator<ChatPiece, void> {
  const first = current.attempt;
  let firstError: unknown;
  for (;;) {
    let pass: CircuitPass | undefined;
    let hasBegun = false;
    try {
      pass = begun(context, current.attempt, meter);
      for await (const piece of streamChat(current.attempt.call, options.pace)) {
        pass.answered();
        hasBegun = true;
        yield piece;
      }
      return;
    } catch (error) {
      pass?.failed(error);
      if (current.attempt !== first) {
        // A fallback that refuses is no reason to give up: whoever is asked first may answer in a moment.
        if (hasBegun || isCancelled(error) || isRetryable(error) || !isRetryable(firstError)) throw error;
        await meter.failed(error);
        throw firstError;
      }
      const next = hasBegun ? undefined : await fallbackOf(context, { first, error, options });
      if (next === undefined) throw error;
      await meter.failed(error);
      circuitEvents.inc({ event: "fallback" });
      current.attempt = next;
      firstError = error;
    } finally {
      pass?.left();
    }
  }
}

/** A provider is asked from now on. @throws AppError MODEL_PROVIDER_CIRCUIT_OPEN */
function begun(context: ModelContext, { provider, call, input }: Attempt, meter: CallMeter): CircuitPass {
  const pass = context.services.circuits.enter(circuitKey(context, { provider, model: call.model }), provider.code);
  const { prices } = provider;
  meter.begin({ providerCode: provider.code, model: call.model, operation: "CHAT", caller: input.caller, prices });
  return pass;
}

function isCancelled(error: unknown): boolean {
  return error instanceof AppError && error.reason === "MODEL_CALL_CANCELLED";
}

function isRetryable(error: unknown): boolean {
  return error instanceof AppError && error.facts["retryable"] === true;
}

/** Who is asked in the place of a provider that is down, or takes no more for now; undefined: nobody. */
async function fallbackOf(
  context: ModelContext,
  { first, error, options }: { first: Attempt; error: unknown; options: AskOptions },
): Promise<Attempt | undefined> {
  const { fallbackCode } = first.provider;
  if (fallbackCode === null || !mayFallBack(error)) return undefined;
  try {
    const provider = await chooseProvider(context, fallbackCode);
    return attemptOf(context, { provider, input: inputFor(provider, first), options });
  } catch {
    // It is gone, or disabled: what is told is why the call failed.
    return undefined;
  }
}

function mayFallBack(error: unknown): boolean {
  if (!(error instanceof AppError)) return false;
  const isItsOwn = /^MODEL_PROVIDER_(RATE_LIMITED|CIRCUIT_OPEN|FAILED|UNREACHABLE|TIMEOUT)$/.test(error.reason);
  return isItsOwn && (error.facts["retryable"] === true || isProviderDown(error));
}

/** The same question with what the other provider knows: its model, and none of the parameters that are the first one's own. The ledger counts both. */
function inputFor({ defaultModel }: ChosenProvider, { input, call }: Attempt): ChatCompletionInput {
  const { callId } = input.caller ?? {};
  const caller = input.caller && { ...input.caller, ...(callId != null && { callId: `${callId}:fallback` }) };
  return { ...input, model: defaultModel ?? call.model, extraParameters: null, caller };
}

function attemptOf(
  context: ModelContext,
  { provider, input, options }: { provider: ChosenProvider; input: ChatCompletionInput; options: AskOptions },
): Attempt {
  const model = input.model ?? provider.defaultModel;
  if (model === null) throw modelErrors.MODEL_REQUIRED({ field: "model", provider: provider.code, setting: "defaultModel" });
  const given = chatRequest(model, input, { stream: options.pace === "stream", extra: provider.extraParameters });
  const profile = profileOf(context, { provider, model, given });
  const call = {
    tenantId: context.tenantId,
    provider,
    path: "/chat/completions",
    body: profile.body,
    afterRefusal: (refusal: Refusal) => profile.afterRefusal(refusal),
    model,
    traceparent: context.traceparent,
    idempotencyKey: input.idempotencyKey ?? undefined,
    stops: options.stops,
    deadlines: deadlinesOf(context.services.deadlines, { provider, timeoutSeconds: input.timeoutSeconds }),
  };
  return { provider, call, profile, input };
}
