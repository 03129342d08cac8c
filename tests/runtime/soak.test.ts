/**
 * Runs of every kind of node under worker processes that are killed, stopped beyond their lease, told to end, cut off from the database, and
 * that lose statements and answers. What is asserted is what the engine promises; what is printed says how rough it was, and the seed.
 */
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import pg from "pg";
import type { PlanDocument, PlanNode } from "../../subgraphs/runtime/engine/plan.ts";
import { EngineFixture } from "../testkit/engine/fixture.ts";
import type { JsonObject } from "#shared/json.ts";
import { pino } from "pino";
import { Gates } from "../../subgraphs/runtime/owner/gates.ts";
import { settle } from "../../subgraphs/runtime/control/outbox-pump.ts";
import { childNode, TestPump } from "../testkit/engine/child-runs.ts";
import { node, plan } from "../testkit/engine/plan.ts";
import { loader } from "../testkit/loader.ts";
import { largeChars, randomOf, soakSeconds } from "./soak-settings.ts";

const workers = 3;
/** How long the runs may take to finish when the faults are over; as a rule they do at once. */
const patienceSeconds = 300;
/** Another each time; SOAK_SEED has the plans and faults of one that failed. */
const seed = Number(process.env["SOAK_SEED"] ?? Date.now() % 1_000_000);
const tenants = ["acme", "beta", "gamma"];

interface Host {
  name: string;
  child: ChildProcess;
}

function boot(t: EngineFixture, name: string, childSeed: number): Host {
  const file = fileURLToPath(new URL("./soak-worker.ts", import.meta.url));
  const child = spawn(process.execPath, [...loader, file, t.url, name, String(childSeed)], {
    stdio: ["ignore", "ignore", "inherit", "ipc"],
  });
  return { name, child };
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exit = once(child, "exit");
  child.kill("SIGKILL");
  await exit;
}

/** Delivers what runs tell each other; now and then it dies with messages in hand, or once they are delivered, and another has them at once. */
async function deliver(pump: TestPump, pool: EngineFixture["pool"], chance: number): Promise<void> {
  const messages = await pump.take();
  if (chance > 0.1) {
    const fates = await pump.deliver(messages);
    if (chance > 0.2) return settle(pool, fates);
  }
  if (messages.length > 0) await pump.due();
}

/** A random plan: 1 to 7 nodes of every kind, each behind some of those before it; some are iterations, up to 3 deep, some make runs of their own. */
function randomPlan(random: () => number, depth = 3): PlanDocument {
  const count = 1 + Math.floor(random() * (depth === 3 ? 7 : 3));
  const kinds = ["pure", "pure", "assign", "call", "call", "person", "timer", "once", "flaky", "fail"];
  const onError = (): NonNullable<PlanNode["on_error"]> => (random() < 0.5 ? "branch" : { default: { output_text: "instead" } });
  const nodes: PlanNode[] = Array.from({ length: count }, (_, index) => {
    if (depth === 3 && random() < 0.06) return childNode(`n${index}`, {}, { detached: random() < 0.2 });
    if (depth > 1 && random() < 0.15) {
      const items = Array.from({ length: Math.floor(random() * 5) }, (_unused, item) => item);
      const body = randomPlan(random, depth - 1) as unknown as JsonObject;
      const [on_item_error, more] = random() < 0.3 ? ["fail", { on_error: onError() }] : ["continue", {}];
      return node(`n${index}`, "iteration", { items, body, parallel: 1 + Math.floor(random() * 3), on_item_error }, more);
    }
    const type = depth < 3 && random() < 0.1 ? "sour" : random() < 0.04 ? "large" : (kinds[Math.floor(random() * kinds.length)] ?? "pure");
    const more = {
      ...(type === "once" && { at_most_once: true }),
      ...(type === "fail" && { on_error: onError() }),
      ...(type === "flaky" && { retry: { max_attempts: 3, backoff_seconds: 0.05 } }),
    };
    return node(`n${index}`, type, { ms: 1 + Math.floor(random() * (random() < 0.1 ? 1_200 : 60)) }, more);
  });
  const edges = nodes.flatMap((_, target) =>
    Array.from({ length: target }, (_unused, source) => source)
      .filter(() => random() < 0.35)
      .map((source) => `n${source}>n${target}${nodes[source]?.on_error === "branch" && random() < 0.5 ? "?error" : ""}`),
  );
  const made = plan(nodes, edges);
  return depth === 3 ? { ...made, workflows: { child: randomPlan(random, 2) } } : made;
}

