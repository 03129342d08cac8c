/** A way to a server that can be cut and mended: what a client sees when the platform is killed and started again. */
import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";
import { freePorts } from "./free-ports.ts";

/** The way. */
export interface Relay extends AsyncDisposable {
  /** The server's URL, by this way. */
  url: string;
  /** Breaks all connections, and refuses new ones. */
  cut(): void;
  mend(): Promise<void>;
}

/** Opens it on a port of its own. */
export async function startRelay(target: string): Promise<Relay> {
  const { hostname, port } = new URL(target);
  // Nobody is given it while the way is cut.
  const [own = 0] = await freePorts(1);
  const sockets = new Set<Socket>();
  const server = createServer((near) => {
    const far = connect(Number(port), hostname);
    for (const socket of [near, far]) {
      sockets.add(socket);
      socket.on("error", () => {}).on("close", () => sockets.delete(socket));
    }
    near.pipe(far).pipe(near);
  });
  const listen = async () => {
    server.listen(own, "127.0.0.1");
    await once(server, "listening");
  };
  await listen();
  const url = new URL(target);
  url.port = String(own);
  const cut = () => {
    server.close();
    for (const socket of sockets) socket.destroy();
  };
  return {
    url: url.href,
    cut,
    mend: listen,
    [Symbol.asyncDispose]: async () => cut(),
  };
}
