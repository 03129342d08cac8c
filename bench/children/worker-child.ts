/** A worker process of the benches: the platform's worker, without subgraphs to call. */
import { EndpointRegistry } from "#shared/endpoint/caller.ts";
import { defaultEnv } from "#shared/config.ts";
import { HintBus } from "#shared/hints.ts";
import { createLog } from "#shared/log.ts";
import { startRuntimeWorker } from "../../subgraphs/runtime/worker/worker-process.ts";

const databaseUrl = process.argv[2]!;
const env = defaultEnv({ logLevel: "error" });
const log = createLog(env, "bench-worker");
const hints = new HintBus({ url: databaseUrl, log });
await hints.start();
const worker = startRuntimeWorker({ env, log, hints, call: new EndpointRegistry(), databaseUrl });
process.on("disconnect", () => process.exit(1));
process.on("SIGTERM", () => {
  void worker
    .stop()
    .then(() => hints.close())
    .then(() => process.exit(0));
});
await worker.ready;
process.send!("ready");
