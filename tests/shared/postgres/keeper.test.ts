import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { copyFileSync, existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { keepPostgres } from "#shared/postgres/keeper.ts";
import { processIdentity } from "#shared/process-identity.ts";

const loader = new URL("../../../cli/typescript.mjs", import.meta.url).href;
const source = new URL("../../../shared/postgres/keeper.ts", import.meta.url).href;

const cleanups: (() => void)[] = [];
afterEach(() => {
  for (const cleanup of cleanups.splice(0).reverse()) cleanup();
});

/** A process that looks like a server, and one that keeps it. */
async function setup(program = "postgres") {
  const folder = mkdtempSync(join(tmpdir(), "agent-platform-keeper-"));
  cleanups.push(() => rmSync(folder, { recursive: true }));
  copyFileSync("/bin/sleep", join(folder, program));
  const server = spawn(join(folder, program), ["600"], { stdio: "ignore" });
  cleanups.push(() => server.kill("SIGKILL"));
  const tokenFile = join(folder, "token");
  const script = `const { registerTypescript } = await import("${loader}");
    await registerTypescript();
    const { keepPostgres } = await import("${source}");
    console.log(keepPostgres({ pid: ${server.pid} }, { tokenFile: "${tokenFile}", graceMs: 0 }).pid);
    setInterval(() => {}, 1_000);`;
  const cwd = fileURLToPath(new URL("../../../", import.meta.url));
  const owner = spawn(process.execPath, ["--input-type=module", "-e", script], { cwd, stdio: ["ignore", "pipe", "inherit"] });
  cleanups.push(() => owner.kill("SIGKILL"));
  const [said] = (await once(owner.stdout, "data")) as [Buffer];
  return { server, owner, tokenFile, keeperPid: Number(said.toString()) };
}

/** Waits for the end of a process that is not this one's child. */
async function gone(pid: number): Promise<void> {
  while (processIdentity(pid)) await new Promise((resolve) => setTimeout(resolve, 10));
}

const endOf = async (child: ChildProcess) => ((await once(child, "exit")) as [number | null, string | null])[1];

describe("the keeper of a server", () => {
  it("ends the server when its owner was killed", async () => {
    const t = await setup();
    const ended = endOf(t.server);
    t.owner.kill("SIGKILL");
    expect(await ended).toBe("SIGINT");
  });

  it("leaves a server that another process has taken over, which then keeps it", async () => {
    const t = await setup();
    const keeper = keepPostgres({ pid: t.server.pid ?? 0 }, { tokenFile: t.tokenFile });
    t.owner.kill("SIGKILL");
    await gone(t.keeperPid);
    expect(processIdentity(t.server.pid ?? 0)).toBeDefined();
    keeper.release();
    expect(existsSync(t.tokenFile)).toBe(false);
  });

  it("leaves a stranger that was given the server's pid", async () => {
    const t = await setup("stranger");
    t.owner.kill("SIGKILL");
    await gone(t.keeperPid);
    expect(processIdentity(t.server.pid ?? 0)).toBeDefined();
  });
});
