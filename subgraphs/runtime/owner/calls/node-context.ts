/**
 * What one attempt of one node is given. Made once per node run, so whatever a pure node does not ask for (signal, ids, spans) is made
 * when it is asked for.
 */
import type { ByteRoom, HeldRoom } from "#shared/byte-room.ts";
import type { HintPublisher } from "#shared/hints.ts";
import type { JsonObject } from "#shared/json.ts";
import type { Approval, NodeContext, NodePorts, NodeScope, SpanHandle } from "../../nodes/executor.ts";
import type { DeltaKind } from "../../nodes/ports/model.port.ts";
import { executedConfig } from "../../engine/composite.ts";
import type { CompiledNode } from "../../engine/plan.ts";
import { runFacts, type StoredFacts } from "../../engine/run-facts.ts";
import type { RunFacts } from "#shared/template/scope.ts";
import type { FrameVars } from "../../engine/frame.ts";
import { effectKeyOf, nodeRunId } from "../../queue/node-run-id.ts";
import type { PausingClock } from "#shared/pausing-clock.ts";
import type { DatabaseClock } from "../clock.ts";
import { newSpanId, nodeSpanId, traceparent } from "./span-ids.ts";

/** A finished span of something a node did, as its run stores it. Times are milliseconds of the database's clock. */
export interface SpanRecord {
  spanId: string;
  parentSpanId: string;
  spanType: string;
  name: string;
  /** 1 OK, 2 ERROR. */
  status: number;
  startedMs: number;
  endedMs: number;
  attributes: JsonObject;
  errorCode: string | null;
  errorMessage: string | null;
}

/** What the nodes of one run share. */
export interface RunEnvironment {
  runId: string;
  tenantId: string;
  requestId: string;
  traceId: string;
  dryRun: boolean;
  input: JsonObject;
  /** What is known of it since its creation. */
  facts: RunFacts;
  effectKeys: Record<string, string> | null;
  ports: NodePorts;
  hints: HintPublisher;
  /** What the calls of the process have in flight. */
  answers: ByteRoom;
  nowMs(): number;
}

/** What the nodes of a loaded run share, by the clock of the claim that it was loaded for. */
export function runEnvironment(
  process: Pick<RunEnvironment, "ports" | "hints" | "answers" | "dryRun">,
  run: Omit<RunEnvironment, "runId" | "ports" | "hints" | "answers" | "nowMs" | "facts"> & StoredFacts,
  clock: DatabaseClock,
): RunEnvironment {
  const { id: runId, tenantId, requestId, traceId, input, effectKeys } = run;
  const { ports, hints, answers } = process;
  const dryRun = run.dryRun || process.dryRun;
  const facts = runFacts(run);
  return { runId, tenantId, requestId, traceId, dryRun, input, facts, effectKeys, ports, hints, answers, nowMs: () => clock.nowMs() };
}

/** Which attempt this is, and what it may see. */
export interface Attempt {
  node: CompiledNode;
  path: string;
  attempt: number;
  /** The key of this attempt, where it is not the run's. */
  effectKey?: string | undefined;
  /** What a person decided of its call. */
  approval?: Approval | undefined;
  /** When it began, by the database's clock: tells the deltas of one execution from those of the one before, which may have been the same attempt. */
  epoch: number;
  /** Number of the last stored event, for the cursor of deltas. */
  storedSeq: () => number;
  state: JsonObject;
  outputs: NodeScope["nodes"];
  /** What the frame has beside them; what it has of `input` and `state` stands in their place. */
  vars: FrameVars;
}

const openAttribute = "unfinished";
const noClock = (): void => {};
const settledRoom: HeldRoom = { bytes: 0, take: () => undefined, release: () => {} };

/** See {@link NodeContext}. */
export class NodeRunContext implements NodeContext {
  readonly #run: RunEnvironment;
  readonly #attempt: Attempt;
  /** Spans that have not ended; most nodes have none. */
  #open: Map<string, (attributes: JsonObject) => void> | undefined;
  #abort: AbortController | undefined;
  #deltaOffset = 0;
  #scope: NodeScope | undefined;
  #room: HeldRoom | undefined;
  /** Of the attempt; a node that is computed here and now has none. */
  clock: PausingClock | undefined;
  /** Spans that have ended. */
  readonly spans: SpanRecord[] = [];

  constructor(run: RunEnvironment, attempt: Attempt) {
    this.#run = run;
    this.#attempt = attempt;
  }

