/** A node's context made of fakes, for tests of single executors. */
import { createEgressPolicy } from "#shared/fetch/egress.ts";
import { createGuardedFetch } from "#shared/fetch/fetch.ts";
import { EvaluationThreads } from "#shared/evaluation/threads.ts";
import type { JsonObject } from "#shared/json.ts";
import type { NodeContext, NodePorts, NodeScope, SpanHandle } from "../../subgraphs/runtime/nodes/executor.ts";
import type { MemoryPort } from "../../subgraphs/runtime/nodes/ports/memory.port.ts";
import type { ModelCompletion, ModelPort, ModelRequest, PortCall } from "../../subgraphs/runtime/nodes/ports/model.port.ts";
import type { ToolPort, ToolRequest, ToolResponse } from "../../subgraphs/runtime/nodes/ports/tool.port.ts";
import type { SandboxPort, SandboxRequest, SandboxResult } from "../../subgraphs/runtime/sandbox/sandbox.ts";
import { afterEachSuite } from "./jest/suite-hooks.ts";

/** A span as the node left it; `ends` counts how often it was ended. */
interface FakeSpan {
  spanType: string;
  name: string;
  attributes: JsonObject;
  errorCode?: string | undefined;
  errorMessage?: string | undefined;
  ends: number;
}

/** What a test may set; the rest is a plain first attempt of node "n" without input. */
export interface NodeContextOptions {
  config: JsonObject;
  scope?: Partial<NodeScope>;
  ports?: Partial<NodePorts>;
  dryRun?: boolean;
  atMostOnce?: boolean;
  signal?: AbortSignal;
  timeoutMs?: number;
}

/** A context, and what the node did to it. */
export interface FakeNodeContext extends NodeContext {
  spans: FakeSpan[];
  deltas: string[];
  /** What it thought aloud. */
  thoughts: string[];
}

let threads: EvaluationThreads | undefined;

afterEachSuite(async () => {
  const closing = threads?.close();
  threads = undefined;
  await closing;
});

const uncalledMemory: MemoryPort = {
  search: uncalled("memory"),
  find: uncalled("memory"),
  write: uncalled("memory"),
  messages: uncalled("memory"),
};

/** Makes a context whose ports fail the test unless they are given. The fetch denies everything but what a test allows. */
export function fakeNodeContext(options: NodeContextOptions): FakeNodeContext {
  const spans: FakeSpan[] = [];
  const deltas: string[] = [];
  const thoughts: string[] = [];
  return {
    tenantId: "acme",
    requestId: "req-1",
    runId: "run-1",
    nodeId: "n",
    nodeRunId: "run-1:n",
    attempt: 1,
    callId: "run-1:n:1.0",
    atMostOnce: options.atMostOnce ?? false,
    effectKey: "run-1:n",
    config: options.config,
    scope: { input: {}, state: {}, nodes: {}, current: { node_id: "n" }, ...options.scope },
    dryRun: options.dryRun ?? false,
    timeoutMs: options.timeoutMs,
    signal: options.signal ?? new AbortController().signal,
    ports: {
      model: new UncalledModel(),
      tool: new UncalledTool(),
      memory: uncalledMemory,
      skill: { file: uncalled("skill") },
      sandbox: new UncalledSandbox(),
      fetch: loopbackFetch([]),
      evaluation: (threads ??= new EvaluationThreads()),
      ...options.ports,
    },
    waits: () => () => {},
    entered: () => undefined,
    arrives: () => undefined,
    spans,
    deltas,
    thoughts,
    delta: (text, kind) => void (kind === "reasoning" ? thoughts : deltas).push(text),
    span: (spanType, name, attributes = {}) => openSpan(spans, { spanType, name, attributes, ends: 0 }),
  };
}

/** The guarded fetch, allowed to reach these `host:port` on loopback. */
export function loopbackFetch(allow: string[]) {
  return createGuardedFetch(createEgressPolicy({ allow }));
}

function openSpan(spans: FakeSpan[], span: FakeSpan): SpanHandle {
  spans.push(span);
  const spanId = String(spans.length).padStart(16, "0");
  return {
    spanId,
    traceparent: `00-${"a".repeat(32)}-${spanId}-01`,
    end(result = {}) {
      span.ends++;
      span.attributes = { ...span.attributes, ...result.attributes };
      span.errorCode = result.errorCode;
      span.errorMessage = result.errorMessage;
    },
  };
}

/** A model that streams a text word by word, and remembers what it was asked. `answer` may throw. */
export class ScriptedModel implements ModelPort {
  readonly requests: ModelRequest[] = [];
  readonly calls: PortCall[] = [];

  constructor(
    private readonly answer: (request: ModelRequest, call: PortCall) => Partial<ModelCompletion> | Promise<Partial<ModelCompletion>>,
  ) {}

  async complete(request: ModelRequest, call: PortCall, onDelta: Parameters<ModelPort["complete"]>[2]): Promise<ModelCompletion> {
    this.requests.push(request);
    this.calls.push(call);
    const answer = await this.answer(request, call);
    if (answer.reasoning) onDelta(answer.reasoning, "reasoning");
    for (const word of answer.content?.match(/\S+\s*/g) ?? []) onDelta(word);
    return {
      id: "cmpl-1",
      model: request.model ?? "default-model",
      content: null,
      toolCalls: [],
      finishReason: "STOP",
      promptTokens: 7,
      completionTokens: 3,
      durationMs: 1,
      ...answer,
    };
  }
}

/** A tool that answers by script, and remembers what it was asked. */
export class ScriptedTool implements ToolPort {
  readonly requests: ToolRequest[] = [];
  readonly calls: PortCall[] = [];

  constructor(private readonly answer: (request: ToolRequest, call: PortCall) => Partial<ToolResponse> | Promise<Partial<ToolResponse>>) {}

  async invoke(request: ToolRequest, call: PortCall): Promise<ToolResponse> {
    this.requests.push(request);
    this.calls.push(call);
    return {
      ok: true,
      status: 200,
      outputText: null,
      outputJson: null,
      numbersAsText: [],
      headers: {},
      durationMs: 1,
      errorCode: null,
      errorMessage: null,
      resolved: {},
      ...(await this.answer(request, call)),
    };
  }
}

/** A sandbox that answers by script, and remembers what it was asked to run. */
export class ScriptedSandbox implements SandboxPort {
  readonly requests: SandboxRequest[] = [];

  constructor(private readonly answer: (request: SandboxRequest) => SandboxResult | Promise<SandboxResult>) {}

  async run(request: SandboxRequest): Promise<SandboxResult> {
    this.requests.push(request);
    return this.answer(request);
  }

  async unavailableReason(): Promise<null> {
    return null;
  }
}

class UncalledModel extends ScriptedModel {
  constructor() {
    super(uncalled("model"));
  }
}

class UncalledTool extends ScriptedTool {
  constructor() {
    super(uncalled("tool"));
  }
}

class UncalledSandbox extends ScriptedSandbox {
  constructor() {
    super(uncalled("sandbox"));
  }
}

function uncalled(port: string): () => never {
  return () => {
    throw new Error(`the node called the ${port} port, which the test did not expect`);
  };
}
