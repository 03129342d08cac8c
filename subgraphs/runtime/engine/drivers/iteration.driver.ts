/** What an iteration does next, and what comes of it. Pure: it sees how its frames stand and nothing else. */
import type { Json } from "#shared/json.ts";
import type { CompositeSettings } from "../composite.ts";
import type { FrameResult } from "../frame.ts";

/** How an iteration's frames stand. */
export interface IterationView {
  /** Items. */
  count: number;
  /** Frames that may be open at once. */
  parallel: number;
  open: number;
  ended: number;
  /** An item failed, and so the iteration does. */
  hasFailed: boolean;
}

/** open: the next frame. finish: all have ended. stop: it has failed, and ends when nothing of it is open. */
export type DriverStep = "open" | "wait" | "finish" | "stop";

/** Items begin in their order, `parallel` of them at a time. */
export function iterationNext({ count, parallel, open, ended, hasFailed }: IterationView): DriverStep {
  if (hasFailed) return "stop";
  if (ended === count) return "finish";
  return open < parallel && ended + open < count ? "open" : "wait";
}

/** The results in the order of the items; [] of no items. */
export function iterationOutput(
  { onItemError, flatten }: Pick<CompositeSettings, "onItemError" | "flatten">,
  results: readonly (FrameResult | undefined)[],
): Json[] {
  const kept = onItemError === "remove" ? results.filter((result) => result?.hasFailed !== true) : results;
  const values = kept.map((result): Json =>
    result === undefined || result.hasFailed ? null : (result.output.output ?? result.output.text),
  );
  return flatten ? values.flat(1) : values;
}