  get tenantId(): string {
    return this.#run.tenantId;
  }
  get requestId(): string {
    return this.#run.requestId;
  }
  get runId(): string {
    return this.#run.runId;
  }
  get nodeId(): string {
    return this.#attempt.node.id;
  }
  get nodeRunId(): string {
    return nodeRunId(this.#run.runId, this.#attempt.path);
  }
  get attempt(): number {
    return this.#attempt.attempt;
  }
  get callId(): string {
    return `${this.nodeRunId}:${this.#attempt.attempt}.${Math.round(this.#attempt.epoch)}`;
  }
  get atMostOnce(): boolean {
    return this.#attempt.node.atMostOnce;
  }
  get effectKey(): string {
    const { effectKey, path } = this.#attempt;
    return effectKey ?? this.#run.effectKeys?.[path] ?? effectKeyOf({ runId: this.#run.runId, path });
  }
  get config(): JsonObject {
    return executedConfig(this.#attempt.node);
  }
  get approval(): Approval | undefined {
    return this.#attempt.approval;
  }
  get scope(): NodeScope {
    return (this.#scope ??= {
      input: this.#run.input,
      state: this.#attempt.state,
      nodes: this.#attempt.outputs,
      current: { node_id: this.#attempt.node.id },
      ...this.#run.facts,
      ...this.#attempt.vars,
    });
  }
  get timeoutMs(): number | undefined {
    return this.#attempt.node.timeoutMs;
  }
  get dryRun(): boolean {
    return this.#run.dryRun;
  }
  get signal(): AbortSignal {
    return (this.#abort ??= new AbortController()).signal;
  }
  get ports(): NodePorts {
    return this.#run.ports;
  }

  waits(): () => void {
    return this.clock?.wait() ?? noClock;
  }

  entered(): Promise<void> | undefined {
    const entry = this.#run.answers.entry(this.tenantId, this.signal);
    return entry && this.#standing(entry);
  }

  arrives(bytes: number): Promise<void> | undefined {
    this.#room ??= this.#run.answers.open(this.tenantId);
    const room = this.#room.take(bytes);
    return room && this.#standing(room);
  }

  #standing(waiting: Promise<void>): Promise<void> {
    return this.clock?.during(waiting) ?? waiting;
  }

  /** What came of the call is stored, or is no longer wanted: its room is given back. Safe to call twice. */
  settled(): void {
    // One that was never asked for is not opened any more.
    this.#room ??= settledRoom;
    this.#room.release();
  }

  /** Whether it holds room. */
  get hasRoom(): boolean {
    return (this.#room?.bytes ?? 0) > 0;
  }

  /** Fires the signal, for whoever has asked for it or will. */
  abort(reason: Error): void {
    (this.#abort ??= new AbortController()).abort(reason);
  }

  span(spanType: "MODEL" | "TOOL" | "HTTP" | "CODE", name: string, attributes: JsonObject = {}): SpanHandle {
    const spanId = newSpanId();
    const startedMs = this.#run.nowMs();
    const parentSpanId = nodeSpanId(this.#run.runId, this.#attempt.path, this.#attempt.attempt);
    const end: SpanHandle["end"] = (result = {}) => {
      if (this.#open?.delete(spanId) !== true) return;
      const { errorCode = null, errorMessage = null } = result;
      const status = errorCode === null ? 1 : 2;
      const all = { ...attributes, ...result.attributes };
      const endedMs = this.#run.nowMs();
      this.spans.push({ spanId, parentSpanId, spanType, name, status, startedMs, endedMs, attributes: all, errorCode, errorMessage });
    };
    this.#open ??= new Map();
    this.#open.set(spanId, (more) => end({ attributes: more, errorCode: "UNFINISHED" }));
    return { spanId, traceparent: traceparent(this.#run.traceId, spanId), end };
  }

  delta(text: string, kind: DeltaKind = "text"): void {
    const { path, attempt, epoch, storedSeq } = this.#attempt;
    const body = { nodeRunId: nodeRunId(this.#run.runId, path), attempt, epoch, offset: this.#deltaOffset, text, kind, seq: storedSeq() };
    this.#deltaOffset += text.length;
    this.#run.hints.publish("delta", this.#run.runId, body);
  }

  /** Ends what the node left open: it is over. */
  closeSpans(): void {
    for (const end of [...(this.#open?.values() ?? [])]) end({ [openAttribute]: true });
  }
}
