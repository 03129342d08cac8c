import type { Server } from "node:http";
import type { AddressInfo } from "node:net";

/** Bytes of a Unix socket's path: sun_path has 104 on macOS, 108 on Linux, with the closing zero. */
export const longestSocketPath = 103;

/** Where a server listens: a port (0: any free one) of `host`, 127.0.0.1 by default; or a Unix socket. */
export type ListenAt = { port: number; host?: string } | { socketPath: string };

/** Listens; rejects with node's own error, such as EADDRINUSE. */
export async function listen(server: Server, where: ListenAt): Promise<void> {
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

/** Stops taking connections; ends those in flight after `graceMs` at the latest. */
export async function closeServer(server: Server, graceMs: number): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  server.closeIdleConnections();
  const cut = setTimeout(() => server.closeAllConnections(), graceMs);
  await closed;
  clearTimeout(cut);
}
