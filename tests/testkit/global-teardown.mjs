import { register } from "tsx/esm/api";

const unregister = register();
const { stopTestServer } = await import("./server.ts");
await unregister();

/** Stops the tests' PostgreSQL and removes its folder. */
export default stopTestServer;
