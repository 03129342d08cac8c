import { fork, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import autocannon from "autocannon";
import { postgresMs } from "../processes.ts";
import { ownServer } from "../server.ts";
import { quantile, round, type Figure } from "../figures.ts";
import type { ServedRouter } from "./router-child.ts";
import { benchQuery } from "./router-schemas.ts";
import { loader } from "../loader.ts";

const connections = 16;
const seconds = 4;
/** The audit's cost is a ratio of two rates: each is measured so often, for so long, in turn. Many short ones: what else the machine does then falls on both. */
const auditRounds = 15;
const auditSeconds = 1.5;
/** What is left of the rate with audits in a database and keys asked for, at least. */
const leastAudited = 0.9;

/**
 * (f) A query with one federated hop: embedded (its audits discarded, nobody asked for a key), the same as it is run in earnest (audits in a database, keys),
 * distributed (subgraphs in another process), and on one plain graphql-js schema.
 */
export async function benchRouter(): Promise<Figure[]> {
  const children: ChildProcess[] = [];
  const closers: (() => Promise<unknown>)[] = [];
  const start = async (mode: string, ...urls: string[]): Promise<Served> => {
    // As cli/bin.mjs starts the platform: graphql-js checks each value for another copy of itself otherwise.
    const env = { ...process.env, NODE_ENV: "production" };
    const child = fork(fileURLToPath(new URL("./router-child.ts", import.meta.url)), [mode, ...urls], {
      execArgv: loader,
      env,
    });
    children.push(child);
    const [served] = (await once(child, "message")) as [ServedRouter];
    return { ...served, child };
  };
  try {
    const plain = await figureOf("plain graphql-js", await start("plain"));
    const { url: databaseUrl, postmaster } = await ownServer(closers);
    const { urls, key, child } = await start("embedded", databaseUrl);
    const [discarded, audited] = urls.map((url) => ({ urls: [url], key, child, postmaster })) as [Served, Served];
    const pair = await auditFigures(discarded, audited);
    const distributed = await figureOf("distributed", await start("distributed", ...(await start("subgraphs")).urls));
    return [plain, ...pair, distributed];
  } finally {
    for (const child of children) child.kill("SIGKILL");
    for (const close of closers.reverse()) await close();
  }
}

/** A server of its own process. */
interface Served extends ServedRouter {
  child: ChildProcess;
  /** Of the database that it writes to. */
  postmaster?: number | undefined;
}

async function figureOf(kind: string, served: Served): Promise<Figure> {
  await load(served, 2);
  return { bench: "router", case: kind, values: await measure(served) };
}

/** Both, round by round in turn, and their ratio of each round; the medians. */
async function auditFigures(discarded: Served, audited: Served): Promise<Figure[]> {
  const rounds: { discarded: Values; audited: Values }[] = [];
  for (const served of [discarded, audited]) await load(served, 2);
  for (let turn = 0; turn < auditRounds; turn++) {
    // Who goes first changes: what a round leaves behind falls on both.
    const isFirst = turn % 2 === 0;
    const one = await measure(isFirst ? discarded : audited, auditSeconds);
    const other = await measure(isFirst ? audited : discarded, auditSeconds);
    rounds.push(isFirst ? { discarded: one, audited: other } : { discarded: other, audited: one });
  }
  const ratioOf = (name: keyof Values) => round(median(rounds.map((of) => of.audited[name] / of.discarded[name])), 3);
  const ratio = ratioOf("req_s");
  const broken = ratio < leastAudited ? [`audits and keys leave ${ratio} of the rate < ${leastAudited}`] : [];
  return [
    { bench: "router", case: "embedded", values: medians(rounds.map((of) => of.discarded)) },
    { bench: "router", case: "embedded, audited, with keys", values: medians(rounds.map((of) => of.audited)), broken },
    { bench: "router", case: "audited by discarded, median of rounds", values: { req_s: ratio, cpu_us: ratioOf("cpu_us") } },
  ];
}

type Values = Awaited<ReturnType<typeof measure>>;

/**
 * `cpu_us`: of the server's process, a request, `pg_us` of its PostgreSQL; a machine that is busy with others moves them less than the rates. In both is what audits cost
 * after their request: the chain.
 */
async function measure(served: Served, duration = seconds) {
  const before = await cpuOf(served);
  const { requests, latency, non2xx } = await load(served, duration);
  const after = await cpuOf(served);
  const [cpu_us, pg_us] = [after.own - before.own, after.postgres - before.postgres].map((us) => round(us / requests.total, 0)) as [
    number,
    number,
  ];
  return { req_s: round(requests.average, 0), p50: latency.p50, p99: latency.p99, cpu_us, pg_us, failed: non2xx };
}

/** In µs, when all that was begun is done. */
async function cpuOf({ child, postmaster }: Served): Promise<{ own: number; postgres: number }> {
  child.send("cpu");
  const [own] = (await once(child, "message")) as [number];
  return { own, postgres: postmaster === undefined ? 0 : 1_000 * postgresMs(postmaster) };
}

function medians(all: Values[]): Values {
  const of = (name: keyof Values) => median(all.map((values) => values[name]));
  return {
    req_s: of("req_s"),
    p50: of("p50"),
    p99: of("p99"),
    cpu_us: of("cpu_us"),
    pg_us: of("pg_us"),
    failed: Math.max(...all.map(({ failed }) => failed)),
  };
}

const median = (values: number[]) => quantile(values, 0.5);

function load({ urls: [url = ""], key }: ServedRouter, duration: number): Promise<autocannon.Result> {
  return autocannon({
    url,
    connections,
    duration,
    method: "POST",
    headers: { "content-type": "application/json", ...(key !== undefined && { "x-api-key": key }) },
    body: JSON.stringify({ query: benchQuery }),
  });
}
