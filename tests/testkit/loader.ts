/** Node's arguments for a process whose program is TypeScript of the tests. */
export const loader = ["--import", new URL("./typescript.mjs", import.meta.url).href];
