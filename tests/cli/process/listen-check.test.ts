import { once } from "node:events";
import { createServer as createTcpServer, type AddressInfo, type Server } from "node:net";
import { createServer } from "node:http";
import { checkPort } from "../../../cli/process/listen-check.ts";
import { fixtureRouter } from "../../testkit/fixture-router.ts";

const host = "127.0.0.1";

async function portOf(server: Server): Promise<number> {
  server.listen(0, host);
  await once(server, "listening");
  return (server.address() as AddressInfo).port;
}

describe("a port that is taken", () => {
  it("is told to be that of a platform, with its graph", async () => {
    await using t = await fixtureRouter();
    const port = Number(new URL(t.router.url).port);
    await expect(checkPort({ host, port })).rejects.toMatchObject({
      reason: "PORT_OF_A_PLATFORM",
      message: expect.stringContaining(`is that of an agent platform that runs: http://${host}:${port}/graphql. Use it, or`),
    });
  });

  it.each([
    ["a server of pages", createServer((_, response) => response.end("<html>"))],
    ["a server of other JSON", createServer((_, response) => response.end("null"))],
    ["one that says nothing", createTcpServer()],
    ["one that hangs up", createTcpServer((socket) => socket.destroy())],
  ])("is told to be another program's: %s", async (_what, server) => {
    const sockets = new Set<{ destroy(): void }>();
    server.on("connection", (socket: { destroy(): void }) => sockets.add(socket));
    const port = await portOf(server);
    await expect(checkPort({ host, port })).rejects.toMatchObject({ reason: "PORT_TAKEN" });
    server.close();
    for (const socket of sockets) socket.destroy();
    await expect(checkPort({ host, port })).resolves.toBeUndefined();
  });
});
