import { Ctx, FieldResolver, Resolver, Root } from "type-graphql";
import { RunLine } from "./run-line.ts";
import { Run } from "./run.entity.ts";
import type { RuntimeContext } from "./runtime.context.ts";

/** Lines of runs in the graph. */
@Resolver(() => RunLine)
export class RunLineResolver {
  @FieldResolver(() => Run, {
    nullable: true,
    description:
      "The run that has had a place of the key for longest: the next begins when it, or another that has one, has ended. Null: none has.",
  })
  heldBy(@Root() { holderId }: RunLine, @Ctx() { loaders }: RuntimeContext): Promise<Run | null> | null {
    return holderId === null ? null : loaders.run.load(holderId);
  }
}
