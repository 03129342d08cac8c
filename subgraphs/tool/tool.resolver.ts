import { Arg, Args, Ctx, FieldResolver, ID, Mutation, Query, Resolver, Root } from "type-graphql";
import { Needs } from "#shared/graphql/needs.ts";
import { JsonObjectScalar } from "#shared/graphql/scalars.ts";
import type { JsonObject } from "#shared/json.ts";
import { connectionType, listPage, PageArgs, type Connection } from "#shared/graphql/pagination.ts";
import { shownConfig } from "./secret-headers.ts";
import { ToolVersion } from "./tool-version.entity.ts";
import type { ToolContext } from "./tool.context.ts";
import { Tool, ToolStatus, ToolType } from "./tool.entity.ts";
import { CreateToolInput, CreateToolVersionInput, UpdateToolInput } from "./tool.inputs.ts";
import * as tools from "./tool.service.ts";

const ToolConnection = connectionType("Tool", () => Tool);
const ToolVersionConnection = connectionType("ToolVersion", () => ToolVersion);

/** Tools in the graph. */
@Resolver(() => Tool)
export class ToolResolver {
  @Needs("tool:read")
  @Query(() => Tool, { nullable: true, description: "A tool by id, deleted ones too; null where there is none." })
  tool(
    @Arg("id", () => ID, { description: "The tool's id. A malformed one is an unknown one." }) id: string,
    @Ctx() { loaders }: ToolContext,
  ): Promise<Tool | null> {
    return loaders.tool.load(id);
  }

  @Needs("tool:read")
  @Query(() => Tool, { nullable: true, description: "A tool by its code; null where there is none." })
  toolByCode(
    @Arg("code", () => String, { description: "The tool's code; case counts." }) code: string,
    @Ctx() { db }: ToolContext,
  ): Promise<Tool | null> {
    return db.read(({ em }) => em.findOne(Tool, { code, deletedAt: null }));
  }

  @Needs("tool:read")
  @Query(() => ToolConnection, { nullable: true, description: "The tenant's tools, newest first." })
  tools(
    @Arg("toolType", () => ToolType, { nullable: true, description: "Only tools of this type." }) toolType: ToolType | null,
    @Arg("status", () => ToolStatus, { nullable: true, description: "Only tools of this status." }) status: ToolStatus | null,
    @Args(() => PageArgs) page: PageArgs,
    @Ctx() { db }: ToolContext,
  ): Promise<Connection<Tool>> {
    const filter = { ...(toolType != null && { toolType }), ...(status != null && { status }) };
    return db.read(({ em }) => listPage(em, Tool, page, { where: { deletedAt: null, ...filter } }));
  }

  @Needs("tool:read")
  @Query(() => ToolVersion, { nullable: true, description: "A tool version by id; null where there is none." })
  toolVersion(
    @Arg("id", () => ID, { description: "The tool version's id. A malformed one is an unknown one." }) id: string,
    @Ctx() { loaders }: ToolContext,
  ): Promise<ToolVersion | null> {
    return loaders.toolVersion.load(id);
  }

  @Needs("tool:write")
  @Mutation(() => Tool, { nullable: true, description: "Makes a tool. CONFLICT when its code is taken." })
  createTool(@Arg("input", () => CreateToolInput) input: CreateToolInput, @Ctx() context: ToolContext): Promise<Tool> {
    return tools.createTool(context, input);
  }

  @Needs("tool:write")
  @Mutation(() => Tool, { nullable: true, description: "Changes what is given; the code stays for ever." })
  updateTool(
    @Arg("id", () => ID, { description: "The tool; NOT_FOUND where there is none." }) id: string,
    @Arg("input", () => UpdateToolInput) input: UpdateToolInput,
    @Ctx() context: ToolContext,
  ): Promise<Tool> {
    return tools.updateTool(context, id, input);
  }

  @Needs("tool:write")
  @Mutation(() => Tool, {
    nullable: true,
    description:
      "Deletes a tool. CONFLICT while it has bindings. Runs that have frozen a version go on. Answers the tool as it was, with its deletedAt.",
  })
  deleteTool(
    @Arg("id", () => ID, { description: "The tool; NOT_FOUND where there is none." }) id: string,
    @Ctx() context: ToolContext,
  ): Promise<Tool> {
    return tools.deleteTool(context, id);
  }

  @Needs("tool:write")
  @Mutation(() => ToolVersion, {
    nullable: true,
    description:
      "Makes the tool's next version. A version's content never changes: a change is a new version. Its schemas and its invokeConfig are checked first.",
  })
  createToolVersion(
    @Arg("input", () => CreateToolVersionInput) input: CreateToolVersionInput,
    @Ctx() context: ToolContext,
  ): Promise<ToolVersion> {
    return tools.createToolVersion(context, input);
  }

  @FieldResolver(() => ToolVersion, { nullable: true, description: "The version with the highest number; null: it has none." })
  latestVersion(@Root() tool: Tool, @Ctx() { loaders }: ToolContext): Promise<ToolVersion | null> {
    return loaders.latestVersion.load(tool.id);
  }

  @FieldResolver(() => ToolVersionConnection, { description: "Its versions, newest first." })
  versions(@Root() tool: Tool, @Args(() => PageArgs) page: PageArgs, @Ctx() { loaders }: ToolContext): Promise<Connection<ToolVersion>> {
    return loaders.versionsOfTool.load({ parentId: tool.id, page });
  }
}

/** What tool versions show and lead to. */
@Resolver(() => ToolVersion)
export class ToolVersionResolver {
  @FieldResolver(() => Tool, { description: "The tool." })
  tool(@Root() version: ToolVersion, @Ctx() { loaders }: ToolContext): Promise<Tool | null> {
    return loaders.tool.load(version.toolId);
  }

  @FieldResolver(() => JsonObjectScalar, {
    description:
      'HTTP: url, base_url, path, method, query, headers, body, timeout_seconds. Credentials among the headers are shown as "***".',
  })
  invokeConfig(@Root() version: ToolVersion): JsonObject {
    return shownConfig(version.invokeConfig);
  }
}
