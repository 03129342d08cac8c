import { fork } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { heapFlags, nodeArguments, smallHeapNotice } from "../../../cli/process/heap-flags.ts";

/** What V8 says of the heap of a process with such arguments. */
async function heapOf(execArgv: readonly string[]): Promise<{ young: number; limit: number }> {
  const folder = await mkdtemp(join(tmpdir(), "heap-flags-"));
  try {
    const file = join(folder, "told.cjs");
    const young = "getHeapSpaceStatistics().find((space) => space.space_name === 'new_space').space_size";
    await writeFile(
      file,
      `const v8 = require("node:v8"); process.send({ young: v8.${young}, limit: v8.getHeapStatistics().heap_size_limit });`,
    );
    const [told] = (await once(fork(file, { execArgv: [...execArgv] }), "message")) as [{ young: number; limit: number }];
    return told;
  } finally {
    await rm(folder, { recursive: true });
  }
}

describe("the arguments of Node for processes that serve or execute", () => {
  it("give the young generation its size at once, and change no limit", async () => {
    const [plain, flagged] = [await heapOf([]), await heapOf(nodeArguments([]))];
    expect(flagged).toEqual({ young: 16 * 1024 * 1024, limit: plain.limit });
    expect(plain.young).toBeLessThan(flagged.young);
  });

  it("leave what the process was given its last word, and are not said twice", () => {
    expect(nodeArguments(["--inspect"])).toEqual([...heapFlags, "--inspect"]);
    for (const flag of [...heapFlags, "--min-semi-space-size=2", "--min_semi_space_size=2"]) {
      expect(nodeArguments([flag, "--inspect"])).toEqual([flag, "--inspect"]);
      expect(nodeArguments(["--inspect"], `--no-warnings ${flag}`)).toEqual(["--inspect"]);
    }
  });
});

describe("a heap that is too small for the API", () => {
  it.each([
    { mib: 128, isTold: true },
    { mib: 160, isTold: true },
    { mib: 192, isTold: false },
    { mib: 512, isTold: false },
  ])("is told at the start, with what to set: $mib MiB", async ({ mib, isTold }) => {
    const { limit } = await heapOf(nodeArguments([`--max-old-space-size=${mib}`]));
    const told = isTold ? expect.stringMatching(/may have \d+ MiB, and the API needs 384.*NODE_OPTIONS=--max-old-space-size/) : undefined;
    expect(smallHeapNotice(limit)).toEqual(told);
  });
});
