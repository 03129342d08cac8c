import { Arg, Args, Ctx, FieldResolver, Int, Query, Resolver, Root, Subscription } from "type-graphql";
import { Needs } from "#shared/graphql/needs.ts";
import { PageArgs, type Connection } from "#shared/graphql/pagination.ts";
import { answerLink, callbackLink } from "./link.service.ts";
import { NodeRun } from "../node-runs/node-run.entity.ts";
import { WaitingNodeRunFilter } from "../node-runs/node-run.inputs.ts";
import { NodeRunConnection } from "../run-connections.ts";
import type { RuntimeContext } from "../runtime.context.ts";
import { NodeRunWaiting, shownWaiting } from "./waiting.entity.ts";
import { waitingNodeRuns } from "./waiting.service.ts";
import { waitingStream } from "./waiting.stream.ts";

const filterArgument = { nullable: true, description: "Which ones; all that wait for somebody unless given." };

/** Node runs that wait for somebody. */
@Resolver(() => NodeRun)
export class WaitingResolver {
  @Needs("run:read")
  @Query(() => NodeRunConnection, {
    nullable: true,
    description:
      "Everybody's inbox: the tenant's node runs that wait for a person, an approval, a callback, or for somebody who knows what a call did, and that nobody has answered; the longest waiting first.",
  })
  waitingNodeRuns(
    @Arg("filter", () => WaitingNodeRunFilter, filterArgument) filter: WaitingNodeRunFilter | null,
    @Args(() => PageArgs) page: PageArgs,
    @Ctx() context: RuntimeContext,
  ): Promise<Connection<NodeRun>> {
    return waitingNodeRuns(context, filter, page);
  }

  @Needs("run:read")
  @Subscription(() => NodeRun, {
    description:
      "Each of the tenant's node runs that begins to wait for somebody, once, from now on; waitingNodeRuns has those that wait already. Begin with this one, so that nothing is missed between the two. It does not end by itself.",
    subscribe: ({ args, context }) => waitingStream(context as RuntimeContext, args["filter"] as WaitingNodeRunFilter | null),
  })
  waitingNodeRunAdded(
    @Root() nodeRun: NodeRun,
    @Arg("filter", () => WaitingNodeRunFilter, filterArgument) _filter: WaitingNodeRunFilter | null,
  ): NodeRun {
    return nodeRun;
  }

  @FieldResolver(() => NodeRunWaiting, {
    nullable: true,
    description: "WAITING, and nobody has answered: what it asks; else null, and for what waits for its next attempt too.",
  })
  async waiting(@Root() { id, status, waitReason }: NodeRun, @Ctx() { loaders }: RuntimeContext): Promise<NodeRunWaiting | null> {
    if (status !== "WAITING" || waitReason === "RETRY" || waitReason === "APPROVED") return null;
    const row = await loaders.waiting.load(id);
    return row?.isOpen === true ? shownWaiting(row) : null;
  }
}

/** Links to what waits. */
@Resolver(() => NodeRunWaiting)
export class WaitingLinkResolver {
  @FieldResolver(() => String, {
    nullable: true,
    description:
      "A link to a page on which the question is answered without an API key: whoever has it may answer, once, until it expires. It needs the scope run:write. " +
      "An address where AGENT_PLATFORM_PUBLIC_URL is set, else a path beneath the platform's own. Null for what no page can answer, a callback or a timer.",
  })
  link(
    @Root() { row }: NodeRunWaiting,
    @Arg("expiresInSeconds", () => Int, {
      nullable: true,
      defaultValue: 604_800,
      description: "For how long it holds: 60 to 31,622,400; a week unless given.",
    })
    expiresInSeconds: number | null,
    @Arg("name", () => String, {
      nullable: true,
      description: "Who gets it, up to 200 characters: NodeRun.answeredBy says this name. The caller's own unless given.",
    })
    name: string | null,
    @Ctx() context: RuntimeContext,
  ): string | null {
    return answerLink(context, row, { expiresInSeconds, name });
  }

  @FieldResolver(() => String, {
    nullable: true,
    description:
      "CALLBACK: the address, or the path, to which a machine sends a POST, once; its body is the node's output. It needs the scope run:write, and holds for as long as the node run waits. Else null.",
  })
  callbackUrl(@Root() { row }: NodeRunWaiting, @Ctx() context: RuntimeContext): string | null {
    return callbackLink(context, row);
  }
}
