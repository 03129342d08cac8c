/** The runs that node runs make (engine/child-run.ts): what is asked of the outbox, and what is taken back. */
import { NotStorable, storableJson } from "#shared/json/storable.ts";
import type { JsonObject } from "#shared/json.ts";
import { childPlanOf, isDetached } from "../../engine/child-run.ts";
import type { NodeState } from "../../engine/frame.ts";
import type { LoadedRun } from "../../queue/load.sql.ts";
import type { OutboxRow } from "../../queue/rows.ts";
import { mostDepth, outboxKinds } from "../../queue/statuses.ts";
import type { HeldNode } from "../held/held-node.ts";
import { nodeSpanId } from "../calls/span-ids.ts";

/** For what a node run waits that waits for a run. */
export const childReason = "CHILD";

/** What such a run may be given, as JSON. */
export const maxChildInputBytes = 4 * 1024 * 1024;

/** And all runs together that one makes: inputs lie beside the artifacts that a tenant's quota counts. */
export const maxChildBytes = 256 * 1024 * 1024;

/** What of the run that makes another becomes part of that. */
export type MakingRun = Pick<LoadedRun, "id" | "depth" | "priority" | "execution" | "dryRun" | "requestId" | "traceId">;

/** Why a run is not made. */
export interface ChildRefused {
  code: "RUN_TOO_DEEP" | "SUB_WORKFLOW_TOO_LARGE" | "OUTPUT_NOT_STORABLE" | "NODE_CONFIG_INVALID";
  message: string;
}

/** Asks for the run that a node makes. @param asked.childRunId  its id, which the node run's row names; `givenBytes`: what runs were given that the run made before. */
export function childAsked(
  run: MakingRun,
  held: HeldNode,
  {
    childRunId,
    input,
    gate,
    givenBytes,
  }: { childRunId: string; input: JsonObject; gate?: { key: string; places: number } | undefined; givenBytes: number },
): OutboxRow | ChildRefused {
  const { config, id } = held.state.node;
  const plan = childPlanOf(config);
  if (plan === undefined) return { code: "NODE_CONFIG_INVALID", message: `The plan has nothing that the node ${id} could run.` };
  if (run.depth >= mostDepth) {
    const message = `${mostDepth} runs lie around this one already, each made by another, and no more may: a workflow of them may run itself again.`;
    return { code: "RUN_TOO_DEEP", message };
  }
  const { priority, execution, dryRun, requestId, traceId, depth } = run;
  const facts = {
    ...plan,
    priority,
    execution,
    dryRun,
    requestId,
    traceId,
    parentSpanId: nodeSpanId(run.id, held.path, held.attempt),
    detached: isDetached(config),
    depth: depth + 1,
    ...(gate !== undefined && { gate }),
  };
  const message = { kind: outboxKinds.create, targetRunId: childRunId, targetPath: held.path, body: JSON.stringify(facts) };
  try {
    const { text } = storableJson(input, "config.input", { maxBytes: maxChildInputBytes, replaced: { count: 0 } });
    if (givenBytes + Buffer.byteLength(text) <= maxChildBytes) return { ...message, input: text };
    const advice = "give references, such as ids or URLs, or split the work into several runs";
    return {
      code: "SUB_WORKFLOW_TOO_LARGE",
      message: `The runs that this one makes are given more than ${maxChildBytes} bytes together; ${advice}.`,
    };
  } catch (cause) {
    if (!(cause instanceof NotStorable)) throw cause;
    if (cause.kind !== "large") return { code: "OUTPUT_NOT_STORABLE", message: `config.input cannot be kept: ${cause.problem}.` };
    const advice = "give references, such as ids or URLs";
    return { code: "SUB_WORKFLOW_TOO_LARGE", message: `config.input takes more than ${maxChildInputBytes} bytes; ${advice}.` };
  }
}

/** The run is not waited for any more, for whatever reason but its own end: it is cancelled. undefined: the node run waits for none. */
export function childCancelled({ path, waitReason, childRunId }: HeldNode): OutboxRow | undefined {
  if (waitReason !== childReason || childRunId === undefined) return undefined;
  return { kind: outboxKinds.cancel, targetRunId: childRunId, targetPath: path };
}

/** How it fails when its run has taken longer than it may. */
export function childOverdue(
  { node }: NodeState,
  childRunId: string | undefined,
): { kind: "failed"; code: string; message: string; retryable: boolean } {
  const seconds = (node.timeoutMs ?? 0) / 1000;
  const message = `Run ${childRunId ?? ""} did not finish within ${seconds} s, the timeout_seconds of the node; it is cancelled.`;
  return { kind: "failed", code: "NODE_TIMEOUT", message, retryable: true };
}
