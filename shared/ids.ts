import { randomFillSync } from "node:crypto";
import { V7Generator } from "uuidv7";
import { databaseNowMs } from "./database-time.ts";

/** Random words for many ids: fetched for each, they were a hundredth of what a run costs the API. */
const words = new Uint32Array(1_024);
let taken = words.length;

function nextUint32(): number {
  if (taken === words.length) {
    randomFillSync(words);
    taken = 0;
  }
  return words[taken++]!;
}

const generator = new V7Generator({ nextUint32 });

/** A new id: uuidv7, so ids sort by the time they were made, the database's, on whichever machine (those of a process by their order) and lists page by id alone. */
export function newId(): string {
  return generator.generateOrResetWithTs(databaseNowMs()).toString();
}
