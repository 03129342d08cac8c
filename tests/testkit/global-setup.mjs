/**
 * Runs once before all tests, outside of jest's module system: the TypeScript that it imports (decorators included) goes through tsx, which stays
 * registered, because subgraphs are imported when they are asked for.
 */
import { fileURLToPath } from "node:url";
import { register } from "tsx/esm/api";

register();
// Threads that tests start, one with each worker of an engine, compile the same modules each: with it they cost half. As the platform has it itself.
process.env["NODE_COMPILE_CACHE"] ??= fileURLToPath(new URL("../../.cache/v8", import.meta.url));
const { startTestServer } = await import("./server.ts");

/** Starts the tests' PostgreSQL and builds the template database. */
export default startTestServer;
