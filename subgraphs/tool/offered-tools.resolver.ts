import { Arg, Ctx, Directive, Field, ID, InputType, ObjectType, Query, Resolver } from "type-graphql";
import { OwnLimit } from "#shared/graphql/argument-limits.ts";
import { Needs } from "#shared/graphql/needs.ts";
import { JsonObjectScalar, JsonScalar } from "#shared/graphql/scalars.ts";
import type { Json, JsonObject } from "#shared/json.ts";
import { offeredToolsOf, type OfferedToolRow } from "./offered-tools.service.ts";
import type { ToolContext } from "./tool.context.ts";
import { ToolStatus } from "./tool.entity.ts";

/** Which bindings a run freezes. */
@InputType({ description: "Which bindings a run freezes." })
@Directive("@inaccessible")
class OfferedToolsInput {
  @OwnLimit()
  @Field(() => [ID], { description: "At most 500; those that there are not are left out." })
  bindingIds!: string[];
}

/** The tool of a binding that a model is offered. */
@ObjectType({ description: "The tool of a binding that a model is offered." })
@Directive("@inaccessible")
class ToolOfOffer {
  @Field(() => ID, { description: "The tool." })
  id!: string;

  @Field(() => String, { description: "Its code." })
  code!: string;

  @Field(() => String, { description: "Its name." })
  name!: string;

  @Field(() => String, { nullable: true, description: "What it does." })
  description!: string | null;

  @Field(() => ToolStatus, { description: "Whether it is in use." })
  status!: ToolStatus;

  @Field(() => Boolean, { description: "Whether it was deleted." })
  deleted!: boolean;
}

/** The version of a tool that a model is offered. */
@ObjectType({ description: "The version of a tool that a model is offered." })
@Directive("@inaccessible")
class VersionOfOffer {
  @Field(() => ID, { description: "The version." })
  id!: string;

  @Field(() => JsonObjectScalar, { description: "What it is called with." })
  inputSchema!: JsonObject;
}

/** A binding, as a run freezes it. */
@ObjectType({ description: "A binding whose tool a model is offered, as a run freezes it." })
@Directive("@inaccessible")
class OfferedTool implements OfferedToolRow {
  @Field(() => ID, { description: "The binding." })
  id!: string;

  @Field(() => Boolean, { description: "Whether it was deleted." })
  deleted!: boolean;

  @Field(() => JsonScalar, { nullable: true, description: "Whether a person is asked before it is called, as its config has it." })
  requiresApproval!: Json;

  @Field(() => ToolOfOffer, { description: "Its tool." })
  tool!: ToolOfOffer;

  @Field(() => VersionOfOffer, { nullable: true, description: "The version that is called; null: the tool has none." })
  version!: VersionOfOffer | null;
}

/** For the runtime subgraph only; the public graph does not have it. */
@Resolver()
export class OfferedToolsResolver {
  @Needs("tool:read")
  @Query(() => [OfferedTool], { description: "Internal: bindings when a run freezes an agent or a skill, in one read." })
  @Directive("@inaccessible")
  offeredTools(
    @Arg("input", () => OfferedToolsInput) { bindingIds }: OfferedToolsInput,
    @Ctx() context: ToolContext,
  ): Promise<OfferedToolRow[]> {
    return offeredToolsOf(context, bindingIds);
  }
}
