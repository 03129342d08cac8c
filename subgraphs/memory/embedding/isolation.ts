/**
 * Finds the texts by which a model fails. A provider that answers 5xx, or nothing, to one text says so of the batch that it is in; where it takes another text all the
 * while, the batch is halved until the text is alone.
 */
import { AppError } from "#shared/errors.ts";
import type { NotEmbedded, WaitingMemory } from "./embedding-queue.sql.ts";
import { checkDimension, type UnitVector } from "./vector.ts";

/** Vectors of some texts. @throws AppError, also where it takes longer than `limitMs` */
export type Ask = (texts: string[], limitMs: number) => Promise<UnitVector[]>;

/** What is known of a batch. Texts that are nowhere in it wait as before. */
export interface Embedded {
  vectors: Map<WaitingMemory, UnitVector>;
  dimension: number;
  /** The model does not take them, today or tomorrow. */
  refused: NotEmbedded[];
  /** The model fails by them alone. */
  failed: NotEmbedded[];
}

/** A text that every model takes: one that refuses it is broken, or not to be used. */
const probe = "memory";
/** For one batch; a text among 64 is alone after 8. */
const mostRequests = 20;
/** Of the first request: a model that nobody has asked for a while may have to be loaded, which takes half a minute. The others have what a batch has left. */
const firstLimitMs = 40_000;
const limitMs = { many: 6_000, one: 12_000 };
/** What a provider says of a request, be it for its text or for none. Told to wait, or not let in, it says nothing of a text. */
const mayBeOfText = new Set([
  "MODEL_PROVIDER_FAILED",
  "MODEL_PROVIDER_TIMEOUT",
  "MODEL_PROVIDER_UNREACHABLE",
  "MODEL_ANSWER_INVALID",
  "MODEL_ANSWER_TOO_LARGE",
  "EMBEDDING_TOO_SLOW",
]);

/** Whether the provider does not take the texts, today or tomorrow, or makes no vectors of them. */
export function isRefusal(cause: unknown): cause is AppError {
  return cause instanceof AppError && (cause.code === "BAD_USER_INPUT" || cause.reason === "EMBEDDINGS_UNUSABLE");
}

function isOfText(cause: unknown): cause is AppError {
  return cause instanceof AppError && mayBeOfText.has(cause.reason);
}

/** The dimension of the model's vectors. @throws AppError of a model that takes no text at all */
export async function probed(ask: Ask, mostMs = firstLimitMs): Promise<number> {
  const [vector] = await ask([probe], mostMs);
  return vector!.length;
}

/**
 * Embeds what can be embedded of a batch, in some 20 requests at most. Where the provider goes away meanwhile, what was embedded before is kept.
 *
 * @throws AppError where the model takes no text at all
 */
export async function isolated(ask: Ask, waiting: readonly WaitingMemory[]): Promise<Embedded> {
  const found: Embedded = { vectors: new Map(), dimension: await probed(ask), refused: [], failed: [] };
  const parts = [waiting];
  try {
    for (let requests = 1; parts.length > 0 && requests < mostRequests; requests++) {
      const part = parts.shift()!;
      const cause = await embeddedInto(found, ask, part);
      if (cause === undefined) continue;
      if (part.length > 1) {
        parts.unshift(part.slice(0, part.length / 2), part.slice(part.length / 2));
        continue;
      }
      const isRefused: boolean = isRefusal(cause);
      // A provider that went away meanwhile fails by every text.
      if (!isRefused) await probed(ask, limitMs.one);
      found[isRefused ? "refused" : "failed"].push({ memory: part[0]!, problem: cause.reason });
    }
  } catch (cause) {
    if (found.vectors.size + found.refused.length + found.failed.length === 0) throw cause;
  }
  return found;
}

/** @returns what may be for one of the texts; undefined: they have their vectors. @throws whatever is not */
async function embeddedInto(found: Embedded, ask: Ask, part: readonly WaitingMemory[]): Promise<AppError | undefined> {
  try {
    const vectors = await ask(
      part.map(({ text }) => text),
      part.length > 1 ? limitMs.many : limitMs.one,
    );
    checkDimension(vectors[0]!, found.dimension);
    for (const [index, memory] of part.entries()) found.vectors.set(memory, vectors[index]!);
    return undefined;
  } catch (cause) {
    if (isRefusal(cause)) return cause;
    if (isOfText(cause)) return cause;
    throw cause;
  }
}
