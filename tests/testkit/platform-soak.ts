/**
 * A started platform under faults: runs of every kind that a tenant has, with default nodes (none has `retry`), while its parts are killed and its connections
 * cut. Tells what became of them; the tests say what must have.
 */
import { setTimeout as pause } from "node:timers/promises";
import pg from "pg";
import type { JsonObject } from "#shared/json.ts";
import { signalProcess } from "#shared/signal-process.ts";
import { makeAgent } from "./agents.ts";
import { ask, makeWorkflow, type Dsl } from "./graph.ts";
import { startHttpServer } from "./http-server.ts";
import { assertInvariants } from "./invariants.ts";
import { startPlatformProcesses, type PlatformProcesses } from "./platform-processes.ts";
import { startScriptedProvider, type ProviderRequest, type ScriptedCompletion } from "./scripted-provider.ts";
import { makeTeam, memberAsking } from "./teams.ts";

/** How rough it is. */
export interface SoakOptions {
  /** How long runs are created and faults made. */
  seconds: number;
  /** Between two faults, on the average. */
  pauseMs: number;
  /** Runs that are there when they begin. */
  before: number;
  /** Between two runs of one creator; a tenant has three of them. */
  createMs: number;
  /** How long the runs may take to finish when the faults are over. */
  patienceSeconds: number;
  settings?: Record<string, string>;
}

/** What became of it. */
export interface SoakStory {
  created: number;
  faults: Record<string, number>;
  /** Rows of runs, by status: a run that was doubled is one too many. */
  runs: Record<string, number>;
  /** Node runs that did not complete, with why. */
  unfinished: object[];
  /** Runs whose output is not what its nodes make. */
  wrong: string[];
  /** Idempotency keys that the outside saw: one for each call that a run has, however often it was called. */
  keys: { expected: number; seen: number; calls: number };
  /** Idempotency keys that the model saw, one for each model call that completed; and those of them that came again with another prompt. */
  prompts: { expected: number; seen: number; calls: number; changed: string[] };
  /** Runs whose agent was told something, with OK, and has no such input, or a model that was not told from some call on, once in each. */
  untold: string[];
  /** Work and mail that are left. */
  left: { work: number; inbox: number };
}

const tenants = ["acme", "beta"];
/** What agents are told while they work. */
const steering = "Be quick.";
const largeText = "x".repeat(100_000);
const large = "{% for i in (1..9) %}{{ input.text }}{% endfor %}";
const statusNames = ["QUEUED", "RUNNING", "WAITING", "COMPLETED", "FAILED", "CANCELLED", "SKIPPED"];
/** PostgreSQL may end three times a minute before the platform gives up. */
const databaseEveryMs = 25_000;

interface Kind {
  name: string;
  dsl: Dsl;
  input: object;
  /** How many calls to the outside with a key of their own it makes. */
  calls: number;
  output: string;
  /** The node of an agent, which is told something while it works. */
  agent?: string;
}

/** Starts a platform, lets it suffer, and tells what became of all runs. */
export async function platformSoak(options: SoakOptions): Promise<SoakStory> {
  const effects = new Map<string, number>();
  const [http, provider] = [await startHttpServer(), await startScriptedProvider()];
  http.on("POST /effect", (request, response) => {
    const key = String(request.headers["idempotency-key"]);
    effects.set(key, (effects.get(key) ?? 0) + 1);
    http.requests.length = 0;
    setTimeout(() => response.setHeader("content-type", "application/json").end(JSON.stringify({ done: true })), 5 + Math.random() * 120);
  });
  provider.respond(scriptedAnswer);
  const platform = await startPlatformProcesses({
    EGRESS_ALLOW: http.hostPort,
    PROVIDER_BASE_URL: provider.baseUrl,
    PROVIDER_API_KEY: "key",
    WORKERS: "2",
    ...options.settings,
  });
  try {
    const soak = new Soak(platform, options);
    for (const tenant of tenants) await soak.prepare(tenant, http.url);
    await soak.run();
    return await soak.story(effects, provider.requests);
  } finally {
    await platform.stop();
    await Promise.all([http.close(), provider.close()]);
  }
}

class Soak {
  readonly #platform: PlatformProcesses;
  readonly #options: SoakOptions;
  readonly #kinds = new Map<string, { kind: Kind; workflowId: string }[]>();
  readonly #created = new Map<string, Kind>();
  readonly #told = new Set<string>();
  readonly #telling: Promise<void>[] = [];
  readonly #faults: Record<string, number> = { API: 0, worker: 0, PostgreSQL: 0, connections: 0 };
  #endAtMs = Infinity;

