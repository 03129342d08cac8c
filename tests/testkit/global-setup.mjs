/**
 * Runs once before all tests, outside of jest's module system: the TypeScript that it imports (decorators included) goes through tsx, which stays
 * registered, because subgraphs are imported when they are asked for.
 */
import { register } from "tsx/esm/api";

register();
const { startTestServer } = await import("./server.ts");

/** Starts the tests' PostgreSQL and builds the template database. */
export default startTestServer;
