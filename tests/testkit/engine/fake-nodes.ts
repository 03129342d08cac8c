import type { Json, JsonObject } from "#shared/json.ts";
import { assignerNode } from "../../../subgraphs/runtime/nodes/assigner.node.ts";
import type { NodeContext, NodeExecutor, NodeOutcome } from "../../../subgraphs/runtime/nodes/executor.ts";
import { frameNode } from "../../../subgraphs/runtime/nodes/composite/frame.node.ts";
import { iterationNode } from "../../../subgraphs/runtime/nodes/composite/iteration.node.ts";
import { loopNode } from "../../../subgraphs/runtime/nodes/composite/loop.node.ts";
import { subWorkflowNode } from "../../../subgraphs/runtime/nodes/composite/sub-workflow.node.ts";

/** A call of an outside node that the test ends. */
export interface HeldCall {
  context: NodeContext;
  end(outcome?: NodeOutcome): void;
}

/** What the node types of {@link fakeExecutors} did. */
export interface Calls {
  /** Node ids in the order in which they were called. */
  readonly log: string[];
  /** Calls of outside nodes, but for those that are interrupted. */
  readonly made: { nodeRunId: string; attempt: number }[];
  /** Calls of `hold` nodes that nobody has ended, by node run id. */
  readonly held: Map<string, HeldCall>;
  /** Resolves when a `hold` node of that id is called. */
  heldNode(nodeId: string): Promise<HeldCall>;
  /** Keys that `texts` nodes were called with. */
  readonly keys: string[];
  /** Attempts that `flaky` nodes have made, by node run id. */
  readonly attempts: Map<string, number>;
}

/**
 * pure: completes with config.output. branch: config.route. assign: config.updates. hold: an outside call that the test ends. call: an outside
 * call of config.ms. texts: each attempt has the next of config.texts, null fails. cut: is interrupted config.times times, with config.code. person, timer: wait.
 * unstorable: the character config.code. flaky: fails config.failures times, with config.byPath in all runs together. fail: fails. echo: completes with
 * the scope that it sees; see: outside, with the nodes that it sees; see-outside: with the item, and the names of what it sees; with
 * config.all its input and state too. poison: fails for the items in config.items, and gives the others. approve: outside, asks for an approval first, and
 * completes with what it was given; config.ask false: nobody is asked, which a thread finds.
 */
