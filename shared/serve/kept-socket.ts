/**
 * Keeps a server's Unix socket where others look for it. Whoever takes its file or its folder away, or puts a copy in its place, leaves a server that listens to nobody and
 * is told nothing; so the place is looked at twice a second, and listened at again. Connections that are open go on.
 */
import { lstatSync, mkdirSync, rmSync, type Stats } from "node:fs";
import type { Server as HttpServer } from "node:http";
import { connect, Server } from "node:net";
import { dirname } from "node:path";
import type { Log } from "#shared/log.ts";
import { listen } from "./listen.ts";

const lookMs = 500;

/**
 * Begins to look after the socket of a server that listens at it.
 *
 * @returns the function that ends it, before the server is closed.
 */
export function keepSocket(server: HttpServer, socketPath: string, { log, everyMs = lookMs }: { log: Log; everyMs?: number }): () => void {
  let isBusy = false;
  let isLetGo = false;
  let isTold = false;
  let own = fileAt(socketPath);
  const look = async (): Promise<void> => {
    try {
      const found = fileAt(socketPath);
      if (found?.isSocket()) {
        // Another's that listens there took the place over, and keeps it for as long as it does.
        if (isSame(found, own) || !(await isRefused(socketPath)) || isLetGo) return;
      }
      ownFolder(dirname(socketPath));
      rmSync(socketPath, { force: true });
      // Not the HTTP server's own close, which ends the connections that wait for their next request.
      Server.prototype.close.call(server);
      await listen(server, { socketPath });
      if (isLetGo) return;
      own = fileAt(socketPath);
      isTold = false;
      log.warn({ socketPath }, "a socket was taken away; it is there again");
    } catch (cause) {
      if (!isTold) log.error({ err: cause, socketPath }, "a socket was taken away and cannot be made again; it is tried twice a second");
      isTold = true;
    }
  };
  const timer = setInterval(() => {
    if (isBusy) return;
    isBusy = true;
    void look().finally(() => (isBusy = false));
  }, everyMs).unref();
  return () => {
    isLetGo = true;
    clearInterval(timer);
  };
}

/** Makes a socket's folder where it is missing; one that another user has put there is not entered. */
function ownFolder(folder: string): void {
  const found = fileAt(folder);
  if (found === undefined) mkdirSync(folder, { mode: 0o700 });
  else if (!found.isDirectory() || found.uid !== process.getuid?.()) throw new Error(`${folder} is not a folder of this process's user`);
}

function fileAt(path: string): Stats | undefined {
  return lstatSync(path, { throwIfNoEntry: false });
}

/** By their inodes, which file systems give out again, and when they were made. */
function isSame(one: Stats, other: Stats | undefined): boolean {
  return one.ino === other?.ino && one.dev === other.dev && one.birthtimeMs === other.birthtimeMs;
}

/** Whether nobody listens at a socket that stands there: it is a copy, or whoever listened was killed. */
function isRefused(socketPath: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(socketPath);
    const ended = (isRefusal: boolean) => {
      socket.destroy();
      resolve(isRefusal);
    };
    socket.once("connect", () => ended(false));
    socket.once("error", (cause: NodeJS.ErrnoException) => ended(cause.code === "ECONNREFUSED"));
  });
}
