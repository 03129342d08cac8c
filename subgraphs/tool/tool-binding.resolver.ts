import { Arg, Args, Ctx, FieldResolver, ID, Mutation, Query, Resolver, Root } from "type-graphql";
import { Costs, heavyPoints, WaitsOutside } from "#shared/graphql/cost.ts";
import { Needs } from "#shared/graphql/needs.ts";
import { JsonObjectScalar } from "#shared/graphql/scalars.ts";
import type { JsonObject } from "#shared/json.ts";
import { connectionType, listPage, PageArgs, type Connection } from "#shared/graphql/pagination.ts";
import { shownConfig } from "./secret-headers.ts";
import { ToolBinding } from "./tool-binding.entity.ts";
import { CreateToolBindingInput, UpdateToolBindingInput } from "./tool-binding.inputs.ts";
import * as bindings from "./tool-binding.service.ts";
import { InvokeToolInput } from "./tool-call.inputs.ts";
import { invokeTool } from "./tool-call.service.ts";
import { ToolResult } from "./tool-result.ts";
import { ToolVersion } from "./tool-version.entity.ts";
import type { ToolContext } from "./tool.context.ts";
import { Tool } from "./tool.entity.ts";

const ToolBindingConnection = connectionType("ToolBinding", () => ToolBinding);

/** Bindings in the graph, and calls. */
@Resolver(() => ToolBinding)
export class ToolBindingResolver {
  @Needs("tool:read")
  @Query(() => ToolBinding, { nullable: true, description: "A binding by id, deleted ones too; null where there is none." })
  toolBinding(
    @Arg("id", () => ID, { description: "The binding's id. A malformed one is an unknown one." }) id: string,
    @Ctx() { loaders }: ToolContext,
  ): Promise<ToolBinding | null> {
    return loaders.toolBinding.load(id);
  }

  @Needs("tool:read")
  @Query(() => ToolBindingConnection, { nullable: true, description: "The tenant's bindings, or those of one tool, newest first." })
  toolBindings(
    @Arg("toolId", () => ID, { nullable: true, description: "Only bindings of this tool." }) toolId: string | null,
    @Args(() => PageArgs) page: PageArgs,
    @Ctx() { db }: ToolContext,
  ): Promise<Connection<ToolBinding>> {
    return db.read(({ em }) => listPage(em, ToolBinding, page, { where: { deletedAt: null, ...(toolId != null && { toolId }) } }));
  }

  @Needs("tool:write")
  @Mutation(() => ToolBinding, { nullable: true, description: "Makes a binding of a tool." })
  createToolBinding(
    @Arg("input", () => CreateToolBindingInput) input: CreateToolBindingInput,
    @Ctx() context: ToolContext,
  ): Promise<ToolBinding> {
    return bindings.createToolBinding(context, input);
  }

  @Needs("tool:write")
  @Mutation(() => ToolBinding, {
    nullable: true,
    description: "Changes what is given. CONFLICT when stored secrets would go to another origin than they were made for.",
  })
  updateToolBinding(
    @Arg("id", () => ID, { description: "The binding; NOT_FOUND where there is none." }) id: string,
    @Arg("input", () => UpdateToolBindingInput) input: UpdateToolBindingInput,
    @Ctx() context: ToolContext,
  ): Promise<ToolBinding> {
    return bindings.updateToolBinding(context, id, input);
  }

  @Needs("tool:write")
  @Mutation(() => ToolBinding, {
    nullable: true,
    description: "Deletes a binding; runs that have frozen it go on. Answers the binding as it was, with its deletedAt.",
  })
  deleteToolBinding(
    @Arg("id", () => ID, { description: "The binding; NOT_FOUND where there is none." }) id: string,
    @Ctx() context: ToolContext,
  ): Promise<ToolBinding> {
    return bindings.deleteToolBinding(context, id);
  }

  @Needs("tool:invoke")
  @Costs(heavyPoints)
  @WaitsOutside()
  @Mutation(() => ToolResult, {
    nullable: true,
    description:
      "Calls a tool now, once. An answer with any HTTP status is a result, with ok false where it is not 200 to 299. No answer is an error: TOOL_TIMEOUT, TOOL_UNREACHABLE, TOOL_RESPONSE_TOO_LARGE (10 MiB), EGRESS_DENIED, with the facts retryable and effectUnknown.",
  })
  invokeTool(@Arg("input", () => InvokeToolInput) input: InvokeToolInput, @Ctx() context: ToolContext): Promise<ToolResult> {
    return invokeTool(context, input);
  }

  @FieldResolver(() => Tool, { description: "The tool." })
  tool(@Root() binding: ToolBinding, @Ctx() { loaders }: ToolContext): Promise<Tool | null> {
    return loaders.tool.load(binding.toolId);
  }

  @FieldResolver(() => ToolVersion, { nullable: true, description: "The version that is called; null: always the latest." })
  toolVersion(@Root() binding: ToolBinding, @Ctx() { loaders }: ToolContext): Promise<ToolVersion | null> | null {
    return binding.toolVersionId === null ? null : loaders.toolVersion.load(binding.toolVersionId);
  }

  @FieldResolver(() => JsonObjectScalar, { description: 'What was given. Secret headers are shown as "***"; they are never read back.' })
  config(@Root() binding: ToolBinding): JsonObject {
    return shownConfig(binding.config);
  }
}