describe("the engine under faults", () => {
  it(
    "loses nothing and doubles nothing",
    async () => {
      process.stdout.write(`soak: seed ${seed}, to be had again with SOAK_SEED=${seed}\n`);
      const random = randomOf(seed);
      // As patient as the platform.
      const t = await EngineFixture.open({ applyWaitMs: 1_000 });
      const admin = new pg.Client({ connectionString: t.adminUrl });
      await admin.connect();
      await admin.query("create table public.effect (node_run_id text, attempt int); grant all on public.effect to public");
      let hosts = Array.from({ length: workers }, (_, index) => boot(t, `soak-${index}`, seed + index));
      let boots = workers;
      const faults = { kills: 0, stops: 0, ends: 0, cuts: 0 };
      const cancelled: string[] = [];
      const answered = new Map<string, string[]>();
      const created: { runId: string; tenantId: string }[] = [];
      const endAt = performance.now() + soakSeconds * 1_000;
      const isOver = (): boolean => performance.now() > endAt;
      let areAllFinished = false;
      const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

      const creator = async (): Promise<void> => {
        while (performance.now() < endAt - soakSeconds * 300) {
          const tenantId = tenants[created.length % tenants.length] ?? "acme";
          const concurrency = random() < 0.2 ? { limit: 1 + Math.floor(random() * 3) } : undefined;
          const gate = concurrency && { key: `key-${concurrency.limit}`, places: concurrency.limit };
          const runId = await t.create({ ...randomPlan(random), ...(concurrency && { concurrency }) }, { tenantId, gate });
          created.push({ runId, tenantId });
          if (random() < 0.08) {
            await pause(random() * 300);
            if (["applied", "accepted"].includes(await t.control.cancel({ tenantId, runId }))) cancelled.push(runId);
          }
          await pause(30);
        }
      };
      const person = async (who: string): Promise<void> => {
        while (!areAllFinished) {
          const { rows } = await t.pool.query(
            "select run_id, tenant_id, path from runtime.node_run where status = 2 and wait_reason <> 'CHILD' and due_at is null and not answered order by random() limit 10",
          );
          for (const { run_id: runId, tenant_id: tenantId, path } of rows) {
            const outputText = `${who} ${Math.random()}`;
            const posted = await t.control.answerNode({ tenantId, runId, path, outcome: { kind: "completed", outputText } });
            const key = `${runId}:${path}`;
            if (posted === "applied" || posted === "accepted") answered.set(key, [...(answered.get(key) ?? []), outputText]);
          }
          await pause(100);
        }
      };
      const courier = async (): Promise<void> => {
        const gates = new Gates({ db: t.pool, hints: t.hints, log: pino({ level: "silent" }) });
        for (const pump = new TestPump(t); !areAllFinished; await pause(50)) {
          await deliver(pump, t.pool, random());
          // As the API's does, which finds what workers were told and did not do.
          if (random() < 0.05) await gates.look();
        }
      };
      const reboot = (host: Host): void => {
        if (areAllFinished) return;
        hosts = hosts.filter((other) => other !== host);
        hosts.push(boot(t, host.name, seed + ++boots));
      };
      const chaos = async (): Promise<void> => {
        await pause(3_000);
        while (!isOver()) {
          await pause(700 + random() * 900);
          const host = hosts[Math.floor(random() * hosts.length)];
          if (host === undefined) continue;
          const fault = random();
          if (fault < 0.35) {
            faults.kills++;
            host.child.kill("SIGKILL");
            setTimeout(() => reboot(host), 300);
          } else if (fault < 0.6) {
            faults.stops++;
            host.child.kill("SIGSTOP");
            setTimeout(() => host.child.kill("SIGCONT"), 500 + random() * 4_000);
          } else if (fault < 0.75) {
            faults.ends++;
            host.child.once("exit", () => reboot(host));
            host.child.kill("SIGTERM");
          } else {
            const sql = "select pg_terminate_backend(pid) from pg_stat_activity where application_name like 'soak-%' and random() < 0.4";
            faults.cuts += (await admin.query(sql)).rowCount ?? 0;
          }
        }
        for (const host of hosts) host.child.kill("SIGCONT");
      };
      const finishing = async (): Promise<number> => {
        await pause(soakSeconds * 1_000);
        for (const until = performance.now() + patienceSeconds * 1_000; performance.now() < until;) {
          const { rows } = await t.pool.query<{ n: number }>("select count(*)::int as n from runtime.run where status < 3");
          if (rows[0]?.n === 0) return 0;
          await pause(300);
        }
        return (await t.pool.query("select 1 from runtime.run where status < 3")).rowCount ?? -1;
      };

      const people = [person("a"), person("b"), courier(), courier()];
      const [unfinished] = await Promise.all([finishing(), creator(), chaos()]);
      areAllFinished = true;
      await Promise.all(people);
      await Promise.all(hosts.map(({ child }) => ended(child)));

      const { rows: runs } = await t.pool.query("select id, status from runtime.run");
      const statusOf = new Map(runs.map((row) => [row.id, row.status]));
      const { rows: nodes } = await t.pool.query("select run_id || ':' || path as id, status, output_text from runtime.node_run");
      const nodeOf = new Map(nodes.map((row) => [row.id, row]));
      const { rows: cut } = await t.pool.query(
        `select n.run_id from runtime.node_run n join runtime.run r on r.id = n.run_id join runtime.plan p on p.id = r.plan_id
           join lateral json_array_elements(p.document -> 'nodes') d on d ->> 'id' = n.path and d ->> 'type' = 'large'
           left join runtime.artifact a on a.run_id = n.run_id and a.path = n.path
         where n.status = 3 and coalesce(length(n.output_text), 0) + coalesce(length(a.content_text), 0) < $1`,
        [largeChars],
      );
      const { rows: doubled } = await t.pool.query("select node_run_id from public.effect group by 1 having count(*) > 1");
      const left = await t.pool.query(
        "select (select count(*) from runtime.work)::int as work, (select count(*) from runtime.inbox)::int as inbox, (select count(*) from runtime.run where gate_key is not null)::int as gated, (select count(*) from runtime.node_run where child_run_id is not null)::int as children",
      );
      const { children, gated, ...emptied } = left.rows[0];
      const failed = runs.filter((row) => row.status === 4);
      const told = {
        seed,
        runs: runs.length,
        nodes: nodes.length,
        children,
        gated,
        cancelled: cancelled.length,
        answered: answered.size,
        ...faults,
      };
      process.stdout.write(`soak: ${JSON.stringify(told)}\n`);

      expect({ unfinished, failed: failed.length, ...emptied }).toEqual({ unfinished: 0, failed: 0, work: 0, inbox: 0 });
      // I7, the half that needs to know what was accepted.
      expect(cancelled.filter((runId) => statusOf.get(runId) !== 5)).toEqual([]);
      expect([...answered].filter(([, answers]) => answers.length > 1)).toEqual([]);
      expect(
        [...answered].filter(([id, [answer]]) => statusOf.get(id.split(":")[0]) === 3 && nodeOf.get(id)?.output_text !== answer),
      ).toEqual([]);
      expect(doubled).toEqual([]);
      expect(cut).toEqual([]);
      await admin.end();
    },
    (soakSeconds + patienceSeconds + 120) * 1_000,
  );
});
