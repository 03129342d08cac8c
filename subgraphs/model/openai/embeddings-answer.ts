/** Vectors, as providers answer with them. Strict in the vectors, liberal in all else. */
import { isJsonObject, type Json } from "#shared/json.ts";
import { finishInTurns } from "#shared/pieces.ts";
import { modelErrors } from "../errors.ts";
import { errorIn, jsonHead, shownMessage, strayWords } from "./answer-error.ts";
import { readUsage } from "./answer-usage.ts";
import { secretScrubber, type ProviderTarget } from "./provider-target.ts";
import { readToldError } from "./refusal.ts";

/** Vectors in the order of their texts; `model` is "" where the provider does not name it. */
export interface ReadEmbeddings {
  model: string;
  vectors: number[][];
  promptTokens: number;
}

/** Numbers of one vector. Models have 4,096 at most, some few a little more. */
export const mostNumbers = 16_384;

/** Reads the answer to so many texts, in turns of the main loop. @throws AppError MODEL_PROVIDER_FAILED, MODEL_ANSWER_INVALID */
export async function readEmbeddings(provider: ProviderTarget, answer: Json, texts: number): Promise<ReadEmbeddings> {
  const body = isJsonObject(answer) ? answer : { data: answer };
  const data = Array.isArray(body["data"]) ? body["data"] : undefined;
  const error = errorIn(answer, undefined, data === undefined ? undefined : {}) ?? (data === undefined ? strayWords(answer) : undefined);
  if (error !== undefined) throw readToldError(provider, error);
  const invalid = (problem: string, { retryable = true } = {}) =>
    modelErrors.MODEL_ANSWER_INVALID({ provider: provider.code, problem, retryable, effectUnknown: false });
  if (data === undefined) throw invalid(`it has no data: ${shownMessage(jsonHead(answer), secretScrubber(provider))}`);
  if (data.length !== texts) throw invalid(`it has ${data.length} vectors for ${texts} texts`);
  const places = data.map((item) => placeOf(item));
  const isOrdered = new Set(places).size === texts && places.every((place) => place !== undefined);
  const ordered = isOrdered ? data.toSorted((a, b) => placeOf(a)! - placeOf(b)!) : data;
  const vectors = await finishInTurns(
    (function* () {
      const read: number[][] = [];
      for (const [index, item] of ordered.entries()) {
        const vector = vectorOf(item);
        if (vector === undefined) throw invalid(`data.${index} has no vector of numbers`);
        const { length } = vector;
        if (length > mostNumbers)
          throw invalid(`data.${index} has ${length} numbers, and a vector may have ${mostNumbers}`, { retryable: false });
        read.push(vector);
        yield;
      }
      return read;
    })(),
  );
  const model = typeof body["model"] === "string" ? secretScrubber(provider).text(body["model"]) : "";
  return { model, vectors, promptTokens: readUsage(body, undefined)?.prompt ?? 0 };
}

function placeOf(item: Json): number | undefined {
  const place = isJsonObject(item) ? Number(item["index"] ?? NaN) : NaN;
  return Number.isSafeInteger(place) ? place : undefined;
}

function vectorOf(item: Json): number[] | undefined {
  const vector = isJsonObject(item) ? item["embedding"] : item;
  // Of a number beyond all bounds, such as 1e999, JavaScript makes Infinity, which no graph answers.
  const isVector = Array.isArray(vector) && vector.length > 0 && (vector.length > mostNumbers || vector.every(Number.isFinite));
  return isVector ? (vector as number[]) : undefined;
}
