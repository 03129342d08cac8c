import fc from "fast-check";
import type { JsonObject } from "#shared/json.ts";
import { applyCompleted, applyDriven, applyFailed } from "../../../subgraphs/runtime/engine/apply.ts";
import { routeOfTurn } from "../../../subgraphs/runtime/engine/drivers/agent.driver.ts";
import { isDone, type NodeState } from "../../../subgraphs/runtime/engine/frame.ts";
import { handlingOf } from "../../../subgraphs/runtime/engine/handling.ts";
import { depthOf } from "../../../subgraphs/runtime/engine/path.ts";
import { compilePlan, memberOf, nodeOfPath } from "../../../subgraphs/runtime/engine/plan.ts";
import { replay, type StoredNode } from "../../../subgraphs/runtime/engine/replay.ts";
import { nodeAtPath, startRun } from "../../../subgraphs/runtime/engine/run-state.ts";
import { itemsOf } from "../../../subgraphs/runtime/engine/sight.ts";
import { runStatus } from "../../../subgraphs/runtime/engine/status.ts";
import { teamNext, type TeamStep, type TeamView } from "../../../subgraphs/runtime/engine/drivers/team.driver.ts";
import { isNeeded, teamModes, teamRules } from "../../../subgraphs/runtime/engine/drivers/team-plan.ts";
import { readTeamRoute, teamRoute } from "../../../subgraphs/runtime/engine/drivers/team-route.ts";
import { useOf } from "../../../subgraphs/runtime/engine/drivers/team-use.ts";
import { node, plan } from "../../testkit/engine/plan.ts";
import { loaded, standing, storedAfter, tellNested, type NestedStory } from "./nested-run.ts";

/** A team whose members are named a, b, c, …, or by these keys; one with a capital is the supervisor. */
function team(mode: string, keys: Iterable<string>, more: JsonObject = {}, maxSteps = 3): JsonObject {
  const members = [...keys].map((key) => ({
    key,
    role: key === key.toLowerCase() ? "worker" : "supervisor",
    agent: { limits: { max_steps: maxSteps } },
  }));
  return { team: { mode, members, limits: { max_rounds: 2, max_turns: 500 }, ...more } };
}

/** Keys by which the parts of agents and teams are called. */
const namesakes = ["Model", "tool", "model", "input", "memory", "compact", "judge", "member"];

/** A view of parts, as `member#1.0:turn` that ended with a route, `member#1.1:open`, `member#1.2:failed`. */
function view(...parts: string[]): TeamView {
  const known = new Map(parts.map((part): [string, string] => [part.slice(0, part.indexOf(":")), part.slice(part.indexOf(":") + 1)]));
  return {
    phaseOf: (name) => (!known.has(name) ? "absent" : known.get(name) === "open" ? "open" : "done"),
    routeOf: (name) => known.get(name),
    hasFailed: (name) => known.get(name) === "failed",
  };
}

const opens = (...parts: string[]): TeamStep => ({ kind: "open", parts });
const ends = (part: string): TeamStep => ({ kind: "finish", part });
const waits: TeamStep = { kind: "wait" };

