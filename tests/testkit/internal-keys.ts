import type { RequestInfo } from "#shared/request-info.ts";
import { InternalKeys } from "#shared/trust/internal-keys.ts";
import { signToken } from "#shared/trust/token.ts";

/** The key of the processes that a test puts together. */
export const testKeys = new InternalKeys(["5e".repeat(32)]);

/** The headers of a body that a process of the platform sends to a subgraph. */
export function signedHeaders(audience: string, text: string, info: Partial<RequestInfo> = {}): Record<string, string> {
  const token = signToken({ audience, text, info: { tenantId: "t1", requestId: "test", ...info } }, testKeys.all[0]!);
  return { authorization: `Bearer ${token}`, "content-type": "application/json" };
}
