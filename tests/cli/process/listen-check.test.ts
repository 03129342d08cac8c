import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer as createTcpServer, type AddressInfo, type Server } from "node:net";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { checkPort } from "../../../cli/process/listen-check.ts";
import { runCli } from "../cli-process.ts";
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

  it.each([
    ["AGENT_PLATFORM_PORT", ["subgraph", "tool"]],
    ["AGENT_PLATFORM_PORT", ["router"]],
    ["AGENT_PLATFORM_ACCESS_PORT", ["router"]],
  ])("is told by the name of its setting, before anything is started: %s of %s", async (setting, argv) => {
    const server = createTcpServer((socket) => socket.destroy());
    const port = await portOf(server);
    const dataDir = await mkdtemp(join(tmpdir(), "agent-platform-port-"));
    const { code, output } = await runCli("real", argv, {
      AGENT_PLATFORM_PORT: "0",
      AGENT_PLATFORM_DATABASE_URL: "postgres://nobody@127.0.0.1:1/none",
      AGENT_PLATFORM_ENCRYPTION_KEY: "0a".repeat(32),
      AGENT_PLATFORM_INTERNAL_KEY: "0b".repeat(32),
      AGENT_PLATFORM_DATA_DIR: dataDir,
      [setting]: String(port),
    }).ended;
    expect([code, output]).toEqual([1, `Port ${port} of 127.0.0.1 is taken by another program. Choose another: ${setting}=${port + 1}\n`]);
    server.close();
    await rm(dataDir, { recursive: true });
  });
});
