/** The platform as docs/operations.md starts it distributed: every subgraph in a process of its own, the router in another, and workers; on loopback. */
import { spawn, type ChildProcess } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { freePorts } from "./free-ports.ts";

/** The subgraphs with a process of their own. */
export const subgraphNames = ["workflow", "session", "runtime", "agent", "memory", "team", "skill", "tool", "model"] as const;

/** The running processes. Each is called as it is started: a subgraph's name, `router`, `worker 1`. */
export interface Distributed extends AsyncDisposable {
  graphUrl: string;
  /** Of the router's own subgraph. */
  accessUrl: string;
  /** In the order of {@link subgraphNames}. */
  subgraphUrls: string[];
  dataDir: string;
  internalKey: string;
  /** Names of all that run, in the order in which docs/operations.md starts them. */
  names: string[];
  process(name: string): ChildProcess;
  /** Where a process serves `/metrics`, which those with METRICS_PORT in their settings do. */
  metricsUrl(name: string): string;
  /** Starts a process that has ended, where it was. */
  start(name: string): Promise<void>;
  /** Ends a process as an operator does, and starts it again. @returns its exit code. */
  restart(name: string): Promise<number | null>;
}

/** What to start. */
export interface DistributedOptions {
  databaseUrl: string;
  /** Variables of all processes, without the prefix. */
  settings?: Record<string, string>;
  workers?: number;
  /** Whether each process serves `/metrics`. */
  hasMetrics?: boolean;
}

const bin = fileURLToPath(new URL("../../cli/bin.mjs", import.meta.url));
const environment = (settings: Record<string, string>) =>
  Object.fromEntries(Object.entries(settings).map(([name, value]) => [`AGENT_PLATFORM_${name}`, value]));

/** Starts all of them; resolves when each has said that it serves. */
export async function startDistributed({ databaseUrl, settings = {}, workers = 1, hasMetrics }: DistributedOptions): Promise<Distributed> {
  const dataDir = await mkdtemp(join(tmpdir(), "agent-platform-processes-"));
  const internalKey = randomBytes(32).toString("hex");
  const names = [...subgraphNames, "router", ...Array.from({ length: workers }, (_, index) => `worker ${index + 1}`)];
  const ports = await freePorts(2 * names.length + 1);
  const accessUrl = `http://127.0.0.1:${ports.at(-1)}/graphql`;
  const portOf = (name: string) => ports[names.indexOf(name)]!;
  const metricsPortOf = (name: string) => ports[names.length + names.indexOf(name)]!;
  const urls = Object.fromEntries(subgraphNames.map((name) => [name, `http://127.0.0.1:${portOf(name)}/graphql`]));
  const shared = {
    ...Object.fromEntries(Object.entries(urls).map(([name, url]) => [`${name.toUpperCase()}_SUBGRAPH_URL`, url])),
    ACCESS_SUBGRAPH_URL: accessUrl,
    DATABASE_URL: databaseUrl,
    ENCRYPTION_KEY: randomBytes(32).toString("hex"),
    INTERNAL_KEY: internalKey,
    DATA_DIR: dataDir,
    LOG_LEVEL: "warn",
    ...settings,
  };
  const running = new Map<string, ChildProcess>();
  const start = async (name: string): Promise<void> => {
    const [kind] = name.split(" ");
    const own = { PORT: String(portOf(name)), ...(hasMetrics && { METRICS_PORT: String(metricsPortOf(name)) }) };
    const [argv, more, ready] =
      kind === "router"
        ? [["router"], { ACCESS_PORT: String(ports.at(-1)) }, "graph "]
        : kind === "worker"
          ? [["worker"], { ENCRYPTION_KEY: "" }, "worker ready"]
          : [["subgraph", name], {}, `subgraph ${name}`];
    running.set(name, await startProcess(argv, environment({ ...shared, ...own, ...more }), ready));
  };
  const stop = async (name: string): Promise<number | null> => {
    const child = running.get(name);
    if (child === undefined) return null;
    if (child.exitCode === null && child.signalCode === null) {
      child.kill("SIGTERM");
      await once(child, "exit");
    }
    return child.exitCode;
  };
  const stopAll = async (): Promise<void> => {
    await Promise.all(names.toReversed().map(stop));
    await rm(dataDir, { recursive: true, force: true });
  };
  try {
    await Promise.all(subgraphNames.map(start));
    await Promise.all(names.slice(subgraphNames.length).map(start));
  } catch (cause) {
    await stopAll();
    throw cause;
  }
  return {
    graphUrl: `http://127.0.0.1:${portOf("router")}/graphql`,
    accessUrl,
    subgraphUrls: Object.values(urls),
    dataDir,
    internalKey,
    names,
    process: (name) => running.get(name)!,
    metricsUrl: (name) => `http://127.0.0.1:${metricsPortOf(name)}/metrics`,
    start,
    async restart(name) {
      const code = await stop(name);
      await start(name);
      return code;
    },
    [Symbol.asyncDispose]: stopAll,
  };
}

/** Starts one process of the platform and waits for the line that says it serves. */
async function startProcess(argv: string[], variables: Record<string, string>, ready: string): Promise<ChildProcess> {
  const child = spawn(process.execPath, [bin, ...argv], {
    // oxlint-disable-next-line node/no-process-env -- where programs are found
    env: { PATH: process.env["PATH"], ...variables },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let words = "";
  await new Promise<void>((resolve, reject) => {
    for (const stream of [child.stdout, child.stderr]) {
      createInterface({ input: stream }).on("line", (line) => {
        words = `${words}${line}\n`.slice(-20_000);
        if (line.startsWith(ready)) resolve();
      });
    }
    child.once("exit", () => reject(new Error(`${argv.join(" ")} ended: ${words}`)));
  });
  return child;
}
