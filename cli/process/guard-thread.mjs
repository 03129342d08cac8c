/** The thread of `process-guard.ts`. */
import { workerData } from "node:worker_threads";
import { guardProcess } from "#shared/process-guard.mjs";

const { settings, turns } = workerData;
const count = new Int32Array(turns);
guardProcess(settings, { turns: () => Atomics.load(count, 0) });
