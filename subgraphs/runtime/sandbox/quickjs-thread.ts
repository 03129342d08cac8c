/** The thread in which JavaScript programs run, one after the other, each in an instance of its own. Node runs it as it is. */
import { parentPort, workerData } from "node:worker_threads";
import type { PrintedPage, ProgramMessage, QuickjsThreadMessage } from "./quickjs-messages.ts";
import { compileQuickjs, runInQuickjs } from "./quickjs-program.ts";

const page = workerData as PrintedPage;

function say(message: QuickjsThreadMessage): void {
  parentPort?.postMessage(message);
}

parentPort?.on("message", (program: ProgramMessage) => void run(program));

async function run(program: ProgramMessage): Promise<void> {
  let beganAtMs = 0;
  const verdict = await runInQuickjs(program, page, () => {
    beganAtMs = performance.now();
    say({ kind: "began" });
  });
  say({ kind: "ended", verdict, durationMs: performance.now() - beganAtMs });
}

// A program that comes meanwhile waits for it.
void compileQuickjs();
