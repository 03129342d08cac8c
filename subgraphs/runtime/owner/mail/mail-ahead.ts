import { isJsonObject, type Json } from "#shared/json.ts";
import type { NodeOutcome } from "../../nodes/executor.ts";
import { storedAhead } from "../../nodes/storable.ts";

/** Of outcomes that somebody handed in, what is long is made storable in turns of the main loop, before they are taken. */
export async function mailAhead(messages: readonly { body: Json }[]): Promise<void> {
  for (const { body } of messages) {
    const outcome = isJsonObject(body) ? body["outcome"] : undefined;
    const ahead = isJsonObject(outcome) ? storedAhead(outcome as unknown as NodeOutcome) : undefined;
    if (ahead !== undefined) await ahead;
  }
}
