import { fork, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import autocannon from "autocannon";
import { ownServer } from "./server.ts";
import { round, type Figure } from "./figures.ts";
import { benchQuery } from "./router-schemas.ts";

const connections = 16;
const seconds = 4;

/**
 * (f) A query with one federated hop: embedded (its audits discarded), the same with its audits in a database, distributed (subgraphs in another process), and
 * on one plain graphql-js schema.
 */
export async function benchRouter(): Promise<Figure[]> {
  const children: ChildProcess[] = [];
  const closers: (() => Promise<unknown>)[] = [];
  const start = async (mode: string, ...urls: string[]): Promise<string[]> => {
    // As cli/bin.mjs starts the platform: graphql-js checks each value for another copy of itself otherwise.
    const env = { ...process.env, NODE_ENV: "production" };
    const child = fork(fileURLToPath(new URL("./router-child.ts", import.meta.url)), [mode, ...urls], {
      execArgv: ["--import", "tsx"],
      env,
    });
    children.push(child);
    const [served] = (await once(child, "message")) as [string[]];
    return served;
  };
  try {
    const figures: Figure[] = [];
    const [plain] = await start("plain");
    const [embedded] = await start("embedded");
    const [audited] = await start("audited", (await ownServer(closers)).url);
    const [distributed] = await start("distributed", ...(await start("subgraphs")));
    for (const [kind, url] of [
      ["plain graphql-js", plain!],
      ["embedded", embedded!],
      ["embedded, audited", audited!],
      ["distributed", distributed!],
    ] as const) {
      await load(url, 2);
      const { requests, latency, non2xx } = await load(url, seconds);
      figures.push({
        bench: "router",
        case: kind,
        values: { req_s: round(requests.average, 0), p50: latency.p50, p99: latency.p99, failed: non2xx },
      });
    }
    return figures;
  } finally {
    for (const child of children) child.kill("SIGKILL");
    for (const close of closers.reverse()) await close();
  }
}

function load(url: string, duration: number) {
  return autocannon({
    url,
    connections,
    duration,
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ query: benchQuery }),
  });
}
