/**
 * What a node type is to the engine: one object that turns a context into an outcome. An executor never touches the database and
 * never throws for a failure of its node: failures are outcomes. An exception is a bug and fails the node with INTERNAL.
 */
import type { Evaluator } from "#shared/evaluation/job.ts";
import type { GuardedFetch } from "#shared/fetch/fetch.ts";
import type { Json, JsonObject } from "#shared/json.ts";
import type { RunFacts } from "#shared/template/scope.ts";
import type { Fault } from "../engine/fault.ts";
import type { DeltaKind, ModelPort } from "./ports/model.port.ts";
import type { MemoryPort } from "./ports/memory.port.ts";
import type { SkillPort } from "./ports/skill.port.ts";
import type { ToolPort } from "./ports/tool.port.ts";
import type { SandboxPort } from "../sandbox/sandbox.ts";

/** What templates and expressions of a node see. Read only. */
export interface NodeScope extends Partial<RunFacts> {
  /** The run's input. */
  input: JsonObject;
  /** What assigner nodes have written so far. */
  state: JsonObject;
  /** Completed nodes by id; and those whose failure was handled, with their error. */
  nodes: Record<string, { output: Json; text: string | null; error?: { code: string; message: string } }>;
  current: { node_id: string };
  /** In the body of an iteration: its item, and the place of that in the list; in that of a loop: the number of the round. */
  item?: Json;
  index?: number;
  /** In the body of a loop: its variables. */
  loop?: JsonObject;
  /** Of an agent's model call: how many of the agent's inputs it sees; unless given, all that there are. */
  inputs?: number;
}

/** An artifact that a node made: more than a hot row should carry, or a file. */
export interface ArtifactDraft {
  artifactType: string;
  name?: string;
  contentText?: string;
  contentJson?: Json;
  storageUri?: string;
}

/** Model calls that a node made, added up. */
export interface NodeUsage {
  modelCalls: number;
  promptTokens: number;
  completionTokens: number;
}

/** What was changed of an output so that it can be kept: said in a span, under `output.…`. */
export interface OutputNotes {
  /** Characters that PostgreSQL does not store; U+FFFD stands for each. */
  replaced_characters?: number;
  /** Places of numbers that a double does not keep, and whose digits are a text now; the first of them. */
  numbers_as_text?: string[];
  /** Documents without a text: a null one counts as empty, what is no document at all is left out. */
  documents_without_text?: number;
}

/** What a node that waits asks, as its row keeps it. */
export interface Question {
  text?: string;
  /** A JSON Schema of what is answered. */
  form?: JsonObject;
  assignees?: string[];
  /** The ways out, which are routes; none: there is one way only. */
  actions?: { id: string; label?: string }[];
  /** The route of an answer without an action, where its edges have conditions. */
  route?: string;
  /** An approval: what is called, and with what. `version`: of the tool, by whose schema other arguments are checked; `isRequest`: they are parts of a request instead. */
  tool?: { name: string; version?: string; isRequest?: boolean };
  arguments?: JsonObject;
  /** Of a tool node: the parts of its request, as they were when a person was asked. They are shown to nobody as they are. */
  request?: JsonObject;
  /** Of an agent's skill, whose arguments those are: what they make of its tool's. With these it is called where nobody changes the others. */
  called?: JsonObject;
}

/** What a person decided of a call. */
export interface Approval {
  decision: "APPROVE" | "REJECT";
  /** What the call is made with: as it was asked, or as they changed it. */
  arguments?: JsonObject;
  /** {@link Question.request} */
  request?: JsonObject;
  /** {@link Question.called}, where the person left the arguments as they were. */
  called?: JsonObject;
  /** Of an agent's call that was rejected: which one, for the output of its node run. */
  call?: { name: string; arguments: JsonObject };
  reason?: string;
  by?: string;
  atMs?: number;
}

/** How a node's attempt ended. */
export type NodeOutcome =
  | {
      kind: "completed";
      outputText?: string;
      outputJson?: Json;
      /** Merged into the run's state, key by key; in a sub-workflow into its own. */
      stateUpdates?: JsonObject;
      /** Merged into the variables of the loop around the node, key by key. */
      variables?: JsonObject;
      /** Set by branching nodes: only edges whose condition equals it are taken. */
      route?: string;
      artifacts?: ArtifactDraft[];
      usage?: NodeUsage;
      notes?: OutputNotes;
    }
  | {
      /**
       * Rests until someone answers, or until `delayMs` from now have passed, or the instant `untilMs`, milliseconds since 1970, has come. Then a node with the route
       * "timeout" takes it, what waits for an approval is rejected, and any other completes with no output.
       */
      kind: "waiting";
      reason: "PERSON" | "TIMER" | "CALLBACK" | "APPROVAL";
      delayMs?: number;
      untilMs?: number;
      /** What whoever answers is shown, and their answer is checked by. It was looked at (waiting.ts). */
      question?: Question;
    }
  | {
      /** It works as a run of its own, with that input: which one stands in the plan. The node waits for the run, or has done its work once that is asked for. */
      kind: "child";
      input: JsonObject;
      /** The line that the run stands in, where its document says that it does (concurrency-key.ts). */
      gate?: { key: string; places: number };
    }
  | {
      /** Nobody is to be asked: the node is executed. Of {@link NodeExecutor.ask} only. */
      kind: "allowed";
    }
  | {
      kind: "failed";
      /** A closed code, such as TOOL_HTTP_ERROR; it becomes the node run's errorCode. */
      code: string;
      message: string;
      /** Whether the same attempt may succeed later; the node's retry policy decides whether it is made. */
      retryable: boolean;
      /** The other side asked to wait this long. */
      retryAfterMs?: number;
      /** True when nobody knows whether the outside effect happened (time-out, connection lost). */
      effectUnknown?: boolean;
      /** No failure of the node, whatever its code: only the platform says so. */
      fault?: Fault | undefined;
      /** Output to keep despite the failure, such as the body of an HTTP error, or a text that `retry.when` rejected. */
      outputJson?: Json;
      outputText?: string;
      usage?: NodeUsage;
      notes?: OutputNotes;
    }
  | {
      /** A part of the platform itself was not there: no failure of the node. The attempt is made again when it is, whatever `retry` says. */
      kind: "interrupted";
      code: string;
      message: string;
      /** True when nobody knows whether the call went out. */
      effectUnknown?: boolean;
    };

