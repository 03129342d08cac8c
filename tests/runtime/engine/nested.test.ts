import fc from "fast-check";
import type { Json, JsonObject } from "#shared/json.ts";
import type { CompositeSettings } from "../../../subgraphs/runtime/engine/composite.ts";
import { iterationOutput } from "../../../subgraphs/runtime/engine/drivers/iteration.driver.ts";
import { isDone } from "../../../subgraphs/runtime/engine/frame.ts";
import { isPoisonous } from "../../../subgraphs/runtime/engine/handling.ts";
import { depthOf } from "../../../subgraphs/runtime/engine/path.ts";
import { compilePlan, nodeOfPath, type CompiledPlan } from "../../../subgraphs/runtime/engine/plan.ts";
import { replay, type StoredNode } from "../../../subgraphs/runtime/engine/replay.ts";
import { sightAt } from "../../../subgraphs/runtime/engine/sight.ts";
import { runStatus } from "../../../subgraphs/runtime/engine/status.ts";
import { loaded, nestedStories, scopeOf, standing, storedAfter, tellNested } from "./nested-run.ts";

const runs = { numRuns: 400 };

/** As an owner loads a long run: of frames that ended in an iteration that goes on, the ordinals, up to where something around them had failed; in a loop, of all rounds but the last. */
function loadedByWhatGoesOn(plan: CompiledPlan, stored: Map<string, StoredNode>): StoredNode[] {
  const rows = loaded(stored);
  const fails = ({ status, route }: StoredNode): boolean => status === "CANCELLED" || (status === "FAILED" && route === undefined);
  const cutOf = (path: string): number => {
    const own = rows.filter((row) => fails(row) && scopeOf(row.path) === path).map(({ doneSeq }) => doneSeq!);
    return Math.min(...own, path === "" ? Infinity : cutOf(scopeOf(path)));
  };
  const lastOf = (path: string): number => Math.max(...rows.filter((row) => scopeOf(row.path) === path).map(({ doneSeq }) => doneSeq ?? 0));
  const isSummed = ({ path, status, doneSeq }: StoredNode): boolean => {
    if (!/#\d+$/.test(path) || !isDone(status)) return false;
    const around = scopeOf(path);
    return doneSeq! < (nodeOfPath(plan, around)?.composite?.kind === "loop" ? lastOf(around) : cutOf(around));
  };
  return rows
    .filter((row) => !isSummed(row))
    .map((row) => ({
      ...row,
      ended: rows.filter((one) => isSummed(one) && scopeOf(one.path) === row.path).map(({ path }) => Number(path.split("#").at(-1))),
    }));
}

/** What a node run is part of. */
function crashedIn(stored: Map<string, StoredNode>): number {
  const isLeaf = ({ path, opened }: StoredNode): boolean => opened === undefined && !/#\d+$/.test(path);
  return [...stored.values()].filter((row) => row.status === "FAILED" && row.errorCode === "WORKER_CRASHED" && isLeaf(row)).length;
}

describe("nested runs", () => {
  it("end, whatever fails and in whatever order: nothing stays open, and nothing stands still", () => {
    fc.assert(
      fc.property(nestedStories({ failing: 10 }), (story) => {
        const { run, log } = tellNested(story);
        if (run.root.failure === undefined && !isPoisonous(run)) {
          expect(runStatus(run)).toBe("COMPLETED");
          expect([...run.frames.keys()]).toEqual([""]);
          for (const row of storedAfter({ run, log, mostOpen: new Map() }, log.length).values())
            expect([row.path, isDone(row.status)]).toEqual([row.path, true]);
        } else if (run.root.failure !== undefined) expect(["BROKEN", "WORKER_CRASHED"]).toContain(run.root.failure.code);
      }),
      runs,
    );
  });

  it("C1: end no path twice", () => {
    fc.assert(
      fc.property(nestedStories({ failing: 15 }), (story) => {
        const ends = tellNested(story)
          .log.filter(({ row }) => isDone(row.status))
          .map(({ row }) => row.path);
        expect(new Set(ends).size).toBe(ends.length);
      }),
      runs,
    );
  });

  it("C3: end what is beneath before what is above", () => {
    fc.assert(
      fc.property(nestedStories({ failing: 15 }), (story) => {
        const ended = new Set<string>();
        for (const { row } of tellNested(story).log) {
          for (const end of ended) expect(row.path.startsWith(`${end}#`) || row.path.startsWith(`${end}/`)).toBe(false);
          if (isDone(row.status)) ended.add(row.path);
        }
        expect([...ended].every((path) => depthOf(path) >= 0)).toBe(true);
      }),
      runs,
    );
  });

  it("C4: never work on more items side by side than parallel says, and leave none out", () => {
    fc.assert(
      fc.property(nestedStories({ failing: 0 }), (story) => {
        const told = tellNested(story);
        const stored = storedAfter(told, told.log.length);
        for (const { path, opened } of stored.values()) {
          if (opened === undefined || nodeOfPath(story.plan, path)?.composite?.kind !== "iteration") continue;
          const items = [...stored.keys()].filter((one) => one.startsWith(`${path}#`) && !one.slice(path.length).includes("/"));
          expect(items.length).toBe(opened.count);
        }
        for (const [path, most] of told.mostOpen) {
          const composite = nodeOfPath(story.plan, path)?.composite;
          if (composite?.kind === "agent" || composite?.kind === "team") continue;
          expect(most).toBeLessThanOrEqual(composite!.parallel);
        }
      }),
      runs,
    );
  });

  it("go round until a round says that it was the last, or there were as many as may be", () => {
    fc.assert(
      fc.property(nestedStories({ failing: 0 }), (story) => {
        const told = tellNested(story);
        const stored = storedAfter(told, told.log.length);
        for (const { path, opened } of stored.values()) {
          const node = nodeOfPath(story.plan, path);
          if (opened === undefined || node?.composite?.kind !== "loop") continue;
          const rounds = [...stored.keys()].filter((one) => one.startsWith(`${path}#`) && !one.slice(path.length).includes("/"));
          expect(rounds.length).toBe(Math.min(node.composite.maxRounds, Number(node.config["until"]) + 1));
        }
      }),
      runs,
    );
  });

  it.each(["all rows", "those that an owner loads", "what goes on of them"])(
    "C5: stand after every row as they do when they are made again from %s",
    (which) => {
      fc.assert(
        fc.property(nestedStories({ failing: 12 }), (story) => {
          const told = tellNested(story);
          told.log.forEach(({ after }, index) => {
            if (after === "") return;
            const stored = storedAfter(told, index + 1);
            const rows =
              { "all rows": [...stored.values()], "what goes on of them": loadedByWhatGoesOn(story.plan, stored) }[which] ?? loaded(stored);
            const { run, unstoredSkips } = replay(story.plan, rows);
            // Counted where they are stored.
            if (which !== "all rows") run.crashedNodes = crashedIn(stored);
            expect(unstoredSkips).toEqual([]);
            expect(standing(run, which === "what goes on of them")).toBe(
              which === "what goes on of them" ? told.log[index]!.unread : after,
            );
          });
        }),
        { numRuns: 250 },
      );
    },
  );

  it("say of each failure in its row whether it was handled: what completed has none that was not", () => {
    fc.assert(
      fc.property(nestedStories({ failing: 15 }), (story) => {
        const told = tellNested(story);
        const stored = storedAfter(told, told.log.length);
        const isBeneath = (path: string, around: string): boolean => path !== around && scopeOf(path) === around;
        for (const { path: around, status } of stored.values()) {
          if (status !== "COMPLETED") continue;
          const failed = [...stored.values()].filter((row) => row.status === "FAILED" && isBeneath(row.path, around));
          expect(failed.filter(({ route }) => route === undefined).map(({ path }) => path)).toEqual([]);
        }
      }),
      runs,
    );
  });

  it("C8: give the same whatever order their items end in", () => {
    fc.assert(
      fc.property(
        nestedStories({ failing: 0, isWriting: false }),
        fc.array(fc.nat(10_000), { minLength: 20, maxLength: 20 }),
        (story, picks) => {
          expect(tellNested({ ...story, picks }).run.root.outputs).toEqual(tellNested(story).run.root.outputs);
        },
      ),
      { numRuns: 200 },
    );
  });
});

it.each(["each#3/see", "each#3", "each/see", "each#0/gone", "see"])(
  "a stored row at %s, which is none of its plan, is no part of the run",
  (path) => {
    const body = { nodes: [{ id: "see", type: "any", config: {} }], edges: [] };
    const compiled = compilePlan({ nodes: [{ id: "each", type: "iteration", config: { body } }], edges: [] });
    const row = { outputText: null, outputJson: null, stateUpdates: undefined, route: undefined, errorCode: null, errorMessage: null };
    const rows: StoredNode[] = [
      { ...row, path: "each", status: "RUNNING", seq: 1, doneSeq: null, opened: { count: 3, items: [1, 2, 3] } },
      { ...row, path, status: "COMPLETED", seq: 2, doneSeq: 2 },
    ];
    expect(() => replay(compiled, rows)).toThrow(path);
  },
);

describe("iterationOutput", () => {
  const result = (output: Json, hasFailed = false) => ({ hasFailed, output: { output, text: "text" } });
  const results = [result([1, [2, [3]]]), result("kept", true), result(null), result([]), result({ a: [4] })];

  it.each<[string, Pick<CompositeSettings, "onItemError" | "flatten">, Json[]]>([
    ["has null in the place of what failed", { onItemError: "continue", flatten: false }, [[1, [2, [3]]], null, "text", [], { a: [4] }]],
    ["leaves out what failed", { onItemError: "remove", flatten: false }, [[1, [2, [3]]], "text", [], { a: [4] }]],
    [
      "flattens nothing of what is no list, a failure's null least",
      { onItemError: "continue", flatten: true },
      [1, [2, [3]], null, "text", { a: [4] }],
    ],
    ["flattens lists one level deep", { onItemError: "remove", flatten: true }, [1, [2, [3]], "text", { a: [4] }]],
  ])("%s", (_, settings, expected) => {
    expect(iterationOutput(settings, results)).toEqual(expected);
  });

  it.each<[string, boolean[], Json[]]>([
    ["the first", [true, false, false], [1, 2]],
    ["the last", [false, false, true], [0, 1]],
    ["every one", [true, true, true], []],
    ["the only one", [true], []],
    ["none", [false, false], [0, 1]],
  ])("leaves out %s that failed, and its place", (_, failed, expected) => {
    const items = failed.map((hasFailed, place) => result(place, hasFailed));
    for (const flatten of [false, true]) expect(iterationOutput({ onItemError: "remove", flatten }, items)).toEqual(expected);
    expect(iterationOutput({ onItemError: "continue", flatten: true }, items)).toEqual(failed.map((has, place) => (has ? null : place)));
  });
});

describe("what a node saw, by what is stored", () => {
  const see = { id: "see", type: "any", config: {} };
  const body = (...nodes: object[]) => ({
    nodes: [see, ...nodes],
    edges: nodes.map((_, index) => ({ source: "see", target: `later${index}` })),
  });
  const compiled = compilePlan({
    nodes: [
      { id: "later0", type: "any", config: {} },
      { id: "other", type: "any", config: {} },
      { id: "each", type: "iteration", config: { body: body({ id: "later0", type: "any", config: {} }) as unknown as JsonObject } },
      { id: "sub", type: "sub-workflow", config: { workflow_version_id: "v" } },
    ],
    edges: ["later0", "other"].flatMap((source) => ["each", "sub"].map((target) => ({ source, target }))),
    workflows: { v: { nodes: [see], edges: [] } },
  });
  const stored = { outputOf: (path: string) => ({ output: path, text: null }), itemOf: () => ({}), writtenOf: () => undefined };

  it.each([
    ["is of the innermost graph that has its id, whether or not it has an output there", "each#0/see", ["other"]],
    ["is in a sub-workflow nothing of what is around it", "sub/see", []],
  ])("%s", (_, path, expected) => {
    expect(Object.keys(sightAt(compiled, path, stored).outputs)).toEqual(expected);
  });
});
