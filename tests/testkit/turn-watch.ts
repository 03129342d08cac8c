/**
 * Loaded into each process of a platform under test by `node --import`: who connects to its socket in the folder TURN_WATCH is told, as JSON, the longest
 * turn of its main loop since somebody asked last, and the bytes that it has. The product knows nothing of it.
 */
import { createServer } from "node:net";
import { join } from "node:path";
import { isMainThread } from "node:worker_threads";
import { Turns } from "./turns.ts";

// oxlint-disable-next-line node/no-process-env -- it is in a process of the product, which hands it nothing
const folder = process.env["TURN_WATCH"];

if (isMainThread && folder !== undefined) {
  const turns = new Turns();
  const server = createServer((socket) => {
    socket.on("error", () => {});
    void turns.longest().then((longestMs) => socket.end(JSON.stringify({ longestMs, rssBytes: process.memoryUsage.rss() })));
  });
  server.listen(join(folder, `${process.pid}.sock`)).unref();
}
