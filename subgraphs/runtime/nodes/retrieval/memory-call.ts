import { createHash } from "node:crypto";
import type { NodeContext } from "../executor.ts";
import type { PortCall } from "../ports/model.port.ts";
import { portCall } from "../traced.ts";

/** Longer keys are hashed: the memory subgraph takes 200 characters. */
const keyCharacters = 200;

/** Who calls the memory subgraph; the key is the same on every attempt, so that what is written is written once. */
export function memoryCall(context: NodeContext): PortCall {
  const span = context.span("HTTP", "memory");
  const call = portCall(context, span);
  span.end();
  const { idempotencyKey: key } = call;
  return { ...call, idempotencyKey: key.length <= keyCharacters ? key : createHash("sha256").update(key).digest("hex") };
}
