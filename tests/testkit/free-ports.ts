import { once } from "node:events";
import { createServer } from "node:net";

/** Above 32,767 systems give ports to whoever asks for any, and to every connection that is made. */
const [first, last] = [20_000, 32_000];

/**
 * Ports of 127.0.0.1 that nobody listens on, for processes that must know each other's address before they start. From a range of which the system
 * gives none away: until they are bound nobody gets them by chance.
 */
export async function freePorts(count: number): Promise<number[]> {
  const ports = new Set<number>();
  while (ports.size < count) {
    const port = first + Math.floor(Math.random() * (last - first));
    if (await isFree(port)) ports.add(port);
  }
  return [...ports];
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer().listen(port, "127.0.0.1");
  try {
    await once(server, "listening");
  } catch {
    return false;
  }
  await new Promise((resolve) => server.close(resolve));
  return true;
}
