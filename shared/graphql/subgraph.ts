/** What makes a subgraph a subgraph: its manifest, and the running thing that is opened from it. */
import {
  createSourceEventStream,
  execute,
  getOperationAST,
  GraphQLError,
  Kind,
  OperationTypeNode,
  parse,
  type DocumentNode,
  type ExecutionArgs,
  type ExecutionResult,
  type GraphQLSchema,
} from "graphql";
import type { ArgumentLimits, OperationVariables } from "./argument-limits.ts";
import type { SubgraphContext, SubgraphDeps } from "./context.ts";
import { Database, type MigrationEntry } from "#shared/db/database.ts";
import type { SubgraphEndpoint, SubgraphRequest } from "#shared/endpoint/endpoint.ts";
import type { HintChannel } from "#shared/hints.ts";
import { LruCache } from "#shared/lru-cache.ts";
import { inStreamLane } from "#shared/db/scope.ts";
import { withReading } from "#shared/read-bytes.ts";
import { DataKeys } from "#shared/secret/data-keys.ts";
import { maskErrors } from "./errors.ts";
import type { SealedTable } from "./reseal.ts";
import { buildFederatedSchema, type FederatedSchema, type ReferenceResolver } from "./schema.ts";
import { StreamEvents } from "./stream-events.ts";
import { StreamSources } from "./stream-sources.ts";
import type { RequestInfo } from "#shared/request-info.ts";
import { mapStream } from "#shared/stream/map-stream.ts";

/** A subgraph's manifest. `L`: its loaders, made per operation. `S`: what it keeps open, such as pollers. */
export interface SubgraphDefinition<L = unknown, S = unknown> {
  /** Its name in the supergraph, and its PostgreSQL schema. */
  name: string;
  entities: readonly (new () => object)[];
  resolvers: readonly (new () => object)[];
  orphanedTypes?: readonly (new () => object)[];
  /** By entity type: batched `__resolveReference`. */
  references?: Record<string, ReferenceResolver<SubgraphContext<L, S>>>;
  migrations: readonly MigrationEntry[];
  /** It keeps tenants' secrets: it has a table `data_key`, and these may have values that were sealed before there was one. */
  sealedTables?: readonly SealedTable[];
  loaders?: (context: Omit<SubgraphContext<L, S>, "loaders">) => L;
  /** Its rows are settings that calls ask for far more often than people change them: see `isKept` of its statements. */
  keepsReads?: true;
  /** Opens what lives as long as the subgraph; `close` ends it within a few seconds. Until `warm` was called and has resolved it answers, but slowly. */
  open?: (deps: SubgraphDeps) => Promise<{ services: S; close: () => Promise<void>; warm?: () => Promise<unknown> }>;
}

/** Declares a subgraph; the types of loaders and services follow from the functions given. */
export function defineSubgraph<L, S = undefined>(definition: SubgraphDefinition<L, S>): SubgraphDefinition<L, S> {
  return definition;
}

/** A subgraph of this process. */
export interface RunningSubgraph extends SubgraphEndpoint {
  readonly schema: GraphQLSchema;
  readonly database: Database;
  /** Called once. Resolves when its first answer is as quick as the next; never where its database cannot be reached. */
  warm(): Promise<unknown>;
  /** The context of one operation. */
  context(info: RequestInfo): SubgraphContext;
}

/** By its resolvers, with what else it was built of. */
const schemas = new WeakMap<object, Pick<SubgraphDefinition, "orphanedTypes"> & { references: unknown; built: Promise<FederatedSchema> }>();

/** Builds a definition's schema, once for all that have the same lists; it needs no database, so there is time for it while one starts. */
export function prepareSubgraph<L, S>(definition: SubgraphDefinition<L, S>): Promise<FederatedSchema> {
  const { resolvers, orphanedTypes, references } = definition;
  const known = schemas.get(resolvers);
  if (known !== undefined && known.orphanedTypes === orphanedTypes && known.references === references) return known.built;
  const built = buildFederatedSchema<SubgraphContext<L, S>>(definition);
  schemas.set(resolvers, { orphanedTypes, references, built });
  return built;
}

