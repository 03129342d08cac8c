import type * as z from "zod";
import { memoryConfig } from "#shared/dsl/configs.ts";
import { instantOf } from "#shared/dsl/zoned-time.ts";
import type { Json } from "#shared/json.ts";
import { rendered } from "../evaluation/evaluation.ts";
import type { NodeContext, NodeOutcome } from "../executor.ts";
import { memoryCall } from "./memory-call.ts";
import { completed, outsideNode } from "../outcome.ts";

type Config = z.infer<typeof memoryConfig>;

/** Of a search's query: its first words decide. */
const queryCharacters = 10_000;

/**
 * `memory`: `search` finds what is remembered of a scope, in a dry run too; output_json is `{ query, memories }`, the best first, output_text their texts.
 * `write` remembers something, once however often the node is tried, and not in a dry run; output_json is `{ written, memory_id }`.
 */
export const memoryNode = outsideNode(async (context) => {
  const config = memoryConfig.parse(await rendered(context, "memory"));
  return config.action === "search" ? search(context, config) : write(context, config);
});

async function search(context: NodeContext, config: Config): Promise<NodeOutcome> {
  const { memory_type: memoryType, top_k: limit, mode } = config;
  const query = (config.query ?? "").slice(0, queryCharacters).toWellFormed();
  await context.entered();
  const found = await context.ports.memory.find({ query, ...scopeOf(context, config), limit, mode, memoryType }, memoryCall(context));
  const outputText = found.map(({ text }) => text).join("\n\n");
  return completed({ outputText, outputJson: { query, memories: found as unknown as Json } });
}

async function write(context: NodeContext, config: Config): Promise<NodeOutcome> {
  const { content = "", memory_type: memoryType = "fact", importance: importanceScore, metadata = {}, expires_at: until } = config;
  // The config's check has read it; a document may write it in more ways than GraphQL does.
  const instant = until === undefined ? undefined : instantOf(until, undefined);
  const expiresAt = typeof instant === "number" ? new Date(instant).toISOString() : until;
  if (context.dryRun) return completed({ outputJson: { dry_run: true, written: false } });
  const contentText = content.toWellFormed();
  const draft = { ...scopeOf(context, config), memoryType, contentText, importanceScore, metadata, expiresAt };
  await context.entered();
  const { id } = await context.ports.memory.write(draft, memoryCall(context));
  return completed({ outputJson: { written: true, memory_id: id } });
}

/** Whose memories they are: those of the tenant have no other id than its own. */
function scopeOf({ tenantId }: NodeContext, { scope: scopeType, scope_id: id }: Config) {
  return { scopeType, scopeId: scopeType === "TENANT" ? tenantId : (id ?? "") };
}
