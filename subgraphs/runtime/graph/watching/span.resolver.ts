import { Arg, Args, Ctx, FieldResolver, ID, Query, Resolver, Root } from "type-graphql";
import { Needs } from "#shared/graphql/needs.ts";
import { PageArgs, type Connection } from "#shared/graphql/pagination.ts";
import { TraceSpanConnection } from "../run-connections.ts";
import { NodeRun } from "../node-runs/node-run.entity.ts";
import { nodeRunId } from "../../queue/node-run-id.ts";
import { Run } from "../run.entity.ts";
import { runById } from "../run.service.ts";
import type { RuntimeContext } from "../runtime.context.ts";
import { TraceSpan } from "./span.entity.ts";

/** Spans in the graph. */
@Resolver(() => TraceSpan)
export class SpanResolver {
  @Needs("run:read")
  @Query(() => TraceSpan, { nullable: true, description: "A span by id; null where there is none." })
  traceSpan(
    @Arg("id", () => ID, { description: "The span's id. A malformed one is an unknown one." }) id: string,
    @Ctx() { loaders }: RuntimeContext,
  ): Promise<TraceSpan | null> {
    return loaders.span.load(id);
  }

  @Needs("run:read")
  @Query(() => TraceSpanConnection, {
    nullable: true,
    description: "A run's trace, oldest first: the run itself, its node runs and the calls that they made.",
  })
  async traceSpans(
    @Arg("runId", () => ID, { description: "The run; NOT_FOUND where there is none." }) runId: string,
    @Args(() => PageArgs) page: PageArgs,
    @Ctx() context: RuntimeContext,
  ): Promise<Connection<TraceSpan>> {
    await runById(context, runId);
    return context.loaders.spanPage.load({ runId, page });
  }

  @FieldResolver(() => Run, { description: "The run whose trace it is part of." })
  run(@Root() { runId }: TraceSpan, @Ctx() { loaders }: RuntimeContext): Promise<Run | null> {
    return loaders.run.load(runId);
  }

  @FieldResolver(() => NodeRun, { nullable: true, description: "The node run it is, or that made the call; null for the run's own span." })
  nodeRun(@Root() { runId, path }: TraceSpan, @Ctx() { loaders }: RuntimeContext): Promise<NodeRun | null> | null {
    return path === null ? null : loaders.nodeRun.load(nodeRunId(runId, path));
  }
}
