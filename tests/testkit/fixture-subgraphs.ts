/** Two small subgraphs of one graph, for tests of the router: `runs` owns Run and the streams, `traces` adds to Run. */
import { EventEmitter } from "node:events";
import { buildSubgraphSchema, printSubgraphSchema } from "@apollo/subgraph";
import { buildSchema, execute, isAbstractType, isObjectType, parse, subscribe, type ExecutionResult, type GraphQLSchema } from "graphql";
import { BoundedStream } from "#shared/stream/bounded-stream.ts";
import type { SubgraphEndpoint, SubgraphRequest } from "#shared/endpoint/endpoint.ts";
import { AppError } from "#shared/errors.ts";
import type { RequestInfo } from "#shared/request-info.ts";

const link = `extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@key", "@shareable", "@external", "@requires", "@inaccessible"])`;

const runsTypeDefs = `${link}
  scalar JSON
  enum RunStatus { QUEUED RUNNING DONE }
  interface Node { id: ID! }
  type Run implements Node @key(fields: "id") {
    id: ID!
    status: RunStatus!
    seq: Int!
    agent: String
    parent: Run
    origin: Run!
    children: [Run]
    failing: String
    nonNullFailing: String!
    secret: String @inaccessible
  }
  type LogLine { text: String! level: Int }
  union RunEvent = Run | LogLine
  type Query {
    run(id: ID!): Run
    runs(first: Int = 3): [Run!]!
    node(id: ID!): Node
    events(id: ID!): [RunEvent!]!
    echo(value: JSON): JSON
    whoami: String!
    refused: String
    broken: String
    hanging: String
  }
  type Mutation { addStep(name: String!): [String!]! addTags(name: String!): [String!] }
  type Subscription {
    runStatus(id: ID!, count: Int): Run!
    runPages(id: ID!): [Run!]
    startRun(id: ID!): Run
    runEvents(id: ID!): RunEvent!
    whoami: String!
    refused: String
  }
`;

const tracesTypeDefs = `${link}
  type Span { id: ID! name: String! durationMs: Float! }
  type Run @key(fields: "id") {
    id: ID!
    agent: String @external
    cost: Float
    agentCost: String @requires(fields: "agent")
    spans(first: Int = 2): [Span!]
    caller: String
    flaky: String
    hangingTrace: String
    ledger: String!
    cause: Run
  }
  type Query { spanCount: Int! lastRun: Run }
  type Mutation { addTraceStep(name: String!): [String!]! addTraceTags(name: String!): [String!] }
`;

/** The streams that are open in the fixtures; tests push into them. */
export class Sources {
  readonly #streams = new Map<string, Set<BoundedStream<unknown>>>();
  #watchers: (() => void)[] = [];

  /** Opens a stream of one run; it idles until something is pushed. */
  open(id: string): BoundedStream<unknown> {
    const streams = this.#streams.get(id) ?? new Set();
    this.#streams.set(id, streams);
    const stream = new BoundedStream<unknown>({
      limit: 100_000,
      onEnd: () => {
        streams.delete(stream);
        this.#changed();
      },
    });
    streams.add(stream);
    this.#changed();
    return stream;
  }

