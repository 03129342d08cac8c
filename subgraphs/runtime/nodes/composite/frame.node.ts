import type { NodeExecutor } from "../executor.ts";
import { iterationNode } from "./iteration.node.ts";
import { loopNode } from "./loop.node.ts";

/** Ends a frame of which a text says what it gives: an item's is its iteration's `output`, a round's its loop's `output` and `until`. */
export const frameNode: NodeExecutor = {
  effect: "pure",
  run: (context) => ("until" in context.config ? loopNode : iterationNode).run(context),
};