/** Opens a subgraph: schema, database (its migrations must have run), background work. */
export async function openSubgraph<L, S>(
  definition: SubgraphDefinition<L, S>,
  given: Omit<SubgraphDeps, "database">,
): Promise<RunningSubgraph> {
  const log = given.log.child({ subgraph: definition.name });
  const { schema, sdl, limits } = await prepareSubgraph(definition);
  const database = await openDatabase(definition, given.databaseUrl, definition.keepsReads && given.hints);
  const deps: SubgraphDeps = { ...given, log, database };
  const opened = await definition.open?.(deps);
  const services = opened?.services as S;
  const dataKeys = new DataKeys(given.secrets, definition.name);

  const context = (info: RequestInfo): SubgraphContext<L, S> => {
    const db = database.forTenant(info.tenantId, info.reading);
    const own = { db, tenantSecrets: () => dataKeys.of(db), services };
    return new OperationContext(deps, info, { own, loaders: definition.loaders }) as unknown as SubgraphContext<L, S>;
  };
  const events = new StreamEvents(schema);
  const sources = new StreamSources(schema);
  const argumentsOf = (request: SubgraphRequest) => ({
    schema,
    document: request.document ?? parseOnce(request.query),
    variableValues: request.variables,
    operationName: request.operationName,
    contextValue: context(request.info),
  });
  return {
    name: definition.name,
    sdl,
    schema,
    database,
    warm: opened?.warm ?? (() => Promise.resolve()),
    context,
    async execute(request) {
      return counted(request, async (request) => {
        const operation = argumentsOf(request);
        const executed = () => (request.isForStream === true ? inStreamLane(() => execute(operation)) : execute(operation));
        const masking = { log, requestId: request.info.requestId, isMutation: isMutation(operation.document, request.operationName) };
        return maskErrors(refusalOf(limits, operation) ?? (await executed()), masking);
      });
    },
    async subscribe(request) {
      const { requestId } = request.info;
      const operation = argumentsOf(request);
      const source = refusalOf(limits, operation) ?? (await (sources.open(operation) ?? createSourceEventStream(operation)));
      if (!(Symbol.asyncIterator in source)) return maskErrors(source, { log, requestId });
      const executeEvent = events.of(operation.document, operation.operationName);
      return mapStream(streamLane(source[Symbol.asyncIterator]()), {
        // A context of its own for each event: loaders that outlive an event would answer the next one with stale rows.
        map: (event) =>
          counted(request, async (request) =>
            maskErrors(await inStreamLane(() => executeEvent({ ...argumentsOf(request), rootValue: event })), { log, requestId }),
          ),
        failed: (cause) => maskErrors({ errors: [streamError(operation, cause)], data: null }, { log, requestId }),
      });
    },
    health: () => database.ping(),
    async close() {
      await opened?.close();
      await database.close();
    },
  };
}

/** The context of one operation. A class, for a getter that is defined on each object costs five times as much as the object. */
class OperationContext<L, S> {
  readonly #make: SubgraphDefinition<L, S>["loaders"];
  #loaders: L | undefined;

  constructor(
    deps: SubgraphDeps,
    info: RequestInfo,
    of: { own: Pick<SubgraphContext<L, S>, "db" | "tenantSecrets" | "services">; loaders: SubgraphDefinition<L, S>["loaders"] },
  ) {
    this.#make = of.loaders;
    Object.assign(this, deps, info, of.own);
  }

  get loaders(): L {
    return (this.#loaders ??= this.#make?.(this as unknown as SubgraphContext<L, S>) as L);
  }
}

/** Opens the database of a definition; used by migrations too, which need no more of a subgraph. */
export function openDatabase(
  { name, entities, migrations }: Pick<SubgraphDefinition, "name" | "entities" | "migrations">,
  url: string,
  hints?: HintChannel,
): Promise<Database> {
  return Database.open({ url, schema: name, entities, migrations, hints });
}

/** A stream that reads over the connections of streams, whoever pulls it. */
function streamLane<T>(source: AsyncIterator<T>): AsyncIterator<T> {
  return {
    next: () => inStreamLane(() => source.next()),
    return: () => source.return?.() ?? Promise.resolve({ done: true, value: undefined }),
  };
}

/** Whoever answers counts what was read until the answer has left; of others it is counted until there is a result. */
function counted<T>(request: SubgraphRequest, work: (request: SubgraphRequest) => Promise<T>): Promise<T> {
  const { info, query } = request;
  if (info.reading !== undefined) return work(request);
  const reader = {
    tenantId: info.tenantId,
    isMutation: isMutation(request.document ?? parseOnce(query), request.operationName),
    signal: info.signal,
  };
  return withReading(reader, (reading) => work({ ...request, info: { ...info, reading } }));
}

function isMutation(document: DocumentNode, operationName: string | undefined): boolean {
  return getOperationAST(document, operationName)?.operation === OperationTypeNode.MUTATION;
}

/** The answer to variables that are too long. */
function refusalOf(limits: ArgumentLimits, operation: OperationVariables): ExecutionResult | undefined {
  try {
    limits.checkVariables(operation);
    return undefined;
  } catch (cause) {
    return { errors: [new GraphQLError((cause as Error).message, { originalError: cause as Error })] };
  }
}

/** What a source threw, as an error of the subscription's field. */
function streamError({ document, operationName }: Pick<ExecutionArgs, "document" | "operationName">, cause: unknown): GraphQLError {
  const field = getOperationAST(document, operationName)?.selectionSet.selections[0];
  const path = field?.kind === Kind.FIELD ? [(field.alias ?? field.name).value] : [];
  return new GraphQLError("The stream broke.", { path, originalError: cause instanceof Error ? cause : new Error(String(cause)) });
}

/** By text, of which a document keeps the whole. */
const parsed = new LruCache<DocumentNode>({ entries: 1_000, bytes: 64 << 20 });

function parseOnce(query: string): DocumentNode {
  let document = parsed.get(query);
  if (document === undefined) {
    document = parse(query);
    parsed.set(query, document, 2 * query.length);
  }
  return document;
}
