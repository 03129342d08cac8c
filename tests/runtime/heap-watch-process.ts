/** A process that fills its heap, and tells what the watch of it says. Its parent gives it a small heap and `--expose-gc`. */
import { once } from "node:events";
import { getHeapStatistics } from "node:v8";
import { HeapWatch } from "../../subgraphs/runtime/worker/heap-watch.ts";

process.on("disconnect", () => process.exit(1));
let told = 0;
const watch = new HeapWatch(() => {
  told += 1;
  process.send!({ told, isShort: watch.isShort });
});
watch.start();

const held: object[][] = [];
const fillTo = (share: number): void => {
  while (process.memoryUsage().heapUsed < getHeapStatistics().heap_size_limit * share)
    held.push(Array.from({ length: 10_000 }, () => ({ a: 1 })));
  globalThis.gc!();
};
fillTo(0.5);
process.send!("half full");
await once(process, "message");
fillTo(0.8);
process.send!("nearly full");
await once(process, "message");
held.length = 0;
globalThis.gc!();
process.send!("empty");
await once(process, "message");
process.send!({ told, isShort: watch.isShort });
