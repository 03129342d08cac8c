/** A worker's memory is bounded by what its runs hold, whatever one tenant's runs put out; a real process with a small heap shows it. */
import { fork, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { EngineFixture } from "../../testkit/engine/fixture.ts";
import { node, plan } from "../../testkit/engine/plan.ts";
import { loader } from "../../testkit/loader.ts";

const heapMib = 320;
const file = fileURLToPath(new URL("../memory-worker.ts", import.meta.url));

/** Of the test that runs. */
const children: ChildProcess[] = [];
afterEach(async () => {
  for (const child of children.splice(0)) await killed({ child });
});

/** A worker of its own process, and how it has ended: null while it lives. */
async function worker(t: EngineFixture): Promise<{ child: ChildProcess; ended: () => unknown }> {
  const child = fork(file, [t.url], { execArgv: [...loader, `--max-old-space-size=${heapMib}`] });
  children.push(child);
  let end: unknown = null;
  child.on("exit", (code, signal) => (end = signal ?? code));
  await once(child, "message");
  return { child, ended: () => end };
}

async function killed({ child }: { child: ChildProcess }): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill("SIGKILL");
  await once(child, "exit");
}

/** Nodes of 200 KB each, one after the other, all of which might be read at the end. */
function hostile(count: number) {
  const template = "{% for i in (1..100) %}{{ input.text }}{% endfor %}";
  const ids = Array.from({ length: count }, (_, k) => `n${k}`);
  const nodes = [
    ...ids.map((id) => node(id, "template-transform", { template })),
    node("gate", "if-else", { expression: "1 > 2" }),
    node("reader", "answer", { answer: "{{ nodes[input.text].text }}" }),
  ];
  return plan(nodes, [...[...ids, "gate"].slice(1).map((id, k) => `${ids[k]}>${id}`), "gate>reader?true"]);
}

const input = { text: "x".repeat(2_000) };

describe("a worker with a small heap", () => {
  it("survives a tenant whose runs put out more than it has, owner after owner, and another's runs go their way beside them", async () => {
    const t = await EngineFixture.open();
    const first = await worker(t);
    const count = 8;
    const large = await Promise.all(Array.from({ length: count }, () => t.create(hostile(250), { input })));
    const small = async (): Promise<void> => {
      const ids = await Promise.all(
        Array.from({ length: 10 }, () => t.create(plan([node("a", "answer", { answer: "hi" })]), { tenantId: "other" })),
      );
      for (const id of ids) expect((await t.finished(id)).status).toBe("COMPLETED");
    };
    const left = async () => {
      const { rows } = await t.pool.query("select id from runtime.run where tenant_id = 'acme' and status < 3");
      return rows.length;
    };
    await t.until(large[0]!, ({ nodes }) => Object.keys(nodes).length > 20);
    await small();
    expect(await left()).toBeGreaterThan(0);
    expect(first.ended()).toBeNull();
    // Its successor finds runs that were begun, all of them at once.
    await killed(first);
    await t.pool.query("update runtime.work set visible_at = now() where lease is not null");
    const second = await worker(t);
    await small();
    expect(await left()).toBeGreaterThan(0);
    for (const id of large) expect(await t.finished(id)).toMatchObject({ status: "COMPLETED", errorCode: null });
    expect(second.ended()).toBeNull();
    await killed(second);
  }, 600_000);
});
