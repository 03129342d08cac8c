import DataLoader from "dataloader";
import type { Db } from "#shared/db/database.ts";
import { nodeSpecs } from "#shared/dsl/node-specs.ts";
import { canonicalNodeType } from "#shared/dsl/node-types.ts";
import { isSmall } from "#shared/dsl/small.ts";
import { AppError } from "#shared/errors.ts";
import type { Evaluator, Job, JobCall } from "#shared/evaluation/job.ts";
import { isJsonObject, type JsonObject } from "#shared/json.ts";
import { ownTurn } from "#shared/own-turn.ts";
import { executedConfig, frameType } from "../../engine/composite.ts";
import { readsOf, scopePart, templateFailures } from "../../nodes/evaluation/evaluation.ts";
import { nodeInput, withoutDefinitions, type InputQuestion } from "./node-input.ts";
import { askedNodes, seenNodes, type AskedNode, type SeenNode } from "./node-input.sql.ts";

/** Rendering goes on for this long before others get a turn. */
const turnMs = 10;

const inputJob: Job<InputQuestion, JsonObject | null> = {
  module: new URL("./node-input.ts", import.meta.url).href,
  name: "nodeInput",
  ...templateFailures,
};

/** Works out the inputs of node runs, in threads where they are not small; null where there is none, or none of this tenant. */
export function nodeInputLoader(db: Db, evaluation: Evaluator): DataLoader<string, JsonObject | null> {
  const call: JobCall = { tenantId: db.tenantId, whenBusy: "refuse" };
  return new DataLoader(async (ids) => {
    const asked = await db.read((tx) => askedNodes(tx, ids));
    const reading = await eachInTurns(asked, async (one) => ({ ...one, nodesRead: await nodesRead(evaluation, one, call) }));
    const seen = await db.read((tx) => seenNodes(tx, reading));
    return eachInTurns(ids, async (id) => {
      const node = seen.get(id);
      return node === undefined ? null : inputOf(evaluation, node, call).catch((error: unknown) => error as Error);
    });
  });
}

/** Ids of the nodes whose outputs a node's texts read. */
async function nodesRead(evaluation: Evaluator, { node }: AskedNode, call: JobCall): Promise<string[]> {
  const type = canonicalNodeType(node.type);
  if (type === undefined) return [];
  const config = executedConfig(node);
  const { paths } = await readsOf(evaluation, { type, config }, call);
  return paths.flatMap(({ path: [root, id] }) => (root === "nodes" && id !== undefined ? [id] : []));
}

async function inputOf(evaluation: Evaluator, seen: SeenNode, call: JobCall): Promise<JsonObject | null> {
  const { type: name, config, scope, given } = seen;
  if (given !== undefined) return isJsonObject(given) ? given : null;
  const { item, index } = scope;
  if (name === frameType) return { ...(item !== undefined && { item }), ...(index !== undefined && { index }) };
  const type = canonicalNodeType(name);
  if (type === undefined) return null;
  if (isSmall(nodeSpecs[type], config, scope)) return nodeInput({ type, config, scope });
  const part = await scopePart(evaluation, { type, config, scope }, call);
  try {
    return await evaluation.run(inputJob, { type, config: withoutDefinitions(config), scope: part }, call);
  } catch (error) {
    // It can no more be rendered than where the template itself says so.
    const isOwnFailure = error instanceof AppError && error.reason.startsWith("TEMPLATE_");
    if (isOwnFailure) return null;
    throw error;
  }
}

/** One after the other: a tenant has one thread. */
async function eachInTurns<T, R>(items: readonly T[], work: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  let turnAt = performance.now();
  for (const item of items) {
    results.push(await work(item));
    if (performance.now() - turnAt < turnMs) continue;
    await ownTurn();
    turnAt = performance.now();
  }
  return results;
}
