import { setImmediate as nextTurn } from "node:timers/promises";
import DataLoader from "dataloader";
import type { Db } from "#shared/db/database.ts";
import type { JsonObject } from "#shared/json.ts";
import { nodeInput } from "./node-input.ts";
import { seenNodes } from "./node-input.sql.ts";

/** Rendering goes on for this long before others get a turn. */
const turnMs = 10;

/** Works out the inputs of node runs; null where there is none, or none of this tenant. */
export function nodeInputLoader(db: Db): DataLoader<string, JsonObject | null> {
  return new DataLoader(async (ids) => {
    const seen = await db.read((tx) => seenNodes(tx, ids));
    const inputs: (JsonObject | null)[] = [];
    let turnAt = performance.now();
    for (const id of ids) {
      const node = seen.get(id);
      inputs.push(node === undefined ? null : nodeInput(node.type, node.config, node.scope));
      if (performance.now() - turnAt < turnMs) continue;
      await nextTurn();
      turnAt = performance.now();
    }
    return inputs;
  });
}
