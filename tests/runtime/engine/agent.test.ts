import type { JsonObject } from "#shared/json.ts";
import { agentNext, outOfSteps, type AgentStep, type AgentView } from "../../../subgraphs/runtime/engine/drivers/agent.driver.ts";
import { agentRules } from "../../../subgraphs/runtime/engine/drivers/agent-plan.ts";
import { compilePlan, isSubWorkflowFrame, nodeOfPath } from "../../../subgraphs/runtime/engine/plan.ts";
import { replay, type StoredNode } from "../../../subgraphs/runtime/engine/replay.ts";
import { itemsOf, varsAt, type StoredSight } from "../../../subgraphs/runtime/engine/sight.ts";
import { runStatus } from "../../../subgraphs/runtime/engine/status.ts";
import { node, plan } from "../../testkit/engine/plan.ts";

const frozen = (more: JsonObject = {}): JsonObject => ({ limits: { max_steps: 3 }, ...more });
const remembering = frozen({ memory: { enabled: true, write_enabled: true } });

/** A view of parts, as `model#1:calls:2` that completed with a route, `tool#1.0:open`, `memory#0:done`. */
function view(...parts: string[]): AgentView {
  const known = new Map(
    parts.map((part) => {
      const at = part.indexOf(":");
      return [part.slice(0, at), part.slice(at + 1)];
    }),
  );
  const turns = [...known.keys()].flatMap((name) => (name.startsWith("model#") ? [Number(name.slice(6))] : []));
  return {
    turn: Math.max(0, ...turns),
    compactions: [...known].filter(([name, phase]) => name.startsWith("model#") && phase.startsWith("compact")).length,
    inputs: [...known.keys()].filter((name) => name.startsWith("input#")).length,
    phaseOf: (name) => (!known.has(name) ? "absent" : known.get(name) === "open" ? "open" : "done"),
    routeOf: (name) => known.get(name) || undefined,
  };
}

