/** What the calls of a process have in flight, answers that are read or not stored yet, is bounded in bytes and shared between tenants. */
import type { NodePorts } from "../../../subgraphs/runtime/nodes/executor.ts";
import { codeNode } from "../../../subgraphs/runtime/nodes/code.node.ts";
import { llmNode } from "../../../subgraphs/runtime/nodes/llm.node.ts";
import { toolNode } from "../../../subgraphs/runtime/nodes/tool.node.ts";
import { openSandbox } from "../../../subgraphs/runtime/sandbox/open-sandbox.ts";
import type { Worker } from "../../../subgraphs/runtime/worker/worker.ts";
import { eventually } from "../../testkit/eventually.ts";
import { EngineFixture, type SentStatement } from "../../testkit/engine/fixture.ts";
import { node, plan } from "../../testkit/engine/plan.ts";
import { fakeNodeContext, ScriptedModel, ScriptedTool } from "../../testkit/node-context.ts";

const kibibyte = 1 << 10;
const chunk = 64 * kibibyte;
const answerBytes = 2_048 * kibibyte;
/** Of one answer; the tenant's share is 1,024. */
const answer = "x".repeat(640 * kibibyte);

const programsAtOnce = 2;
const sandbox = openSandbox({ pythonBin: "python3", maxTimeoutMs: 60_000, concurrency: programsAtOnce });
afterAll(() => sandbox.close());

/** What is in flight at most, and how many calls have ended. */
interface Seen {
  mostBytes: number;
  ended: number;
}

/** Ports that answer with as much, however many ask at once; a tool's answer comes in pieces that are sent when the one before is taken. */
function ports(seen: Seen, of: () => Worker): Partial<NodePorts> {
  const look = (): void => void (seen.mostBytes = Math.max(seen.mostBytes, of().answerBytes));
  return {
    tool: new ScriptedTool(async (_, call) => {
      for (let bytes = 0; bytes < answer.length; bytes += chunk) {
        await call.arrives(chunk);
        look();
      }
      seen.ended += 1;
      return { outputText: answer };
    }),
    model: new ScriptedModel(async (_, call) => {
      void call.arrives(answer.length);
      look();
      seen.ended += 1;
      return { content: answer };
    }),
    sandbox,
  };
}

const executors = { tool: toolNode, llm: llmNode, code: codeNode };
const configs = {
  tool: { url: "http://tool" },
  llm: { prompt: "hi" },
  code: { language: "javascript", code: `result = "x".repeat(${answer.length})` },
};

async function setup(sends: (sent: SentStatement) => void = () => {}) {
  const t = await EngineFixture.open();
  const seen: Seen = { mostBytes: 0, ended: 0 };
  const worker = t.worker({
    answerBytes,
    sends,
    ports: { ...fakeNodeContext({ config: {} }).ports, ...ports(seen, () => worker) },
    executors: (type) => (executors as Record<string, typeof toolNode>)[type] ?? t.executors(type),
  });
  const create = (type: keyof typeof configs, tenantId: string) =>
    t.create(plan([node("n", type, configs[type], { timeout_seconds: 60 })]), { tenantId });
  return { t, worker, seen, create };
}

/** The stored rows are seen before the worker hears that they are stored. */
const allGivenBack = (worker: Worker) =>
  eventually(
    () => worker.answerBytes,
    (bytes) => bytes === 0,
  );

describe("answers in flight", () => {
  // Beyond the share of a tenant each that is called already may come, or a piece of it where it can be made to wait.
  it.each([
    ["tool", answer.length + 48 * chunk],
    ["code", programsAtOnce * (answer.length + 2)],
  ] as const)("of %s nodes are bounded in bytes while they are many, and another tenant's go on beside them", async (type, moreBytes) => {
    const { t, worker, seen, create } = await setup(() => (seen.mostBytes = Math.max(seen.mostBytes, worker.answerBytes)));
    const large = await Promise.all(Array.from({ length: 40 }, () => create(type, "acme")));
    const other = await Promise.all(Array.from({ length: 5 }, () => create(type, "other")));
    for (const id of [...other, ...large]) expect(await t.finished(id)).toMatchObject({ status: "COMPLETED" });
    // Of both tenants.
    expect(seen.mostBytes).toBeLessThanOrEqual(answerBytes + 2 * moreBytes);
    expect(seen.mostBytes).toBeGreaterThan(answer.length);
    await allGivenBack(worker);
  });

  it.each(["tool", "llm", "code"] as const)("of %s nodes are held until they are stored, and no longer", async (type) => {
    const atFlush: number[] = [];
    const { t, worker, create } = await setup((sent) => {
      if (sent.name.startsWith("flush_") && sent.characters > answer.length) atFlush.push(worker.answerBytes);
    });
    expect(await t.finished(await create(type, "acme"))).toMatchObject({ status: "COMPLETED" });
    expect(atFlush.length).toBeGreaterThan(0);
    expect(Math.min(...atFlush)).toBeGreaterThanOrEqual(answer.length);
    await allGivenBack(worker);
  });

  it("are given up with their runs", async () => {
    const { t, worker, create } = await setup((sent) => {
      if (sent.name.startsWith("flush_") && sent.characters > answer.length) throw new Error("the connection broke");
    });
    await create("tool", "acme");
    await eventually(
      () => worker.answerBytes,
      (bytes) => bytes >= answer.length,
    );
    await worker.kill();
    expect(worker.answerBytes).toBe(0);
    void t;
  });

  it("that wait for room are no time-out of their nodes, and a cancel waits for none", async () => {
    const { t, worker, seen, create } = await setup((sent) => {
      if (isStuck && sent.name.startsWith("flush_") && sent.characters > answer.length) throw new Error("the connection broke");
    });
    let isStuck = true;
    // Two of them fill the room of their tenant, and cannot be stored.
    const stuck = await Promise.all([create("llm", "acme"), create("llm", "acme")]);
    await eventually(
      () => worker.answerBytes,
      (bytes) => bytes >= 2 * answer.length,
    );
    const waiting = await t.create(plan([node("n", "tool", configs.tool, { timeout_seconds: 1 })]));
    const cancelled = await create("tool", "acme");
    const held = await t.create(plan([node("h", "hold", {}, { timeout_seconds: 1 })]), { tenantId: "other" });
    expect(await t.finished(held)).toMatchObject({ errorCode: "NODE_TIMEOUT" });
    expect(await t.control.cancel({ tenantId: "acme", runId: cancelled })).toBe("applied");
    expect(await t.finished(cancelled)).toMatchObject({ status: "CANCELLED" });
    expect(seen.ended).toBe(2);
    isStuck = false;
    for (const id of [...stuck, waiting]) expect(await t.finished(id)).toMatchObject({ status: "COMPLETED" });
  });
});
