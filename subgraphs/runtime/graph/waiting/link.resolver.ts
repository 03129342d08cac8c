import { Arg, Ctx, Directive, Field, InputType, Int, Mutation, ObjectType, Resolver } from "type-graphql";
import { OwnLimit } from "#shared/graphql/argument-limits.ts";
import { Needs } from "#shared/graphql/needs.ts";
import { visitLink, type LinkAnswer, type LinkVisit } from "./link.service.ts";
import type { RuntimeContext } from "../runtime.context.ts";

/** What came with a link. */
@InputType({ description: "What came with a link." })
@Directive("@inaccessible")
class LinkVisitInput {
  @Field(() => String, { description: "answer or callback: where it came to." })
  kind!: string;

  @OwnLimit()
  @Field(() => String, { description: "The link's token." })
  token!: string;

  @OwnLimit()
  @Field(() => String, { nullable: true, description: "What a POST carried; null: it only looks." })
  body?: string | null;

  @Field(() => String, { nullable: true, description: "What the body is." })
  contentType?: string | null;
}

/** What is answered. */
@ObjectType({ description: "What is answered." })
@Directive("@inaccessible")
class LinkVisitAnswer implements LinkAnswer {
  @Field(() => Int, { description: "The status of the answer over HTTP." })
  status!: number;

  @Field(() => String, { description: "What the body is." })
  contentType!: string;

  @Field(() => String, { description: "The answer." })
  body!: string;
}

/** For the router only; the public graph does not have it. */
@Resolver()
export class LinkResolver {
  @Needs("run:write")
  @Mutation(() => LinkVisitAnswer, { nullable: true, description: "Internal: answers whoever comes with a link, by its token alone." })
  @Directive("@inaccessible")
  visitLink(@Arg("input", () => LinkVisitInput) input: LinkVisitInput, @Ctx() context: RuntimeContext): Promise<LinkAnswer> {
    const { kind, token, body = null, contentType = null } = input;
    const visit: LinkVisit = { kind: kind === "callback" ? "callback" : "answer", token, body, contentType };
    return visitLink(context, visit);
  }
}
