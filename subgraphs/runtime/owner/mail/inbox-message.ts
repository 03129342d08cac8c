/** Bodies of inbox messages: written by the API and by workers of any version, read by owners, so they are checked when they are read. */
import { z } from "zod";
import type { Json } from "#shared/json.ts";
import type { Approval, NodeOutcome } from "../../nodes/executor.ts";
import type { SpanRecord } from "../calls/node-context.ts";

const json: z.ZodType<Json> = z.any();
const jsonObject = z.record(z.string(), json);
const usage = z.object({ modelCalls: z.number(), promptTokens: z.number(), completionTokens: z.number() });
const artifact = z.object({
  artifactType: z.string(),
  name: z.string().optional(),
  contentText: z.string().optional(),
  contentJson: json.optional(),
  storageUri: z.string().optional(),
});
const span = z.object({
  spanId: z.string(),
  parentSpanId: z.string(),
  spanType: z.string(),
  name: z.string(),
  status: z.number(),
  startedMs: z.number(),
  endedMs: z.number(),
  attributes: jsonObject,
  errorCode: z.string().nullable(),
  errorMessage: z.string().nullable(),
});

const notes = z.object({
  replaced_characters: z.number().optional(),
  numbers_as_text: z.array(z.string()).optional(),
  documents_without_text: z.number().optional(),
});

const outcome = z.discriminatedUnion("kind", [
  z.object({
    kind: z.literal("completed"),
    outputText: z.string().optional(),
    outputJson: json.optional(),
    stateUpdates: jsonObject.optional(),
    variables: jsonObject.optional(),
    route: z.string().optional(),
    artifacts: z.array(artifact).optional(),
    usage: usage.optional(),
    notes: notes.optional(),
  }),
  z.object({
    kind: z.literal("waiting"),
    reason: z.string(),
    delayMs: z.number().optional(),
    untilMs: z.number().optional(),
    question: jsonObject.optional(),
  }),
  z.object({ kind: z.literal("child"), input: jsonObject, gate: z.object({ key: z.string(), places: z.number() }).optional() }),
  z.object({
    kind: z.literal("failed"),
    code: z.string(),
    message: z.string(),
    retryable: z.boolean(),
    retryAfterMs: z.number().optional(),
    effectUnknown: z.boolean().optional(),
    fault: z.enum(["own", "crash"]).optional(),
    outputText: z.string().optional(),
    outputJson: json.optional(),
    usage: usage.optional(),
    notes: notes.optional(),
  }),
  z.object({ kind: z.literal("interrupted"), code: z.string(), message: z.string(), effectUnknown: z.boolean().optional() }),
  z.object({ kind: z.literal("skipped") }),
]);

const outcomeBody = z.object({
  outcome,
  startedMs: z.number().optional(),
  workerKey: z.string().optional(),
  spans: z.array(span).optional(),
});

/** The end of an attempt: an executor's outcome, OUTCOME_UNKNOWN, or a person's skip. */
export type AttemptOutcome = NodeOutcome | { kind: "waiting"; reason: "OUTCOME_UNKNOWN" } | { kind: "skipped" };

/** What the engine takes as an outcome: the end of an attempt, or that a composite has its items. */
export type OwnerOutcome = AttemptOutcome | OpenedOutcome;

/** A composite node opens with these items: a loop with its variables, a sub-workflow with its input, alone. */
export interface OpenedOutcome {
  kind: "opened";
  items: readonly Json[];
}

/** A message of kind outcome. */
export interface OutcomeBody {
  outcome: OwnerOutcome;
  startedMs?: number | undefined;
  workerKey?: string | undefined;
  spans?: SpanRecord[] | undefined;
}

const approval = z.object({
  decision: z.enum(["APPROVE", "REJECT"]),
  arguments: jsonObject.optional(),
  request: jsonObject.optional(),
  called: jsonObject.optional(),
  call: z.object({ name: z.string(), arguments: jsonObject }).optional(),
  reason: z.string().optional(),
  by: z.string().optional(),
  atMs: z.number().optional(),
});

/** The column `approval` of a node run. @throws ZodError */
export function approvalOf(stored: Json | undefined): Approval | undefined {
  return stored == null ? undefined : approval.parse(stored);
}

/** How the run ended that a node run waits for. */
const childOutcomeBody = z.object({ childRunId: z.string(), outcome });

const cancelBody = z.object({ reason: z.string().nullable() });
const markBody = z.object({ workerKey: z.string().nullable() });
const runStatusBody = z.object({ status: z.enum(["RUNNING", "COMPLETED", "FAILED", "CANCELLED"]) });

const agentInputBody = z.object({ text: z.string(), inputId: z.string() });

/** Each throws ZodError for a body that is not of its kind. */
export const inboxBodies = {
  outcome: (body: Json): OutcomeBody => outcomeBody.parse(body) as OutcomeBody,
  childOutcome: (body: Json): { childRunId: string; outcome: NodeOutcome } =>
    childOutcomeBody.parse(body) as { childRunId: string; outcome: NodeOutcome },
  cancel: (body: Json): { reason: string | null } => cancelBody.parse(body),
  decision: (body: Json): Approval => approval.parse(body),
  mark: (body: Json): { workerKey: string | null } => markBody.parse(body),
  agentInput: (body: Json): z.infer<typeof agentInputBody> => agentInputBody.parse(body),
  runStatus: (body: Json): z.infer<typeof runStatusBody> => runStatusBody.parse(body),
};
