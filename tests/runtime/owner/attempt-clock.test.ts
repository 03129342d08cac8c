import { completed, outsideNode } from "../../../subgraphs/runtime/nodes/outcome.ts";
import { codeNode } from "../../../subgraphs/runtime/nodes/code.node.ts";
import { rendered } from "../../../subgraphs/runtime/nodes/evaluation/evaluation.ts";
import type { NodePorts } from "../../../subgraphs/runtime/nodes/executor.ts";
import { EngineFixture } from "../../testkit/engine/fixture.ts";
import { node, plan } from "../../testkit/engine/plan.ts";
import { fakeNodeContext } from "../../testkit/node-context.ts";

/** Longer than a program's end takes to be told on a busy machine, and no longer. */
const timeoutSeconds = 2;

/** A turn that the test gives. */
function setup(isRun = true) {
  const asked = Promise.withResolvers<void>();
  const turn = Promise.withResolvers<void>();
  const waited = async ({ begins, signal }: { begins?: () => void; signal?: AbortSignal }): Promise<void> => {
    asked.resolve();
    await Promise.race([turn.promise, new Promise((resolve) => signal?.addEventListener("abort", resolve))]);
    if (signal?.aborted === true) return;
    begins?.();
    if (!isRun) await new Promise((resolve) => signal?.addEventListener("abort", resolve));
  };
  return { asked: asked.promise, give: () => turn.resolve(), waited };
}

/** Node types that wait for a turn of the platform's own, and what gives it. */
const waiting: [string, (waited: ReturnType<typeof setup>["waited"]) => Partial<NodePorts>, string, object][] = [
  [
    "a program's",
    (waited) => ({
      sandbox: {
        unavailableReason: () => Promise.resolve(null),
        run: async (request) => {
          await waited(request);
          if (!request.signal.aborted) return { kind: "completed", result: 1, stdout: "", durationMs: 1 };
          return { kind: "failed", code: "CODE_CANCELLED", message: "stopped", stdout: "", durationMs: 1 };
        },
      },
    }),
    "code",
    { language: "python", code: "result = 1" },
  ],
  [
    "a thread's",
    (waited) => ({
      evaluation: {
        run: async (_job, _args, call) => {
          await waited(call);
          call.signal?.throwIfAborted();
          return {} as never;
        },
      },
    }),
    "renders",
    { url: "{{ input.list | join }}" },
  ],
];

// Any type of which the config is rendered in a thread where it is not small.
const renders = outsideNode(async (context) => {
  await rendered(context, "tool");
  return completed({ outputText: "rendered" });
});

async function started(given: Partial<NodePorts>, type: string, config: object) {
  const t = await EngineFixture.open();
  const ports = { ...fakeNodeContext({ config: {} }).ports, ...given };
  t.worker({ ports, executors: (name) => ({ code: codeNode, renders })[name] ?? t.executors(name) });
  const own = await t.create(plan([node("n", type, config as never, { timeout_seconds: timeoutSeconds })]));
  return { t, own };
}

describe("an attempt's time", () => {
  it.each(waiting)(
    "stands still while the node waits for %s turn: how long that is is not its time-out",
    async (_, portsOf, type, config) => {
      const { asked, give, waited } = setup();
      const { t, own } = await started(portsOf(waited), type, config);
      await asked;
      // One that has as long from now on, and is over before.
      const other = await t.create(plan([node("h", "hold", {}, { timeout_seconds: timeoutSeconds })]));
      expect(await t.finished(other)).toMatchObject({ status: "FAILED", errorCode: "NODE_TIMEOUT" });
      give();
      expect(await t.finished(own)).toMatchObject({ status: "COMPLETED" });
    },
  );

  it.each(waiting)("goes on when it has %s turn", async (_, portsOf, type, config) => {
    const { asked, give, waited } = setup(false);
    const { t, own } = await started(portsOf(waited), type, config);
    await asked;
    give();
    expect(await t.finished(own)).toMatchObject({ status: "FAILED", errorCode: "NODE_TIMEOUT" });
  });

  it("is not what a cancel waits for", async () => {
    const { asked, waited } = setup();
    const [, portsOf, type, config] = waiting[0]!;
    const { t, own } = await started(portsOf(waited), type, config);
    await asked;
    expect(await t.control.cancel({ tenantId: "acme", runId: own })).toBe("applied");
    expect(await t.finished(own)).toMatchObject({ status: "CANCELLED" });
  });
});
