/** For `node --import`: a process that a test starts loads TypeScript as the platform does. */
import { registerTypescript } from "../../cli/typescript.mjs";

await registerTypescript(["tests", "bench"]);
