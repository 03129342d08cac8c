import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import type { Json, JsonObject } from "#shared/json.ts";
import type { NodeState } from "../../../subgraphs/runtime/engine/frame.ts";
import { compilePlan } from "../../../subgraphs/runtime/engine/plan.ts";
import { DatabaseClock } from "../../../subgraphs/runtime/owner/clock.ts";
import type { OwnerOutcome } from "../../../subgraphs/runtime/owner/mail/inbox-message.ts";
import { RunLedger } from "../../../subgraphs/runtime/owner/run-ledger.ts";
import { scopeOutcome } from "../../../subgraphs/runtime/owner/composites/scope-outcome.ts";
import type { LoadedRun } from "../../../subgraphs/runtime/queue/load.sql.ts";
import { node, plan } from "../../testkit/engine/plan.ts";

const mebi = 1024 * 1024;

setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc") as () => void;

/** What is in use of the heap after a collection. */
function heapBytes(): number {
  collect();
  return process.memoryUsage().heapUsed;
}

const fresh: LoadedRun = {
  ...{ id: "run", tenantId: "acme", planId: "plan", execution: "WORKERS", dryRun: false, sessionId: null, requestId: "r", traceId: "t" },
  ...{ initialNode: null, effectKeys: null, status: 0, lease: "lease", eventSeq: 1, mail: 0, input: {}, state: {}, startedMs: null },
  ...{ history: null, scopeNowMs: 0 },
  ...{ priority: 0, awaitedBy: null, depth: 0, childBytes: 0, onFailure: null, lastEventMs: 0, nodes: [], crashedNodes: 0, inbox: [] },
};

/** Takes a run of one composite over these items to its end, each row stored at once; each item puts out so many characters. `each` is told of each row. */
function run({
  type = "iteration",
  items,
  characters,
  config,
  each = () => {},
}: {
  type?: "iteration" | "loop";
  items: readonly Json[];
  characters: number;
  config: JsonObject;
  each?: (row: number, composite: NodeState) => void;
}) {
  const body = plan([node("put", "any")]) as unknown as JsonObject;
  const ledger = new RunLedger(fresh, compilePlan(plan([node("each", type, { body, ...config })])), new DatabaseClock(0));
  const codes: string[] = [];
  const held: number[] = [];
  const outcomeOf = (state: NodeState): OwnerOutcome => {
    if (state.node.composite !== undefined && state.drive === undefined) return { kind: "opened", items };
    const outputJson = state.ends === undefined ? null : "small";
    return scopeOutcome(state) ?? { kind: "completed", ...(outputJson === null ? { outputText: "x".repeat(characters) } : { outputJson }) };
  };
  for (let [state] = ledger.graph.ready; state !== undefined; [state] = ledger.graph.ready) {
    ledger.attemptEnded(ledger.hold(state), { outcome: outcomeOf(state), spans: [] }, true);
    for (const { errorCode } of ledger.take().nodes.values()) if (errorCode != null) codes.push(errorCode);
    ledger.stored(ledger.seq);
    held.push(ledger.heldBytes);
    each(held.length, ledger.graph.root.nodes[0]!);
  }
  return { codes, held, phase: ledger.graph.root.nodes[0]!.phase, output: ledger.graph.root.outputs["each"]?.output };
}

const counted = (count: number): number[] => Array.from({ length: count }, (_, index) => index);

/** A run that has so many events already, of one composite of one node; rounds go on for ever. @returns the codes of the rows that failed, and how many frames ended. */
function long({ type, eventSeq, items }: { type: "iteration" | "loop"; eventSeq: number; items: Json[] }) {
  const body = plan([node("put", "any")]) as unknown as JsonObject;
  const config = type === "loop" ? { body, until: "false", max_rounds: 9 } : { body };
  const ledger = new RunLedger({ ...fresh, eventSeq }, compilePlan(plan([node("over", type, config)])), new DatabaseClock(0));
  const outcomeOf = (state: NodeState): OwnerOutcome => {
    if (state.node.composite !== undefined && state.drive === undefined) return { kind: "opened", items };
    return (state.ends === undefined && scopeOutcome(state)) || { kind: "completed", outputJson: 1, ...(state.ends && { route: "again" }) };
  };
  for (let [state] = ledger.graph.ready; state !== undefined; [state] = ledger.graph.ready)
    ledger.attemptEnded(ledger.hold(state), { outcome: outcomeOf(state), spans: [] }, true);
  const rows = [...ledger.take().nodes.values()];
  return {
    codes: rows.flatMap(({ path, errorCode }) => (errorCode == null ? [] : [`${path} ${errorCode}`])),
    frames: rows.filter(({ nodeType, errorCode }) => nodeType === "frame" && errorCode == null).length,
  };
}

