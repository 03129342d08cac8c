/** Random nested plans and a run of each in random order, told with the engine's own functions as an owner tells it. */
import fc from "fast-check";
import type { Json, JsonObject } from "#shared/json.ts";
import { applyCancelled, applyCompleted, applyDriven, applyFailed, applyOpened } from "../../../subgraphs/runtime/engine/apply.ts";
import { openScopesBeneath, statesOf } from "../../../subgraphs/runtime/engine/drive.ts";
import { isDone, isLeaf, isOpen, isStopped, varsOf, type NodeState } from "../../../subgraphs/runtime/engine/frame.ts";
import { handlingOf, isPoisonous } from "../../../subgraphs/runtime/engine/handling.ts";
import type { TokenUse } from "../../../subgraphs/runtime/engine/drivers/team-route.ts";
import { useOf } from "../../../subgraphs/runtime/engine/drivers/team-use.ts";
import { roundRoutes } from "../../../subgraphs/runtime/engine/drivers/loop.driver.ts";
import { compilePlan, type CompiledPlan, type PlanDocument, type PlanNode } from "../../../subgraphs/runtime/engine/plan.ts";
import type { StoredNode } from "../../../subgraphs/runtime/engine/replay.ts";
import { startRun, type RunState } from "../../../subgraphs/runtime/engine/run-state.ts";
import type { NodeOutcome } from "../../../subgraphs/runtime/nodes/executor.ts";
import { scopeOutcome } from "../../../subgraphs/runtime/owner/composites/scope-outcome.ts";
import { faultFor } from "../../testkit/engine/faults.ts";

/** A nested plan and what happens in it. */
export interface NestedStory {
  document: PlanDocument;
  plan: CompiledPlan;
  /** Picks what happens next. */
  picks: number[];
  /** Leaves that fail, of a hundred. */
  failing: number;
  /** Whether assigners write, to what they see: what comes of that depends on the order of their ends. */
  isWriting?: boolean;
  /** Else which, and with what code. */
  failsWith?: (path: string) => string | undefined;
  /** The route with which a leaf completes; none unless given. */
  routeOf?: (state: NodeState, pick: () => number) => string | undefined;
}

/** Graphs of up to 4 nodes, a third of them composites of all kinds, up to 3 deep; half of the nodes handle their failures, and a fifth write. */
export function nestedStories({ failing, isWriting = true }: { failing: number; isWriting?: boolean }): fc.Arbitrary<NestedStory> {
  return fc
    .record({ document: graphs(3), picks: fc.array(fc.nat(10_000), { minLength: 20, maxLength: 20 }) })
    .map(({ document, picks }) => withWorkflows(document, picks))
    .map((story) => ({ ...story, plan: compilePlan(story.document), failing, isWriting }));
}

/** Sub-workflows are made with their graph in them, which goes where plans have it. */
function withWorkflows(document: PlanDocument, picks: number[]): { document: PlanDocument; picks: number[] } {
  const workflows: Record<string, PlanDocument> = {};
  const taken = (one: PlanDocument): PlanDocument => ({ ...one, nodes: one.nodes.map(nodeTaken) });
  const nodeTaken = (node: PlanNode): PlanNode => {
    const { body, ...config } = node.config;
    if (body === undefined) return node;
    const inner = taken(body as unknown as PlanDocument);
    if (node.type !== "sub-workflow") return { ...node, config: { ...config, body: inner as unknown as JsonObject } };
    const id = `v${Object.keys(workflows).length}`;
    workflows[id] = inner;
    return { ...node, config: { ...config, workflow_version_id: id } };
  };
  const outer = taken(document);
  return { document: { ...outer, workflows }, picks };
}

function graphs(depth: number): fc.Arbitrary<PlanDocument> {
  const onError = fc.constantFrom<Partial<PlanNode>>({}, {}, { on_error: "branch" }, { on_error: { default: { output_text: "instead" } } });
  const leaf = fc
    .record({ type: fc.constantFrom("any", "any", "any", "any", "assigner"), more: onError })
    .map(({ type, more }): Partial<PlanNode> => ({ type, config: {}, ...more }));
  const inner = (config: object, body: PlanDocument): JsonObject => ({ ...config, body: body as unknown as JsonObject });
  const loop = (): fc.Arbitrary<Partial<PlanNode>> =>
    fc
      .record({ body: graphs(depth - 1), max_rounds: fc.integer({ min: 1, max: 4 }), until: fc.integer({ min: 0, max: 4 }), more: onError })
      .map(({ body, more, ...config }) => ({ type: "loop", config: inner({ ...config, output: "x" }, body), ...more }));
  const subWorkflow = (): fc.Arbitrary<Partial<PlanNode>> =>
    fc
      .record({ body: graphs(depth - 1), more: onError })
      .map(({ body, more }) => ({ type: "sub-workflow", config: inner({}, body), ...more }));
  const iteration = (): fc.Arbitrary<Partial<PlanNode>> =>
    fc
      .record({
        body: graphs(depth - 1),
        count: fc.nat(4),
        parallel: fc.integer({ min: 1, max: 3 }),
        on_item_error: fc.constantFrom("fail", "continue", "remove"),
        more: onError,
      })
      .map(({ body, more, ...config }) => ({ type: "iteration", config: inner(config, body), ...more }));
  const composite = fc.constantFrom(iteration, iteration, loop, subWorkflow).chain((make) => make());
  const one = depth === 1 ? leaf : fc.oneof({ arbitrary: leaf, weight: 2 }, { arbitrary: composite, weight: 1 });
  return fc
    .tuple(fc.array(one, { minLength: 1, maxLength: 4 }), fc.array(fc.tuple(fc.nat(3), fc.nat(3), fc.boolean()), { maxLength: 4 }))
    .map(([nodes, edges]) => ({
      nodes: nodes.map((node, index) => ({ id: `n${index}`, ...node }) as PlanNode),
      edges: edges
        .filter(([a, b]) => a !== b && a < nodes.length && b < nodes.length)
        .map(([a, b, isError]) => ({ source: `n${Math.min(a, b)}`, target: `n${Math.max(a, b)}`, ...(isError && { condition: "error" }) })),
    }));
}

