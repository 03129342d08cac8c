import { Args, Ctx, FieldResolver, Resolver, Root } from "type-graphql";
import { PageArgs, type Connection } from "#shared/graphql/pagination.ts";
import { AgentRunConnection } from "./subjects/agent-run.ts";
import { TeamRunConnection } from "./subjects/team-run.ts";
import { AppStub } from "./app.stub.ts";
import { RunConnection } from "./run-connections.ts";
import type { Run } from "./run.entity.ts";
import type { RuntimeContext } from "./runtime.context.ts";
import { SessionStub } from "./session.stub.ts";
import { WorkflowStub } from "./workflow.stub.ts";

/** The runs of apps. */
@Resolver(() => AppStub)
export class AppRunsResolver {
  @FieldResolver(() => RunConnection, {
    nullable: true,
    description: "Its runs, newest first; null where the runtime subgraph does not answer.",
  })
  runs(@Root() app: AppStub, @Args(() => PageArgs) page: PageArgs, @Ctx() { loaders }: RuntimeContext): Promise<Connection<Run>> {
    return loaders.runsOfApp.load({ parentId: app.id, page });
  }
}

/** The runs of workflows. */
@Resolver(() => WorkflowStub)
export class WorkflowRunsResolver {
  @FieldResolver(() => RunConnection, {
    nullable: true,
    description: "Its runs, newest first; null where the runtime subgraph does not answer.",
  })
  runs(@Root() workflow: WorkflowStub, @Args(() => PageArgs) page: PageArgs, @Ctx() { loaders }: RuntimeContext): Promise<Connection<Run>> {
    return loaders.runsOfWorkflow.load({ parentId: workflow.id, page });
  }
}

/** The runs of sessions. */
@Resolver(() => SessionStub)
export class SessionRunsResolver {
  @FieldResolver(() => AgentRunConnection, {
    nullable: true,
    description: "Those of its runs that are agents', newest first; null where the runtime subgraph does not answer.",
  })
  agentRuns(
    @Root() session: SessionStub,
    @Args(() => PageArgs) page: PageArgs,
    @Ctx() { loaders }: RuntimeContext,
  ): Promise<Connection<Run>> {
    return loaders.agentRunsOfSession.load({ parentId: session.id, page });
  }

  @FieldResolver(() => TeamRunConnection, {
    nullable: true,
    description: "Those of its runs that are teams', newest first; null where the runtime subgraph does not answer.",
  })
  teamRuns(
    @Root() session: SessionStub,
    @Args(() => PageArgs) page: PageArgs,
    @Ctx() { loaders }: RuntimeContext,
  ): Promise<Connection<Run>> {
    return loaders.teamRunsOfSession.load({ parentId: session.id, page });
  }

  @FieldResolver(() => RunConnection, {
    nullable: true,
    description: "Its runs, newest first; null where the runtime subgraph does not answer.",
  })
  runs(@Root() session: SessionStub, @Args(() => PageArgs) page: PageArgs, @Ctx() { loaders }: RuntimeContext): Promise<Connection<Run>> {
    return loaders.runsOfSession.load({ parentId: session.id, page });
  }
}
