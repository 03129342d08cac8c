/** Commands from one subgraph (or a worker) to another, on the other's own schema. Its errors come back as AppErrors. */
import type { TypedDocumentNode } from "@graphql-typed-document-node/core";
import { print, type ExecutionResult } from "graphql";
import type { SubgraphEndpoint, SubgraphRequest } from "./endpoint.ts";
import { AppError, errorCodes, type ErrorCode, type ErrorFacts } from "#shared/errors.ts";
import type { RequestInfo } from "#shared/request-info.ts";

/** One operation on one subgraph. */
export interface SubgraphCall<D, V extends Record<string, unknown>> {
  subgraph: string;
  document: TypedDocumentNode<D, V>;
  variables: V;
  info: RequestInfo;
  /** See {@link SubgraphRequest}. */
  onBytes?: SubgraphRequest["onBytes"];
}

/** Reaches subgraphs by name, in this process or over HTTP. */
export interface SubgraphCaller {
  /** @throws AppError what the subgraph answered; DOWNSTREAM_UNAVAILABLE when it did not. */
  request<D, V extends Record<string, unknown>>(call: SubgraphCall<D, V>): Promise<D>;
  /** Ends when the source does; `return()` ends it at once. Throws as {@link request} does. */
  subscribe<D, V extends Record<string, unknown>>(call: SubgraphCall<D, V>): AsyncIterableIterator<D>;
}

/** A caller over endpoints that may be registered later: subgraphs of one process open one after another and call each other. */
export class EndpointRegistry implements SubgraphCaller {
  readonly #endpoints = new Map<string, SubgraphEndpoint>();
  readonly #texts = new WeakMap<object, string>();

  register(endpoint: SubgraphEndpoint): void {
    this.#endpoints.set(endpoint.name, endpoint);
  }

  /** What one subgraph asks by: those that it asks are told who does. */
  as(caller: string): SubgraphCaller {
    const named = <D, V extends Record<string, unknown>>(call: SubgraphCall<D, V>) => ({ ...call, info: { ...call.info, caller } });
    return { request: (call) => this.request(named(call)), subscribe: (call) => this.subscribe(named(call)) };
  }

  async request<D, V extends Record<string, unknown>>(call: SubgraphCall<D, V>): Promise<D> {
    return dataOf<D>(call.subgraph, await this.#endpoint(call.subgraph).execute(this.#request(call)));
  }

  subscribe<D, V extends Record<string, unknown>>(call: SubgraphCall<D, V>): AsyncIterableIterator<D> {
    const started = this.#endpoint(call.subgraph).subscribe(this.#request(call));
    const source = started.then((result) => {
      if (Symbol.asyncIterator in result) return result;
      dataOf(call.subgraph, result);
      throw new AppError("INTERNAL", "SUBSCRIPTION_EMPTY", `Subgraph ${call.subgraph} gave neither events nor an error.`);
    });
    // A refusal is for whoever pulls; one who leaves before has no use for it.
    source.catch(() => {});
    const iterator: AsyncIterableIterator<D> = {
      async next() {
        const step = await (await source).next();
        return step.done === true ? { done: true, value: undefined } : { done: false, value: dataOf<D>(call.subgraph, step.value) };
      },
      async return() {
        await source.then(
          (events) => events.return?.(),
          () => {},
        );
        return { done: true, value: undefined };
      },
      [Symbol.asyncIterator]: () => iterator,
    };
    return iterator;
  }

  #endpoint(subgraph: string): SubgraphEndpoint {
    const endpoint = this.#endpoints.get(subgraph);
    if (endpoint === undefined)
      throw new AppError(
        "DOWNSTREAM_UNAVAILABLE",
        "SUBGRAPH_UNKNOWN",
        `The ${subgraph} subgraph is not known here, or not yet. Try again; the operator sets AGENT_PLATFORM_${subgraph.toUpperCase()}_SUBGRAPH_URL.`,
        { subgraph, retryable: true, effectUnknown: false, platformFault: true },
      );
    return endpoint;
  }

  #request<D, V extends Record<string, unknown>>({ document, variables, info, onBytes }: SubgraphCall<D, V>): SubgraphRequest {
    let query = this.#texts.get(document);
    if (query === undefined) this.#texts.set(document, (query = print(document)));
    return { query, document, variables, info, onBytes };
  }
}

function dataOf<D>(subgraph: string, result: ExecutionResult): D {
  const [error] = result.errors ?? [];
  if (error !== undefined) throw fromExtensions(subgraph, error.message, error.extensions ?? {});
  return result.data as D;
}

function fromExtensions(subgraph: string, message: string, extensions: Record<string, unknown>): AppError {
  const { code, reason, requestId: _, ...facts } = extensions;
  const known = (errorCodes as readonly unknown[]).includes(code) ? (code as ErrorCode) : "INTERNAL";
  return new AppError(known, typeof reason === "string" ? reason : known, message, { ...(facts as ErrorFacts), subgraph });
}
