/** What the node at a path saw, worked out from what is stored: the same as in its owner's hands, for whoever has not the run. */
import { isJsonObject, type Json, type JsonObject } from "#shared/json.ts";
import type { FrameVars, NodeOutput } from "./frame.ts";
import { compositePathOf, framePathOf, ordinalOf, pathBeneath, rootPath } from "./path.ts";
import { isSubWorkflowFrame, nodeOfPath, placeOf, upstreamOf, type CompiledPlan } from "./plan.ts";

/** What is stored of a run. */
export interface StoredSight {
  /** What the node run at a path put out; undefined: it has not completed. */
  outputOf(path: string): NodeOutput | undefined;
  /** What a composite opened with, by its place. */
  itemOf(compositePath: string, place: number): Json | undefined;
  /** What assigners have written since of the variables of a loop, or of the state of a sub-workflow; undefined: nothing. */
  writtenOf(compositePath: string): JsonObject | undefined;
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
  const endsScope = framePath === rootPath || isSubWorkflowFrame(plan, framePath);
  const around = endsScope ? { outputs: {} } : sightAt(plan, compositePathOf(framePath), stored);
  const seen = Object.entries(around.outputs).filter(([id]) => !within.indexById.has(id));
  for (const { id } of upstreamOf(within, node)) {
    const output = stored.outputOf(pathBeneath(framePath, id));
    if (output !== undefined) seen.push([id, output]);
  }
  return { outputs: Object.fromEntries(seen), vars: varsAt(plan, framePath, stored) };
}

/** What a frame has beside outputs, with what the frames around it have. */
export function varsAt(plan: CompiledPlan, framePath: string, stored: StoredSight): FrameVars {
  if (framePath === rootPath) return {};
  const composite = compositePathOf(framePath);
  if (isSubWorkflowFrame(plan, framePath))
    return { input: objectOf(stored.itemOf(composite, 0)), state: stored.writtenOf(composite) ?? {} };
  const around = varsAt(plan, framePathOf(composite), stored);
  // None of an agent, whose parts see what it was given as the item.
  const index = ordinalOf(framePath);
  if (index === undefined) return { ...around, ...itemAt(composite, 0, stored) };
  if (isLoop(plan, composite)) {
    return { ...around, index, loop: { ...objectOf(stored.itemOf(composite, 0)), ...stored.writtenOf(composite) } };
  }
  return { ...around, index, ...itemAt(composite, index, stored) };
}

function itemAt(composite: string, place: number, stored: StoredSight): Pick<FrameVars, "item"> {
  const item = stored.itemOf(composite, place);
  return item === undefined ? {} : { item };
}

/** What composites opened with that a frame sees: `a#1/b#2` the item 1 of `a` and the item 2 of `a#1/b`; of a loop, a sub-workflow and an agent, the one there is. */
export function itemsOf(plan: CompiledPlan, framePath: string): { path: string; ordinal: number }[] {
  const found: { path: string; ordinal: number }[] = [];
  for (let frame = framePath; frame !== rootPath; frame = framePathOf(compositePathOf(frame))) {
    const path = compositePathOf(frame);
    const ordinal = ordinalOf(frame);
    found.push({ path, ordinal: ordinal === undefined || isLoop(plan, path) ? 0 : ordinal });
    if (isSubWorkflowFrame(plan, frame)) break;
  }
  return found;
}

function isLoop(plan: CompiledPlan, path: string): boolean {
  return nodeOfPath(plan, path)?.composite?.kind === "loop";
}

function objectOf(value: Json | undefined): JsonObject {
  return isJsonObject(value) ? value : {};
}
