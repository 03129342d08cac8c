/** A thousand programs leave nothing behind: no process, no file, no thread's memory. */
import { lstatSync, readdirSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openSandbox } from "../../subgraphs/runtime/sandbox/open-sandbox.ts";
import type { ProgramLanguage } from "../../subgraphs/runtime/sandbox/sandbox.ts";
import { shareOf, tell } from "./settings.ts";

const mib = 2 ** 20;
/** Programs of every end: a result, an error, a time-out, too much memory, too much printed. */
const programs: Record<ProgramLanguage, string[]> = {
  python: [
    "result = payload",
    "raise ValueError()",
    "while True: pass",
    "bytearray(1 << 30)",
    "while True: print('x' * 1000)",
    "import os\nos._exit(0)",
  ],
  javascript: [
    "result = payload",
    "throw new Error()",
    "for (;;) {}",
    "const a = []; for (;;) a.push(new Uint8Array(1e6))",
    "for (;;) console.log('x'.repeat(1000))",
    "eval('['.repeat(100000))",
  ],
};

/** Processes whose parent this one is. */
function children(): string[] {
  const pids = readdirSync("/proc").filter((name) => /^\d+$/.test(name));
  return pids.filter((pid) => parentOf(pid) === process.pid);
}

function parentOf(pid: string): number | undefined {
  try {
    return Number(readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]?.split(" ")[1]);
  } catch {
    return undefined; // It has ended meanwhile.
  }
}

/** Files of nobody, as whom root's programs run; the folder is others' too. */
function filesOfNobody(): number {
  const ofNobody = (name: string) => lstatSync(join(tmpdir(), name), { throwIfNoEntry: false })?.uid === 65_534;
  return readdirSync(tmpdir()).filter(ofNobody).length;
}

const descriptors = () => readdirSync("/proc/self/fd").length;

describe.each(["python", "javascript"] as const)("programs in %s", (language) => {
  it("leave no process, no file and no growing memory", async () => {
    const sandbox = openSandbox({ pythonBin: "python3", maxTimeoutMs: 60_000 });
    const run = async (index: number) => {
      // Mostly what ends by itself; each twelfth is one of the others.
      const code = programs[language][index % 12 < 6 ? 0 : index % 6]!;
      const request = { tenantId: "acme", language, code, payload: { index }, timeoutMs: code.includes("result") ? 60_000 : 300 };
      return sandbox.run({ ...request, signal: new AbortController().signal });
    };
    const runAll = async (count: number) => {
      for (let from = 0; from < count; from += 4) await Promise.all([0, 1, 2, 3].map((n) => run(from + n)));
    };
    try {
      expect(await sandbox.unavailableReason(language)).toBeNull();
      await runAll(100);
      const before = {
        children: children().length,
        files: filesOfNobody(),
        descriptors: descriptors(),
        rss: process.memoryUsage().rss,
      };
      const count = shareOf(1_000);
      await runAll(count);
      const grownMib = (process.memoryUsage().rss - before.rss) / mib;
      tell(`${count} programs in ${language}`, { grownMib: Math.round(grownMib) });
      expect(children().length).toBe(before.children);
      expect(filesOfNobody()).toBe(before.files);
      // A thread that was ended and begun again has others than it had.
      expect(descriptors()).toBeLessThanOrEqual(before.descriptors + 8);
      expect(grownMib).toBeLessThan(64);
    } finally {
      await sandbox.close();
    }
  });
});
