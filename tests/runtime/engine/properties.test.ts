import fc from "fast-check";
import { applyCompleted } from "../../../subgraphs/runtime/engine/apply.ts";
import { compilePlan, type CompiledPlan } from "../../../subgraphs/runtime/engine/plan.ts";
import { replay } from "../../../subgraphs/runtime/engine/replay.ts";
import { startRun, type RunState } from "../../../subgraphs/runtime/engine/run-state.ts";
import { runStatus } from "../../../subgraphs/runtime/engine/status.ts";
import { stories, tell } from "./random-graph.ts";

const runs = { numRuns: 600 };

describe("the engine over random graphs", () => {
  it("runs no node twice and ends every node: completed or skipped", () => {
    fc.assert(
      fc.property(stories({ failures: false }), (story) => {
        const { run, rows, executed } = tell(story);
        expect(new Set(executed).size).toBe(executed.length);
        expect(rows.map(({ path }) => path).toSorted()).toEqual(story.document.nodes.map(({ id }) => id).toSorted());
        expect(runStatus(run)).toBe("COMPLETED");
      }),
      runs,
    );
  });

  it("lets no join wait for ever: a node ran exactly when an edge to it was taken, or it has none", () => {
    fc.assert(
      fc.property(stories({ failures: false }), (story) => {
        const { executed } = tell(story);
        const ran = new Set(executed);
        for (const node of story.plan.nodes) {
          const isTaken =
            node.incoming.length === 0 ||
            story.plan.nodes.some(
              (source) =>
                ran.has(source.index) &&
                source.outgoing.some(
                  ({ target, condition }) =>
                    target === node.index &&
                    (story.routes[source.index] ?? condition) === condition &&
                    !(source.onError.kind === "branch" && condition === "error"),
                ),
            );
          expect([node.id, ran.has(node.index)]).toEqual([node.id, isTaken]);
        }
      }),
      runs,
    );
  });

  it("S-32: fails when a node has failed that handles it not, else completes, in any order of completion", () => {
    fc.assert(
      fc.property(stories({ failures: true }), (story) => {
        const { run, rows } = tell(story);
        const hasFailed = rows.some(({ status, route }) => status === "FAILED" && route === undefined);
        expect(runStatus(run)).toBe(hasFailed ? "FAILED" : "COMPLETED");
      }),
      runs,
    );
  });

  it("decides the same when it is replayed from any prefix of the stored rows, in any order of reading", () => {
    fc.assert(
      fc.property(stories({ failures: true }), fc.nat(30), fc.func(fc.integer()), (story, cut, shuffle) => {
        const whole = tell(story);
        const prefix = whole.rows.slice(0, cut % (whole.rows.length + 1));
        const { run, unstoredSkips } = replay(
          story.plan,
          [...prefix].sort((a, b) => shuffle(a, b)),
        );
        const missing = whole.rows
          .slice(prefix.length)
          .filter(({ status }) => status === "SKIPPED")
          .slice(0, unstoredSkips.length);
        expect(unstoredSkips.map(({ path }) => path).toSorted()).toEqual(missing.map(({ path }) => path).toSorted());
        const rows = [...prefix, ...missing.map((row, at) => ({ ...row, doneSeq: prefix.length + 1 + at }))];
        const continued = tell(story, run, rows);
        expect(phases(continued.run)).toEqual(phases(whole.run));
        expect(continued.run.state).toEqual(whole.run.state);
        expect(continued.run.root.outputs).toEqual(whole.run.root.outputs);
        expect(runStatus(continued.run)).toBe(runStatus(whole.run));
      }),
      runs,
    );
  });

  it.each(["loop#0/n0", "n0#1", "gone"])(
    "refuses to replay the row of %s, which is none of the plan, instead of passing it over",
    (path) => {
      const plan = compilePlan({ nodes: [{ id: "n0", type: "any", config: {} }], edges: [] });
      const row = { outputText: null, outputJson: null, stateUpdates: undefined, route: undefined, errorCode: null, errorMessage: null };
      for (const status of ["COMPLETED", "RUNNING"] as const) {
        expect(() => replay(plan, [{ path, status, doneSeq: 2, ...row }])).toThrow(`the stored node run ${path} is none of its plan`);
      }
    },
  );

  it("decides a fan-out of 100,000 edges", () => {
    expect(runStatus(completed(startRun(fanOut(50_000))))).toBe("COMPLETED");
  });

  it("touches each edge a constant number of times however many there are", () => {
    // Ten times the edges: ten times the accesses, with a tenth for chance. Quadratic it would be a hundred times.
    expect(accessesOf(10_000) / accessesOf(1_000)).toBeLessThan(11);
  });
});

/** One node, `width` nodes behind it, and one behind them all. */
function fanOut(width: number): CompiledPlan {
  const ids = Array.from({ length: width }, (_, index) => `m${index}`);
  const nodes = ["first", ...ids, "last"].map((id) => ({ id, type: "any", config: {} }));
  const edges = ids.flatMap((id) => [
    { source: "first", target: id },
    { source: id, target: "last" },
  ]);
  return compilePlan({ nodes, edges });
}

function completed(run: RunState): RunState {
  for (const state of run.ready)
    applyCompleted(run, state, { outputText: null, outputJson: null, stateUpdates: undefined, route: undefined });
  return run;
}

function phases(run: RunState): string[] {
  return run.root.nodes.map(({ phase }) => phase);
}

/** How often a fan-out's run looks at its nodes, their edges, and what it knows of them. */
function accessesOf(width: number): number {
  let accesses = 0;
  const counted = <T extends object>(list: T): T =>
    new Proxy(list, {
      get(target, key) {
        accesses += 1;
        return Reflect.get(target, key) as unknown;
      },
    });
  const plan = fanOut(width);
  const nodes = counted(plan.nodes.map((node) => ({ ...node, outgoing: counted(node.outgoing), incoming: counted(node.incoming) })));
  const run = startRun({ ...plan, nodes });
  for (const state of run.root.nodes) {
    for (const key of ["phase", "unknownEdges", "takenEdges", "takenOutgoing"] as const) {
      let held: unknown = state[key];
      Object.defineProperty(state, key, {
        get() {
          accesses += 1;
          return held;
        },
        set(value: unknown) {
          held = value;
        },
      });
    }
  }
  expect(runStatus(completed(run))).toBe("COMPLETED");
  return accesses;
}