/** A part of the platform itself was not there while the node executed. */
export type NodeInterruption = Extract<NodeOutcome, { kind: "interrupted" }>;

/** An open span of something a node does; end it exactly once. */
export interface SpanHandle {
  readonly spanId: string;
  /** W3C traceparent header value for calls made within it. */
  readonly traceparent: string;
  end(result?: { attributes?: JsonObject; errorCode?: string; errorMessage?: string }): void;
}

/** The outside world as executors see it. */
export interface NodePorts {
  model: ModelPort;
  tool: ToolPort;
  memory: MemoryPort;
  skill: SkillPort;
  sandbox: SandboxPort;
  /** The guarded fetch: deadline, size limit, private addresses denied. */
  fetch: GuardedFetch;
  /** The threads that evaluate what is not small. */
  evaluation: Evaluator;
}

/** Everything one attempt of one node gets. */
export interface NodeContext {
  tenantId: string;
  requestId: string;
  runId: string;
  nodeId: string;
  /** The run's id plus the node's path; the same on every attempt. */
  nodeRunId: string;
  /** 1 for the first try. */
  attempt: number;
  /** Of this execution: an attempt that is made again after a crash has another one. */
  callId: string;
  /** The node is never executed again once it may have acted; an answer, even one that cannot be read, says that it has. */
  atMostOnce: boolean;
  /** Sent to the outside as Idempotency-Key; the same on every attempt. */
  effectKey: string;
  config: JsonObject;
  /** A person has approved of the call. */
  approval?: Approval | undefined;
  scope: NodeScope;
  /** What the node's own timeout_seconds says of one attempt; undefined where it says nothing. */
  timeoutMs?: number | undefined;
  /** True: no model and no tool outside the platform is called. */
  dryRun: boolean;
  /** Fires on cancel, on a lost lease, and at the node's deadline. Whatever is awaited must end soon after. */
  signal: AbortSignal;
  ports: NodePorts;
  /**
   * The attempt's time stands still until the function is called that it returns, twice or more does no harm: for waits for a turn of the platform's own,
   * which are as long as others make them.
   */
  waits(): () => void;
  /** Waits before a call is made while the answers that are in flight, of its tenant or of all, have as much room as they may. undefined: there is room. */
  entered(): Promise<void> | undefined;
  /**
   * Counts bytes of an answer; they are held until what comes of it is stored. Whoever can lets the other side wait until the promise is resolved; the
   * attempt's time stands still meanwhile. undefined: go on.
   */
  arrives(bytes: number): Promise<void> | undefined;
  /** Opens a child span (SPAN event when the node's outcome is flushed). */
  span(spanType: "MODEL" | "TOOL" | "HTTP" | "CODE", name: string, attributes?: JsonObject): SpanHandle;
  /** Streams text that was just produced, or thought, to live subscribers; not stored. Text unless `kind` says otherwise. */
  delta(text: string, kind?: DeltaKind): void;
}

/** pure: computed from the scope and nothing else, without a started mark: here and now, or in a thread when it is not small. outside: touches the world or takes long. */
export type NodeEffect = "pure" | "outside";

/** One node type. */
export interface NodeExecutor {
  /** Whether a started mark must be durable before `run` is called; a function where it depends on the node's config. Ask {@link nodeEffect}. */
  effect: NodeEffect | ((config: JsonObject) => NodeEffect);
  /**
   * Whether a person is to be asked before it is executed: a node with such a config is asked for its question first, which is computed as a pure node is, and nothing
   * is marked as started. allowed: it is executed at once.
   */
  ask?: { isNeeded(config: JsonObject): boolean; run(context: NodeContext): NodeOutcome | Promise<NodeOutcome> };
  /** A pure node's outcome is a value when it is computed here and now, a promise when a thread computes it. */
  run(context: NodeContext): NodeOutcome | Promise<NodeOutcome>;
}

/** The effect of a node with this config. */
export function nodeEffect(executor: NodeExecutor, config: JsonObject): NodeEffect {
  return typeof executor.effect === "function" ? executor.effect(config) : executor.effect;
}
