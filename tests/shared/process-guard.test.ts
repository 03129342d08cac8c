import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { text } from "node:stream/consumers";
import type { Readable } from "node:stream";
import { processIdentity } from "#shared/process-identity.ts";
import { eventually } from "../testkit/eventually.ts";

const loader = new URL("../../cli/typescript.mjs", import.meta.url).href;
const source = new URL("../../cli/process/process-guard.ts", import.meta.url).href;
const stuck = "{ afterMs: 500, cpuMs: 300 }";

/** A program whose process is guarded, as a part of the platform is. */
const guarded = (script: string) => `const { registerTypescript } = await import("${loader}");
  await registerTypescript();
  const { startGuard } = await import("${source}");
  ${script}`;

const busy = "for (;;) {}";
// Its loop does not turn, and computes nothing: so stands a process on a machine that stands still.
const still = "Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 2_000);";

function run(script: string): ChildProcess {
  const argv = ["--input-type=module", "-e", guarded(script)];
  return spawn(process.execPath, argv, { stdio: ["ignore", "pipe", "inherit", "ipc", "pipe"] });
}

describe("the guard of a process", () => {
  it("ends it when its main loop does not turn though it computes, and says so to the parent", async () => {
    const child = run(`startGuard(${stuck}); setTimeout(() => { ${busy} }, 100);`);
    const said = text(child.stdio[4] as Readable);
    expect(await once(child, "exit")).toEqual([null, "SIGKILL"]);
    expect(await said).toBe("{}");
  });

  it("leaves it alone when its main loop does not turn because nothing does", async () => {
    const child = run(`startGuard(${stuck}); setTimeout(() => { ${still} console.log("alive"); process.exit(0); }, 100);`);
    expect(await text(child.stdout!)).toBe("alive\n");
  });

  it("ends it when its parent is gone and its main loop is blocked", async () => {
    const child = JSON.stringify(guarded(`startGuard(undefined); process.send("up"); setTimeout(() => { ${busy} }, 100);`));
    const parent = spawn(
      process.execPath,
      [
        "-e",
        `const { spawn } = require("node:child_process");
         const child = spawn(process.execPath, ["--input-type=module", "-e", ${child}], { stdio: ["ignore", "ignore", "inherit", "ipc", "pipe"] });
         child.on("message", () => console.log(child.pid));`,
      ],
      { stdio: ["ignore", "pipe", "inherit"] },
    );
    const [line] = (await once(parent.stdout, "data")) as [Buffer];
    const pid = Number(line.toString());
    expect(processIdentity(pid)).toBeDefined();
    parent.kill("SIGKILL");
    await eventually(
      () => processIdentity(pid),
      (found) => found === undefined,
    );
  });
});
