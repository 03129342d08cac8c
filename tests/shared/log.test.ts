import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createLog } from "#shared/log.ts";

const loader = new URL("../../cli/typescript.mjs", import.meta.url).href;
const source = new URL("../../shared/log.ts", import.meta.url).href;

/** What a process says that logs there. */
function logging(logFile: string, script: string): string {
  const program = `const { registerTypescript } = await import("${loader}");
    await registerTypescript();
    const { createLog } = await import("${source}");
    const log = createLog({ logLevel: "info", logFile: "${logFile}" }, "test");
    ${script}`;
  return execFileSync(process.execPath, ["--input-type=module", "-e", program], { encoding: "utf8" });
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

  it("says which file it cannot write, and what to do", () => {
    expect(() => createLog({ logLevel: "info", logFile: "/dev/null/platform.log" }, "test")).toThrow(
      /\/dev\/null\/platform\.log cannot be written.*AGENT_PLATFORM_LOG_FILE=/,
    );
  });
});