describe("a run of very many events", () => {
  it.each<[string, Parameters<typeof long>[0], ReturnType<typeof long>]>([
    ["has the items that it has room for", { type: "iteration", eventSeq: 299_980, items: [1, 2, 3] }, { codes: [], frames: 3 }],
    [
      "fails the iteration whose items are too many",
      { type: "iteration", eventSeq: 299_996, items: [1, 2, 3] },
      { codes: ["over RUN_TOO_LARGE"], frames: 0 },
    ],
    ["goes round as often as it may", { type: "loop", eventSeq: 299_900, items: [{}] }, { codes: [], frames: 9 }],
    [
      "goes round no more",
      { type: "loop", eventSeq: 299_994, items: [{}] },
      { codes: ["over RUN_TOO_LARGE", "over#2 RUN_TOO_LARGE"], frames: 2 },
    ],
  ])("%s", (_, given, expected) => {
    expect(long(given)).toEqual(expected);
  });
});

describe("what a run holds of an iteration", () => {
  it("is what its open items put out, and what came of the others", () => {
    const t = run({ items: counted(100), characters: 2 * mebi, config: { output: "small" } });
    expect(t).toMatchObject({ phase: "COMPLETED", codes: [] });
    expect(t.output).toHaveLength(100);
    expect(Math.max(...t.held)).toBeGreaterThan(2 * mebi);
    expect(Math.max(...t.held)).toBeLessThan(3 * mebi);
    expect(t.held.at(-1)).toBeLessThan(mebi / 100);
  });

  it("takes a few megabytes of 10,000 items: 150 is the bound", () => {
    const before = heapBytes();
    let most = 0;
    const each = (row: number): void => {
      if (row % 5_000 === 0) most = Math.max(most, heapBytes() - before);
    };
    const t = run({ items: counted(10_000), characters: 10, config: { parallel: 16 }, each });
    expect(t).toMatchObject({ phase: "COMPLETED", codes: [] });
    expect(t.output).toHaveLength(10_000);
    expect(most).toBeLessThan(150 * mebi);
    // What is counted of it keeps up with what is there.
    expect(Math.max(...t.held)).toBeLessThan(10 * mebi);
  });

  it("has its items, until it ends", () => {
    const t = run({ items: counted(3).map(() => "x".repeat(mebi)), characters: 1, config: {} });
    expect(t.held[0]).toBeGreaterThan(3 * mebi);
    expect(t.held.at(-2)).toBeGreaterThan(3 * mebi);
    expect(t.held.at(-1)).toBeLessThan(mebi / 100);
  });

  it("fails the node of the item that makes it too much, and no other's place", () => {
    const t = run({ items: counted(14), characters: 10 * mebi, config: { on_item_error: "continue" } });
    // Each of two items: its node, and itself. The list of the others is too large by itself.
    expect(t.codes).toEqual([...counted(4).map(() => "RUN_OUTPUTS_TOO_LARGE"), "OUTPUT_TOO_LARGE"]);
    expect(t.held.at(-1)).toBeLessThan(mebi / 100);
  });
});

describe("what a run holds of a loop", () => {
  it("is its open round, and the result of the last", () => {
    let most = 0;
    const each = (_row: number, { drive }: NodeState): void => {
      most = Math.max(most, drive?.results.filter((result) => result?.output.text != null).length ?? 0);
    };
    const t = run({ type: "loop", items: [{}], characters: 2 * mebi, config: { max_rounds: 20 }, each });
    expect(t).toMatchObject({ phase: "COMPLETED", codes: [], output: { rounds: 20, stopped: "max_rounds" } });
    expect(most).toBe(1);
    expect(Math.max(...t.held)).toBeLessThan(12 * mebi);
  });
});

describe("what a run offers", () => {
  it("is of its own type, wherever it stands, so that workers of that type alone find it; of an agent it is the agent's", () => {
    const agent = { limits: { max_steps: 1 } };
    const body = plan([node("ask", "llm"), node("support", "agent", { agent })]) as unknown as JsonObject;
    const document = plan([
      node("each", "iteration", { body: plan([node("round", "loop", { max_rounds: 1, body })]) as unknown as JsonObject }),
    ]);
    const ledger = new RunLedger(fresh, compilePlan(document), new DatabaseClock(0));
    const isClosed = ({ node: { composite }, drive }: NodeState): boolean => composite !== undefined && drive === undefined;
    for (let state = [...ledger.graph.ready].find(isClosed); state !== undefined; state = [...ledger.graph.ready].find(isClosed))
      ledger.attemptEnded(ledger.hold(state), { outcome: { kind: "opened", items: [{}] }, spans: [] }, true);
    for (const state of ledger.graph.ready) ledger.offered(state);
    expect(ledger.take().offers.map(({ path, nodeType }) => [path, nodeType])).toEqual([
      ["each#0/round#0/ask", "llm"],
      ["each#0/round#0/support/model#1", "agent"],
    ]);
  });
});
