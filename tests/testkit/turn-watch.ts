/**
 * Loaded into each process of a platform under test by `node --import`. Who connects to one of its sockets in the folder TURN_WATCH, and says all that it has to
 * say, is answered in JSON. `turns`: the longest turn of its main loop since somebody asked last, and the bytes that it has. `kept`: the bytes of its heap that
 * are still in use when all garbage has been collected. `busy`: nothing, and its main loop then computes for so many ms
 * of processor time. The product knows nothing of it.
 */
import { createServer } from "node:net";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { isMainThread } from "node:worker_threads";
import { Turns } from "./turns.ts";

// oxlint-disable-next-line node/no-process-env -- it is in a process of the product, which hands it nothing
const folder = process.env["TURN_WATCH"];

if (isMainThread && folder !== undefined) {
  const turns = new Turns();
  listen("turns", async () => ({ longestMs: await turns.longest(), rssBytes: process.memoryUsage.rss() }));
  listen("kept", () => {
    setFlagsFromString("--expose-gc");
    (runInNewContext("gc") as () => void)();
    const { heapUsed, external } = process.memoryUsage();
    return heapUsed + external;
  });
  listen("busy", (ms) => {
    setTimeout(() => {
      const before = process.threadCpuUsage();
      for (let usedMs = 0; usedMs < Number(ms);) {
        const { user, system } = process.threadCpuUsage(before);
        usedMs = (user + system) / 1_000;
      }
    }, 20);
    return null;
  });
}

function listen(name: string, answer: (said: string) => unknown): void {
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    socket.on("error", () => {});
    void text(socket)
      .then(answer)
      .then((told) => socket.end(JSON.stringify(told)));
  });
  server.listen(join(folder!, `${process.pid}.${name}`)).unref();
}
