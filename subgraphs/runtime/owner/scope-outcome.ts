/** What comes of a frame, or of a composite node, when nothing of it goes on any more. Pure. */
import { frameType } from "../engine/plan.ts";
import { agentParts } from "../engine/agent.driver.ts";
import type { Drive, Failure, NodeState } from "../engine/frame.ts";
import { iterationOutput } from "../engine/iteration.driver.ts";
import { isOutputLarger, runOutput } from "../engine/output.ts";
import { answerOf } from "../nodes/agent-answer.ts";
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
  if (node.composite.agent !== undefined) return agentOutcome(drive);
  return { kind: "completed", outputJson: iterationOutput(node.composite, drive.results) };
}

/** What an agent gives: the text of its last model call, and beside that what it took to come to it. */
function agentOutcome({ frames }: Drive): NodeOutcome {
  const frame = frames.get(0);
  const turn = frame?.agent?.turn ?? 0;
  const last = frame?.outputs[agentParts.model(turn)];
  return { kind: "completed", ...(last?.text != null && { outputText: last.text }), outputJson: answerOf(frame?.outputs ?? {}, turn) };
}

function failure({ code }: Failure, message: string): NodeOutcome {
  return { kind: "failed", code, message, retryable: false };
}
