/** The platform's worker in a process of its own, whose heap a test makes small; without subgraphs to call. Told by argv: the database's URL. */
import { EndpointRegistry } from "#shared/endpoint/caller.ts";
import { defaultEnv } from "#shared/config.ts";
import { HintBus } from "#shared/hints.ts";
import { createLog } from "#shared/log.ts";
import { startRuntimeWorker } from "../../subgraphs/runtime/worker/worker-process.ts";

const databaseUrl = process.argv[2]!;
const env = defaultEnv({ logLevel: "error" });
const log = createLog(env, "memory-worker");
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
process.send!("ready");