export function fakeExecutors(): { executors: (type: string) => NodeExecutor | undefined; calls: Calls } {
  const waiters = new Map<string, (call: HeldCall) => void>();
  const calls: Calls = {
    log: [],
    made: [],
    held: new Map(),
    attempts: new Map(),
    keys: [],
    heldNode(nodeId) {
      const known = [...calls.held.values()].find(({ context }) => context.nodeId === nodeId);
      return known === undefined ? new Promise((resolve) => waiters.set(nodeId, resolve)) : Promise.resolve(known);
    },
  };
  const pure = (run: (context: NodeContext) => NodeOutcome): NodeExecutor => ({
    effect: "pure",
    run: (context) => logged(calls, context, run),
  });
  const outside = (run: (context: NodeContext) => NodeOutcome | Promise<NodeOutcome>): NodeExecutor => ({
    effect: "outside",
    run: (context) => {
      // The attempt of one that was interrupted is made again.
      if (context.config["times"] === undefined) calls.made.push({ nodeRunId: context.nodeRunId, attempt: context.attempt });
      return logged(calls, context, run);
    },
  });
  const types: Record<string, NodeExecutor> = {
    iteration: iterationNode,
    loop: loopNode,
    "sub-workflow": subWorkflowNode,
    frame: frameNode,
    assigner: assignerNode,
    pure: pure(({ config, nodeId }) => ({ kind: "completed", outputText: nodeId, outputJson: config["output"] ?? null })),
    answer: pure(({ config }) => ({ kind: "completed", outputText: String(config["answer"] ?? "") })),
    branch: pure(({ config }) => ({ kind: "completed", route: String(config["route"]) })),
    assign: pure(({ config }) => ({ kind: "completed", stateUpdates: config["updates"] as JsonObject })),
    echo: pure(({ scope }) => ({
      kind: "completed",
      outputJson: {
        state: scope.state,
        nodes: scope.nodes as unknown as Json,
        input: scope.input,
        ...(scope.index !== undefined && { item: scope.item ?? null, index: scope.index }),
        ...(scope.loop !== undefined && { loop: scope.loop }),
      },
    })),
    // The characters cannot stand in a plan either.
    unstorable: pure(({ config }) => ({ kind: "completed", outputText: String.fromCharCode(Number(config["code"])) })),
    fail: pure(() => ({ kind: "failed", code: "BROKEN", message: "as told", retryable: false })),
    poison: pure(({ scope, config }) =>
      (config["items"] as Json[]).includes(scope.item ?? null)
        ? { kind: "failed", code: "POISON", message: `item ${JSON.stringify(scope.item)}`, retryable: false }
        : { kind: "completed", outputJson: scope.item ?? null },
    ),
    approve: {
      ...outside(({ approval }) => ({ kind: "completed", outputJson: approval?.arguments ?? "nobody was asked" })),
      ask: {
        isNeeded: () => true,
        run: ({ config }) =>
          config["ask"] === false
            ? Promise.resolve({ kind: "allowed" })
            : { kind: "waiting", reason: "APPROVAL", question: { arguments: { n: 1 } } },
      },
    },
    person: pure(() => ({ kind: "waiting", reason: "PERSON" })),
    timer: pure(({ config }) => ({ kind: "waiting", reason: "TIMER", delayMs: Number(config["ms"]) })),
    flaky: outside((context) => {
      const { nodeRunId, config } = context;
      // In a run that goes on from another the node run has another id.
      const key = config["byPath"] === true ? nodeRunId.slice(nodeRunId.indexOf(":") + 1) : nodeRunId;
      const made = (calls.attempts.get(key) ?? 0) + 1;
      calls.attempts.set(key, made);
      const isOver = made > Number(context.config["failures"]);
      return isOver
        ? { kind: "completed", outputText: `attempt ${context.attempt}` }
        : { kind: "failed", code: "FLAKY", message: "try again", retryable: true };
    }),
    see: outside(({ scope }) => ({ kind: "completed", outputJson: scope.nodes as unknown as Json })),
    texts: outside(({ config, attempt, effectKey }) => {
      calls.keys.push(effectKey);
      const text = (config["texts"] as (string | null)[])[attempt - 1] ?? null;
      return text === null
        ? { kind: "failed", code: "FLAKY", message: "try again", retryable: true }
        : { kind: "completed", outputText: text, outputJson: { length: text.length } };
    }),
    cut: outside((context) => {
      const made = (calls.attempts.get(context.nodeRunId) ?? 0) + 1;
      calls.attempts.set(context.nodeRunId, made);
      const effectUnknown = context.config["effectUnknown"] === true;
      return made > Number(context.config["times"])
        ? { kind: "completed", outputText: `attempt ${context.attempt}` }
        : {
            kind: "interrupted",
            code: String(context.config["code"] ?? "SUBGRAPH_UNREACHABLE"),
            message: "the tool subgraph is away",
            effectUnknown,
          };
    }),
    "see-outside": outside(({ scope, config }) => ({
      kind: "completed",
      outputJson: {
        item: scope.item ?? null,
        index: scope.index ?? null,
        nodes: Object.keys(scope.nodes).toSorted(),
        ...(scope.loop !== undefined && { loop: scope.loop }),
        ...(config["all"] === true && { input: scope.input, state: scope.state }),
      },
    })),
    call: outside((context) => sleepFor(Number(context.config["ms"] ?? 0), context.signal)),
    hold: outside(
      (context) =>
        new Promise<NodeOutcome>((resolve) => {
          const call: HeldCall = {
            context,
            end(outcome = { kind: "completed", outputText: context.nodeId }) {
              calls.held.delete(context.nodeRunId);
              resolve(outcome);
            },
          };
          context.signal.addEventListener("abort", () =>
            call.end({ kind: "failed", code: "ABORTED", message: "aborted", retryable: false }),
          );
          calls.held.set(context.nodeRunId, call);
          waiters.get(context.nodeId)?.(call);
          waiters.delete(context.nodeId);
        }),
    ),
  };
  return { executors: (type) => types[type], calls };
}

function logged<T>(calls: Calls, context: NodeContext, run: (context: NodeContext) => T): T {
  calls.log.push(context.nodeId);
  return run(context);
}

function sleepFor(ms: number, signal: AbortSignal): Promise<NodeOutcome> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => resolve({ kind: "completed", outputText: "called" }), ms);
    signal.addEventListener("abort", () => {
      clearTimeout(timer);
      resolve({ kind: "failed", code: "ABORTED", message: "aborted", retryable: false });
    });
  });
}
