/** What the session subgraph asks of the runtime subgraph, on that subgraph's own schema. */
import { graphql } from "#codegen/subgraph-clients/runtime/gql.ts";
import type { JsonObject } from "#shared/json.ts";
import { requestInfoOf } from "#shared/request-info.ts";
import type { InitialNode, RunExecution } from "./run-request.entity.ts";
import type { SessionContext } from "./session.context.ts";

/** A run to be created; the same key gives the same run. */
export interface RunWish {
  appId: string;
  appVersionId: string | null;
  workflowId: string;
  workflowVersionId: string;
  sessionId: string;
  input: JsonObject;
  initialNode: InitialNode | null;
  execution: RunExecution;
  idempotencyKey: string;
}

const createRunDocument = graphql(`
  mutation SessionCreateRun($input: CreateRunInput!) {
    createRun(input: $input) {
      id
    }
  }
`);

/** Creates the run, or finds the one that the key has created before; gives its id. */
export async function createRun(context: SessionContext, input: RunWish): Promise<string> {
  const info = requestInfoOf(context);
  const { createRun: run } = await context.call.request({ subgraph: "runtime", document: createRunDocument, variables: { input }, info });
  return run!.id;
}
