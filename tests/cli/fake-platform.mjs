/** The command line with parts that do nothing but live: what is tested is how they are started, watched and stopped. */
import { createServer } from "node:http";
import { registerTypescript } from "../../cli/typescript.mjs";

await registerTypescript();
const { main } = await import("../../cli/main.ts");

/** Once it has begun to answer, the main loop turns no more. */
function blockAfter(response) {
  response.write("blocked", () => {
    for (;;);
  });
}

const part = () => ({ stop: () => Promise.resolve() });

const composition = {
  subgraphNames: ["workflow"],
  async startPlatform(env) {
    if (process.env.FAKE_API === "does not start") throw new Error("it cannot be composed");
    if (process.env.FAKE_API === "waits") await new Promise(() => {});
    const server = createServer((_, response) => (process.env.FAKE_API === "blocks" ? blockAfter(response) : response.end("ok")));
    await new Promise((resolve) => server.listen({ host: env.host, port: env.port }, resolve));
    const { port } = server.address();
    if (process.env.FAKE_API === "crashes") {
      setTimeout(() => {
        throw new Error("a bug of the API");
      }, 20);
    }
    return {
      graphUrl: `http://127.0.0.1:${port}/graphql`,
      notes: ["a fake platform"],
      prepareGraphiql: () => process.stderr.write("prepares GraphiQL\n"),
      stop: () => new Promise((resolve) => server.close(() => resolve())),
    };
  },
  preload: () => Promise.resolve(),
  migrate: () => Promise.resolve([]),
  pendingMigrations: () => Promise.resolve([]),
  freeLeases: () => Promise.resolve(),
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
