import { checkCursors, mapPage, pageWindow, type Connection, type PageArgs } from "#shared/graphql/pagination.ts";
import type { NodeRun } from "../node-runs/node-run.entity.ts";
import type { WaitingNodeRunFilter } from "../node-runs/node-run.inputs.ts";
import type { RuntimeContext } from "../runtime.context.ts";
import { waitingPage, waitingPlacePattern, type WaitingCondition } from "./waiting.sql.ts";

/** A page of the tenant's node runs that wait for somebody, the longest waiting first. @throws AppError of pageWindow */
export async function waitingNodeRuns(
  { db, loaders }: RuntimeContext,
  filter: WaitingNodeRunFilter | null | undefined,
  args: PageArgs,
): Promise<Connection<NodeRun>> {
  const window = pageWindow(args, { item: "WaitingNodeRun" });
  checkCursors(window, waitingPlacePattern);
  const condition = waitingCondition(filter);
  if (condition === undefined) return { edges: [], nodes: [], pageInfo: noPage };
  const page = await db.read((tx) => waitingPage(tx, window, condition));
  const found = new Map<string, NodeRun>();
  for (const nodeRun of await Promise.all(page.nodes.map(({ id }) => loaders.nodeRun.load(id))))
    if (nodeRun !== null) found.set(nodeRun.id, nodeRun);
  // Rows are never deleted, so each is there.
  return mapPage(page, ({ id }) => found.get(id)!);
}

const noPage = { hasNextPage: false, hasPreviousPage: false, startCursor: null, endCursor: null };

/** The condition that a filter stands for; undefined: nothing can fulfil it, for PostgreSQL would refuse its texts. */
export function waitingCondition(filter: WaitingNodeRunFilter | null | undefined): WaitingCondition | undefined {
  const { reasons, assignee, appId, runId, deadlineBefore } = filter ?? {};
  if ([assignee, appId, runId].some((text) => text?.includes("\u0000") === true)) return undefined;
  return { reasons, assignee, appId, runId, dueBefore: deadlineBefore };
}