describe("agentNext", () => {
  const opens = (...parts: string[]): AgentStep => ({ kind: "open", parts });
  it.each<[string, JsonObject, string[], AgentStep]>([
    ["begins with the model", frozen(), [], opens("model#1")],
    ["reads before", remembering, [], opens("memory#0")],
    ["waits for what it reads", remembering, ["memory#0:open"], { kind: "wait" }],
    ["asks the model then", remembering, ["memory#0:done"], opens("model#1")],
    ["reads for its session alone", frozen({ history: true }), [], opens("memory#0")],
    ["waits for the model", frozen(), ["model#1:open"], { kind: "wait" }],
    ["finishes with an answer", frozen(), ["model#1:answer"], { kind: "finish" }],
    ["writes before it finishes", remembering, ["memory#0:done", "model#1:answer"], opens("memory#1")],
    ["finishes when it has written", remembering, ["memory#0:done", "model#1:answer", "memory#1:done"], { kind: "finish" }],
    ["writes nothing of a dry run", remembering, ["memory#0:done", "model#1:dry"], { kind: "finish" }],
    ["calls all tools of a turn", frozen(), ["model#1:calls:2"], opens("tool#1.0", "tool#1.1")],
    ["waits for the last of them", frozen(), ["model#1:calls:2", "tool#1.0:done", "tool#1.1:open"], { kind: "wait" }],
    ["goes on when all are done", frozen(), ["model#1:calls:2", "tool#1.0:done", "tool#1.1:done"], opens("model#2")],
    ["asks again", frozen(), ["model#1:again"], opens("model#2")],
    ["makes the conversation shorter", frozen(), ["model#1:compact"], opens("compact#1")],
    ["waits for that", frozen(), ["model#1:compact", "compact#1:open"], { kind: "wait" }],
    ["asks the model then, which costs no step", frozen(), ["model#2:again", "model#3:compact", "compact#3:done"], opens("model#4")],
    ["answers what came meanwhile", frozen(), ["model#1:answer", "input#1:done"], opens("model#2")],
    ["finishes when that was seen", frozen(), ["model#1:answer", "input#1:done", "model#2:answer@1"], { kind: "finish" }],
    ["calls tools though something came", frozen(), ["input#1:done", "model#1:calls:1"], opens("tool#1.0")],
    ["takes what somebody outside said for the answer", frozen(), ["model#1:"], { kind: "finish" }],
  ])("%s", (_name, agent, parts, step) => {
    expect(agentNext(agentRules({ agent })!, view(...parts))).toEqual(step);
  });

  const ended = ["model#1:again", "model#2:again"];
  it.each<[string, string[], AgentStep | { kind: "fail"; message?: string }]>([
    ["fails where its steps are used up", [...ended, "model#3:again"], { kind: "fail" }],
    ["calls what an older version's last model call asks for", [...ended, "model#3:calls:2"], opens("tool#3.0", "tool#3.1")],
    ["waits for that", [...ended, "model#3:calls:2", "tool#3.0:done", "tool#3.1:open"], { kind: "wait" }],
    ["and fails then", [...ended, "model#3:calls:1", "tool#3.0:done"], { kind: "fail" }],
    [
      "fails where no call is left for what it was told during its last one, and says where its answer is",
      [...ended, "model#3:answer", "input#1:done"],
      {
        kind: "fail",
        message:
          "The agent was told something during the last of its 3 model calls, which it could not be shown: maxSteps of its version allows no more. Its answer until then is the output of model#3.",
      },
    ],
  ])("%s", (_name, parts, step) => {
    expect(agentNext(agentRules({ agent: frozen() })!, view(...parts))).toMatchObject(step);
  });

  it.each<[JsonObject, Parameters<typeof outOfSteps>[1], number, string | undefined]>([
    [frozen(), { turn: 2, compactions: 0 }, 2, undefined],
    [frozen(), { turn: 3, compactions: 1 }, 2, undefined],
    [frozen(), { turn: 3, compactions: 0 }, 0, "3 model calls and given no answer: maxSteps of its version allows no more."],
    [frozen(), { turn: 4, compactions: 1 }, 2, "allows no more. The 2 calls that the last one asks for were not made."],
    [
      { limits: { max_steps: 1 } },
      { turn: 1, compactions: 0 },
      1,
      "a model call and given no answer: maxSteps of its version allows no more. The call",
    ],
    [{ limits: { max_steps: 3, steps_of: "team" } }, { turn: 3, compactions: 0 }, 1, "max_rounds of its team's version allows no more"],
  ])("has its last step, and names the key that says so: %#", (agent, turn, asked, said) => {
    const end = outOfSteps(agentRules({ agent })!, turn, asked);
    expect(end?.code).toBe(said && "AGENT_MAX_STEPS");
    if (said !== undefined) expect(end?.message).toContain(said);
  });
});

