/** What the graphs of a run make together. Each document keeps the limits by itself; those of sub-workflows within others are looked at when a run is made. */
import { dslLimits } from "#shared/dsl/document.ts";
import type { CompiledNode, CompiledPlan } from "../engine/plan.ts";
import { runtimeErrors } from "../errors.ts";

/** The most of something in a graph and in those within it, and the nodes that lead there. */
interface Most {
  value: number;
  nodeIds: readonly string[];
}

interface Extent {
  levels: Most;
  pathBytes: Most;
  parallel: Most;
}

/** Digits of the largest number of an item or a round, and the sign before it. */
const ordinalBytes = 6;
/** Of a member of a team, and of what it calls: `/member#500.63/model#500`. */
const memberBytes = 32;

/**
 * Refuses a plan whose graphs lie too deep in each other, make too long paths, or work on too much side by side.
 *
 * @throws AppError PLAN_TOO_DEEP, PATH_TOO_LONG, PARALLEL_TOO_LARGE
 */
export function checkNest(plan: CompiledPlan): void {
  const { levels, pathBytes, parallel } = extentOf(plan, new Map());
  const { bodies, pathBytes: mostBytes, parallel: mostParallel } = dslLimits;
  if (levels.value > bodies) throw runtimeErrors.PLAN_TOO_DEEP(factsOf(levels, bodies));
  if (pathBytes.value > mostBytes) throw runtimeErrors.PATH_TOO_LONG(factsOf(pathBytes, mostBytes));
  if (parallel.value > mostParallel) throw runtimeErrors.PARALLEL_TOO_LARGE(factsOf(parallel, mostParallel));
}

function factsOf({ value, nodeIds }: Most, limit: number): { path: string; found: number; limit: number } {
  return { path: nodeIds.join("/"), found: value, limit };
}

/** Each graph once, however many nodes walk it. */
function extentOf(plan: CompiledPlan, known: Map<CompiledPlan, Extent>): Extent {
  const before = known.get(plan);
  if (before !== undefined) return before;
  const extent: Extent = { levels: none(1), pathBytes: none(0), parallel: none(1) };
  for (const node of plan.nodes) {
    const { levels, pathBytes, parallel } = extentOfNode(node, known);
    extent.levels = larger(extent.levels, levels);
    extent.pathBytes = larger(extent.pathBytes, pathBytes);
    extent.parallel = larger(extent.parallel, parallel);
  }
  known.set(plan, extent);
  return extent;
}

function extentOfNode({ id, composite }: CompiledNode, known: Map<CompiledPlan, Extent>): Extent {
  const nodeIds = [id];
  if (composite?.kind === "team") return extentOfTeam(id, composite);
  if (composite === undefined || composite.kind === "agent")
    return { levels: { value: 1, nodeIds }, pathBytes: { value: id.length, nodeIds }, parallel: none(1) };
  const inner = extentOf(composite.body, known);
  const bytes = id.length + (composite.end === undefined ? 0 : ordinalBytes) + 1;
  return {
    levels: behind(id, inner.levels, inner.levels.value + 1),
    pathBytes: behind(id, inner.pathBytes, inner.pathBytes.value + bytes),
    parallel: behind(id, inner.parallel, inner.parallel.value * composite.parallel),
  };
}

/** A member is an agent beneath it; of a supervisor's calls all may ask somebody. */
function extentOfTeam(id: string, { team }: Extract<CompiledNode["composite"], { kind: "team" }>): Extent {
  const nodeIds = [id];
  const value = team.mode === "PARALLEL" ? team.workers.length : 1;
  return { levels: { value: 2, nodeIds }, pathBytes: { value: id.length + memberBytes, nodeIds }, parallel: { value, nodeIds } };
}

function none(value: number): Most {
  return { value, nodeIds: [] };
}

function behind(id: string, { nodeIds }: Most, value: number): Most {
  return { value, nodeIds: [id, ...nodeIds] };
}

function larger(one: Most, other: Most): Most {
  return other.value > one.value ? other : one;
}
