import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createLog } from "#shared/log.ts";

const loader = new URL("../../cli/typescript.mjs", import.meta.url).href;
const source = new URL("../../shared/log.ts", import.meta.url).href;
const fileSource = new URL("../../shared/log-file.ts", import.meta.url).href;

/** What a process says that logs there. */
function logging(logFile: string, script: string): string {
  const program = `const { registerTypescript } = await import("${loader}");
    await registerTypescript();
    const { createLog } = await import("${source}");
    const log = createLog({ logLevel: "info", logFile: "${logFile}" }, "test");
    ${script}`;
  return execFileSync(process.execPath, ["--input-type=module", "-e", program], { encoding: "utf8", timeout: 60_000 });
}

describe("the log", () => {
  it("is whole when its process ends at once", () => {
    const folder = mkdtempSync(join(tmpdir(), "agent-platform-log-"));
    try {
      const logFile = join(folder, "made/platform.log");
      logging(logFile, 'log.info("last words"); process.exit(0);');
      expect(readFileSync(logFile, "utf8")).toContain("last words");
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it("lets its process live when the disk is full", () => {
    const written = 'log.info("lost"); await new Promise((resolve) => log.flush(resolve)); console.log("alive"); process.exit(0);';
    expect(logging("/dev/full", written)).toBe("alive\n");
  });

  it("lets its process end when the disk is full, whatever waits to be written", () => {
    const full =
      'for (let line = 0; line < 1000; line++) log.info("lost"); process.on("exit", () => console.log("ended")); process.exit(0);';
    expect(logging("/dev/full", full)).toBe("ended\n");
  });

  it("goes on with what comes when there is space again, and says how much is lost", async () => {
    const folder = mkdtempSync(join(tmpdir(), "agent-platform-log-"));
    try {
      const logFile = join(folder, "platform.log");
      // The file is the full device at first, and one with space when it was told of the loss.
      const script = `const { LogFile } = await import("${fileSource}");
        const { closeSync, openSync } = await import("node:fs");
        const full = openSync("/dev/full", "a");
        const file = new LogFile(full, "test");
        const flushed = () => new Promise((resolve) => file.flush(resolve));
        file.write("lost\\n");
        file.write("lost too\\n");
        await flushed();
        closeSync(full);
        if (openSync("${logFile}", "a") !== full) throw new Error("another descriptor");
        file.write("kept\\n");
        await flushed();
        process.exit(0);`;
      logging(join(folder, "other.log"), script);
      const [kept, told = ""] = readFileSync(logFile, "utf8").split("\n");
      expect(kept).toBe("kept");
      expect(JSON.parse(told)).toMatchObject({ lines: 2, name: "test", msg: "the log could not be written; lines are lost" });
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it("says which file it cannot write, and what to do", () => {
    expect(() => createLog({ logLevel: "info", logFile: "/dev/null/platform.log" }, "test")).toThrow(
      /\/dev\/null\/platform\.log cannot be written.*AGENT_PLATFORM_LOG_FILE=/,
    );
  });
});