  constructor(platform: PlatformProcesses, options: SoakOptions) {
    this.#platform = platform;
    this.#options = options;
  }

  async prepare(tenant: string, effectUrl: string): Promise<void> {
    const headers = { "x-tenant-id": tenant };
    const made: { kind: Kind; workflowId: string }[] = [];
    const bindingId = await toolBinding(this.#platform, headers, effectUrl);
    const { agentId } = await makeAgent(this.#platform, { toolBindingIds: [bindingId] }, headers);
    const hand = { agent: { toolBindingIds: [bindingId] } };
    const members = [{ memberKey: "lead", role: "supervisor" }, ...hands.map((memberKey) => ({ memberKey, ...hand }))];
    const { teamId } = await makeTeam(this.#platform, "SUPERVISOR", members, {}, headers);
    for (const kind of kindsOf({ bindingId, agentId, teamId })) {
      const { workflowId } = await makeWorkflow(this.#platform, kind.dsl, headers);
      made.push({ kind, workflowId });
    }
    this.#kinds.set(tenant, made);
  }

  async run(): Promise<void> {
    for (let index = 0; index < this.#options.before; index++) await this.#create(tenants[index % tenants.length]!, index);
    this.#endAtMs = performance.now() + this.#options.seconds * 1_000;
    const creators = tenants.flatMap((tenant) =>
      Array.from({ length: 3 }, (_, start) => this.#creator(tenant, this.#options.before + start)),
    );
    await Promise.all([...creators, this.#chaos()]);
    await Promise.all(this.#telling);
    await this.#finished();
  }

  async story(effects: ReadonlyMap<string, number>, requests: readonly ProviderRequest[]): Promise<SoakStory> {
    const admin = await connected(this.#platform);
    try {
      await assertInvariants(admin);
      const { rows } = await admin.query<{ id: string; status: number; text: string | null }>(
        "select r.id, r.status, coalesce(r.output_text, '') as text from runtime.run r",
      );
      const runs: Record<string, number> = {};
      for (const { status } of rows) runs[statusNames[status] ?? "?"] = (runs[statusNames[status] ?? "?"] ?? 0) + 1;
      const unfinished = await admin.query<object>(
        "select run_id, path, status, error_code, error_message from runtime.node_run where status <> 3 limit 20",
      );
      const left = await admin.query<{ work: number; inbox: number }>(
        "select (select count(*)::int from runtime.work) as work, (select count(*)::int from runtime.inbox) as inbox",
      );
      const inputs = await admin.query<{ id: string }>("select run_id as id from runtime.node_run where node_type = 'agent-input'");
      const stored = new Set(inputs.rows.map(({ id }) => id));
      const prompts = promptsSeen(requests);
      const untold = [...this.#told].filter((id) => !stored.has(id) || !isToldFromSomeCallOn(prompts, id));
      const asked = await admin.query<{ count: number }>(
        "select count(*)::int as count from runtime.node_run where node_type in ('llm', 'agent-model', 'agent-compact')",
      );
      const changed = [...prompts].filter(([, bodies]) => new Set(bodies).size > 1).map(([key]) => key);
      const wrong = rows
        .filter(({ id, text }) => this.#created.get(id)?.output !== text)
        .map(({ id }) => `${id} ${this.#created.get(id)?.name}`);
      const expected = [...this.#created.values()].reduce((sum, { calls }) => sum + calls, 0);
      const calls = [...effects.values()].reduce((sum, count) => sum + count, 0);
      return {
        ...{ created: this.#created.size, faults: this.#faults, runs, unfinished: unfinished.rows, wrong },
        ...{ keys: { expected, seen: effects.size, calls }, left: left.rows[0]!, untold },
        prompts: { expected: asked.rows[0]!.count, seen: prompts.size, calls: requests.length, changed },
      };
    } finally {
      await admin.end();
    }
  }

  async #creator(tenant: string, from: number): Promise<void> {
    for (let index = from; performance.now() < this.#endAtMs; index += 3) {
      await this.#create(tenant, index);
      await pause(this.#options.createMs);
    }
  }

  async #create(tenant: string, index: number): Promise<void> {
    const kinds = this.#kinds.get(tenant)!;
    const { kind, workflowId } = kinds[index % kinds.length]!;
    const input = { workflowId, input: kind.input, idempotencyKey: `${tenant}-${index}` };
    const runId = await this.#createdOnce(input, tenant);
    this.#created.set(runId, kind);
    if (kind.agent !== undefined) this.#telling.push(this.#tell(tenant, { runId, nodeRunId: `${runId}:${kind.agent}` }));
  }

  /** Tells an agent something, as soon as it works; some have finished before. */
  async #tell(tenant: string, { runId, nodeRunId }: { runId: string; nodeRunId: string }): Promise<void> {
    const mutation = "mutation ($runId: ID!, $input: SendAgentInputInput!) { sendAgentInput(runId: $runId, input: $input) { id } }";
    const input = { text: steering, idempotencyKey: "once", nodeRunId };
    for (let tries = 0; tries < 50 && performance.now() < this.#endAtMs; tries++) {
      try {
        await ask(this.#platform, mutation, { runId, input }, { "x-tenant-id": tenant });
        this.#told.add(runId);
        return;
      } catch {
        await pause(50);
      }
    }
  }

  /** Asked again with its key until there is an answer. @returns the run's id. */
  async #createdOnce(input: object, tenant: string): Promise<string> {
    const mutation = "mutation ($input: CreateRunInput!) { createRun(input: $input) { id } }";
    for (;;) {
      try {
        const { createRun } = await ask<{ createRun: { id: string } }>(this.#platform, mutation, { input }, { "x-tenant-id": tenant });
        return createRun.id;
      } catch {
        this.#platform.requireLife();
        await pause(100);
      }
    }
  }

  async #chaos(): Promise<void> {
    let databaseAtMs = performance.now() + databaseEveryMs / 4;
    const faults = [() => this.#kill("API"), () => this.#kill("worker"), () => this.#cut()];
    for (let index = 0; performance.now() < this.#endAtMs;) {
      await pause(this.#options.pauseMs * (0.5 + Math.random()));
      if (performance.now() < databaseAtMs) await faults[index++ % faults.length]!();
      else {
        databaseAtMs = performance.now() + databaseEveryMs;
        this.#killed("PostgreSQL", this.#platform.database());
      }
    }
  }

  async #kill(part: "API" | "worker"): Promise<void> {
    const workers = this.#platform.workers();
    this.#killed(part, part === "API" ? this.#platform.part("API") : (workers[Math.floor(Math.random() * workers.length)] ?? 0));
    return Promise.resolve();
  }

  #killed(what: string, pid: number): void {
    if (pid === 0) return;
    try {
      signalProcess(pid, "SIGKILL");
      this.#faults[what]! += 1;
    } catch {
      // It has ended meanwhile.
    }
  }

  /** Asked again while PostgreSQL is away, or has nobody connected. */
  async #cut(): Promise<void> {
    const sql = "select pg_terminate_backend(pid) from pg_stat_activity where usename like 'agent_platform%' and random() < 0.5";
    for (let cut = 0; cut === 0; await pause(50)) {
      try {
        const admin = await connected(this.#platform);
        cut = (await admin.query(sql)).rowCount ?? 0;
        await admin.end();
      } catch {
        this.#platform.requireLife();
      }
      this.#faults["connections"]! += cut;
    }
  }

  async #finished(): Promise<void> {
    const untilMs = performance.now() + this.#options.patienceSeconds * 1_000;
    while (performance.now() < untilMs) {
      try {
        const admin = await connected(this.#platform);
        const { rows } = await admin.query<{ open: number }>("select count(*)::int as open from runtime.run where status < 3");
        await admin.end();
        if (rows[0]?.open === 0) return;
      } catch {
        // PostgreSQL is being started.
        this.#platform.requireLife();
      }
      await pause(250);
    }
  }
}

async function connected(platform: PlatformProcesses): Promise<pg.Client> {
  const admin = new pg.Client({ connectionString: platform.adminUrl });
  admin.on("error", () => {});
  await admin.connect();
  return admin;
}

async function toolBinding(platform: PlatformProcesses, headers: Record<string, string>, effectUrl: string): Promise<string> {
  const { createTool } = await ask<{ createTool: { id: string } }>(
    platform,
    `mutation { createTool(input: { code: "effect", name: "Effect", toolType: HTTP }) { id } }`,
    {},
    headers,
  );
  const config = { method: "POST", url: `${effectUrl}/effect` };
  await ask(
    platform,
    "mutation ($id: ID!, $config: JSONObject!) { createToolVersion(input: { toolId: $id, invokeConfig: $config }) { id } }",
    { id: createTool.id, config },
    headers,
  );
  const { createToolBinding } = await ask<{ createToolBinding: { id: string } }>(
    platform,
    `mutation ($id: ID!) { createToolBinding(input: { toolId: $id, name: "effect" }) { id } }`,
    { id: createTool.id },
    headers,
  );
  return createToolBinding.id;
}

/** The bodies of requests by their keys. */
function promptsSeen(requests: readonly ProviderRequest[]): Map<string, string[]> {
  const bodies = Map.groupBy(requests, ({ headers }) => String(headers["idempotency-key"]));
  return new Map([...bodies].map(([key, of]) => [key, of.map(({ body }) => body)]));
}

/** C12 as the model sees it: what its agent was told is part of no prompt until some call, and of each prompt from there on, once. */
function isToldFromSomeCallOn(prompts: ReadonlyMap<string, string[]>, runId: string): boolean {
  const counts = [...prompts].flatMap(([key, bodies]) => {
    const turn = key.startsWith(`${runId}:`) ? /\/model#(\d+)$/.exec(key)?.[1] : undefined;
    return turn === undefined ? [] : [{ turn: Number(turn), times: bodies[0]!.split(steering).length - 1 }];
  });
  const times = counts.toSorted((one, other) => one.turn - other.turn).map((call) => call.times);
  return times.at(-1) === 1 && times.every((count, index) => count <= 1 && count >= (times[index - 1] ?? 0));
}

/** Members of the team that have the tool. */
const hands = ["one", "two"];

function scriptedAnswer(request: JsonObject): ScriptedCompletion | undefined {
  const member = memberAsking(request);
  if (member === "lead") return leadAnswer(request);
  return hands.includes(member) ? handAnswer(request) : agentAnswer(request);
}

const toolMessages = ({ messages }: JsonObject): number => (messages as { role: string }[]).filter(({ role }) => role === "tool").length;

/** It asks both others in one turn. */
function leadAnswer(request: JsonObject): ScriptedCompletion {
  if (toolMessages(request) > 0) return { text: "team is done" };
  return { toolCalls: hands.map((member) => ({ id: `ask-${member}`, name: "delegate", arguments: { member, task: "Do it." } })) };
}

/** It calls its tool once. */
function handAnswer(request: JsonObject): ScriptedCompletion {
  if (toolMessages(request) > 0) return { text: "done" };
  return { toolCalls: [{ id: "call-0", name: "effect", arguments: { n: 0 } }] };
}

/** The agent calls its tool three times, and then is done; undefined for those without tools. */
function agentAnswer(request: JsonObject): ScriptedCompletion | undefined {
  const { tools } = request;
  const [tool] = (tools as { function: { name: string } }[] | undefined) ?? [];
  if (tool === undefined) return undefined;
  const n = toolMessages(request);
  if (n >= 3) return { text: "agent is done" };
  return { toolCalls: [{ id: `call-${n}`, name: tool.function.name, arguments: { n } }] };
}

function kindsOf({ bindingId, agentId, teamId }: Record<"bindingId" | "agentId" | "teamId", string>): Kind[] {
  const end = { id: "end", type: "answer", config: { answer: "{{ input.name }} is done" } };
  const chain = (nodes: { id: string; type: string; config: object }[]): Dsl => {
    const all = [...nodes, end];
    return { nodes: all as never, edges: all.slice(1).map(({ id }, index) => ({ source: all[index]!.id, target: id })) };
  };
  const four = (type: string, config: object) => Array.from({ length: 4 }, (_, index) => ({ id: `n${index}`, type, config }));
  const output = (name: string) => ({ input: { name, text: largeText }, output: `${name} is done` });
  return [
    { name: "tools", dsl: chain(four("tool", { tool_binding_id: bindingId })), calls: 4, ...output("tools") },
    { name: "small", dsl: chain(four("template-transform", { template: "{{ input.name }}" })), calls: 0, ...output("small") },
    { name: "model", dsl: chain([{ id: "ask", type: "llm", config: { prompt: "hello" } }]), calls: 0, ...output("model") },
    { name: "tools again", dsl: chain(four("tool", { tool_binding_id: bindingId })), calls: 4, ...output("tools again") },
    {
      ...{ name: "agent", calls: 3, input: {}, output: "agent is done", agent: "work" },
      dsl: { nodes: [{ id: "work", type: "agent", config: { agent_id: agentId, input: "Do it." } }], edges: [] },
    },
    {
      ...{ name: "team", calls: hands.length, input: {}, output: "team is done" },
      dsl: { nodes: [{ id: "team", type: "team", config: { team_id: teamId, input: "Do it." } }], edges: [] },
    },
    { name: "large", dsl: chain(four("template-transform", { template: large })), calls: 0, ...output("large") },
  ];
}
