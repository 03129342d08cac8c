import { Arg, Ctx, FieldResolver, ID, Mutation, Query, Resolver, Root } from "type-graphql";
import { Needs } from "#shared/graphql/needs.ts";
import { AppVersionStub } from "./app.stub.ts";
import { RunRequest } from "./run-request.entity.ts";
import { CreateRunRequestInput } from "./run-request.inputs.ts";
import * as requests from "./run-request.service.ts";
import { RunStub } from "./run.stub.ts";
import type { SessionContext } from "./session.context.ts";
import { Session } from "./session.entity.ts";
import { WorkflowVersionStub } from "./workflow-version.stub.ts";

/** Run requests in the graph. */
@Resolver(() => RunRequest)
export class RunRequestResolver {
  @Needs("run:read")
  @Query(() => RunRequest, { nullable: true, description: "A run request by id; null where there is none." })
  runRequest(
    @Arg("id", () => ID, { description: "The run request's id. A malformed one is an unknown one." }) id: string,
    @Ctx() { loaders }: SessionContext,
  ): Promise<RunRequest | null> {
    return loaders.runRequest.load(id);
  }

  @Needs("run:write")
  @Mutation(() => RunRequest, { nullable: true, description: "Records the wish to run; nothing runs yet. CONFLICT on a closed session." })
  createRunRequest(
    @Arg("input", () => CreateRunRequestInput) input: CreateRunRequestInput,
    @Ctx() context: SessionContext,
  ): Promise<RunRequest> {
    return requests.createRunRequest(context, input);
  }

  @Needs("run:write")
  @Mutation(() => RunRequest, {
    nullable: true,
    description:
      "Starts the run of a recorded request. Calling it again returns the same run. CONFLICT on a closed session; where the runtime refuses the run for good the request is FAILED, where it does not answer the request stays PENDING.",
  })
  dispatchRunRequest(
    @Arg("id", () => ID, { description: "The request; NOT_FOUND where there is none." }) id: string,
    @Ctx() context: SessionContext,
  ): Promise<RunRequest> {
    return requests.dispatchRunRequest(context, id);
  }

  @Needs("run:write")
  @Mutation(() => RunRequest, {
    nullable: true,
    description: "createRunRequest and dispatchRunRequest in one call: starts a run in a conversation. createRun starts one without.",
  })
  dispatchRun(
    @Arg("input", () => CreateRunRequestInput) input: CreateRunRequestInput,
    @Ctx() context: SessionContext,
  ): Promise<RunRequest> {
    return requests.dispatchRun(context, input);
  }

  @FieldResolver(() => Session, { description: "The conversation." })
  session(@Root() request: RunRequest, @Ctx() { loaders }: SessionContext): Promise<Session | null> {
    return loaders.session.load(request.sessionId);
  }

  @FieldResolver(() => AppVersionStub, { nullable: true, description: "The app version that decided what runs; null where none did." })
  appVersion(@Root() request: RunRequest): AppVersionStub | null {
    return request.appVersionId === null ? null : { id: request.appVersionId };
  }

  @FieldResolver(() => WorkflowVersionStub, {
    nullable: true,
    description: "The version that runs; null where the workflow subgraph does not answer.",
  })
  workflowVersion(@Root() request: RunRequest): WorkflowVersionStub {
    return { id: request.workflowVersionId };
  }

  @FieldResolver(() => RunStub, { nullable: true, description: "The run; null until it is dispatched." })
  run(@Root() request: RunRequest): RunStub | null {
    return request.runId === null ? null : { id: request.runId };
  }
}
