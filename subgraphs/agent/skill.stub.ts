import { Directive, Field, ID, ObjectType } from "type-graphql";

/** A skill of the skill subgraph, by id. */
@Directive('@key(fields: "id", resolvable: false)')
@ObjectType("Skill")
export class SkillStub {
  @Field(() => ID, { description: "Opaque id." })
  id!: string;
}
