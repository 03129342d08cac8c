/** A process whose parent ends while it is still loading: it listens for the stop only when its channel has closed. */
import { fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import { registerTypescript } from "../../cli/typescript.mjs";

if (process.argv[2] === "child") {
  process.once("disconnect", () => void listenLate());
  process.stdout.write("loading\n");
} else {
  fork(fileURLToPath(import.meta.url), ["child"], { stdio: ["ignore", "inherit", "inherit", "ipc"] });
}

async function listenLate() {
  await registerTypescript();
  const { listenForStop } = await import("../../cli/process/stop-signal.ts");
  await listenForStop({}).wanted;
  process.stdout.write("told to stop\n");
  process.exit(0);
}
