/** A platform as `npm start` runs it, on a throw-away data folder, with clients of it in a process of their own. */
import { fork, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { chmod, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { createClient } from "#codegen/client/client.ts";
import { startOwnPlatform, type OwnPlatform } from "../../cli/client/trials/own-platform.ts";
import { prepareWorkflow } from "../../cli/client/prepare.ts";
import type { ClientsWanted, RunsDone, RunsWanted } from "./e2e-protocol.ts";
import { quantile, round } from "../figures.ts";
import { GraphPost } from "./graph-post.ts";
import type { BenchOptions } from "../options.ts";
import { loader } from "../loader.ts";

const threeNodes = {
  nodes: [
    { id: "greet", type: "template-transform", config: { template: "Hello {{ input.name }}" } },
    { id: "shout", type: "template-transform", config: { template: "{{ nodes.greet.text | upcase }}" } },
    { id: "say", type: "answer", config: { answer: "{{ nodes.shout.text }}!" } },
  ],
  edges: [
    { source: "greet", target: "shout" },
    { source: "shout", target: "say" },
  ],
};

type Wanted = Pick<BenchOptions, "clients" | "readers" | "mode"> & { isAuthOn?: boolean };
type Clients = Awaited<ReturnType<typeof startClients>>;

export class E2ePlatform {
  readonly dataDir: string;
  readonly platform: OwnPlatform;
  readonly clients: Clients;

  private constructor(dataDir: string, platform: OwnPlatform, clients: Clients) {
    this.dataDir = dataDir;
    this.platform = platform;
    this.clients = clients;
  }

  /** Starts it. @param environment  beside this process's. */
  static async open(wanted: Wanted, environment: Record<string, string>): Promise<E2ePlatform> {
    const { isAuthOn = false, clients, readers, mode } = wanted;
    const dataDir = await mkdtemp(join(tmpdir(), "agent-platform-bench-e2e-"));
    await chmod(dataDir, 0o755);
    let platform: OwnPlatform | undefined;
    try {
      // Its own database, also where the environment names one: PostgreSQL's CPU is counted.
      const settings = { DATABASE_URL: "", AUTH_REQUIRED: String(isAuthOn) };
      platform = await startOwnPlatform({ environment: { ...process.env, ...environment }, dataDir, settings });
      const { graphUrl } = platform;
      const apiKey = isAuthOn ? await firstKey(graphUrl) : undefined;
      const workflowVersionId = await prepare(graphUrl, apiKey);
      return new E2ePlatform(dataDir, platform, await startClients({ graphUrl, workflowVersionId, clients, readers, mode, apiKey }));
    } catch (error) {
      await platform?.stop();
      await rm(dataDir, { recursive: true, force: true });
      throw error;
    }
  }

  async close(): Promise<void> {
    this.clients.stop();
    await this.platform.stop();
    await rm(this.dataDir, { recursive: true, force: true });
  }
}

/** Quantiles of milliseconds. */
export function latency(values: readonly number[]) {
  return { p50: round(quantile(values, 0.5)), p95: round(quantile(values, 0.95)), p99: round(quantile(values, 0.99)) };
}

async function firstKey(graphUrl: string): Promise<string> {
  const mutation = 'mutation { createApiKey(input: { name: "bench" }) { secret } }';
  return (await new GraphPost(graphUrl).ask<{ createApiKey: { secret: string } }>(mutation, {})).createApiKey.secret;
}

async function prepare(url: string, apiKey: string | undefined): Promise<string> {
  const client = createClient({ url, apiKey });
  const { workflowVersionId } = await prepareWorkflow(client, { code: "bench", name: "bench", input: {}, dsl: threeNodes });
  await client.close();
  return workflowVersionId;
}

async function startClients(wanted: ClientsWanted) {
  const child: ChildProcess = fork(fileURLToPath(new URL("./e2e-clients.ts", import.meta.url)), [JSON.stringify(wanted)], {
    execArgv: loader,
  });
  const ended = once(child, "exit").then(() => Promise.reject(new Error("the clients' process has ended")));
  ended.catch(() => {});
  const heard = async () => ((await Promise.race([once(child, "message"), ended])) as unknown[])[0];
  await heard();
  return {
    async make(runs: number): Promise<RunsDone> {
      child.send({ runs } satisfies RunsWanted);
      return (await heard()) as RunsDone;
    },
    stop: () => void child.kill("SIGKILL"),
  };
}
