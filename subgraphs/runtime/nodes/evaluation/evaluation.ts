/**
 * Where what strangers wrote in a node's config is evaluated: here and now when it is small (shared/dsl/small.ts), else in a thread, with the part of
 * the scope that it reads. A full queue is the platform's matter: the node waits.
 */
import { nodeSpecs } from "#shared/dsl/node-specs.ts";
import type { NodeType } from "#shared/dsl/node-types.ts";
import { renderConfig } from "#shared/dsl/render-config.ts";
import { configTexts } from "#shared/dsl/node-texts.ts";
import { configReads, scopeRead, type ConfigReads } from "#shared/dsl/scope-read.ts";
import { isSmall, shortTexts } from "#shared/dsl/small.ts";
import { evaluationErrors } from "#shared/evaluation/errors.ts";
import type { Evaluator, Job, JobCall } from "#shared/evaluation/job.ts";
import { expressionErrors } from "#shared/expression/errors.ts";
import { expressionLimits } from "#shared/expression/language.ts";
import type { JsonObject } from "#shared/json.ts";
import { templateLimits } from "#shared/template/budget.ts";
import { templateErrors } from "#shared/template/errors.ts";
import type { NodeContext, NodeExecutor, NodeOutcome, NodeScope } from "../executor.ts";
import { orFailure, orFailureLater } from "../outcome.ts";

/** What a node computes from, when it computes from nothing else. */
export interface Given {
  config: JsonObject;
  scope: NodeScope;
}

/** The same for another thread, which knows no executors. */
export interface GivenNode extends Given {
  type: NodeType;
}

/** A node's outcome from what it was given. */
export type Evaluate = (given: Given) => NodeOutcome;

/** The module of the functions that threads run for nodes. */
export const nodeJobsModule = new URL("./evaluation-jobs.ts", import.meta.url).href;

// The templates' and expressions' own clocks are looked at between two steps; this ends a step.
const limitMs = 1_000;

/** Fails as a template that is too slow or too large does. */
export const templateFailures = {
  limitMs,
  tooSlow: () => templateErrors.TEMPLATE_TOO_SLOW({ limitMs }),
  tooLarge: () => templateErrors.TEMPLATE_TOO_LARGE({ limitBytes: templateLimits.renderedBytes }),
} as const;

const renderJob: Job<GivenNode, JsonObject> = { module: nodeJobsModule, name: "renderNode", ...templateFailures };

/**
 * A node type that computes its outcome from its config and its scope, and looks at nothing else.
 *
 * @param computes  whether a config has more than templates and expressions that computes: then a thread does it, however small it is.
 */
export function evaluatedNode(type: NodeType, evaluate: Evaluate, computes: (config: JsonObject) => boolean = () => false): NodeExecutor {
  return {
    effect: "pure",
    run: (context) => {
      const { config, scope } = context;
      if (!computes(config) && isSmall(nodeSpecs[type], config, scope)) return orFailure(() => evaluate({ config, scope }));
      return orFailureLater(context, async () => {
        const part = await partOf(context, { type, config, scope });
        return runJob(context, evaluateJob(type, config), { type, config, scope: part });
      });
    },
  };
}

/** A node's config with its templates rendered, for those that go on to do something with it. @throws AppError TEMPLATE_… */
export async function rendered(context: NodeContext, type: NodeType, config = context.config): Promise<JsonObject> {
  const { scope } = context;
  if (isSmall(nodeSpecs[type], config, scope)) return renderConfig(type, config, scope);
  const part = await partOf(context, { type, config, scope });
  return runJob(context, renderJob, { type, config, scope: part });
}

/** Runs a node's job in a thread; `text` goes beside the arguments. The attempt's time stands still while it waits for its turn. */
export async function runJob<A, R>(context: NodeContext, job: Job<A, R>, args: A, text?: string): Promise<R> {
  const begins = context.waits();
  const call = { ...jobCall(context), begins, ...(text !== undefined && { text }) };
  return context.ports.evaluation.run(job, args, call).finally(begins);
}

/** The part of the scope that a node's texts need. */
export async function partOf(context: NodeContext, given: GivenNode): Promise<NodeScope> {
  const begins = context.waits();
  return scopePart(context.ports.evaluation, given, jobCall(context)).finally(begins);
}

/** Whose job it is, of a node in a run. */
function jobCall({ tenantId, signal }: Pick<NodeContext, "tenantId" | "signal">): JobCall {
  return { tenantId, signal, whenBusy: "wait" };
}

const readsJob: Job<Omit<GivenNode, "scope">, ConfigReads> = { module: nodeJobsModule, name: "readsOfNode", ...templateFailures };

/** What configs read. A config of a plan is one object however often its node runs. */
const known = new WeakMap<JsonObject, Promise<ConfigReads> | ConfigReads>();

/** What the texts of a config read; texts that are not short are read in a thread. */
export async function readsOf(evaluation: Evaluator, { type, config }: Omit<GivenNode, "scope">, call: JobCall): Promise<ConfigReads> {
  let reads = known.get(config);
  if (reads === undefined) {
    const isShort = shortTexts(nodeSpecs[type], config) !== null;
    // Without its signal: others may wait for the same.
    const { tenantId, whenBusy } = call;
    reads = isShort ? configReads(nodeSpecs[type], config) : evaluation.run(readsJob, { type, config }, { tenantId, whenBusy });
    known.set(config, reads);
  }
  try {
    return await reads;
  } catch (error) {
    known.delete(config);
    throw error;
  }
}

/** The part of the scope that a node's texts read. */
export async function scopePart(evaluation: Evaluator, { type, config, scope }: GivenNode, call: JobCall): Promise<NodeScope> {
  return scopeRead(scope, await readsOf(evaluation, { type, config }, call));
}

function evaluateJob(type: NodeType, config: JsonObject): Job<GivenNode, NodeOutcome> {
  const job = { module: nodeJobsModule, name: "evaluateNode" } as const;
  const [first] = [...configTexts(nodeSpecs[type], config)].filter(({ kind }) => kind === "expression");
  if (first === undefined) return { ...job, ...templateFailures };
  const expression = first.text.slice(0, 200);
  return {
    ...job,
    limitMs,
    tooSlow: () => expressionErrors.EXPRESSION_TOO_SLOW({ expression, limitMs: expressionLimits.evaluateMs }),
    tooLarge: () => expressionErrors.EXPRESSION_TOO_LARGE({ expression, limit: expressionLimits.made }),
  };
}

/** Fails as anything else does that is too slow or too large. */
export function evaluationFailures(ms: number, limitBytes: number) {
  return {
    limitMs: ms,
    tooSlow: () => evaluationErrors.EVALUATION_TOO_SLOW({ limitMs: ms }),
    tooLarge: () => evaluationErrors.EVALUATION_TOO_LARGE({ limitBytes }),
  } as const;
}
