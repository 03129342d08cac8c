/**
 * Runs once before all tests, outside of jest's module system: the TypeScript that it imports (decorators included) goes through tsx.
 */
import { register } from "tsx/esm/api";

const unregister = register();
const { startTestServer } = await import("./server.ts");
await unregister();

/** Starts the tests' PostgreSQL and builds the template database. */
export default startTestServer;
