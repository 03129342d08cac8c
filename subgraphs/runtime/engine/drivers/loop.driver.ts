/** What a loop does next, and what comes of it. Pure: it sees how its rounds stand and nothing else. */
import type { Json, JsonObject } from "#shared/json.ts";
import type { NodeOutput } from "../frame.ts";
import type { DriverStep } from "./iteration.driver.ts";

/** The routes in the rows of rounds: whether the loop goes round again was asked once, where the row was made. */
export const roundRoutes = { again: "again", done: "done" } as const;

/** How a loop's rounds stand. */
export interface LoopView {
  maxRounds: number;
  open: number;
  ended: number;
  /** The last round that ended said so. */
  isDone: boolean;
  /** A round failed, and so the loop does. */
  hasFailed: boolean;
}

/** One round after the other, until one says that it is done, or there were `maxRounds`. */
export function loopNext({ maxRounds, open, ended, isDone, hasFailed }: LoopView): DriverStep {
  if (hasFailed) return "stop";
  if (open > 0) return "wait";
  return isDone || ended >= maxRounds ? "finish" : "open";
}

/** What a loop puts out: the result of its last round, and how it ended. */
export function loopOutput(last: NodeOutput, how: { rounds: number; isDone: boolean; variables: JsonObject }): Json {
  const { rounds, isDone, variables } = how;
  return { result: last.output ?? last.text, rounds, stopped: isDone ? "until" : "max_rounds", variables };
}
