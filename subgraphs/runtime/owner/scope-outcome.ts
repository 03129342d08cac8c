/** What comes of a frame, or of a composite node, when nothing of it goes on any more. Pure. */
import { frameType } from "../engine/plan.ts";
import type { Failure, NodeState } from "../engine/frame.ts";
import { iterationOutput } from "../engine/iteration.driver.ts";
import { isOutputLarger, runOutput } from "../engine/output.ts";
import type { NodeOutcome } from "../nodes/executor.ts";
import { maxOutputBytes, tooLargeFailure } from "../nodes/storable.ts";

/** The outcome of a frame or a composite that is ready to be ended; undefined for a node that is to be executed, and for a frame whose result is a template. */
export function scopeOutcome({ ends, drive, node }: NodeState): NodeOutcome | undefined {
  if (node.type === frameType && ends !== undefined) {
    if (ends.failure !== undefined) return failure(ends.failure, `The node ${ends.failure.nodeId} failed: ${ends.failure.message}`);
    if (node.config["output"] !== undefined) return undefined;
    if (isOutputLarger(ends, maxOutputBytes))
      return tooLargeFailure("OUTPUT_TOO_LARGE", "The item's last nodes put out too much together.", undefined);
    const { outputText, outputJson } = runOutput(ends);
    return { kind: "completed", ...(outputText !== null && { outputText }), ...(outputJson !== null && { outputJson }) };
  }
  if (drive === undefined || node.composite === undefined) return undefined;
  if (drive.failure !== undefined) return failure(drive.failure, drive.failure.message);
  return { kind: "completed", outputJson: iterationOutput(node.composite, drive.results) };
}

function failure({ code }: Failure, message: string): NodeOutcome {
  return { kind: "failed", code, message, retryable: false };
}
