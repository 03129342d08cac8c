/** Random plans and a run of them in random order, for properties of the engine. */
import fc from "fast-check";
import { applyCompleted, applyFailed } from "../../../subgraphs/runtime/engine/apply.ts";
import { handlingOf } from "../../../subgraphs/runtime/engine/handling.ts";
import type { PlanOnError } from "../../../subgraphs/runtime/engine/on-error.ts";
import { compilePlan, type CompiledPlan, type PlanDocument } from "../../../subgraphs/runtime/engine/plan.ts";
import type { StoredNode } from "../../../subgraphs/runtime/engine/replay.ts";
import { startRun, type RunState } from "../../../subgraphs/runtime/engine/run-state.ts";

/** A plan and what its nodes do. */
export interface Story {
  document: PlanDocument;
  plan: CompiledPlan;
  /** The route that a branching node takes, by index. */
  routes: (string | undefined)[];
  failing: Set<number>;
  /** Picks the next of the ready nodes. */
  picks: number[];
}

const onErrors: (PlanOnError | undefined)[] = [undefined, "branch", "branch", { default: { output_text: "x" } }];

/** Acyclic graphs of up to 14 nodes: some nodes branch, some fail and some of those handle it, completions in any order. */
export function stories(options: { failures: boolean }): fc.Arbitrary<Story> {
  return fc
    .integer({ min: 1, max: 14 })
    .chain((count) =>
      fc.record({
        count: fc.constant(count),
        edges: fc.array(fc.tuple(fc.nat(count - 1), fc.nat(count - 1), fc.constantFrom("true", "false", "error", undefined)), {
          maxLength: 30,
        }),
        routes: fc.array(fc.constantFrom("true", "false", undefined, undefined), { minLength: count, maxLength: count }),
        failing: options.failures ? fc.array(fc.nat(count - 1), { maxLength: 4 }) : fc.constant([]),
        onErrors: fc.array(fc.constantFrom(...onErrors), { minLength: count, maxLength: count }),
        picks: fc.array(fc.nat(1000), { minLength: count, maxLength: count }),
      }),
    )
    .map(({ edges, routes, failing, onErrors: handlings, picks }) => {
      const document: PlanDocument = {
        nodes: handlings.map((onError, index) => ({ id: `n${index}`, type: "any", config: {}, ...(onError && { on_error: onError }) })),
        edges: edges
          .filter(([a, b]) => a !== b)
          .map(([a, b, condition]) => ({
            source: `n${Math.min(a, b)}`,
            target: `n${Math.max(a, b)}`,
            ...(condition !== undefined && { condition }),
          })),
      };
      return { document, plan: compilePlan(document), routes, failing: new Set(failing), picks };
    });
}

/** How a story went. */
export interface Told {
  run: RunState;
  rows: StoredNode[];
  /** Places in the document, in the order in which they were executed. */
  executed: number[];
}

/** Executes a story to its end, writing a row for every end as the owner does. */
export function tell({ plan, routes, failing, picks }: Story, run = startRun(plan), rows: StoredNode[] = []): Told {
  const executed: number[] = [];
  const write = (index: number, status: StoredNode["status"], more: Partial<StoredNode> = {}): void => {
    const row = { outputText: null, outputJson: null, stateUpdates: undefined, route: undefined, errorCode: null, errorMessage: null };
    rows.push({ path: `n${index}`, status, doneSeq: rows.length + 1, ...row, ...more });
  };
  while (run.ready.size > 0 && run.root.failure === undefined) {
    const ready = [...run.ready].toSorted((a, b) => a.node.index - b.node.index);
    const state = ready[(picks[rows.length % picks.length] ?? 0) % ready.length]!;
    const { index } = state.node;
    executed.push(index);
    if (failing.has(index)) {
      const handling = handlingOf(run, state, undefined);
      const end = { route: handling?.route, outputText: null, outputJson: null, ...handling?.output };
      write(index, "FAILED", { errorCode: "BROKEN", errorMessage: "", ...end });
      for (const skipped of applyFailed(run, state, { code: "BROKEN", message: "", ...end })) write(skipped.node.index, "SKIPPED");
      continue;
    }
    const completion = {
      outputText: null,
      outputJson: index,
      stateUpdates: { last: `n${index}`, [`n${index}`]: rows.length },
      route: routes[index],
    };
    write(index, "COMPLETED", completion);
    for (const skipped of applyCompleted(run, state, completion)) write(skipped.node.index, "SKIPPED");
  }
  return { run, rows, executed };
}
