/** How executors say how it went. Failures become outcomes here, in one way for all node types; what is left over is a bug and stays an exception. */
import { ZodError } from "zod";
import { AppError } from "#shared/errors.ts";
import { placeOf, type LongNumber } from "#shared/json/numbers.ts";
import { oneStop } from "#shared/one-stop.ts";
import { internalCode } from "../engine/handling.ts";
import type { NodeContext, NodeExecutor, NodeOutcome, OutputNotes } from "./executor.ts";

type Completed = Extract<NodeOutcome, { kind: "completed" }>;
type Failed = Extract<NodeOutcome, { kind: "failed" }>;

/** A completed outcome. Whether its output can be kept is looked at once, where it is stored (storable.ts). */
export function completed(output: Omit<Completed, "kind">): NodeOutcome {
  return { kind: "completed", ...output };
}

/** The notes of an outcome; those that say nothing are none. */
export function noted(notes: OutputNotes): { notes?: OutputNotes } {
  return Object.keys(notes).length > 0 ? { notes } : {};
}

const notedPlaces = 10;

/** Where an output has digits for numbers, as its notes have it. */
export function placesOf(numbers: readonly LongNumber[], root: string): string[] {
  return numbers.slice(0, notedPlaces).map((number) => placeOf(number, root));
}

/** A failed outcome; not retryable unless it says so. */
export function failed(failure: Omit<Failed, "kind" | "retryable"> & { retryable?: boolean }): Failed {
  return { kind: "failed", retryable: false, ...failure, message: oneStop(failure.message) };
}

/**
 * The outcome of an error: an AppError is its reason with the facts `retryable`, `retryAfterMs`, `effectUnknown`; with `platformFault` it is no
 * failure of the node; one with the code INTERNAL is a bug of ours; a config that does not fit after rendering is NODE_CONFIG_INVALID. What was `answered` is done: an at_most_once node
 * is not tried again then, although its effect is known.
 *
 * @throws the error itself when it is neither: a bug
 */
export function failureOf(error: unknown, { atMostOnce }: { atMostOnce: boolean } = { atMostOnce: false }): NodeOutcome {
  if (error instanceof ZodError)
    return failed({ code: "NODE_CONFIG_INVALID", message: `The node's config does not fit: ${issuesOf(error)}.` });
  if (!(error instanceof AppError)) throw error;
  const { retryable, retryAfterMs, effectUnknown, platformFault, answered } = error.facts;
  if (platformFault === true) return interrupted(error);
  // A bug in another of our parts is one of ours, by whatever name: what it had done nobody knows.
  if (error.code === internalCode)
    return failed({
      code: internalCode,
      message: "The node failed for a reason inside of the platform.",
      effectUnknown: true,
      fault: "own",
    });
  return failed({
    code: error.reason,
    message: error.message,
    retryable: retryable === true && !(atMostOnce && answered === true),
    ...(typeof retryAfterMs === "number" ? { retryAfterMs } : {}),
    ...(effectUnknown === true ? { effectUnknown } : {}),
  });
}

/** What a subgraph may have written to its own database when it was lost is no effect outside: the call had not gone out, or is known by its key. */
const ownStore = "DATABASE_UNAVAILABLE";

function interrupted({ reason, facts }: AppError): NodeOutcome {
  const part = facts["serviceName"] ?? facts["subgraph"];
  const what = typeof part === "string" ? `The platform's ${part} subgraph` : "A part of the platform";
  const message = `${what} could not be reached, or was lost during the call (${reason}). The node is called again when it is back.`;
  const isUnknown = facts["effectUnknown"] === true && reason !== ownStore;
  return { kind: "interrupted", code: reason, message, ...(isUnknown && { effectUnknown: true }) };
}

/** The outcome of a node whose signal fired: what it was aborted with, and that nobody knows what the outside did. */
export function stopped(signal: AbortSignal): NodeOutcome {
  const reason: unknown = signal.reason;
  if (reason instanceof AppError)
    return failed({ code: reason.reason, message: reason.message, retryable: reason.facts["retryable"] === true, effectUnknown: true });
  // By shape: a DOMException may be another realm's.
  const isTimeout = (reason as { name?: unknown } | undefined)?.name === "TimeoutError";
  return isTimeout
    ? failed({ code: "NODE_TIMEOUT", message: "The node did not finish in its time.", retryable: true, effectUnknown: true })
    : failed({ code: "NODE_CANCELLED", message: "The node was stopped before it finished.", effectUnknown: true });
}

/** A node type that only computes: synchronous, run in line by the run's owner. */
export function pureNode(run: (context: NodeContext) => NodeOutcome): NodeExecutor {
  return { effect: "pure", run: (context) => orFailure(() => run(context)) };
}

/** A node type that touches the world. */
export function outsideNode(run: (context: NodeContext) => Promise<NodeOutcome>): NodeExecutor {
  return { effect: "outside", run: (context) => orFailureLater(context, run) };
}

/** Runs a pure step; its AppErrors become outcomes. */
export function orFailure(run: () => NodeOutcome): NodeOutcome {
  try {
    return run();
  } catch (error) {
    return failureOf(error);
  }
}

/** Runs a step that waits for the outside; its AppErrors, and whatever it throws once the signal has fired, become outcomes. */
export async function orFailureLater(context: NodeContext, run: (context: NodeContext) => Promise<NodeOutcome>): Promise<NodeOutcome> {
  try {
    return await run(context);
  } catch (error) {
    return context.signal.aborted ? stopped(context.signal) : failureOf(error, context);
  }
}

function issuesOf(error: ZodError): string {
  return error.issues.map((issue) => `${issue.path.join(".") || "it"}: ${problemOf(issue)}`).join("; ");
}

function problemOf(issue: ZodError["issues"][number]): string {
  // The document's check has seen a text there: its template had nothing to put in.
  const isEmptyText = issue.code === "too_small" && issue.origin === "string";
  return isEmptyText ? "it is empty once its template is rendered" : issue.message;
}
