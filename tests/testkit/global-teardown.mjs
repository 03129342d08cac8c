// Global setup registered the loader in this process; the server's module is the same one.
const { stopTestServer } = await import("./server.ts");

/** Stops the tests' PostgreSQL and removes its folder. */
export default stopTestServer;
