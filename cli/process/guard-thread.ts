/** The thread of `process-guard.ts`. Erasable TypeScript only: Node runs it without a build step. */
import { workerData } from "node:worker_threads";
import { guardProcess } from "#shared/process-guard.ts";
import type { GuardThreadData } from "./process-guard.ts";

const { settings, turns } = workerData as GuardThreadData;
const count = new Int32Array(turns);
guardProcess(settings, { turns: () => Atomics.load(count, 0) });
