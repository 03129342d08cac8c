/** The command line with parts that do nothing but live: what is tested is how they are started, watched and stopped. */
import { createServer } from "node:http";
import { registerTypescript } from "../../cli/typescript.mjs";

await registerTypescript();
const { main } = await import("../../cli/main.ts");

const part = () => ({ stop: () => Promise.resolve() });

const composition = {
  subgraphNames: ["workflow"],
  async startPlatform(env) {
    const server = createServer((_, response) => response.end("ok"));
    await new Promise((resolve) => server.listen({ host: env.host, port: env.port }, resolve));
    const { port } = server.address();
    return {
      graphUrl: `http://127.0.0.1:${port}/graphql`,
      notes: ["a fake platform"],
      prepareGraphiql: () => process.stdout.write("prepares GraphiQL\n"),
      stop: () => new Promise((resolve) => server.close(() => resolve())),
    };
  },
  preload: () => Promise.resolve(),
  migrate: () => Promise.resolve([]),
  pendingMigrations: () => Promise.resolve([]),
  workerUrls: (socket) => ({ tool: `unix:${socket}` }),
  startRouter: part,
  startSubgraph: part,
  startWorker(env) {
    process.stdout.write(`calls ${env.subgraphUrls.tool}\n`);
    const life = setInterval(() => {}, 1_000);
    return { stop: () => Promise.resolve(clearInterval(life)) };
  },
};

process.exit(await main(process.argv.slice(2), process.env, composition));
