import DataLoader from "dataloader";
import type { Db, Tx } from "#shared/db/database.ts";
import { byPage, pageArguments, pageGroup } from "#shared/graphql/loaders.ts";
import { checkSequenceCursors, pageWindow, type Connection, type PageWindow } from "#shared/graphql/pagination.ts";
import type { NodeRun } from "./node-run.entity.ts";
import { nodeRunList, nodeRunsById } from "./node-run.sql.ts";
import { compositePathOf, ordinalOf, pathBeneath } from "../../engine/path.ts";
import { placeOf } from "../../engine/plan.ts";
import { plansOfRuns } from "../../plan/stored-plan.sql.ts";
import { parseNodeRunId } from "../../queue/node-run-id.ts";
import { nodeRunStatusNumber, type NodeRunStatus } from "../../queue/statuses.ts";
import type { RunPageKey } from "../run-page.loader.ts";
import { keyedPage, placeIn, runPageRows, type Keyed, type RunScope } from "../run-pages.sql.ts";

type QueuedLoader = DataLoader<string, NodeRun[]>;

/** Loads node runs by id, ready nodes without a row too; null where there is none, or none of this tenant. */
export function nodeRunLoader(db: Db, queued: QueuedLoader): DataLoader<string, NodeRun | null> {
  return new DataLoader(async (ids) => {
    const stored = await db.read((tx) => nodeRunsById(tx, ids));
    const found = await Promise.all(ids.map(async (id, index) => stored[index] ?? queuedOf(queued, id)));
    // What was started between the two reads was not ready any more: it has a row since.
    const missing = ids.filter((id, index) => found[index] === null && parseNodeRunId(id) !== null);
    if (missing.length === 0) return found;
    const started = await db.read((tx) => nodeRunsById(tx, missing));
    const byId = new Map(missing.map((id, index) => [id, started[index] ?? null]));
    return ids.map((id, index) => found[index] ?? byId.get(id) ?? null);
  });
}

async function queuedOf(queued: QueuedLoader, id: string): Promise<NodeRun | null> {
  const key = parseNodeRunId(id);
  if (key === null) return null;
  const nodes = await queued.load(key.runId);
  return nodes.find((node) => node.path === key.path) ?? null;
}

/** Which page of the node runs of a run, or of those beneath one of its node runs. */
export interface NodeRunPageKey extends RunPageKey {
  statuses?: readonly NodeRunStatus[] | null;
}

/** Loads pages of node runs in the order of creation; ready nodes without a row come last. */
export function nodeRunPageLoader(db: Db, queued: QueuedLoader): DataLoader<NodeRunPageKey, Connection<NodeRun>, string> {
  const statusesOf = ({ statuses }: NodeRunPageKey) => statuses?.join() ?? "";
  const groupOf = (key: NodeRunPageKey) => `${pageGroup(key.page, key.runId)} ${statusesOf(key)}`;
  return new DataLoader((keys) => byPage(keys, groupOf, (group) => loadPages(db, queued, group)), {
    cacheKeyFn: (key) => `${key.runId}:${key.path ?? ""} ${pageArguments(key.page)} ${statusesOf(key)}`,
  });
}

async function loadPages(db: Db, queued: QueuedLoader, keys: readonly NodeRunPageKey[]): Promise<Connection<NodeRun>[]> {
  const [{ page, statuses, runId }] = keys as readonly [NodeRunPageKey];
  const window = pageWindow(page, placeIn(nodeRunList, runId));
  checkSequenceCursors(window);
  const filter = statuses?.map(nodeRunStatusNumber);
  // Before the rows: a node that is started in between is then seen twice, not never.
  const showsQueued = statuses == null || statuses.includes("QUEUED");
  const ready = await Promise.all(keys.map(async (key) => (showsQueued && key.path === undefined ? queued.load(key.runId) : [])));
  const stored = await db.read(async (tx) => runPageRows(tx, nodeRunList, { window, filter }, await scopesOf(tx, keys)));
  return keys.map((key, index) =>
    keyedPage(merge(stored[index]!, ready[index]!, window), { ...window, place: placeIn(nodeRunList, key.runId) }),
  );
}

/** What is in the frame of an item or a round stands at the ids of its graph's nodes beneath it. */
async function scopesOf(tx: Tx, keys: readonly NodeRunPageKey[]): Promise<RunScope[]> {
  const isFrame = (path: string | undefined) => path !== undefined && ordinalOf(path) !== undefined;
  const framed = keys.filter(({ path }) => isFrame(path));
  const plans = await plansOfRuns(
    tx,
    framed.map(({ runId }) => runId),
  );
  return keys.map(({ runId, path }) => {
    if (path === undefined) return { runId };
    if (!isFrame(path)) return { runId, path };
    const plan = plans.get(runId);
    const graph = plan && placeOf(plan, compositePathOf(path))?.node.composite?.body;
    return { runId, paths: graph?.nodes.map(({ id }) => pathBeneath(path, id)) ?? [] };
  });
}

/** Rows and ready nodes in reading order, cut to one more than the limit. */
function merge(stored: readonly Keyed<NodeRun>[], ready: readonly NodeRun[], window: PageWindow): Keyed<NodeRun>[] {
  const paths = new Set(stored.map(({ item }) => item.path));
  const [after, before] = [Number(window.after ?? 0), Number(window.before ?? Infinity)];
  const queued = ready
    .filter((node) => !paths.has(node.path) && node.seq > after && node.seq < before)
    .map((item) => ({ key: String(item.seq), item }));
  const all = window.backward ? [...queued.reverse(), ...stored] : [...stored, ...queued];
  return all.slice(0, window.limit + 1);
}