/** Rows as they were written, and how the run stood after each. */
export interface NestedTold {
  run: RunState;
  log: { row: StoredNode; after: string; unread: string; holdings?: [path: string, values: JsonObject][] }[];
  /** Frames that were open at once, of each composite, at most. */
  mostOpen: Map<string, number>;
}

/** All that a takeover has to find again; `isUnread`: but for what came of items that have ended. What is part of something that has failed does nothing more until it ends with that, whichever way it stood. */
export function standing(run: RunState, isUnread = false): string {
  const nodes = [...run.frames.values()].flatMap((frame) => [...statesOf(frame), ...(frame.end?.ends === undefined ? [] : [frame.end])]);
  return JSON.stringify({
    phases: Object.fromEntries(
      nodes
        .map((state) => [state.path, isStopped(state) && !isOpen(state.phase) && !isDone(state.phase) ? "STOPPED" : state.phase])
        .toSorted(),
    ),
    ready: [...run.ready]
      .filter((state) => !isStopped(state))
      .map(({ path }) => path)
      .toSorted(),
    open: [...run.open].map(({ path }) => path).toSorted(),
    failing: [...run.failing].map(({ path }) => path).toSorted(),
    drives: nodes
      .flatMap(({ path, drive, node }) =>
        drive === undefined
          ? []
          : [
              [
                path,
                drive.ended,
                drive.next,
                [...drive.frames.keys()],
                drive.failure,
                isUnread && node.composite?.kind === "iteration" ? Object.keys(drive.results) : results(drive),
                drive.isDone,
                drive.holding,
              ],
            ],
      )
      .toSorted(),
    crashedNodes: run.crashedNodes,
    used: [...run.frames.values()].flatMap((frame) => (frame.agent === undefined ? [] : [[frame.path, useOf(frame)]])).toSorted(),
    frames: [...run.frames.values()]
      .map((frame) => [frame.path, frame.left, frame.open, frame.failure, frame.outputs, varsOf(frame)])
      .toSorted(),
  });
}

const results = (drive: NonNullable<NodeState["drive"]>): unknown => Array.from(drive.results, (result) => result ?? null);

