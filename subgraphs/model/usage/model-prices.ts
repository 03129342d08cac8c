/** What models cost, as their provider's settings say, and what a call of one has cost. */
import { isJsonObject, type Json, type JsonObject } from "#shared/json.ts";
import { modelErrors } from "../errors.ts";

/** Of one model, for a million tokens, in whatever unit its owner counts in. */
export interface ModelPrice {
  prompt: number;
  /** Of tokens that the provider had in its cache; as others unless given. */
  cached?: number;
  completion: number;
}

/** By the names of models; `*` stands for all others. */
export type ModelPrices = Readonly<Record<string, ModelPrice>>;

const mostModels = 200;
const mostPrice = 1_000_000_000;
const perTokens = 1_000_000;
const kinds = ["prompt", "cached", "completion"];

/** Checks prices as they are given. @throws AppError MODEL_PROVIDER_INVALID */
export function checkPrices(given: JsonObject | null | undefined): Record<string, ModelPrice> {
  const entries = Object.entries(given ?? {});
  if (entries.length > mostModels) throw invalid("prices", `it has ${entries.length} models; give at most ${mostModels}.`);
  return Object.fromEntries(entries.map(([model, price]) => [checkedName(model), checkPrice(model, price)]));
}

function checkedName(model: string): string {
  if (model.length >= 1 && model.length <= 200 && !model.includes("\u0000")) return model;
  throw invalid("prices", `${JSON.stringify(model.slice(0, 80))} is no model's name; give 1 to 200 characters.`);
}

function checkPrice(model: string, given: Json | undefined): ModelPrice {
  const field = `prices.${model}`;
  if (!isJsonObject(given)) throw invalid(field, "give { prompt, completion }, and cached where it differs, each for a million tokens.");
  const price = given;
  const other = Object.keys(price).find((kind) => !kinds.includes(kind));
  if (other !== undefined) throw invalid(`${field}.${other.slice(0, 80)}`, `prices are ${kinds.join(", ")}.`);
  for (const kind of kinds) {
    const value = price[kind];
    if (value === undefined && kind === "cached") continue;
    if (typeof value !== "number" || value < 0 || value > mostPrice)
      throw invalid(
        `${field}.${kind}`,
        `it is ${JSON.stringify(value ?? null).slice(0, 80)}; give a number from 0 to ${mostPrice}, for a million tokens.`,
      );
  }
  return price as unknown as ModelPrice;
}

/** What a call has cost; null: its model has no price. */
export function priceOf(
  prices: ModelPrices,
  model: string,
  { promptTokens, cachedTokens, completionTokens }: { promptTokens: number; cachedTokens: number; completionTokens: number },
): number | null {
  const price = Object.hasOwn(prices, model) ? prices[model] : Object.hasOwn(prices, "*") ? prices["*"] : undefined;
  if (price === undefined) return null;
  const { prompt, cached = prompt, completion } = price;
  const fresh = Math.max(0, promptTokens - cachedTokens);
  return (fresh * prompt + Math.min(cachedTokens, promptTokens) * cached + completionTokens * completion) / perTokens;
}

function invalid(field: string, problem: string): Error {
  return modelErrors.MODEL_PROVIDER_INVALID({ field, problem });
}
