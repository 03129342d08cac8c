import type { CompiledNode } from "../../engine/plan.ts";
import type { NodeExecutor } from "../../nodes/executor.ts";
import { mockExecutor } from "../../nodes/mock.ts";
import { judged } from "../../nodes/evaluation/retry-when.ts";
import type { Executors } from "../run-host.ts";

/** What executes a node, or what stands in its place, with the condition of its retry; undefined: nobody here does. */
export function executorOf(executors: Executors, node: CompiledNode): NodeExecutor | undefined {
  if (node.mock !== undefined) return mockExecutor(node, node.mock);
  const executor = executors(node.type);
  return executor && judged(executor, node.retryWhen);
}
