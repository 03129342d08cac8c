import { once } from "node:events";
import { createServer } from "node:net";

/** Above 32,767 systems give ports to whoever asks for any, and to every connection that is made. */
const [first, last] = [20_000, 32_000];
/** Workers of one jest that draw from parts of their own: between a look at a port and its use another one would find it free too. */
const workers = 8;
const width = (last - first) / workers;
// Of another run on the machine, which has another parent, they begin elsewhere.
// oxlint-disable-next-line node/no-process-env -- jest tells its workers apart by it
const firstOfOwn = first + ((Number(process.env["JEST_WORKER_ID"] ?? 1) - 1 + process.ppid) % workers) * width;
const given = new Set<number>();

/**
 * Ports of 127.0.0.1 that nobody listens on, for processes that must know each other's address before they start. From a range of which the system
 * gives none away: until they are bound nobody gets them by chance.
 */
export async function freePorts(count: number): Promise<number[]> {
  const ports: number[] = [];
  while (ports.length < count) {
    const port = firstOfOwn + Math.floor(Math.random() * width);
    if (given.has(port)) continue;
    given.add(port);
    if (await isFree(port)) ports.push(port);
  }
  return ports;
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
