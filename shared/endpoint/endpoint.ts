/** A subgraph as its callers see it, whether it runs in this process or behind HTTP. The router and the generated clients use it both. */
import type { DocumentNode, ExecutionResult, GraphQLSchema } from "graphql";
import type { RequestInfo } from "#shared/request-info.ts";

/** One operation for one subgraph. `document` is `query` parsed, where the caller has it. */
export interface SubgraphRequest {
  query: string;
  document?: DocumentNode | undefined;
  variables?: Record<string, unknown> | undefined;
  operationName?: string | undefined;
  info: RequestInfo;
  /** It is asked for an event of a stream, so it goes over the connections of streams. */
  isForStream?: boolean | undefined;
  /** Hears of an answer's bytes while they come from another process, which waits with the next for what it gives; what it throws ends the request. */
  onBytes?: ((bytes: number) => Promise<void> | void) | undefined;
}

export interface SubgraphEndpoint {
  readonly name: string;
  /** Federated SDL, for composition. */
  readonly sdl: string;
  /** What the SDL says, where it runs in this process. */
  readonly schema?: GraphQLSchema;
  execute(request: SubgraphRequest): Promise<ExecutionResult>;
  /**
   * Starts a subscription. The iterator's `return()` ends it at once, also while a `next()` is pending.
   * A refused subscription is a result with errors and no iterator.
   */
  subscribe(request: SubgraphRequest): Promise<AsyncIterableIterator<ExecutionResult> | ExecutionResult>;
  /** Resolves when the subgraph answers and its database does; rejects with why not. */
  health(signal: AbortSignal): Promise<void>;
  close(): Promise<void>;
}
