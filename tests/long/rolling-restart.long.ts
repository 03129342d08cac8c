/**
 * Every process of a distributed platform is ended and started again, one after another, while clients make runs of all kinds: what was acknowledged is done, once,
 * and no crash is counted.
 */
import { createClient } from "#codegen/client/client.ts";
import { query } from "../testkit/admin-query.ts";
import { calls, makeAgent, makeTool } from "../testkit/agents.ts";
import { crashesOf, rememberCrashes } from "../testkit/counted-crashes.ts";
import { createTestDatabase } from "../testkit/database.ts";
import { startDistributed } from "../testkit/distributed.ts";
import { eventually } from "../testkit/eventually.ts";
import { ask, chain, makeWorkflow, type AskedPlatform } from "../testkit/graph.ts";
import { startHttpServer } from "../testkit/http-server.ts";
import { assertInvariants } from "../testkit/invariants.ts";
import pg from "pg";
import { postTo } from "../testkit/platform.ts";
import { startLoad, type LoadKind } from "../testkit/restart-load.ts";
import { startScriptedProvider } from "../testkit/scripted-provider.ts";
import { install, makeSkill } from "../testkit/skills.ts";
import { makeTeam } from "../testkit/teams.ts";
import { tell } from "./settings.ts";

const clients = 8;
/** Runs that are acknowledged between one restart and the next. */
const between = 40;

async function setup() {
  const disposing = new AsyncDisposableStack();
  const [model, shop, database] = await Promise.all([startScriptedProvider(), startHttpServer(), createTestDatabase()]);
  disposing.defer(() => database.drop());
  disposing.defer(() => model.close());
  disposing.defer(() => shop.close());
  shop.on("POST /stock", (_request, response) => response.end('{"left":3}'));
  const settings = {
    PROVIDER_BASE_URL: model.baseUrl,
    DEFAULT_MODEL: "scripted-model",
    EGRESS_ALLOW: `${model.hostPort},${shop.hostPort}`,
  };
  const processes = disposing.use(await startDistributed({ databaseUrl: database.url, settings, workers: 2 }));
  const client = createClient({ url: processes.graphUrl, tenantId: "t1" });
  const asked: AskedPlatform = { client: () => client, post: (...parameters) => postTo(processes.graphUrl, ...parameters) };
  await rememberCrashes(database.adminUrl);
  return { model, shop, database, processes, asked, [Symbol.asyncDispose]: () => disposing.disposeAsync() };
}

/** A run of each kind: of a workflow that asks a model and a tool and searches memories, an agent with a skill and a tool in a conversation, a team, a skill. */
async function kindsOn({ asked, shop, model }: Awaited<ReturnType<typeof setup>>): Promise<LoadKind[]> {
  const tool = await makeTool(asked, { url: `${shop.url}/stock` });
  model.respond(({ messages, tools }) => {
    const isAnswered = (messages as { role: string }[]).some(({ role }) => role === "tool");
    return tools !== undefined && !isAnswered ? calls([tool.name, { item: "chair" }]) : { text: "Three chairs." };
  });
  const { appId, workflowId } = await makeWorkflow(asked, {
    nodes: [
      { id: "ask", type: "llm", config: { prompt: "How many {{ input.item }}?" } },
      { id: "look", type: "tool", config: { tool_binding_id: tool.bindingId, arguments: { item: "{{ input.item }}" } } },
      { id: "say", type: "answer", config: { answer: "{{ nodes.ask.text }}" } },
    ],
    edges: chain("ask", "look", "say"),
  });
  const skill = await makeSkill(asked, "PROMPT", { implementation: { prompt: "Count {{ input.item }}." } });
  const { agentId } = await makeAgent(asked, { toolBindingIds: [tool.bindingId] });
  await install(asked, skill.skillId, "AGENT", agentId);
  const team = await makeTeam(asked, "SEQUENTIAL", [{ memberKey: "counter" }, { memberKey: "teller" }]);
  const { createSession: session } = await ask<{ createSession: { id: string } }>(
    asked,
    'mutation ($appId: ID!) { createSession(input: { appId: $appId, userId: "u1" }) { id } }',
    { appId },
  );
  const making = (subject: string) => `mutation ($input: Create${subject}RunInput!) { made: create${subject}Run(input: $input) { id } }`;
  return [
    { mutation: making(""), input: { workflowId, input: { item: "chairs" } } },
    { mutation: making("Agent"), input: { agentId, inputText: "How many chairs?", sessionId: session.id } },
    { mutation: making("Team"), input: { teamId: team.teamId, inputText: "How many chairs?" } },
    { mutation: making("Skill"), input: { skillId: skill.skillId, input: { item: "chairs" } } },
  ];
}

describe("a rolling restart under load", () => {
  it("of all subgraphs, the router and the workers loses nothing and counts no crash", async () => {
    await using t = await setup();
    const load = startLoad(t.processes.graphUrl, await kindsOn(t), clients);
    await load.more(between);
    const codes: Record<string, number | null> = {};
    for (const name of t.processes.names) {
      const beganAtMs = performance.now();
      codes[name] = await t.processes.restart(name);
      tell("restarted", { name, ms: Math.round(performance.now() - beganAtMs), made: load.made.length });
      await load.more(between);
    }
    await load.stop();
    expect(codes).toEqual(Object.fromEntries(t.processes.names.map((name) => [name, 0])));
    const open = () => query(t.database.adminUrl, "select status, count(*)::int from runtime.run where status < 3 group by 1");
    await eventually(open, (rows) => rows.length === 0);
    const ends = await query(
      t.database.adminUrl,
      "select status, error_code, count(*)::int from runtime.run where parent_run_id is null group by 1, 2",
    );
    expect(ends).toEqual([{ status: 3, error_code: null, count: load.made.length }]);
    expect(await query(t.database.adminUrl, "select id from runtime.run where id = any($1)", [load.made])).toHaveLength(load.made.length);
    expect(await crashesOf(t.database.adminUrl)).toEqual([]);
    const admin = new pg.Client({ connectionString: t.database.adminUrl });
    await admin.connect();
    try {
      await assertInvariants(admin);
    } finally {
      await admin.end();
    }
  });
});
