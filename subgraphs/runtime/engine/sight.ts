/** What the node at a path saw, worked out from what is stored: the same as in its owner's hands, for whoever has not the run. */
import type { Json } from "#shared/json.ts";
import type { FrameVars, NodeOutput } from "./frame.ts";
import { compositePathOf, framePathOf, ordinalOf, pathBeneath, rootPath } from "./path.ts";
import { placeOf, upstreamOf, type CompiledPlan } from "./plan.ts";

/** What is stored of a run. */
export interface StoredSight {
  /** What the node run at a path put out; undefined: it has not completed. */
  outputOf(path: string): NodeOutput | undefined;
  /** The item of a frame. */
  itemOf(compositePath: string, ordinal: number): Json | undefined;
}

/** Outputs by node id, and what else the frame has. */
export interface Sight {
  outputs: Record<string, NodeOutput>;
  vars: FrameVars;
}

/** Each frame from the root on adds what leads to the node, or to the composite that goes on inwards; an id is of the innermost graph that has it. */
export function sightAt(plan: CompiledPlan, path: string, stored: StoredSight): Sight {
  const place = placeOf(plan, path);
  if (place === undefined) return { outputs: {}, vars: {} };
  const { within, node } = place;
  const framePath = framePathOf(path);
  const around = framePath === rootPath ? { outputs: {} } : sightAt(plan, compositePathOf(framePath), stored);
  const seen = Object.entries(around.outputs).filter(([id]) => !within.indexById.has(id));
  for (const { id } of upstreamOf(within, node)) {
    const output = stored.outputOf(pathBeneath(framePath, id));
    if (output !== undefined) seen.push([id, output]);
  }
  return { outputs: Object.fromEntries(seen), vars: varsAt(framePath, stored) };
}

/** What a frame has beside outputs, with what the frames around it have. */
export function varsAt(framePath: string, stored: StoredSight): FrameVars {
  const index = ordinalOf(framePath);
  if (index === undefined) return {};
  const composite = compositePathOf(framePath);
  const item = stored.itemOf(composite, index);
  return { ...varsAt(framePathOf(composite), stored), index, ...(item !== undefined && { item }) };
}

/** The items that a frame is of, its own and those around it: `a#1/b#2` of item 1 of `a` and of item 2 of `a#1/b`. */
export function itemsOf(framePath: string): { path: string; ordinal: number }[] {
  const found: { path: string; ordinal: number }[] = [];
  for (let frame = framePath; frame !== rootPath; frame = framePathOf(compositePathOf(frame))) {
    const ordinal = ordinalOf(frame);
    if (ordinal !== undefined) found.push({ path: compositePathOf(frame), ordinal });
  }
  return found;
}
