/**
 * The condition of a retry (`retry.when`): asked of the output of an attempt that succeeded. Where it is true the attempt has failed, with the closed code
 * OUTPUT_REJECTED and its output kept, so that `retry` and `on_error` take it as any other failure. It is asked where the node was executed, before
 * anybody else sees the output: here and now when it is small, else in a thread.
 */
import { outputNames, retryWhenSpec } from "#shared/dsl/node-specs.ts";
import { configReads, scopeRead } from "#shared/dsl/scope-read.ts";
import { isSmall } from "#shared/dsl/small.ts";
import type { Job } from "#shared/evaluation/job.ts";
import { expressionErrors } from "#shared/expression/errors.ts";
import { compileExpression } from "#shared/expression/expression.ts";
import { expressionLimits } from "#shared/expression/language.ts";
import type { Json } from "#shared/json.ts";
import { nodeJobsModule, runJob } from "./evaluation.ts";
import type { NodeContext, NodeExecutor, NodeOutcome, NodeScope } from "../executor.ts";
import { failureOf } from "../outcome.ts";

/** The code of an attempt that its node's `retry.when` refused. */
export const rejectedCode = "OUTPUT_REJECTED";

/** An attempt's output, and the condition that is asked of it. */
export interface OutputQuestion {
  when: string;
  scope: NodeScope;
  output: Json;
  text: string | null;
}

type Completed = Extract<NodeOutcome, { kind: "completed" }>;

const limitMs = 1_000;

/** Whether the output is refused. @throws AppError EXPRESSION_… */
export function isRejected({ when, scope, output, text }: OutputQuestion): boolean {
  return compileExpression(when, outputNames).test(scope, { output, text });
}

/** An executor whose completed outcomes are asked for `retryWhen`; without one it is the executor itself. */
export function judged(executor: NodeExecutor, retryWhen: { when: string } | undefined): NodeExecutor {
  if (retryWhen === undefined) return executor;
  return {
    ...executor,
    run: (context) => {
      const outcome = executor.run(context);
      return outcome instanceof Promise ? outcome.then((ended) => judge(context, ended, retryWhen)) : judge(context, outcome, retryWhen);
    },
  };
}

function judge(context: NodeContext, outcome: NodeOutcome, retryWhen: { when: string }): NodeOutcome | Promise<NodeOutcome> {
  // In a dry run the output is what would have been asked, not an answer.
  if (outcome.kind !== "completed" || context.dryRun) return outcome;
  const { outputJson: output = null, outputText: text = null } = outcome;
  const question = { ...retryWhen, scope: context.scope, output, text };
  if (!isSmall(retryWhenSpec, retryWhen, { ...context.scope, output, text } as NodeScope))
    return judgeElsewhere(context, outcome, question);
  try {
    return verdict(outcome, question, isRejected(question));
  } catch (error) {
    return unanswered(outcome, error);
  }
}

async function judgeElsewhere(context: NodeContext, outcome: Completed, question: OutputQuestion): Promise<NodeOutcome> {
  const { when, output, text } = question;
  const reads = configReads(retryWhenSpec, { when });
  const isRead = (name: string): boolean => !reads.complete || reads.paths.some(({ path: [root] }) => root === name);
  const scope = scopeRead(context.scope, reads);
  const part = { when, scope, output: isRead("output") ? output : null, text: isRead("text") ? text : null };
  try {
    return verdict(outcome, question, await runJob(context, job(when), part));
  } catch (error) {
    return unanswered(outcome, error);
  }
}

function verdict(outcome: Completed, { when }: OutputQuestion, isRefused: boolean): NodeOutcome {
  if (!isRefused) return outcome;
  return {
    ...failureWith(outcome),
    code: rejectedCode,
    message: `The output was rejected: retry.when holds for it (${brief(when)}).`,
    retryable: true,
  };
}

/** The condition itself failed: what the node put out is kept, and the next attempt would fail in the same way. */
function unanswered(outcome: Completed, error: unknown): NodeOutcome {
  const failure = failureOf(error);
  return failure.kind === "failed" ? { ...failureWith(outcome), ...failure, message: `retry.when: ${failure.message}` } : failure;
}

function failureWith({ outputJson, outputText, usage, notes }: Completed) {
  return {
    kind: "failed" as const,
    ...(outputJson !== undefined && { outputJson }),
    ...(outputText !== undefined && { outputText }),
    ...(usage !== undefined && { usage }),
    ...(notes !== undefined && { notes }),
  };
}

function job(when: string): Job<OutputQuestion, boolean> {
  const expression = brief(when);
  return {
    module: nodeJobsModule,
    name: "isRejected",
    limitMs,
    tooSlow: () => expressionErrors.EXPRESSION_TOO_SLOW({ expression, limitMs: expressionLimits.evaluateMs }),
    tooLarge: () => expressionErrors.EXPRESSION_TOO_LARGE({ expression, limit: expressionLimits.made }),
  };
}

function brief(when: string): string {
  return when.length > 200 ? `${when.slice(0, 200).toWellFormed()}…` : when;
}
