/**
 * The key of a run whose document says that at most so many runs of a key are executed at once (`concurrency`): computed when the run is made, from what is known then.
 * It is stored as a hash, for it may be anything that the input has.
 */
import { createHash } from "node:crypto";
import { concurrencySpec } from "#shared/dsl/node-specs.ts";
import { isSmall } from "#shared/dsl/small.ts";
import { configReads, scopeRead } from "#shared/dsl/scope-read.ts";
import type { Evaluator, Job } from "#shared/evaluation/job.ts";
import { expressionErrors } from "#shared/expression/errors.ts";
import { compileExpression } from "#shared/expression/expression.ts";
import { expressionLimits } from "#shared/expression/language.ts";
import type { Json, JsonObject } from "#shared/json.ts";
import type { TemplateScope } from "#shared/template/scope.ts";
import type { ConcurrencyRule } from "../../engine/concurrency.ts";
import { runtimeErrors } from "../../errors.ts";
import { nodeJobsModule } from "./evaluation.ts";

/** A run's line, and how many of it may be executed at once. */
export interface Gate {
  key: string;
  places: number;
}

/** What a key is computed from: all that is known of a run before it is made. */
export interface GateFacts {
  /** Keys of different workflows are different ones. */
  workflowId: string;
  input: JsonObject;
  sessionId: string | undefined;
}

/** A question that a thread answers. */
export interface KeyQuestion {
  key: string;
  scope: TemplateScope;
}

const limitMs = 1_000;

/** A value that is no key of a line. */
type KeyValue = string | number | boolean | null;

/** @throws AppError EXPRESSION_…, CONCURRENCY_KEY_INVALID */
export function keyOf({ key, scope }: KeyQuestion): KeyValue {
  const value = compileExpression(key).evaluate(scope);
  if (typeof value !== "object" || value === null) return value;
  throw runtimeErrors.CONCURRENCY_KEY_INVALID({ expression: brief(key), found: Array.isArray(value) ? "a list" : "an object" });
}

/** The line of a run, computed here and now. @throws AppError EXPRESSION_…, CONCURRENCY_KEY_INVALID */
export function gateHere({ key, limit }: ConcurrencyRule, facts: GateFacts): Gate {
  return gate(limit, facts, key === undefined ? undefined : keyOf({ key, scope: scopeOf(facts) }));
}

/** The line of a run, computed here and now where that is little, else in a thread. @throws AppError EXPRESSION_…, CONCURRENCY_KEY_INVALID, EVALUATION_BUSY */
export async function gateOf(
  evaluation: Evaluator,
  rule: ConcurrencyRule,
  { tenantId, ...facts }: GateFacts & { tenantId: string },
): Promise<Gate> {
  const { key, limit } = rule;
  const scope = scopeOf(facts);
  if (key === undefined || isSmall(concurrencySpec, { key }, scope)) return gateHere(rule, facts);
  const question = { key, scope: scopeRead(scope, configReads(concurrencySpec, { key })) };
  return gate(limit, facts, await evaluation.run(job(key), question, { tenantId, whenBusy: "refuse" }));
}

function gate(places: number, { workflowId }: GateFacts, value: Json | undefined): Gate {
  const key = createHash("sha256").update(workflowId);
  if (value !== undefined) key.update("\n").update(JSON.stringify(value));
  return { key: key.digest("base64url"), places };
}

function scopeOf({ input, sessionId }: GateFacts): TemplateScope {
  return { input, state: {}, nodes: {}, current: { node_id: "" }, session: { id: sessionId ?? null, history: [] } };
}

function job(key: string): Job<KeyQuestion, KeyValue> {
  const expression = brief(key);
  return {
    module: nodeJobsModule,
    name: "gateKey",
    limitMs,
    tooSlow: () => expressionErrors.EXPRESSION_TOO_SLOW({ expression, limitMs: expressionLimits.evaluateMs }),
    tooLarge: () => expressionErrors.EXPRESSION_TOO_LARGE({ expression, limit: expressionLimits.made }),
  };
}

function brief(key: string): string {
  return key.length > 200 ? `${key.slice(0, 200).toWellFormed()}…` : key;
}
