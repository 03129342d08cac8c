import { Arg, Ctx, Field, ID, Int, ObjectType, Query, Resolver } from "type-graphql";
import { Needs } from "#shared/graphql/needs.ts";
import * as service from "./skill-file.service.ts";
import type { SkillContext } from "../skill.context.ts";

/** A file of a skill's folder. */
@ObjectType({ description: "A file of a version whose runtimeType is FOLDER." })
export class SkillFile {
  @Field(() => String, { description: "Where it is in the folder." })
  path!: string;

  @Field(() => Int, { description: "Its bytes." })
  sizeBytes!: number;

  @Field(() => Boolean, { description: "Whether it is a program that the sandbox runs." })
  isScript!: boolean;

  @Field(() => String, { nullable: true, description: "What is in it; null: it is no UTF-8 text." })
  contentText!: string | null;

  @Field(() => String, { description: "What is in it, in base64." })
  contentBase64!: string;
}

/** Files of folders in the graph; a version's implementation lists them. */
@Resolver(() => SkillFile)
export class SkillFileResolver {
  @Needs("skill:read")
  @Query(() => SkillFile, {
    nullable: true,
    description: "A file of a skill version's folder; null where there is none of that path. SkillVersion.implementation lists them.",
  })
  skillFile(
    @Arg("skillVersionId", () => ID, { description: "The skill version; null where there is none." }) skillVersionId: string,
    @Arg("path", () => String, { description: "Where it is in the folder, such as SKILL.md." }) path: string,
    @Ctx() context: SkillContext,
  ): Promise<SkillFile | null> {
    return service.skillFileOf(context, skillVersionId, path);
  }
}
