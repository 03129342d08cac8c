import { Arg, Args, Ctx, FieldResolver, ID, Mutation, Query, Resolver, Root } from "type-graphql";
import { Needs } from "#shared/graphql/needs.ts";
import { listPage, PageArgs, type Connection } from "#shared/graphql/pagination.ts";
import { JsonScalar } from "#shared/graphql/scalars.ts";
import type { Json } from "#shared/json.ts";
import { ClaimAgentRunInput, CreateAgentRunInput, ExecuteAgentRunInput, SendAgentInputInput } from "./agent-run.inputs.ts";
import * as agentRuns from "./agent-run.service.ts";
import { AgentRun, AgentRunConnection } from "./agent-run.ts";
import { AgentStub, AgentVersionStub } from "./agent.stub.ts";
import { Run } from "../run.entity.ts";
import type { RuntimeContext } from "../runtime.context.ts";
import { SessionStub } from "../session.stub.ts";

/** Agent runs in the graph: each is a run. */
@Resolver(() => AgentRun)
export class AgentRunResolver {
  @Needs("run:read")
  @Query(() => AgentRun, { nullable: true, description: "An agent run by id; null where there is none." })
  async agentRun(
    @Arg("id", () => ID, { description: "The id of the run. A malformed one is an unknown one." }) id: string,
    @Ctx() { loaders }: RuntimeContext,
  ): Promise<Run | null> {
    return agentRunOf(await loaders.run.load(id));
  }

  @Needs("run:read")
  @Query(() => AgentRunConnection, { nullable: true, description: "The tenant's agent runs, newest first." })
  agentRuns(
    @Arg("agentId", () => ID, { nullable: true, description: "Only those of this agent." }) agentId: string | null,
    @Arg("sessionId", () => ID, { nullable: true, description: "Only those of this conversation." }) sessionId: string | null,
    @Args(() => PageArgs) page: PageArgs,
    @Ctx() { db }: RuntimeContext,
  ): Promise<Connection<Run>> {
    const filter = { ...(agentId != null && { subjectId: agentId }), ...(sessionId != null && { sessionId }) };
    return db.read(({ em }) => listPage(em, Run, page, { where: { kind: "AGENT", ...filter } }));
  }

  @Needs("run:write")
  @Mutation(() => AgentRun, {
    nullable: true,
    description:
      "Asks an agent. Without agentVersionId the latest published version runs; an agent with none is refused with CONFLICT. Workers execute it; runEvents of its id is the live stream.",
  })
  createAgentRun(@Arg("input", () => CreateAgentRunInput) input: CreateAgentRunInput, @Ctx() context: RuntimeContext): Promise<Run> {
    return agentRuns.createAgentRun(context, input);
  }

  @Needs("run:write")
  @Mutation(() => AgentRun, {
    nullable: true,
    description:
      "Executes the run here and now, and waits until it has finished or waits for somebody. dryRun: without calling a model. CONFLICT, RUN_OWNED while a worker executes it.",
  })
  executeAgentRun(
    @Arg("id", () => ID, { description: "The run; NOT_FOUND where there is no such agent run." }) id: string,
    @Arg("input", () => ExecuteAgentRunInput) input: ExecuteAgentRunInput,
    @Ctx() context: RuntimeContext,
  ): Promise<Run> {
    return agentRuns.executeAgentRun(context, id, input);
  }

  @Needs("run:write")
  @Mutation(() => AgentRun, {
    nullable: true,
    description: "Claims and executes one queued agent run, as a worker does, and waits; null when none is queued.",
  })
  executeNextAgentRun(
    @Arg("input", () => ClaimAgentRunInput) input: ClaimAgentRunInput,
    @Ctx() context: RuntimeContext,
  ): Promise<Run | null> {
    return agentRuns.executeNextAgentRun(context, input);
  }

  @Needs("run:write")
  @Mutation(() => Run, {
    nullable: true,
    description:
      "Says something to an agent while it works: it is part of the agent's next model call. Once this has answered it is not lost, whatever happens to who executes the run. Of a team run its supervisor is told; TEAM_NOT_LED where the team has none. CONFLICT, AGENT_NOT_WORKING when the agent has finished, or has not begun.",
  })
  sendAgentInput(
    @Arg("runId", () => ID, { description: "The run; NOT_FOUND where there is none." }) runId: string,
    @Arg("input", () => SendAgentInputInput) input: SendAgentInputInput,
    @Ctx() context: RuntimeContext,
  ): Promise<Run> {
    return agentRuns.sendAgentInput(context, runId, input);
  }

  @FieldResolver(() => AgentStub, {
    nullable: true,
    description: "The agent, a deleted one too; null where the agent subgraph does not answer.",
  })
  agent(@Root() run: Run): AgentStub | null {
    return run.subjectId === null ? null : { id: run.subjectId };
  }

  @FieldResolver(() => AgentVersionStub, {
    nullable: true,
    description: "The version that works; null where the agent subgraph does not answer.",
  })
  agentVersion(@Root() run: Run): AgentVersionStub | null {
    return run.subjectVersionId === null ? null : { id: run.subjectVersionId };
  }

  @FieldResolver(() => SessionStub, { nullable: true, description: "The conversation that it is part of; null: none." })
  session(@Root() run: Run): SessionStub | null {
    return run.sessionId === null ? null : { id: run.sessionId };
  }

  @FieldResolver(() => String, { description: "What the agent was asked." })
  async inputText(@Root() run: Run, @Ctx() { loaders }: RuntimeContext): Promise<string> {
    const text = (await loaders.runInput.load(run.id))?.input["text"];
    return typeof text === "string" ? text : "";
  }

  @FieldResolver(() => JsonScalar, { nullable: true, description: "What was given beside the text; null: nothing." })
  async inputJson(@Root() run: Run, @Ctx() { loaders }: RuntimeContext): Promise<Json> {
    return (await loaders.runInput.load(run.id))?.input["json"] ?? null;
  }

  @FieldResolver(() => Run, { nullable: true, description: "The run itself: its status, output, node runs, usage and events; never null." })
  run(@Root() run: Run): Run {
    return run;
  }
}

/** The runs of agents. */
@Resolver(() => AgentStub)
export class AgentRunsResolver {
  @FieldResolver(() => AgentRunConnection, {
    nullable: true,
    description: "Its runs, newest first; null where the runtime subgraph does not answer.",
  })
  runs(@Root() agent: AgentStub, @Args(() => PageArgs) page: PageArgs, @Ctx() { loaders }: RuntimeContext): Promise<Connection<Run>> {
    return loaders.runsOfAgent.load({ parentId: agent.id, page });
  }
}

/** The run, where it is an agent's. */
export function agentRunOf(run: Run | null): Run | null {
  return run?.kind === "AGENT" ? run : null;
}
