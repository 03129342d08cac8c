/** Mocks that a run is asked for with: each is of nodes that its plan has. What they look like afterwards is engine/mocks.ts. */
import { suggester, type Suggest } from "#shared/dsl/suggest.ts";
import { excerpt } from "#shared/fields.ts";
import type { Json, JsonObject } from "#shared/json.ts";
import { withoutOrdinals } from "../engine/mocks.ts";
import { lastSegment, ordinalOf, pathBeneath, rootPath, segmentNodeId } from "../engine/path.ts";
import { compilePlan, type CompiledNode, type CompiledPlan, type PlanDocument } from "../engine/plan.ts";
import { runtimeErrors } from "../errors.ts";
import { mockFault } from "../nodes/mock.ts";

/** How many of them a run may have. */
export const maxMocks = 1_000;
/** Places of a plan that are looked at for the one that was meant. */
const mostPlaces = 5_000;

/** A field that mocks were given in, and what they are called there. */
export interface GivenMocks {
  field: string;
  mocks: JsonObject;
  /** The run that had them, where they are taken over by one of another version. */
  takenOverFrom?: string | undefined;
}

/** The document with mocks. @throws AppError MOCKS_TOO_MANY, MOCK_PATH_UNKNOWN, MOCK_INVALID; FORK_MOCKS_MISFIT, with all of them, of those that are taken over */
export function withMocks(document: PlanDocument, { field, mocks, takenOverFrom }: GivenMocks): PlanDocument {
  const entries = Object.entries(mocks);
  if (entries.length === 0) return document;
  if (entries.length > maxMocks) throw runtimeErrors.MOCKS_TOO_MANY({ field, found: entries.length, limit: maxMocks });
  const places = new Places(compilePlan(document));
  const misfits: Misfit[] = [];
  for (const [key, mock = null] of entries) {
    const misfit = misfitOf(places, { field, key, mock });
    if (misfit === undefined) continue;
    if (takenOverFrom === undefined) throw misfit.error;
    misfits.push(misfit);
  }
  if (misfits.length === 0) return { ...document, mocks };
  const problems = misfits.map(({ path, problem }) => ({ path, message: `${problem}.` }));
  throw runtimeErrors.FORK_MOCKS_MISFIT({ field: "patch.dropMocks", id: takenOverFrom!, problems });
}

/** The mocks of a run but for some. @throws AppError MOCKS_TOO_MANY, FORK_MOCK_UNKNOWN */
export function withoutMocks(mocks: JsonObject, paths: readonly string[], id: string): JsonObject {
  const field = "patch.dropMocks";
  if (paths.length > maxMocks) throw runtimeErrors.MOCKS_TOO_MANY({ field, found: paths.length, limit: maxMocks });
  const known = Object.keys(mocks);
  for (const path of paths) {
    if (Object.hasOwn(mocks, path)) continue;
    const meant = suggester(known)(path) ?? null;
    throw runtimeErrors.FORK_MOCK_UNKNOWN({
      field,
      path: excerpt(path),
      id,
      meant,
      known: known.slice(0, 10).map(excerpt),
    });
  }
  const dropped = new Set(paths);
  return Object.fromEntries(Object.entries(mocks).filter(([path]) => !dropped.has(path)));
}

/** Why a plan does not take a mock. */
interface Misfit {
  /** All of it, as `dropMocks` takes it. */
  path: string;
  problem: string;
  error: Error;
}

function misfitOf(places: Places, { field, key, mock }: { field: string; key: string; mock: Json }): Misfit | undefined {
  const found = mockedNode(places, key);
  if (typeof found === "string")
    return { path: key, problem: found, error: runtimeErrors.MOCK_PATH_UNKNOWN({ field, path: excerpt(key), problem: found }) };
  const problem = mockFault(found, mock);
  if (problem === undefined) return undefined;
  return {
    path: key,
    problem: `it ${problem}`,
    error: runtimeErrors.MOCK_INVALID({ field, path: key, value: excerpt(JSON.stringify(mock)), problem }),
  };
}

/** The node of a key; or what is wrong with the key, and what may be meant. */
function mockedNode(places: Places, key: string): CompiledNode | string {
  let within = places.plan;
  let place = rootPath;
  const segments = key.split("/");
  for (const [depth, segment] of segments.entries()) {
    const id = segmentNodeId(segment);
    const node = within.nodes[within.indexById.get(id) ?? -1];
    const isLast = depth === segments.length - 1;
    if (node === undefined) return `the run has no node there${places.meant(withoutOrdinals(key), place, within)}`;
    place = pathBeneath(place, id);
    const { composite } = node;
    const hasItems = composite?.end !== undefined;
    if (segment !== id && (ordinalOf(segment) === undefined || !hasItems))
      return hasItems
        ? `an item or a round is named by its number, such as ${id}#0`
        : `${id} has neither items nor rounds: leave the number out`;
    if (isLast)
      return segment === id
        ? node
        : `that is all of an item or a round: name ${id} itself, or a node of it, such as ${key}/${exampleOf(composite?.body)}`;
    if (composite?.kind === "agent" || composite?.kind === "team")
      return `what an agent does, or a team, is its own: give the output of ${place} itself`;
    if (composite === undefined) return `${id} has no nodes of its own`;
    within = composite.body;
  }
  return "it is empty";
}

function exampleOf(body: CompiledPlan | undefined): string {
  return body?.nodes[0]?.id ?? "node";
}

/** The places of a plan, for keys that name none of them: listed once, however many there are. */
class Places {
  readonly plan: CompiledPlan;
  readonly #siblings = new Map<CompiledPlan, Suggest>();
  #all: { list: readonly string[]; byEnd: ReadonlyMap<string, string>; suggest: Suggest } | undefined;

  constructor(plan: CompiledPlan) {
    this.plan = plan;
  }

  /** The nearest place: in the same graph; else one that ends alike. */
  meant(place: string, around: string, within: CompiledPlan): string {
    const all = (this.#all ??= listed(this.plan));
    const sibling = this.#sibling(within, place.slice(around === rootPath ? 0 : around.length + 1).split("/")[0] ?? "");
    const near =
      sibling !== undefined && place.split("/").length === (around === rootPath ? 1 : around.split("/").length + 1)
        ? pathBeneath(around, sibling)
        : undefined;
    const found = near ?? all.byEnd.get(lastSegment(place)) ?? all.suggest(place) ?? (sibling && pathBeneath(around, sibling));
    if (found !== undefined) return `; did you mean ${found}`;
    return `; it has ${all.list.slice(0, 10).join(", ")}${all.list.length > 10 ? ", …" : ""}`;
  }

  #sibling(within: CompiledPlan, id: string): string | undefined {
    let suggest = this.#siblings.get(within);
    if (suggest === undefined) this.#siblings.set(within, (suggest = suggester(within.nodes.map((node) => node.id))));
    return suggest(id);
  }
}

function listed(plan: CompiledPlan) {
  const list = [...placesOf(plan, rootPath)];
  // Of those that end alike the first one: it is nearest to the top.
  const byEnd = new Map(list.toReversed().map((place) => [lastSegment(place), place]));
  return { list, byEnd, suggest: suggester(list) };
}

/** Level by level, so that what is near the top comes first. */
function* placesOf(plan: CompiledPlan, around: string): Generator<string> {
  const open = [{ plan, around }];
  let left = mostPlaces;
  for (const { plan: graph, around: path } of open)
    for (const { id, composite } of graph.nodes) {
      if (left-- <= 0) return;
      const place = pathBeneath(path, id);
      yield place;
      if (composite !== undefined) open.push({ plan: composite.body, around: place });
    }
}
