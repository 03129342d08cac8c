import type { Server, ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** Bytes of a Unix socket's path: sun_path has 104 on macOS, 108 on Linux, with the closing zero. */
export const longestSocketPath = 103;

/** Where a server listens: a port (0: any free one) of `host`, 127.0.0.1 by default; or a Unix socket. */
export type ListenAt = { port: number; host?: string } | { socketPath: string };

/** Answers under way, by the server that gives them. */
const answersOf = new WeakMap<Server, Set<ServerResponse>>();

/** Listens; rejects with node's own error, such as EADDRINUSE. */
export async function listen(server: Server, where: ListenAt): Promise<void> {
  keepAnswers(server);
  await new Promise<void>((resolve, reject) => {
    const ready = () => {
      server.off("error", reject);
      resolve();
    };
    server.once("error", reject);
    if ("socketPath" in where) server.listen(where.socketPath, ready);
    else server.listen(where.port, where.host ?? "127.0.0.1", ready);
  });
}

/** The address of a listening server: `http://host:port`, or `unix:/path:` to which a path is appended. */
export function addressOf(server: Server): string {
  const address = server.address() as AddressInfo | string;
  if (typeof address === "string") return `unix:${address}:`;
  return `http://${address.family === "IPv6" ? `[${address.address}]` : address.address}:${address.port}`;
}

function keepAnswers(server: Server): void {
  // It may listen more than once.
  if (answersOf.has(server)) return;
  const answers = new Set<ServerResponse>();
  answersOf.set(server, answers);
  server.on("request", (_request, answer: ServerResponse) => {
    answers.add(answer);
    answer.once("close", () => answers.delete(answer));
  });
}

/**
 * Stops taking connections, and ends those without a request at once; the others when they are answered, and after `graceMs` at the latest, also where an answer is still
 * being read then. One that is read by then arrives whole.
 */
export async function closeServer(server: Server, graceMs: number): Promise<void> {
  // Node reads them when an answer has been sent: its connection is not kept for a next request, which nobody would answer.
  Object.assign(server, { keepAliveTimeout: 1, keepAliveTimeoutBuffer: 0 });
  const { promise: closed, resolve } = Promise.withResolvers<void>();
  sparing(server, () => server.close(() => resolve()));
  const closeIdle = () => sparing(server, () => server.closeIdleConnections());
  let soon: NodeJS.Immediate | undefined;
  const closeSoon = () => {
    soon ??= setImmediate(() => {
      soon = undefined;
      closeIdle();
    });
  };
  for (const answer of answersOf.get(server) ?? []) answer.once("close", closeSoon);
  server.on("request", (_request, answer: ServerResponse) => answer.once("close", closeSoon));
  const cut = setTimeout(() => server.closeAllConnections(), graceMs);
  await closed;
  clearTimeout(cut);
}

/**
 * Closes connections, but for those over which an answer is being sent: to Node a connection is idle when its answer was ended, however much of it is still to
 * be sent.
 */
function sparing(server: Server, close: () => void): void {
  const sending = [...(answersOf.get(server) ?? [])].flatMap(({ writableEnded, writableFinished, socket }) =>
    writableEnded && !writableFinished && socket !== null ? socket : [],
  );
  for (const socket of sending) socket.destroy = () => socket;
  try {
    close();
  } finally {
    for (const socket of sending) Reflect.deleteProperty(socket, "destroy");
  }
}
