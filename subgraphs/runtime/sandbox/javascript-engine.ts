/**
 * The engine of JavaScript programs: QuickJS, compiled to WebAssembly, in threads of this process. It needs nothing of the host, so it works where Python's
 * jail does not. As many threads as programs run at once, begun when they are needed, ended when they are idle.
 */
import { javascriptProblem } from "./javascript-self-test.ts";
import { QuickjsWorker } from "./quickjs-worker.ts";
import type { Program, ProgramEngine, ProgramLimits, SandboxResult } from "./sandbox.ts";

/** Makes the engine. Nothing is started before it is asked for. */
export function javascriptEngine(limits: ProgramLimits): ProgramEngine {
  const all = new Set<QuickjsWorker>();
  const idle: QuickjsWorker[] = [];

  function taken(): QuickjsWorker {
    const waiting = idle.pop();
    if (waiting !== undefined) return waiting;
    const worker = new QuickjsWorker(limits, () => forget(worker));
    all.add(worker);
    return worker;
  }

  function forget(worker: QuickjsWorker): void {
    all.delete(worker);
    const place = idle.indexOf(worker);
    if (place >= 0) idle.splice(place, 1);
  }

  async function run(program: Program): Promise<SandboxResult> {
    const worker = taken();
    try {
      return await worker.run(program);
    } finally {
      // The last to be used is the first to be used again, so the others end when there is less to do.
      if (all.has(worker)) idle.push(worker);
    }
  }

  return {
    run,
    async test() {
      const problem = await javascriptProblem(run);
      return problem === null ? { note: null } : { problem };
    },
    async close() {
      const workers = [...all];
      all.clear();
      idle.length = 0;
      await Promise.all(workers.map((worker) => worker.close()));
    },
  };
}
