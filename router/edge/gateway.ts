/** Apollo Server's gateway: it has parsed and validated, here the operation is planned and its plan executed. */
import { GraphQLError, type ExecutionResult } from "graphql";
import type { Gateway } from "#shared/serve/graphql-http.ts";
import type { Log } from "#shared/log.ts";
import type { ComposedGraph } from "../graph/supergraph.ts";
import { executePlan } from "../graph/execute-plan.ts";
import { RefusedOperation, type Operations } from "../graph/operations.ts";
import type { RouterContext } from "../request-context.ts";
import { fetchFor, type Endpoints, type FetchDeadlines } from "../graph/subgraph-fetch.ts";
import { checkVariables } from "../graph/variables.ts";

/** What operations run on. */
export interface Runtime {
  graph: ComposedGraph;
  supergraphSdl: string;
  operations: Operations;
  endpoints: Endpoints;
  deadlines: FetchDeadlines;
  log: Log;
}

/** Makes the gateway of a graph. */
export function createGateway(runtime: Runtime): Gateway {
  return {
    onSchemaLoadOrUpdate(listener) {
      listener({ apiSchema: runtime.graph.apiSchema, coreSupergraphSdl: runtime.supergraphSdl });
      return () => {};
    },
    load: () =>
      Promise.resolve({
        executor: ({ queryHash, document, request, context }) =>
          execute(runtime, {
            valid: { hash: queryHash, document, operationName: request.operationName },
            variables: request.variables ?? {},
            context: context as RouterContext,
          }),
      }),
    stop: () => Promise.resolve(),
  };
}

interface Execution {
  valid: Parameters<Operations["fromDocument"]>[0];
  variables: Record<string, unknown>;
  context: RouterContext;
}

async function execute(runtime: Runtime, { valid, variables, context }: Execution): Promise<ExecutionResult> {
  try {
    const planned = runtime.operations.fromDocument(valid);
    const errors = checkVariables(runtime.graph.apiSchema, planned.node, variables);
    if (errors.length > 0) return { errors };
    return await executePlan({
      graph: runtime.graph,
      planned,
      variables,
      fetch: fetchFor(runtime.endpoints, context.info, runtime.deadlines),
      report: (cause) => runtime.log.error({ err: cause, requestId: context.info.requestId }, "operation failed inside"),
    });
  } catch (error) {
    if (error instanceof RefusedOperation) return { errors: [...error.errors] };
    return { errors: [error instanceof GraphQLError ? error : new GraphQLError("plan or shape", { originalError: error as Error })] };
  }
}