  /** Streams that are open. */
  get active(): number {
    return [...this.#streams.values()].reduce((sum, streams) => sum + streams.size, 0);
  }

  /** Events of a run's streams that were pushed and not pulled. */
  waiting(id: string): number {
    return [...(this.#streams.get(id) ?? [])].reduce((sum, stream) => sum + stream.size, 0);
  }

  push(id: string, event: unknown): void {
    for (const stream of this.#streams.get(id) ?? []) stream.push(event);
  }

  end(id: string): void {
    for (const stream of [...(this.#streams.get(id) ?? [])]) stream.end();
  }

  /** Resolves when exactly `count` streams are open. */
  async untilActive(count: number): Promise<void> {
    while (this.active !== count) await new Promise<void>((resolve) => this.#watchers.push(resolve));
  }

  #changed(): void {
    for (const resolve of this.#watchers.splice(0)) resolve();
  }
}

/** Both subgraphs, and what tests see and steer of them. */
export interface Fixtures {
  runs: SubgraphEndpoint;
  traces: SubgraphEndpoint;
  sources: Sources;
  /** Mutations in the order in which they were done. */
  steps: string[];
  /** Ids of runs of which `traces` has no record. */
  forgotten: Set<string>;
  /** The identity of every operation, by subgraph. */
  seen: { subgraph: string; info: RequestInfo; query: string }[];
  /** Emits "operation" for each of them. */
  arrivals: EventEmitter<{ operation: [] }>;
  /** What `health` rejects with, by subgraph. */
  sick: Map<string, Error>;
}

/** Makes the fixtures; nothing is shared between two calls. */
export function fixtureSubgraphs(): Fixtures {
  const sources = new Sources();
  const steps: string[] = [];
  const forgotten = new Set<string>();
  const seen: Fixtures["seen"] = [];
  const sick = new Map<string, Error>();
  const arrivals: Fixtures["arrivals"] = new EventEmitter();
  const endpoint = (name: string, typeDefs: string, resolvers: object) =>
    fixtureEndpoint({ name, typeDefs, resolvers, seen, arrivals, sick });
  return {
    runs: endpoint("runs", runsTypeDefs, runsResolvers(sources, steps)),
    traces: endpoint("traces", tracesTypeDefs, tracesResolvers(steps, forgotten)),
    sources,
    steps,
    forgotten,
    seen,
    arrivals,
    sick,
  };
}

/** Both subgraphs as one schema that graphql-js runs by itself: what the router must answer like. `apiSdl` is the composed public schema. */
export function fixtureMonolith(apiSdl: string): GraphQLSchema {
  const [runs, traces] = [runsResolvers(new Sources(), []), tracesResolvers([], new Set())];
  const merged = { Query: { ...runs.Query, ...traces.Query }, Run: { ...runs.Run, ...traces.Run, __resolveReference: undefined } };
  const kind = (value: { __typename: string }) => value.__typename;
  return makeExecutable(apiSdl, { ...merged, Node: { __resolveType: kind }, RunEvent: { __resolveType: kind } });
}

function makeExecutable(sdl: string, resolvers: Record<string, Record<string, unknown>>): GraphQLSchema {
  const schema = buildSchema(sdl);
  for (const [typeName, fields] of Object.entries(resolvers)) {
    const type = schema.getType(typeName);
    if (isAbstractType(type)) type.resolveType = fields["__resolveType"] as never;
    if (!isObjectType(type)) continue;
    for (const [name, field] of Object.entries(type.getFields())) {
      const resolve = fields[name];
      if (resolve !== undefined) field.resolve = resolve as never;
    }
  }
  return schema;
}

/** A run as the fixtures have it: ids 1 to 100 exist. */
export function fixtureRun(id: string): object | null {
  const n = Number(id);
  if (!(n >= 1 && n <= 100)) return null;
  return { __typename: "Run", id, status: ["QUEUED", "RUNNING", "DONE"][n % 3], seq: n, agent: `agent-${n % 7}`, secret: "hidden" };
}

const never = () => new Promise<never>(() => {});
const refuse = () => {
  throw new AppError("CONFLICT", "RUN_BUSY", "Run 1 is busy.", { runId: "1" });
};
const nameOf = (info: RequestInfo) => `${info.tenantId}/${info.requestId}`;

function runsResolvers(sources: Sources, steps: string[]) {
  const line = (text: string) => ({ __typename: "LogLine", text });
  return {
    Query: {
      run: (_: unknown, { id }: { id: string }) => fixtureRun(id),
      node: (_: unknown, { id }: { id: string }) => fixtureRun(id),
      runs: (_: unknown, { first }: { first: number }) => Array.from({ length: first }, (_, i) => fixtureRun(String(i + 1))),
      events: (_: unknown, { id }: { id: string }) => [fixtureRun(id), line("line 1"), fixtureRun(id)],
      echo: (_: unknown, { value }: { value: unknown }) => value,
      whoami: (_: unknown, __: unknown, info: RequestInfo) => nameOf(info),
      refused: refuse,
      broken: () => {
        throw new Error("select password from /etc/secret");
      },
      hanging: never,
    },
    Mutation: {
      addTags: (_: unknown, { name }: { name: string }) => {
        steps.push(name);
        return [...steps];
      },
      addStep: async (_: unknown, { name }: { name: string }) => {
        await new Promise(setImmediate);
        steps.push(name);
        return [...steps];
      },
    },
    Run: {
      __resolveReference: ({ id }: { id: string }) => fixtureRun(id),
      parent: ({ id }: { id: string }) => fixtureRun(String(Number(id) - 1)),
      origin: () => fixtureRun("1"),
      children: ({ id }: { id: string }) => [1, 2].map((more) => fixtureRun(String(Number(id) + more))),
      failing: () => {
        throw new Error("boom in runs");
      },
      nonNullFailing: refuse,
    },
    Subscription: {
      runStatus: {
        subscribe: (_: unknown, { id, count }: { id: string; count?: number }) => {
          const stream = sources.open(id);
          for (let i = 0; i < (count ?? 0); i++) stream.push({ runStatus: { ...fixtureRun(id), seq: i } });
          if (count != null) stream.end();
          return stream;
        },
      },
      runEvents: { subscribe: (_: unknown, { id }: { id: string }) => sources.open(id) },
      runPages: { subscribe: (_: unknown, { id }: { id: string }) => sources.open(id) },
      startRun: { subscribe: (_: unknown, { id }: { id: string }) => (id === "busy" ? refuse() : sources.open(id)) },
      whoami: {
        subscribe: (_: unknown, __: unknown, info: RequestInfo) => {
          const stream = sources.open("whoami");
          stream.push({ whoami: nameOf(info) });
          return stream;
        },
      },
      refused: { subscribe: refuse },
    },
  };
}

function tracesResolvers(steps: string[], forgotten: ReadonlySet<string>) {
  return {
    Query: { spanCount: () => 7, lastRun: () => ({ id: "1" }) },
    Mutation: {
      addTraceTags: (_: unknown, { name }: { name: string }) => {
        steps.push(name);
        return [...steps];
      },
      addTraceStep: (_: unknown, { name }: { name: string }) => {
        steps.push(name);
        return [...steps];
      },
    },
    Run: {
      __resolveReference: (reference: { id: string }) => (forgotten.has(reference.id) ? null : reference),
      cost: ({ id }: { id: string }) => Number(id) / 100,
      agentCost: ({ agent }: { agent?: string }) => `cost of ${agent}`,
      spans: ({ id }: { id: string }, { first }: { first: number }) =>
        Array.from({ length: first }, (_, i) => ({ id: `${id}-${i}`, name: `span ${i}`, durationMs: i * 1.5 })),
      caller: (_: unknown, __: unknown, info: RequestInfo) => nameOf(info),
      flaky: ({ id }: { id: string }) => {
        throw new AppError("RESOURCE_EXHAUSTED", "TRACE_TOO_LARGE", `The trace of run ${id} is too large.`, { runId: id });
      },
      hangingTrace: never,
      ledger: ({ id }: { id: string }) => `ledger of ${id}`,
      // Of a run that nobody has.
      cause: () => ({ __typename: "Run", id: "999" }),
    },
  };
}

interface FixtureDefinition extends Pick<Fixtures, "seen" | "arrivals" | "sick"> {
  name: string;
  typeDefs: string;
  resolvers: object;
}

function fixtureEndpoint({ name, typeDefs, resolvers, seen, arrivals, sick }: FixtureDefinition): SubgraphEndpoint {
  const schema = buildSubgraphSchema([{ typeDefs: parse(typeDefs), resolvers: resolvers as never }]);
  const argumentsOf = ({ query, document, variables, operationName, info }: SubgraphRequest) => {
    seen.push({ subgraph: name, info, query });
    arrivals.emit("operation");
    // Like a real subgraph: a document that is handed over parsed has been validated by whoever hands it over.
    return { schema, document: document ?? parse(query), variableValues: variables, operationName, contextValue: info };
  };
  return {
    name,
    sdl: printSubgraphSchema(schema),
    execute: async (request) => execute(argumentsOf(request)),
    subscribe: async (request) => subscribe(argumentsOf(request)) as Promise<AsyncIterableIterator<ExecutionResult> | ExecutionResult>,
    health: () => (sick.has(name) ? Promise.reject(sick.get(name)!) : Promise.resolve()),
    close: () => Promise.resolve(),
  };
}
