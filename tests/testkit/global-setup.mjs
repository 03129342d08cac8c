/** Runs once before all tests, outside of jest's module system: TypeScript is loaded as the platform loads it, and the outcome is there for those that run the tests. */
import { registerTypescript } from "../../cli/typescript.mjs";

await registerTypescript(["tests", "bench"]);
const { startTestServer } = await import("./server.ts");

/**
 * Starts the tests' PostgreSQL and builds the template database.
 *
 * @param {{ collectCoverage: boolean }} config
 */
export default async function setUp({ collectCoverage }) {
  // jest can only count in modules that it has loaded itself.
  if (collectCoverage) throw new Error("--coverage would report nothing: Node loads the modules, not jest. Use NODE_V8_COVERAGE=<folder>.");
  await startTestServer();
}