describe("teamNext", () => {
  it.each<[string, JsonObject, string[], TeamStep]>([
    ["begins a sequence with the first", team("SEQUENTIAL", "ab"), [], opens("member#1.0")],
    ["waits for it", team("SEQUENTIAL", "ab"), ["member#1.0:open"], waits],
    ["goes on with the second", team("SEQUENTIAL", "ab"), ["member#1.0:turn"], opens("member#1.1")],
    ["ends with the last", team("SEQUENTIAL", "ab"), ["member#1.0:turn", "member#1.1:turn"], ends("member#1.1")],
    ["begins with all side by side", team("PARALLEL", "abc"), [], opens("member#1.0", "member#1.1", "member#1.2")],
    ["without the supervisor", team("PARALLEL", "aBc"), [], opens("member#1.0", "member#1.2")],
    ["waits for all", team("PARALLEL", "ab"), ["member#1.0:turn", "member#1.1:open"], waits],
    ["merges by the first", team("PARALLEL", "ab"), ["member#1.0:turn", "member#1.1:turn"], opens("member#2.0")],
    ["merges by the supervisor", team("PARALLEL", "aB"), ["member#1.0:turn"], opens("member#2.1")],
    ["merges what there is", team("PARALLEL", "ab"), ["member#1.0:failed", "member#1.1:turn"], opens("member#2.0")],
    ["ends with what was merged", team("PARALLEL", "ab"), ["member#1.0:turn", "member#1.1:turn", "member#2.0:turn"], ends("member#2.0")],
    ["merges nothing of one alone", team("PARALLEL", "a"), ["member#1.0:turn"], ends("member#1.0")],
    ["has a supervisor work that is alone", team("PARALLEL", "A"), [], opens("member#1.0")],
    ["takes turns", team("ROUND_ROBIN", "ab"), ["member#1.0:turn", "member#1.1:turn"], opens("member#2.0")],
    ["ends with who is done", team("ROUND_ROBIN", "ab"), ["member#1.0:turn", "member#1.1:done"], ends("member#1.1")],
    [
      "ends with the rounds",
      team("ROUND_ROBIN", "ab"),
      ["member#1.0:turn", "member#1.1:turn", "member#2.0:turn", "member#2.1:turn"],
      ends("member#2.1"),
    ],
    ["lets a judge not debate", team("ROUND_ROBIN", "jab", { judge: "j" }), [], opens("member#1.1")],
    ["lets it judge then", team("ROUND_ROBIN", "jab", { judge: "j" }), ["member#1.1:turn", "member#1.2:done"], opens("member#2.0")],
    [
      "ends with the judge",
      team("ROUND_ROBIN", "jab", { judge: "j" }),
      ["member#1.1:turn", "member#1.2:done", "member#2.0:turn"],
      ends("member#2.0"),
    ],
  ])("%s", (_name, config, parts, step) => {
    expect(teamNext(teamRules(config)!, view(...parts))).toEqual(step);
  });

  it("fails where nobody has an answer", () => {
    const step = teamNext(teamRules(team("PARALLEL", "ab"))!, view("member#1.0:failed", "member#1.1:failed"));
    expect(step).toMatchObject({ kind: "fail", code: "TEAM_MEMBERS_FAILED" });
  });
});

it("a parallel team needs the one that merges where it merges, not where it works beside the others", () => {
  const rules = teamRules(team("PARALLEL", "ab"))!;
  expect(rules).toMatchObject({ workers: [0, 1], closer: 0 });
  expect([1, 2].map((round) => isNeeded(rules, { round, place: 0 }))).toEqual([false, true]);
});

it("what a route says reads back; one of an agent in no team is the word", () => {
  const use = { turns: 7, promptTokens: 5_000, completionTokens: 230 };
  const asks = new Map([
    [0, 2],
    [3, 0],
  ]);
  expect(readTeamRoute(teamRoute("calls:4@2", use, asks))).toEqual({ word: "calls:4@2", asks, ...use });
  expect(readTeamRoute(teamRoute("done", use))).toEqual({ word: "done", asks: new Map(), ...use });
  expect(readTeamRoute("calls:4@2")).toMatchObject({ word: "calls:4@2", turns: 0 });
  expect(readTeamRoute(undefined).word).toBeUndefined();
});

describe("a team in a plan", () => {
  const compiled = compilePlan(plan([node("t", "team", { ...team("SUPERVISOR", "Lab"), input: "x" })]));

  it("has its members' node runs beneath member, each an agent", () => {
    expect(nodeOfPath(compiled, "t/member#2.1")).toMatchObject({ type: "agent" });
    expect(nodeOfPath(compiled, "t/member#2.1/model#3")).toMatchObject({ type: "agent-model" });
    expect(nodeOfPath(compiled, "t/model#3")).toMatchObject({ type: "agent-model" });
    expect(nodeOfPath(compiled, "t/other#1.1")).toBeUndefined();
    expect(memberOf(compiled, "t/member#2.1", "b")).toMatchObject({ id: "b" });
    expect(memberOf(compiled, "t/member#2.1", "nobody")).toBeUndefined();
    expect(itemsOf(compiled, "t/member#2.1")).toEqual([
      { path: "t/member#2.1", ordinal: 0 },
      { path: "t", ordinal: 0 },
    ]);
  });

  it("A25: takes members of any key, those too by which parts of it are called: at their paths stands nobody else", () => {
    const named = compilePlan(plan([node("t", "team", { ...team("SUPERVISOR", namesakes), input: "x" })]));
    for (const [place, key] of namesakes.entries()) {
      expect(nodeOfPath(named, `t/member#2.${place}`)).toMatchObject({ type: "agent" });
      expect(memberOf(named, `t/member#2.${place}`, key)).toMatchObject({ id: key });
    }
    expect(nodeOfPath(named, "t/tool#2.0")).toMatchObject({ type: "agent-tool" });
    expect(nodeOfPath(named, "t/model#2")).toMatchObject({ type: "agent-model" });
    expect(nodeOfPath(named, "t/judge#2.0")).toBeUndefined();
  });
});

