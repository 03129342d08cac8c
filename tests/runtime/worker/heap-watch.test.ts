/** The watch of a heap that is a process's own: a real one, with a small heap. */
import { fork } from "node:child_process";
import { on } from "node:events";
import { fileURLToPath } from "node:url";
import { loader } from "../../testkit/loader.ts";

const file = fileURLToPath(new URL("../heap-watch-process.ts", import.meta.url));

describe("the watch of a heap", () => {
  it("tells after a collection that left three quarters of it full, and not after one that did not", async () => {
    const child = fork(file, { execArgv: [...loader, "--max-old-space-size=256", "--max-semi-space-size=1", "--expose-gc"] });
    try {
      const messages = on(child, "message", { close: ["exit"] }) as AsyncIterator<[unknown]>;
      const next = async () => (await messages.next()).value[0] as unknown;
      expect(await next()).toBe("half full");
      child.send("go on");
      expect(await next()).toBe("nearly full");
      // Not before: of the half there was nothing to tell.
      expect(await next()).toEqual({ told: 1, isShort: true });
      child.send("go on");
      let said = await next();
      while (said !== "empty") said = await next();
      child.send("go on");
      expect(await next()).toMatchObject({ isShort: false });
    } finally {
      child.kill("SIGKILL");
    }
  });
});
