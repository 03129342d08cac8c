/** What comes of a frame, or of a composite node, when nothing of it goes on any more. Pure. */
import { agentParts } from "../../engine/drivers/agent.driver.ts";
import { teamAnswer } from "../../engine/drive.ts";
import { isOutputLarger, runOutput } from "../../engine/output.ts";
import type { Drive, Failure, Frame, NodeState } from "../../engine/frame.ts";
import { iterationOutput } from "../../engine/drivers/iteration.driver.ts";
import { loopOutput, roundRoutes } from "../../engine/drivers/loop.driver.ts";
import type { TeamComposite } from "../../engine/plan.ts";
import { memberRoutes } from "../../engine/drivers/team.driver.ts";
import { isMember, memberRoute } from "../../engine/drivers/team-use.ts";
import type { JsonObject } from "#shared/json.ts";
import { answerOf } from "../../nodes/agent/agent-answer.ts";
import { objectOf } from "../../nodes/agent/agent-turn.ts";
import { teamOutput } from "./team-output.ts";
import type { NodeExecutor, NodeOutcome } from "../../nodes/executor.ts";
import { isLong, maxOutputBytes, tooLargeFailure } from "../../nodes/storable.ts";

/** The outcome of a frame or a composite that is ready to be ended; undefined for a node that is to be executed, and for a frame of which a text says something. */
export function scopeOutcome(state: NodeState): NodeOutcome | undefined {
  const { ends, drive, node } = state;
  if (ends !== undefined) {
    if (ends.failure !== undefined) return failure(ends.failure, `The node ${ends.failure.nodeId} failed: ${ends.failure.message}`);
    return Object.keys(node.config).length > 0 ? undefined : asRound(ends, frameOutcome(ends));
  }
  if (drive === undefined || node.composite === undefined) return undefined;
  if (drive.failure !== undefined) return failure(drive.failure, drive.failure.message);
  switch (node.composite.kind) {
    case "iteration":
      return { kind: "completed", outputJson: iterationOutput(node.composite, drive.results) };
    case "loop":
      return loopOutcome(drive);
    case "sub-workflow":
      return subWorkflowOutcome(drive);
    case "agent":
      return agentOutcome({ ...state, drive });
    case "team":
      return teamOutcome(node.composite, drive);
  }
}

/** What the body gives, by the rule of a run. */
function frameOutcome(frame: Frame): NodeOutcome {
  if (isOutputLarger(frame, maxOutputBytes))
    return tooLargeFailure("OUTPUT_TOO_LARGE", "Its last nodes put out too much together.", undefined);
  const { outputText, outputJson } = runOutput(frame);
  return { kind: "completed", ...(outputText !== null && { outputText }), ...(outputJson !== null && { outputJson }) };
}

/** A round says whether there is a next one, in its row; without `until` there is. */
function asRound({ owner }: Frame, outcome: NodeOutcome): NodeOutcome {
  return owner?.node.composite?.kind === "loop" && outcome.kind === "completed" ? { route: roundRoutes.again, ...outcome } : outcome;
}

/** Ends a frame of which a text says something: what it does not say of a round is that of the body. */
export function frameExecutor({ ends, node }: NodeState, executor: NodeExecutor): NodeExecutor {
  if (ends?.owner?.node.composite?.kind !== "loop") return executor;
  const whole = (outcome: NodeOutcome): NodeOutcome => {
    if (outcome.kind !== "completed" || node.config["output"] !== undefined) return asRound(ends, outcome);
    const given = frameOutcome(ends);
    return given.kind === "completed" ? { ...outcome, ...given } : given;
  };
  return {
    effect: "pure",
    run: (context) => {
      const outcome = executor.run(context);
      if (outcome instanceof Promise) return outcome.then(whole);
      const all = whole(outcome);
      // What is long is written in turns before it is taken.
      return isLong(all) ? Promise.resolve(all) : all;
    },
  };
}

function loopOutcome({ ended, isDone, results, holding }: Drive): NodeOutcome {
  const last = results[ended - 1]?.output ?? { output: null, text: null };
  const outputJson = loopOutput(last, { rounds: ended, isDone, variables: holding?.values ?? {} });
  return { kind: "completed", ...(last.text !== null && { outputText: last.text }), outputJson };
}

/** As a run of its own would put out; and the state that it leaves, as nobody else sees it. */
function subWorkflowOutcome({ frames, holding }: Drive): NodeOutcome {
  const [frame] = frames.values();
  if (frame === undefined) throw new Error("a sub-workflow ended without its frame");
  if (frame.failure !== undefined) return failure(frame.failure, `The node ${frame.failure.nodeId} failed: ${frame.failure.message}`);
  const outcome = frameOutcome(frame);
  if (outcome.kind !== "completed") return outcome;
  const { outputText = null, outputJson = outputText } = outcome;
  return { ...outcome, outputJson: { result: outputJson, state: holding?.values ?? {} } };
}

/** What an agent gives: the text of its last model call, and beside that what it took to come to it. */
function agentOutcome(state: NodeState & { drive: Drive }): NodeOutcome {
  const frame = state.drive.frames.get(0);
  const turn = frame?.agent?.turn ?? 0;
  const last = frame?.outputs[agentParts.model(turn)];
  const route = isMember(state) ? { route: memberRoute(state, wordOf(objectOf(last?.output))) } : {};
  const outputJson = answerOf(frame?.outputs ?? {}, turn);
  return { kind: "completed", ...(last?.text != null && { outputText: last.text }), outputJson, ...route };
}

/** How a member's last turn ends its part. */
function wordOf({ dry_run: isDry, concluded }: JsonObject): string {
  if (isDry === true) return memberRoutes.dry;
  return concluded === true ? memberRoutes.done : memberRoutes.turn;
}

/** What a team gives: the text of the member that has the last word, and beside that what it took. */
function teamOutcome(composite: TeamComposite, { frames }: Drive): NodeOutcome {
  const frame = frames.get(0);
  const part = frame && teamAnswer(composite, frame);
  if (frame === undefined || part === undefined) throw new Error("a team ended without an answer");
  const { text } = frame.outputs[part] ?? { text: null };
  return { kind: "completed", ...(text !== null && { outputText: text }), outputJson: teamOutput(composite, frame, part) };
}

function failure({ code, fault }: Failure, message: string): NodeOutcome {
  return { kind: "failed", code, message, retryable: false, fault };
}
