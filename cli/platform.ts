/** Puts router, subgraphs and worker together: the only file that imports all of them. */
import { createServer } from "node:http";
import { addressOf, closeServer, listen } from "#shared/listen.ts";
import type { ReadyEnv, Composition, StartOptions } from "./composition.ts";
import { migrateAll } from "./migrate.ts";

async function serve(env: ReadyEnv) {
  const server = createServer((_, response) => response.end("not composed yet\n"));
  await listen(server, env);
  return { graphUrl: `${addressOf(server)}/graphql`, stop: () => closeServer(server, 1_000) };
}

/** The platform's parts. */
export const platformComposition: Composition = {
  async startPlatform(env: ReadyEnv, { progress }: StartOptions) {
    progress("migrating");
    await migrateAll(env.databaseUrl, env);
    progress("opening the graph");
    return { ...(await serve(env)), notes: ["nothing is composed yet"], workerEnvironment: {} };
  },
  startRouter: (env) => serve(env),
  startSubgraph: (_, env) => serve(env),
  startWorker: () => Promise.resolve({ stop: () => Promise.resolve() }),
  subgraphNames: ["workflow"],
};