/** Tells a story to its end, with random ends and, where `open`, calls that are under way beside others. */
export function tellNested({ plan, picks, failing, isWriting = true, failsWith, routeOf }: NestedStory): NestedTold {
  const run = startRun(plan);
  const told: NestedTold = { run, log: [], mostOpen: new Map() };
  let at = 0;
  const pick = (): number => (picks[at % picks.length] ?? 0) + 7 * at++;
  const write = (state: NodeState, status: StoredNode["status"], more: Partial<StoredNode>, apply: () => NodeState[] | void): void => {
    const none = { outputText: null, outputJson: null, stateUpdates: undefined, route: undefined, errorCode: null, errorMessage: null };
    const opened = state.drive?.opened;
    const isDone = status !== "RUNNING" && status !== "WAITING";
    const row = {
      path: state.path,
      seq: told.log.length + 1,
      status,
      doneSeq: isDone ? told.log.length + 1 : null,
      ...none,
      opened,
      ...more,
    };
    const skipped = apply() ?? [];
    told.log.push({ row, after: "", unread: "" });
    for (const one of skipped)
      told.log.push({ row: { path: one.path, status: "SKIPPED", doneSeq: told.log.length + 1, ...none }, after: "", unread: "" });
    Object.assign(told.log.at(-1)!, { after: standing(run), unread: standing(run, true) });
    for (const { owner } of run.frames.values())
      if (owner?.drive !== undefined) told.mostOpen.set(owner.path, Math.max(told.mostOpen.get(owner.path) ?? 0, owner.drive.frames.size));
  };
  const fail = (state: NodeState, code: string, message: string): void => {
    const fault = faultFor(code);
    const usage = usedBy(state);
    const handling = handlingOf(run, state, fault, usage);
    const end = { route: handling?.route, outputText: null, outputJson: null, usage, ...handling?.output };
    write(state, "FAILED", { errorCode: code, errorMessage: message, fault, ...end }, () =>
      applyFailed(run, state, { code, message, fault, ...end }),
    );
  };
  /** An assigner writes to all that it sees. */
  const complete = (state: NodeState, output: Json, route?: string): void => {
    const isWriter = isWriting && state.node.type === "assigner";
    const written = { [`k${pick() % 3}`]: told.log.length };
    const updates = isWriter ? { stateUpdates: written, variables: written } : { stateUpdates: undefined };
    const { loop, own } = state.frame;
    write(state, "COMPLETED", { outputJson: output, route, stateUpdates: updates.stateUpdates }, () =>
      applyCompleted(run, state, { outputText: null, outputJson: output, ...updates, route }),
    );
    if (isWriter) told.log.at(-1)!.holdings = [loop, own].flatMap((one) => (one === undefined ? [] : [[one.path, one.values]]));
  };
  const cancel = (state: NodeState): void => write(state, "CANCELLED", { errorCode: "SIBLING_FAILED" }, () => applyCancelled(run, state));
  const endLeaf = (state: NodeState): void => {
    const randomly = (): string | undefined => (pick() % 100 >= failing ? undefined : pick() % 5 === 0 ? "WORKER_CRASHED" : "BROKEN");
    const code = failsWith === undefined ? randomly() : failsWith(state.path);
    if (code === undefined) complete(state, state.path, routeOf?.(state, pick));
    else fail(state, code, "told");
  };
  for (;;) {
    // The owner ends it then.
    if (run.root.failure !== undefined || isPoisonous(run)) return told;
    const stopped = [...run.open].filter(isStopped);
    const startable = [...run.ready].filter((state) => !isStopped(state));
    const moves = [...stopped, ...startable, ...[...run.open].filter((state) => !isStopped(state))];
    const state = moves[pick() % moves.length];
    if (state === undefined) return told;
    if (stopped.includes(state)) cancel(state);
    else if (run.open.has(state)) endLeaf(state);
    else if (isLeaf(state)) {
      const how = pick() % 4;
      if (how < 2) endLeaf(state);
      else write(state, how === 2 ? "RUNNING" : "WAITING", {}, () => applyOpened(run, state, how === 2 ? "RUNNING" : "WAITING"));
    } else if (state.node.composite !== undefined && state.drive === undefined) {
      const isIteration = state.node.composite.kind === "iteration";
      const count = isIteration ? Number(state.node.config["count"]) : 1;
      const items = isIteration ? Array.from({ length: count }, (_, index) => `${state.path}:${index}`) : [{ given: state.path }];
      const opened = { count, items };
      write(state, "RUNNING", { opened }, () => applyDriven(run, state, opened));
    } else {
      const outcome = scopeOutcome(state) ?? roundOf(state);
      for (const scope of openScopesBeneath(state)) cancel(scope);
      if (outcome.kind === "failed") fail(state, outcome.code, outcome.message);
      else if (outcome.kind === "completed") complete(state, outcome.outputJson ?? null, outcome.route);
    }
  }
}

/** Model calls have been answered that fail, and so has what tools ask. */
function usedBy({ node: { type } }: NodeState): TokenUse | undefined {
  return type === "agent-model" || type === "agent-tool" ? { promptTokens: 30, completionTokens: 3 } : undefined;
}

/** A round gives its path; the loop ends with the one that `until` says. */
function roundOf({ ends, path }: NodeState): NodeOutcome {
  const isDone = ends?.ordinal === Number(ends?.owner?.node.config["until"]);
  return { kind: "completed", outputJson: path, route: isDone ? roundRoutes.done : roundRoutes.again };
}

/** What is stored after the first rows of a log: the last row of each node run. */
export function storedAfter({ log }: NestedTold, count: number): Map<string, StoredNode> {
  const stored = new Map<string, StoredNode>();
  const values = new Map<string, JsonObject>();
  for (const { row, holdings = [] } of log.slice(0, count)) {
    stored.set(row.path, {
      ...stored.get(row.path),
      ...row,
      // What assigners wrote is read as it stands.
      stateUpdates: undefined,
      seq: stored.get(row.path)?.seq ?? row.seq!,
      opened: row.opened ?? stored.get(row.path)?.opened,
    });
    for (const [path, all] of holdings) values.set(path, all);
  }
  for (const [path, all] of values) stored.get(path)!.values = all;
  return stored;
}

/** As an owner loads them: nothing beneath a frame or a composite that has ended. */
export function loaded(stored: Map<string, StoredNode>): StoredNode[] {
  return [...stored.values()].filter(({ path }) => !isDone(stored.get(scopeOf(path))?.status ?? "READY"));
}

/** What a node run is part of, by its path. */
export function scopeOf(path: string): string {
  return /#\d+$/.test(path) ? path.replace(/#\d+$/, "") : path.slice(0, Math.max(0, path.lastIndexOf("/")));
}
