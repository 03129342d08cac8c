import { Agent, createServer, get, type IncomingMessage, type ServerResponse } from "node:http";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { closeServer, listen } from "#shared/serve/listen.ts";

/** More than the sockets of both ends take while nobody reads. */
const answerBytes = 8 << 20;

/** A server that answers when it is told to, and a request to it whose answer has begun. */
async function answering(agent: Agent) {
  const asked = Promise.withResolvers<ServerResponse>();
  const server = createServer({ keepAliveTimeout: 250_000 }, ({ url }, answer) => (url === "/" ? asked.resolve(answer) : answer.end()));
  await listen(server, { port: 0 });
  const { port } = server.address() as AddressInfo;
  const request = get({ port, agent });
  const answer = await asked.promise;
  answer.writeHead(200, { "content-length": answerBytes }).flushHeaders();
  const [answered] = (await once(request, "response")) as [IncomingMessage];
  return { server, port, answer, answered };
}

async function bytesOf(answered: IncomingMessage): Promise<number> {
  let bytes = 0;
  for await (const part of answered) bytes += (part as Buffer).length;
  return bytes;
}

describe("a server that is stopped", () => {
  it.each(["before", "after"])(
    "sends an answer whole that ended %s that, however slowly it is read, and then the connection ends",
    async (when) => {
      const agent = new Agent({ keepAlive: true });
      const { server, answer, answered } = await answering(agent);
      const end = () => void answer.end(Buffer.alloc(answerBytes));
      if (when === "before") end();
      const stopped = closeServer(server, 250_000);
      if (when === "after") end();
      // What looks at connections now and then does so meanwhile.
      await new Promise((resolve) => setTimeout(resolve, 300));
      expect(await bytesOf(answered)).toBe(answerBytes);
      await stopped;
      agent.destroy();
    },
  );

  it("ends connections without a request at once, though an answer is being read over another", async () => {
    const agent = new Agent({ keepAlive: true });
    const { server, port, answer, answered } = await answering(agent);
    const idle = new Agent({ keepAlive: true });
    const other = get({ port, agent: idle, path: "/other" });
    const [done] = (await once(other, "response")) as [IncomingMessage];
    const ended = once(done.socket, "close");
    await bytesOf(done);
    answer.end(Buffer.alloc(answerBytes));
    const stopped = closeServer(server, 250_000);
    await ended;
    expect(await bytesOf(answered)).toBe(answerBytes);
    await stopped;
    agent.destroy();
  });
});