describe("a team that fails", () => {
  /** Where the node runs at these paths fail. */
  const told = (config: JsonObject, fails: RegExp, id = "t"): string | undefined => {
    const compiled = compilePlan(plan([node(id, "team", { ...config, input: "x" })]));
    const failsWith = (path: string): string | undefined => (fails.test(path) ? "BROKEN" : undefined);
    const story = {
      document: { nodes: [], edges: [] },
      plan: compiled,
      picks: [0, 1, 2],
      failing: 0,
      isWriting: false,
      routeOf,
      failsWith,
    };
    return tellNested(story).run.root.failure?.message;
  };

  it.each<[string, string, string]>([
    ["that it needs", "ab", "The member a failed: told"],
    ["that is called as the team is", "tb", "The member t failed: told"],
  ])("by a member says by which: %s", (_, keys, message) => {
    expect(told(team("SEQUENTIAL", keys), /model#1$/)).toBe(message);
  });

  it("by itself says nothing of a member that is called as it is, or as a part of it", () => {
    expect(told(team("SUPERVISOR", namesakes), /^t\/model#1$/)).toBe("told");
    expect(told(team("PARALLEL", "tb"), /model#1$/)).not.toContain("member t");
  });
});

describe("what a skill used that failed", () => {
  /** The agent has called one, which is told as failed when it had used 320 tokens. @returns how that is handled */
  function fails(type: "team" | "agent", config: JsonObject, agentPath: string) {
    const run = startRun(compilePlan(plan([node("t", type, { ...config, input: "x" })])));
    const stateAt = (path: string): NodeState => nodeAtPath(run, path)!;
    applyDriven(run, stateAt("t"), { count: 1, items: [{}] });
    if (agentPath !== "t") applyDriven(run, stateAt(agentPath), { count: 1, items: [{}] });
    const route = teamRoute(routeOfTurn(1, 0), { turns: 1, promptTokens: 10, completionTokens: 1 });
    applyCompleted(run, stateAt(`${agentPath}/model#1`), { outputText: "", outputJson: null, stateUpdates: undefined, route });
    const skill = stateAt(`${agentPath}/tool#1.0`);
    const handling = handlingOf(run, skill, undefined, { promptTokens: 300, completionTokens: 20 });
    applyFailed(run, skill, { code: "BROKEN", message: "", route: handling?.route });
    return {
      route: handling?.route,
      failure: stateAt(agentPath).drive?.failure?.code,
      next: nodeAtPath(run, `${agentPath}/model#2`)?.phase,
    };
  }
  const bounded = team("SEQUENTIAL", "ab", { limits: { max_rounds: 1, max_turns: 500, max_total_tokens: 331 } });
  const roomy = team("SEQUENTIAL", "ab", { limits: { max_rounds: 1, max_turns: 500, max_total_tokens: 332 } });

  it("counts to its team's tokens, in its row", () => {
    expect(fails("team", bounded, "t/member#1.0")).toEqual({ route: "error+300.20/0", failure: "TEAM_BUDGET_EXCEEDED", next: undefined });
    expect(fails("team", roomy, "t/member#1.0")).toEqual({ route: "error+300.20/0", failure: undefined, next: "READY" });
  });

  it("stands in no row of an agent in no team", () => {
    expect(fails("agent", { agent: { limits: { max_steps: 3 } } }, "t")).toEqual({ route: "error", failure: undefined, next: "READY" });
  });
});

describe("what a model call used that failed", () => {
  /** Of two that work side by side one fails by its model call, which had used 320 tokens. @returns how the team stands, told and replayed */
  function fails(most: number) {
    const limits = { max_rounds: 1, max_turns: 500, max_total_tokens: most };
    const compiled = compilePlan(plan([node("t", "team", { ...team("PARALLEL", "ab", { limits }), input: "x" })]));
    const run = startRun(compiled);
    const stateAt = (path: string): NodeState => nodeAtPath(run, path)!;
    const none = { outputText: null, outputJson: null, stateUpdates: undefined, errorCode: null, errorMessage: null, route: undefined };
    const rows: StoredNode[] = [];
    for (const path of ["t", "t/member#1.0", "t/member#1.1"]) {
      const opened = { count: 1, items: [{}] };
      applyDriven(run, stateAt(path), opened);
      rows.push({ ...none, path, status: "RUNNING", seq: rows.length + 1, doneSeq: null, opened });
    }
    const usage = { promptTokens: 300, completionTokens: 20 };
    const failed = { code: "AGENT_MAX_STEPS", message: "", usage };
    applyFailed(run, stateAt("t/member#1.0/model#1"), failed);
    rows.push({ ...none, path: "t/member#1.0/model#1", status: "FAILED", seq: 4, doneSeq: 5, errorCode: failed.code, usage });
    const route = teamRoute(routeOfTurn(1, 0), { turns: 1, promptTokens: 10, completionTokens: 1 });
    applyCompleted(run, stateAt("t/member#1.1/model#1"), { ...none, route });
    rows.push({ ...none, path: "t/member#1.1/model#1", status: "COMPLETED", seq: 6, doneSeq: 7, route });
    applyCompleted(run, stateAt("t/member#1.1/tool#1.0"), none);
    rows.push({ ...none, path: "t/member#1.1/tool#1.0", status: "COMPLETED", seq: 8, doneSeq: 9 });
    expect(standing(replay(compiled, rows).run)).toBe(standing(run));
    const member = stateAt("t/member#1.0");
    return {
      route: handlingOf(run, member, undefined)?.route,
      other: stateAt("t/member#1.1").drive?.failure?.code,
      use: useOf(run.frames.get("t")!),
    };
  }

  it("counts to its team's tokens, before the member's end and in its row", () => {
    const use = { turns: 2, promptTokens: 310, completionTokens: 21 };
    expect(fails(331)).toEqual({ route: "error+300.20/1", other: "TEAM_BUDGET_EXCEEDED", use });
    expect(fails(332)).toEqual({ route: "error+300.20/1", other: undefined, use: { ...use, turns: 3 } });
  });
});

describe("a supervisor in whose last round an older version has asked", () => {
  const config = { ...team("SUPERVISOR", "Lab", {}, 2), input: "x" };
  const body = plan([node("t", "team", config)]) as unknown as JsonObject;
  const none = { outputText: null, outputJson: null, stateUpdates: undefined, errorCode: null, errorMessage: null };
  const opened = { count: 1, items: [{}] };

  it.each([
    ["alone", "t", compilePlan(plan([node("t", "team", config)])), []],
    [
      "in an iteration",
      "each#0/t",
      compilePlan(plan([node("each", "iteration", { count: 1, parallel: 1, body })])),
      [{ ...none, path: "each", status: "RUNNING", seq: 1, doneSeq: null, route: undefined, opened } satisfies StoredNode],
    ],
  ])("goes on with what members do: %s", (_where, at, compiled, around) => {
    const use = { turns: 1, promptTokens: 10, completionTokens: 1 };
    const asks = new Map([
      [0, 1],
      [1, 2],
    ]);
    const done = (path: string, seq: number, route: string): StoredNode => ({
      ...none,
      path,
      status: "COMPLETED",
      seq,
      doneSeq: seq + 1,
      route,
    });
    const rows: StoredNode[] = [
      ...around,
      { ...none, path: at, status: "RUNNING", seq: 2, doneSeq: null, route: undefined, opened },
      done(`${at}/model#1`, 3, teamRoute("again", use)),
      done(`${at}/model#2`, 5, teamRoute(routeOfTurn(2, 0), use, asks)),
      { ...none, path: `${at}/member#2.0`, status: "RUNNING", seq: 7, doneSeq: null, route: undefined, opened },
      { ...none, path: `${at}/member#2.0/model#1`, status: "RUNNING", seq: 8, doneSeq: null, route: undefined },
    ];
    const { run } = replay(compiled, rows);
    expect(run.frames.get(at)?.failure).toBeUndefined();
    expect([...run.open].map(({ path }) => path)).toEqual([`${at}/member#2.0/model#1`]);
    expect([...run.ready].map(({ path }) => path)).toEqual([`${at}/member#2.1`]);
  });
});

/** How model calls end: with an answer, calls of tools or of members, or another turn. */
function routeOf({ frame, node: { type } }: NodeState, pick: () => number): string | undefined {
  if (type !== "agent-model") return undefined;
  const use = { turns: 1, promptTokens: 10, completionTokens: pick() % 5 };
  const composite = frame.owner?.node.composite;
  const kind = pick() % 6;
  if (kind < 3) return teamRoute(routeOfTurn("answer", 0), use);
  if (kind === 3) return teamRoute(routeOfTurn("again", 0), use);
  const calls = 1 + (pick() % 3);
  const workers = composite?.kind === "team" ? composite.team.workers : [];
  const asked = Array.from({ length: calls }, (_, call): [number, number][] =>
    workers.length > 0 && pick() % 3 > 0 ? [[call, workers[pick() % workers.length]!]] : [],
  );
  return teamRoute(routeOfTurn(calls, 0), use, new Map(asked.flat()));
}

function stories(failing: number, more: JsonObject = {}): fc.Arbitrary<NestedStory> {
  return fc
    .record({
      mode: fc.constantFrom(...teamModes),
      members: fc.constantFrom("La", "Lab", "aLbc", "L", namesakes).map((keys) => [...keys]),
      inEach: fc.boolean(),
      picks: fc.array(fc.nat(10_000), { minLength: 20, maxLength: 20 }),
    })
    .map(({ mode, members, inEach, picks }) => {
      const judge = mode === "ROUND_ROBIN" && members.length > 2 ? { judge: members.find((key) => key === key.toLowerCase())! } : {};
      const handled = { on_error: "branch" } as const;
      // In an iteration the failure of one fails both, whatever the other one is at.
      const one = node("t", "team", { ...team(mode, members, { ...judge, ...more }), input: "x" }, inEach ? {} : handled);
      const body = plan([one]) as unknown as JsonObject;
      const compiled = compilePlan(plan([inEach ? node("each", "iteration", { count: 2, parallel: 2, body }, handled) : one]));
      return { document: { nodes: [], edges: [] }, plan: compiled, picks, failing, isWriting: false, routeOf };
    });
}

describe("teams, whatever happens in them", () => {
  const runs = { numRuns: 120 };

  it("end: nothing stays open, no path ends twice, and what is beneath ends before what is above", () => {
    fc.assert(
      fc.property(stories(12), (story) => {
        const told = tellNested(story);
        const { run, log } = told;
        const ended = new Set<string>();
        for (const { row } of log) {
          for (const end of ended) expect(row.path === end || row.path.startsWith(`${end}/`)).toBe(false);
          if (isDone(row.status)) ended.add(row.path);
        }
        if (run.crashedNodes > 2) return;
        expect(runStatus(run)).toBe("COMPLETED");
        expect([...run.frames.keys()]).toEqual([""]);
        for (const { path, status } of storedAfter(told, log.length).values()) expect([path, isDone(status)]).toEqual([path, true]);
        expect([...ended].every((path) => depthOf(path) >= 0)).toBe(true);
      }),
      runs,
    );
  });

  it.each(["all rows", "what is loaded"])("C5: stand after every row as they do when they are made again from %s", (which) => {
    fc.assert(
      fc.property(stories(12), (story) => {
        const told = tellNested(story);
        told.log.forEach(({ after }, index) => {
          const stored = storedAfter(told, index + 1);
          const { run } = replay(story.plan, which === "all rows" ? [...stored.values()] : loaded(stored));
          run.crashedNodes = JSON.parse(after).crashedNodes;
          expect(standing(run)).toBe(after);
        });
      }),
      runs,
    );
  });

  it("make no more model calls than max_turns says, those included that failed", () => {
    fc.assert(
      fc.property(stories(12, { limits: { max_rounds: 3, max_turns: 4 } }), (story) => {
        const { log } = tellNested(story);
        const calls = new Map<string, Set<string>>();
        for (const { row } of log.filter(({ row: { path } }) => /model#\d+$/.test(path))) {
          const root = row.path.split("/member")[0]!.replace(/\/model#\d+$/, "");
          calls.set(root, (calls.get(root) ?? new Set()).add(row.path));
        }
        for (const made of calls.values()) expect(made.size).toBeLessThanOrEqual(4);
        expect(log.some(({ row }) => row.errorCode === "INTERNAL")).toBe(false);
      }),
      runs,
    );
  });
});
