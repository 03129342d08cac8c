/** Runs once before all tests, outside of jest's module system: TypeScript is loaded as the platform loads it, and the outcome is there for those that run the tests. */
import { registerTypescript } from "../../cli/typescript.mjs";

await registerTypescript(["tests", "bench"]);
const { startTestServer } = await import("./server.ts");

/** Starts the tests' PostgreSQL and builds the template database. */
export default startTestServer;
