import { spawn, spawnSync } from "node:child_process";
import { chmodSync, lstatSync, mkdirSync, mkdtempSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { Agent, createServer, get, type IncomingMessage } from "node:http";
import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { once } from "node:events";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { text } from "node:stream/consumers";
import pino from "pino";
import { keepSocket } from "#shared/serve/kept-socket.ts";
import { closeServer, listen } from "#shared/serve/listen.ts";
import { eventually } from "../../testkit/eventually.ts";

const log = pino({ level: "silent" });

/** A server whose socket is looked after, in a folder of its own. */
async function setup() {
  const home = mkdtempSync(join(tmpdir(), "kept-"));
  const socketPath = join(home, "in", "a.sock");
  mkdirSync(dirname(socketPath), { mode: 0o700 });
  let connections = 0;
  const server = createServer({ keepAliveTimeout: 250_000 }, (request, answer) => void answer.end(request.url));
  server.on("connection", () => (connections += 1));
  await listen(server, { socketPath });
  const letGo = keepSocket(server, socketPath, { log, everyMs: 5 });
  const ask = async (path: string, agent?: Agent) => {
    const [answered] = (await once(get({ socketPath, path, agent: agent ?? false }), "response")) as [IncomingMessage];
    return text(answered);
  };
  const asked = (path: string) =>
    eventually(
      () => ask(path).catch(() => ""),
      (said) => said === path,
    );
  const close = async () => {
    letGo();
    await closeServer(server, 1_000);
  };
  const stop = async () => {
    await close();
    chmodSync(home, 0o700);
    rmSync(home, { recursive: true });
  };
  return { home, socketPath, folder: dirname(socketPath), ask, asked, connections: () => connections, close, stop };
}

/** Until the sockets that were looked after before have been looked at: one that is looked after since then is there again. */
async function looked() {
  const later = await setup();
  rmSync(later.socketPath);
  await later.asked("/later");
  await later.stop();
}

/** A copy has neither a listener nor the inode. */
function putCopy({ folder, socketPath }: { folder: string; socketPath: string }): void {
  renameSync(socketPath, join(folder, "moved"));
  const { status } = spawnSync("cp", ["-a", join(folder, "moved"), socketPath]);
  expect([status, lstatSync(socketPath).isSocket()]).toEqual([0, true]);
}

describe("a Unix socket that is taken away", () => {
  it.each<[string, (t: { folder: string; socketPath: string }) => void]>([
    ["its file", ({ socketPath }) => rmSync(socketPath)],
    ["its folder", ({ folder }) => rmSync(folder, { recursive: true })],
    [
      "its file, for another's",
      ({ socketPath }) => {
        rmSync(socketPath);
        writeFileSync(socketPath, "");
      },
    ],
    ["its file, for a socket at which nobody listens", putCopy],
  ])("is made again: %s", async (_, take) => {
    const t = await setup();
    for (const path of ["/first", "/second"]) {
      take(t);
      await t.asked(path);
      expect(statSync(t.folder).mode & 0o777).toBe(0o700);
    }
    await t.stop();
  });

  it("ends no connection that is open", async () => {
    const t = await setup();
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    await t.ask("/before", agent);
    rmSync(t.folder, { recursive: true });
    await t.asked("/another");
    const connections = t.connections();
    expect(await t.ask("/after", agent)).toBe("/after");
    expect(t.connections()).toBe(connections);
    agent.destroy();
    await t.stop();
  });

  it("is not made in a folder's place that is none, and is made when that is gone", async () => {
    const t = await setup();
    rmSync(t.folder, { recursive: true });
    writeFileSync(t.folder, "");
    await expect(t.ask("/hidden")).rejects.toThrow("ENOTDIR");
    rmSync(t.folder);
    await t.asked("/back");
    await t.stop();
  });

  it("is left to another server that listens there", async () => {
    const t = await setup();
    const other = createServer((_request, answer) => void answer.end("the other"));
    await listen(other, { socketPath: join(t.home, "other.sock") });
    renameSync(join(t.home, "other.sock"), t.socketPath);
    await looked();
    expect(await t.ask("/who")).toBe("the other");
    await closeServer(other, 1_000);
    rmSync(t.socketPath);
    await t.asked("/back");
    await t.stop();
  });

  it("is made again when another that took its place was killed", async () => {
    const t = await setup();
    const other = join(t.home, "other.sock");
    const listens = `require("node:http").createServer((_, answer) => answer.end("the other")).listen(${JSON.stringify(other)}, () => console.log("here"))`;
    const killed = spawn(process.execPath, ["-e", listens]);
    await once(killed.stdout, "data");
    renameSync(other, t.socketPath);
    await looked();
    expect(await t.ask("/who")).toBe("the other");
    killed.kill("SIGKILL");
    await once(killed, "exit");
    await t.asked("/back");
    await t.stop();
  });

  it("is not made again by a server that is closed", async () => {
    const t = await setup();
    await t.close();
    await looked();
    await expect(t.ask("/gone")).rejects.toThrow("ENOENT");
    rmSync(t.home, { recursive: true });
  });

  it("is not made again by a server that is closed while it is looked who listens there", async () => {
    const t = await setup();
    const closed = new Promise<void>((resolve) => {
      const isLooked = () => {
        unsubscribe("net.client.socket", isLooked);
        // It is connected when this turn goes on, and heard of later.
        queueMicrotask(() => void t.close().then(resolve));
      };
      subscribe("net.client.socket", isLooked);
    });
    putCopy(t);
    await closed;
    await looked();
    await expect(t.ask("/gone")).rejects.toThrow("ENOENT");
    rmSync(t.home, { recursive: true });
  });
});