describe("an agent that is replayed", () => {
  const compiled = compilePlan(plan([node("a", "agent", { agent: remembering, input: "x" }), node("last", "answer")], ["a>last"]));
  let seq = 1;
  const row = (path: string, status: StoredNode["status"], more: Partial<StoredNode> = {}): StoredNode => {
    const begun = ++seq;
    const isOpen = status === "RUNNING" || status === "WAITING" || status === "QUEUED";
    const none = { outputText: null, outputJson: null, stateUpdates: undefined, errorCode: null, errorMessage: null };
    return { path, status, seq: begun, doneSeq: isOpen ? null : ++seq, route: undefined, ...none, ...more };
  };
  const opened = (more: Partial<StoredNode> = {}) => row("a", "RUNNING", { opened: { count: 1 }, ...more });
  const readyOf = (rows: StoredNode[]) => [...replay(compiled, rows).run.ready].map(({ path }) => path);

  it("is ready for what follows from its rows, after each of them", () => {
    const story = [
      opened(),
      row("a/memory#0", "COMPLETED"),
      row("a/model#1", "COMPLETED", { route: "calls:2" }),
      row("a/tool#1.1", "COMPLETED"),
      row("a/tool#1.0", "FAILED", { route: "error", errorCode: "TOOL_HTTP_ERROR" }),
      row("a/model#2", "COMPLETED", { route: "answer" }),
      row("a/memory#1", "FAILED", { route: "error", errorCode: "MEMORY_NOT_FOUND" }),
    ];
    const after = story.map((_, index) => readyOf(story.slice(0, index + 1)));
    expect(after).toEqual([
      ["a/memory#0"],
      ["a/model#1"],
      ["a/tool#1.0", "a/tool#1.1"],
      ["a/tool#1.0"],
      ["a/model#2"],
      ["a/memory#1"],
      ["a"],
    ]);
  });

  it.each<[string, StoredNode["status"], Partial<StoredNode>]>([
    ["are done", "COMPLETED", {}],
    ["have failed", "FAILED", { route: "error", errorCode: "TOOL_HTTP_ERROR" }],
    ["are called", "RUNNING", {}],
    ["wait for a person", "WAITING", {}],
  ])("goes on with the calls of a last step that an older version has made, which %s", (_how, status, more) => {
    const story = [
      opened(),
      row("a/memory#0", "COMPLETED"),
      row("a/model#1", "COMPLETED", { route: "again" }),
      row("a/model#2", "COMPLETED", { route: "again" }),
      row("a/model#3", "COMPLETED", { route: "calls:2" }),
      row("a/tool#3.0", status, more),
    ];
    const { run } = replay(compiled, story);
    expect(run.frames.get("a")?.failure).toBeUndefined();
    expect([...run.ready].map(({ path }) => path)).toEqual(["a/tool#3.1"]);
    expect([...run.open].map(({ path }) => path)).toEqual(status === "RUNNING" || status === "WAITING" ? ["a/tool#3.0"] : []);
    const done = story.map((one) => (one.path === "a/tool#3.0" ? { ...one, status: "COMPLETED" as const, doneSeq: ++seq } : one));
    const after = replay(compiled, [...done, row("a/tool#3.1", "COMPLETED")]).run;
    expect(after.frames.get("a")?.failure).toMatchObject({ code: "AGENT_MAX_STEPS" });
    expect([...after.ready].map(({ path }) => path)).toEqual(["a"]);
  });

  it("fails with its model, when what is open of it has stopped", () => {
    const rows = [opened(), row("a/memory#0", "COMPLETED"), row("a/model#1", "FAILED", { errorCode: "MODEL_REFUSED" })];
    const { run } = replay(compiled, rows);
    expect([...run.ready].map(({ path }) => path)).toEqual(["a"]);
    expect(run.frames.get("a")?.owner?.drive?.failure).toMatchObject({ code: "MODEL_REFUSED" });
    expect(runStatus(run)).toBe("RUNNING");
  });

  it("says nothing of what is beneath it once it has ended", () => {
    const rows = [row("a/model#1", "COMPLETED", { route: "answer" }), row("a", "COMPLETED", { opened: { count: 1 } })];
    expect(readyOf(rows)).toEqual(["last"]);
  });

  it("counts a model call that its owners died of, though its path ends with a number as an item's does", () => {
    const rows = [opened(), row("a/memory#0", "COMPLETED"), row("a/model#1", "FAILED", { errorCode: "WORKER_CRASHED", fault: "crash" })];
    expect(replay(compiled, rows).run.crashedNodes).toBe(1);
  });

  it("has no scope of its own, as a sub-workflow has: its parts see what it was given, and the item around it", () => {
    const body = plan([node("a", "agent", { agent: frozen(), input: "x" })]) as unknown as JsonObject;
    const nested = compilePlan(plan([node("each", "iteration", { items: [1, 2], body })]));
    expect(itemsOf(nested, "each#1/a")).toEqual([
      { path: "each#1/a", ordinal: 0 },
      { path: "each", ordinal: 1 },
    ]);
    const stored: StoredSight = {
      outputOf: () => undefined,
      itemOf: (path, place) => `${path} ${place}`,
      writtenOf: () => undefined,
    };
    expect(varsAt(nested, "each#1/a", stored)).toEqual({ index: 1, item: "each#1/a 0" });
    expect(isSubWorkflowFrame(nested, "each#1/a")).toBe(false);
  });

  it("has nodes of its own at its paths", () => {
    expect(nodeOfPath(compiled, "a/model#12")).toMatchObject({ id: "model", type: "agent-model" });
    expect(nodeOfPath(compiled, "a/tool#12.3")).toMatchObject({ id: "tool", onError: { kind: "branch" } });
    expect(nodeOfPath(compiled, "a/other#1")).toBeUndefined();
  });
});
