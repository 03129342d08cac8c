import { Arg, Args, Ctx, FieldResolver, ID, Query, Resolver, Root } from "type-graphql";
import { Needs } from "#shared/graphql/needs.ts";
import { JsonScalar } from "#shared/graphql/scalars.ts";
import type { Json } from "#shared/json.ts";
import { PageArgs, type Connection } from "#shared/graphql/pagination.ts";
import { NodeArtifact } from "./artifact.entity.ts";
import { NodeArtifactConnection } from "../run-connections.ts";
import { NodeRun } from "./node-run.entity.ts";
import { nodeRunId } from "../../queue/node-run-id.ts";
import { runById } from "../run.service.ts";
import type { RuntimeContext } from "../runtime.context.ts";

/** Artifacts in the graph. */
@Resolver(() => NodeArtifact)
export class ArtifactResolver {
  @Needs("run:read")
  @Query(() => NodeArtifact, { nullable: true, description: "An artifact by id; null where there is none." })
  nodeArtifact(
    @Arg("id", () => ID, { description: "The artifact's id. A malformed one is an unknown one." }) id: string,
    @Ctx() { loaders }: RuntimeContext,
  ): Promise<NodeArtifact | null> {
    return loaders.artifact.load(id);
  }

  @Needs("run:read")
  @Query(() => NodeArtifactConnection, { nullable: true, description: "What a run's nodes left behind, oldest first." })
  async nodeArtifacts(
    @Arg("runId", () => ID, { description: "The run; NOT_FOUND where there is none." }) runId: string,
    @Args(() => PageArgs) page: PageArgs,
    @Ctx() context: RuntimeContext,
  ): Promise<Connection<NodeArtifact>> {
    await runById(context, runId);
    return context.loaders.artifactPage.load({ runId, page });
  }

  @FieldResolver(() => NodeRun, { description: "The node run that left it." })
  nodeRun(@Root() { runId, path }: NodeArtifact, @Ctx() { loaders }: RuntimeContext): Promise<NodeRun | null> {
    return loaders.nodeRun.load(nodeRunId(runId, path));
  }

  @FieldResolver(() => String, { nullable: true, description: "Its content where that is text; else null." })
  async contentText(@Root() { id }: NodeArtifact, @Ctx() { loaders }: RuntimeContext): Promise<string | null> {
    return (await loaders.artifactContent.load(id))?.contentText ?? null;
  }

  @FieldResolver(() => JsonScalar, { nullable: true, description: "Its content where that is JSON; else null." })
  async contentJson(@Root() { id }: NodeArtifact, @Ctx() { loaders }: RuntimeContext): Promise<Json> {
    return (await loaders.artifactContent.load(id))?.contentJson ?? null;
  }
}
